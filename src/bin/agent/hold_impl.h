/*
 * Inside of bin/agent/hold.h: one version of a key. Included by hold*.c alone.
 */
#pragma once

#include "bin/agent/hold.h"
#include "crypto/sig.h"

struct wd_held {
	struct wd_id id;
	uint32_t version;
	enum wd_holder_kind kind;
	uint32_t mechs;
	struct wd_pkey *key; /* NULL: ended */
	bool borrowed;       /* KEY and SIGNER are still BEFORE's */
	uint8_t digest[32];  /* of the key as it came */
	bool remote;         /* KEY is public, and there is no signer */
	struct wd_signer *signer;
	struct wd_bytes *entry; /* as LIST says it */
	struct wd_hold_rights rights;
	int64_t deadline; /* of the key; once ended, until when it is known */
};

/* Wipes the private key; the rest stays. */
void wd_held_end(struct wd_held *v);

struct wd_held *wd_held_free(struct wd_held *v); /* NULL is fine */
void wd_held_freep(struct wd_held **v);

/*
 * Checks RECORD and makes all of it but the place in a hold. Where BEFORE (may
 * be NULL) has the same private key, that is borrowed: checking the primes of
 * one takes a tenth of a second. Results as wd_hold_put().
 */
int wd_held_make(const struct wd_hold_record *record,
    const struct wd_held *before, struct wd_held **ret, struct wd_diag *d)
    WD_MUST_USE;

/* V takes the place of BEFORE, and owns what it has borrowed from it. */
void wd_held_settle(struct wd_held *v, struct wd_held *before);

bool wd_held_may_see(const struct wd_held *v, const struct wd_hold_user *user);
bool wd_held_may_use(const struct wd_held *v, const struct wd_hold_user *user);

struct wd_hold {
	struct wd_held *at[WD_HOLD_KEYS_MAX];
	size_t n;
	uint32_t epoch;
	bool ready;
};

/* The place of a version, or h->n. */
size_t wd_hold_find(
    const struct wd_hold *h, const struct wd_id *id, uint32_t version);
