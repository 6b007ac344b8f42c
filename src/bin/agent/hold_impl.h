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
	struct wd_signer *signer;
	struct wd_bytes *entry; /* as LIST says it */
	struct wd_hold_rights rights;
	int64_t deadline; /* of the key; once ended, until when it is known */
};

/* Wipes the private key; the rest stays. */
void wd_held_end(struct wd_held *v);

struct wd_held *wd_held_free(struct wd_held *v); /* NULL is fine */
void wd_held_freep(struct wd_held **v);

/* Checks RECORD and makes all of it but the place in a hold. Results as
 * wd_hold_put(). */
int wd_held_make(const struct wd_hold_record *record, struct wd_held **ret,
    struct wd_diag *d) WD_MUST_USE;

bool wd_held_may_see(const struct wd_held *v, const struct wd_hold_user *user);
bool wd_held_may_use(const struct wd_held *v, const struct wd_hold_user *user);
