/*
 * The one backup that may be under way: a state of the store that is read row
 * by row while changes go on. Its calls are in the table of admin calls; here
 * is what a keeper needs around them.
 */
#pragma once

#include "broker/broker.h"

struct wd_backup;

/* This keeper makes backups of the store in STATE_DIR, which it has open.
 * Before the sandbox closes. 0 or a fault. */
int wd_backup_enable(
    struct wd_broker *b, const char *state_dir, struct wd_diag *d) WD_MUST_USE;
struct wd_backup *wd_backup_free(struct wd_backup *k);

/* A state of the store is being read. */
bool wd_backup_is_taken(const struct wd_broker *b);

/* One is under way, and who has TOKEN did not begin it: no other may begin.
 * Whoever begins once more has given up the first, which was killed perhaps. */
bool wd_backup_is_anothers(
    const struct wd_broker *b, const struct wd_id *token);

/*
 * Takes the state of the store that a backup will be of, for a BACKUP_BEGIN
 * that comes next; one under way ends. A fault.
 */
int wd_backup_snapshot(struct wd_broker *b, struct wd_diag *d) WD_MUST_USE;

/* Forgets a backup that nobody reads any more, or that takes too long: the
 * store's log of changes cannot be folded before. */
void wd_backup_tick(struct wd_broker *b, int64_t now_ms);
