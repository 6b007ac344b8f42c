/*
 * Looking at a store for `warder doctor`, also while a server runs. Nothing is
 * changed. As the user whose files they are: SQLite makes two beside it.
 */
#pragma once

#include "store/store.h"

struct wd_store_look {
	/* Called for each stored document. */
	void (*doc)(void *ctx, uint8_t role, uint8_t tee, int64_t next_update);
	void *ctx;
};

struct wd_store_seen {
	int64_t latest;   /* time it has seen; 0: none */
	uint64_t wrapped; /* rows that the HSM of the seal wraps too */
};

/* As wd_store_open(), and WD_R_TAMPERED when anything in store.db is damaged.
 */
int wd_store_look_at(const char *state_dir, const struct wd_store_look *look,
    struct wd_store_seen *ret, struct wd_diag *d) WD_MUST_USE;
