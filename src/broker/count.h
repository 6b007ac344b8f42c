/*
 * How often the keyring's newest term encrypts. Uses are reserved in the store
 * before there are any, so that a keeper that is killed has counted too many
 * and never too few, and no keeper goes over the limit: what would is refused.
 * A count that is missing, or that this keyring has not made, stands for a term
 * that is due for rotation.
 */
#pragma once

#include "broker/broker.h"
#include "seal/uses.h"

enum wd_count {
	WD_COUNT_KNOWN,
	WD_COUNT_NEW,  /* the term was not counted yet: no use */
	WD_COUNT_LOST, /* nobody knows */
};

/* Of the newest term; the store is not changed. 0 or a fault; WD_R_UNAVAILABLE:
 * others have a newer one, which will come. */
int wd_count_look(struct wd_broker *b, int64_t now, struct wd_uses *ret,
    enum wd_count *ret_what, struct wd_diag *d) WD_MUST_USE;

/* The newest term begins to be counted: its first use is ahead. */
int wd_count_begin(struct wd_broker *b, int64_t now, struct wd_diag *d)
    WD_MUST_USE;

/* N uses are there to be taken. Outside of a transaction: it makes one, where
 * they are not. WD_R_UNAVAILABLE at the limit, and as wd_count_look(). */
int wd_count_reserve(struct wd_broker *b, uint64_t n, int64_t now,
    struct wd_diag *d) WD_MUST_USE;

/*
 * One of those reserved is used. Inside the transaction that stores what is
 * encrypted: a keeper that has not heard of a rotation can then store nothing
 * under a term that may be dropped. WD_R_UNAVAILABLE, or a fault.
 */
int wd_count_take(struct wd_broker *b, struct wd_diag *d) WD_MUST_USE;

/* Whether a term that was used so is due for rotation: why, or NULL. */
const char *wd_count_due(
    const struct wd_broker *b, const struct wd_uses *u, int64_t now);
