/*
 * Keys that an HSM has wrapped to the session's key, opened in the agent alone:
 * the server has only passed them on. That it signed for them is no proof of
 * what an HSM put in, so that what comes out must be the key that was
 * registered.
 */
#include "bin/agent/release.h"

#include "base/reason.h"
#include "proto/door.h"

static int
no_such_key(struct wd_diag *d)
{
	return wd_reject(d, WD_R_RELEASE_MISMATCH,
	    "what the HSM has wrapped is another key than the one that was "
	    "registered");
}

static int
check_pair(const struct wd_payload *p, const struct wd_key_row *row,
    struct wd_span key, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = NULL, *known = NULL;
	int r;

	if ((r = wd_pkey_from_spki(wd_bytes_span(p->spki), &known)) > 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "the public key in the release is none");
	if (r == 0)
		r = wd_pkey_from_private(key, &pair);
	if (r < 0)
		return wd_fault(d, (enum wd_faults)r, "cannot read a key");
	if (r > 0 || wd_pkey_alg(known) != row->pair ||
	    !wd_pkey_same_public(pair, known))
		return no_such_key(d);
	return 0;
}

static int
check_key(const struct wd_payload *p, struct wd_span key, struct wd_diag *d)
{
	const struct wd_key_row *row = wd_key_row_by_name(p->algorithm);

	if (row == NULL)
		return wd_reject(d, WD_R_MALFORMED,
		    "the release names no kind of key that can be wrapped");
	if (row->pair != WD_PKEY_NONE)
		return check_pair(p, row, key, d);
	if (p->spki != NULL)
		return wd_reject(d, WD_R_MALFORMED,
		    "the release has a public key of what has none");
	if (row->family == WD_FAMILY_AES && key.len != row->bits / 8)
		return no_such_key(d);
	return 0;
}

static int
check_asked(const struct wd_release_want *want, bool wrapped, struct wd_diag *d)
{
	if (wrapped && want->wrapped != WD_WRAPPED_AUTO &&
	    want->wrapped != WD_WRAPPED_ONLY)
		return wd_reject(d, WD_R_RELEASE_MISMATCH,
		    "the key came wrapped, which was not asked for");
	if (!wrapped && want->wrapped == WD_WRAPPED_ONLY)
		return wd_reject(d, WD_R_RELEASE_MISMATCH,
		    "the key did not come as an HSM has wrapped it");
	return 0;
}

int
wd_release_unwrap(
    const struct wd_release_want *want, struct wd_payload *p, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	bool wrapped = p->wrap != WD_WRAP_NONE;
	int r = check_asked(want, wrapped, d);

	if (r != 0 || !wrapped)
		return r;
	r = wd_wrapped_open(
	    want->own, p->wrap, wd_secret_borrow(p->bytes), &key);
	if (r > 0)
		return wd_reject(d, WD_R_RELEASE_MISMATCH,
		    "what the HSM has wrapped does not open with this "
		    "session's key");
	if (r < 0)
		return wd_fault(d, (enum wd_faults)r, "cannot unwrap");
	if (p->spki != NULL)
		wd_wrapped_trim(key);
	if ((r = check_key(p, wd_secret_borrow(key), d)) != 0)
		return r;
	wd_secret_freep(&p->bytes);
	p->bytes = WD_TAKE(key);
	return 0;
}
