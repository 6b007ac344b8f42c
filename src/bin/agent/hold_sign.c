/*
 * Signatures for local users. Rights come first: who may not see a key learns
 * nothing of it, not even how it refuses.
 */
#include "bin/agent/hold_impl.h"

static enum wd_hash
hash_of(enum wd_holder_hash hash)
{
	static const enum wd_hash hashes[] = {
		[WD_HOLDER_NO_HASH] = WD_SHA256, /* not looked at */
		[WD_HOLDER_SHA256] = WD_SHA256,
		[WD_HOLDER_SHA384] = WD_SHA384,
		[WD_HOLDER_SHA512] = WD_SHA512,
	};

	return hashes[hash];
}

static struct wd_raw_params
params_of(const struct wd_holder_sign *ask)
{
	static const enum wd_raw_sig raw[] = {
		[WD_HOLDER_PKCS1] = WD_RAW_RSA_PKCS1,
		[WD_HOLDER_PSS] = WD_RAW_RSA_PSS,
		[WD_HOLDER_ECDSA] = WD_RAW_ECDSA,
		[WD_HOLDER_EDDSA] = WD_RAW_EDDSA,
	};
	const struct wd_raw_params params = {
		.kind = raw[ask->mech],
		.hash = hash_of(ask->hash),
		.mgf = hash_of(ask->mgf),
		.salt_len = ask->salt_len,
	};

	return params;
}

/* What wd_signer_sign() calls out of range: the salt, or the data. */
static enum wd_holder_status
range_status(const struct wd_raw_params *params)
{
	return params->kind == WD_RAW_RSA_PSS &&
		params->salt_len > wd_hash_len(params->hash)
	    ? WD_HOLDER_PARAMETER
	    : WD_HOLDER_DATA_LENGTH;
}

static enum wd_holder_status
check_use(const struct wd_held *v, const struct wd_hold_user *user,
    const struct wd_holder_sign *ask, int64_t now)
{
	if (!wd_held_may_see(v, user))
		return WD_HOLDER_NO_KEY;
	if (!wd_held_may_use(v, user))
		return WD_HOLDER_NOT_PERMITTED;
	if (v->key == NULL || v->deadline <= now)
		return WD_HOLDER_KEY_ENDED;
	if ((v->mechs >> ask->mech & 1) == 0)
		return WD_HOLDER_MECHANISM;
	return WD_HOLDER_OK;
}

bool
wd_hold_public(const struct wd_hold *h, const struct wd_id *id,
    uint32_t version, struct wd_hold_public *ret)
{
	size_t i = wd_hold_find(h, id, version);

	if (i == h->n || !h->at[i]->remote || h->at[i]->key == NULL)
		return false;
	*ret = (struct wd_hold_public){ h->at[i]->key, h->at[i]->kind };
	return true;
}

enum wd_holder_status
wd_hold_may_sign(const struct wd_hold *h, const struct wd_hold_user *user,
    const struct wd_holder_sign *ask, int64_t now)
{
	size_t i = wd_hold_find(h, &ask->id, ask->generation);

	if (i == h->n)
		return h->ready ? WD_HOLDER_NO_KEY : WD_HOLDER_NOT_READY;
	return check_use(h->at[i], user, ask, now);
}

enum wd_holder_status
wd_hold_sign(struct wd_hold *h, const struct wd_hold_user *user,
    const struct wd_holder_sign *ask, int64_t now,
    uint8_t ret_sig[WD_HOLDER_SIG_MAX], size_t *ret_len)
{
	enum wd_holder_status status = wd_hold_may_sign(h, user, ask, now);
	struct wd_raw_params params;
	const struct wd_held *v;
	int r;

	if (status != WD_HOLDER_OK)
		return status;
	v = h->at[wd_hold_find(h, &ask->id, ask->generation)];
	if (v->signer == NULL)
		return WD_HOLDER_FAULT; /* it is not here */
	params = params_of(ask);
	r = wd_signer_sign(v->signer, &params, ask->data, ret_sig, ret_len);
	if (r == WD_R_RANGE)
		return range_status(&params);
	return r == 0 ? WD_HOLDER_OK : WD_HOLDER_FAULT;
}
