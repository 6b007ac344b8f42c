/*
 * What is stored under older terms of the keyring comes under the newest, a few
 * rows at a time, so that those terms can go. Each step is one transaction:
 * whoever is killed has done some rows and not the others.
 */
#pragma once

#include "broker/broker.h"

enum { WD_REWRAP_COUNTED = 20000 }; /* rows of a table, at most */

struct wd_rewrap {
	uint32_t term; /* that is under way; 0: begins with the oldest */
	int table;
	struct wd_store_wrapped after; /* no bytes */
	uint64_t left;                 /* as far as they were counted */
	uint64_t bad;                  /* that did not open, in this pass */
	uint64_t done;                 /* in this pass */
};

/*
 * Some rows. 0: and there is more; WD_R_NOT_FOUND: a pass over all older terms
 * is over, and the next call begins another; WD_R_UNAVAILABLE: not now, since
 * the newest term may not encrypt so many or a backup reads the store; or a
 * fault. Outside of a transaction.
 */
int wd_rewrap_some(struct wd_broker *b, struct wd_rewrap *w, int64_t now,
    struct wd_diag *d) WD_MUST_USE;

/* The oldest term that a row is under, or the newest. 0 or a fault. */
int wd_rewrap_oldest(struct wd_broker *b, uint32_t *ret_term, struct wd_diag *d)
    WD_MUST_USE;
