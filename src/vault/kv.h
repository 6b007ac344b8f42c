/*
 * Entries of a Vault's key-value engines: version 2, which keeps versions and
 * writes only over the one it is told, and version 1, which knows no versions.
 */
#pragma once

#include "vault/vault.h"

struct wd_vault_kv {
	const char *mount; /* must outlive it */
	unsigned version;  /* 1 or 2 */
};

/* Which of them is mounted there. Results of a call; WD_R_UNSUPPORTED when it
 * is another engine. */
int wd_vault_kv_find(struct wd_vault *v, const char *mount,
    struct wd_vault_kv *ret, struct wd_diag *d) WD_MUST_USE;

struct wd_vault_entry {
	struct wd_vault_reply reply;
	const struct wd_jval *data; /* an object; lives as long as this */
	uint64_t version;           /* 0: the engine has none */
};
void wd_vault_entry_done(struct wd_vault_entry *e);

/* VERSION 0: the newest. Results of a call; WD_R_NOT_FOUND also when it was
 * deleted, WD_R_BACKEND_ANSWER also for another version than was asked for. */
int wd_vault_kv_read(struct wd_vault *v, const struct wd_vault_kv *kv,
    struct wd_span path, uint64_t version, struct wd_vault_entry *ret,
    struct wd_diag *d) WD_MUST_USE;

/*
 * DATA is an object in canonical JSON. It is written if REPLACES is the newest
 * version, 0 meaning that there is no entry: WD_R_CONFLICT else, but what is
 * there already as version REPLACES + 1 with the same data has been written
 * (the answer to the first try may have been lost). Version 1 looks before it
 * writes where REPLACES is 0, which is no protection against another writer,
 * and writes in any other case.
 */
int wd_vault_kv_write(struct wd_vault *v, const struct wd_vault_kv *kv,
    struct wd_span path, struct wd_span data, uint64_t replaces,
    struct wd_diag *d) WD_MUST_USE;

struct wd_vault_metadata {
	uint64_t newest, oldest; /* versions */
};

/* WD_R_UNSUPPORTED for version 1. */
int wd_vault_kv_metadata(struct wd_vault *v, const struct wd_vault_kv *kv,
    struct wd_span path, struct wd_vault_metadata *ret, struct wd_diag *d)
    WD_MUST_USE;

/* The newest version, so that it can be brought back; version 1 deletes. */
int wd_vault_kv_delete(struct wd_vault *v, const struct wd_vault_kv *kv,
    struct wd_span path, struct wd_diag *d) WD_MUST_USE;

/* For good: the bytes of VERSION, or (0) the entry with all it ever held. What
 * is gone already is a 0. */
int wd_vault_kv_destroy(struct wd_vault *v, const struct wd_vault_kv *kv,
    struct wd_span path, uint64_t version, struct wd_diag *d) WD_MUST_USE;
