/*
 * A keeper as scribe and seal know it, who speak to all of them: attached by
 * the supervisor, in a slot until its end. Two of one cell can be there at
 * once, while a cell is replaced. One that breaks a rule is condemned:
 * reported, which ends it, and not listened to any more.
 */
#pragma once

#include "bin/common/role.h"

enum { WD_KEEPERS = 256 }; /* slots of a role; twice the most cells */

/* The first member of what a role keeps of one; zeros: a free slot. */
struct wd_keeper {
	struct wd_peer peer; /* chan NULL: the slot is free */
	bool condemned;
};

/* Takes FD, for the free slot K (NULL: there is none). False when it could not
 * be attached, which is logged. */
bool wd_keeper_attach(
    struct wd_keeper *k, enum wd_proc self, uint16_t cell, int fd);

/* There, and listened to. */
bool wd_keeper_listens(const struct wd_keeper *k);

/* What to poll its descriptor for; of one that is condemned only its end. */
short wd_keeper_events(const struct wd_keeper *k);

void wd_keeper_condemn(
    struct wd_role *role, struct wd_keeper *k, const char *why);

/* What a role does with one frame: 0, or a fault whose detail says which rule
 * was broken. */
typedef int wd_keeper_frame(void *ctx, struct wd_keeper *k,
    const struct wd_frame *f, const struct wd_call_row *row, struct wd_diag *d);

/*
 * Reads what K has sent and gives each frame to SERVE, those before its end
 * too. False when it has ended: the channel is closed, and the slot is to be
 * cleared.
 */
bool wd_keeper_ready(struct wd_role *role, struct wd_keeper *k,
    wd_keeper_frame *serve, void *ctx) WD_MUST_USE;
