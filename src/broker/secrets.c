/*
 * Where each kind of secret rests. The places are part of the stored format.
 */
#include "broker/secrets.h"

#include "broker/count.h"
#include "broker/unwrapped.h"

/* ---- sealing */

int
wd_secret_seal(struct wd_broker *b, const struct wd_rest *place,
    struct wd_span plain, struct wd_bytes **ret, struct wd_diag *d)
{
	int r = wd_count_take(b, d);

	if (r != 0)
		return r;
	if (wd_keyring_encrypt(&b->ring, place, plain, ret) != 0)
		return wd_fault(d, WD_F_CRYPTO, "it cannot be sealed");
	return 0;
}

/* With W the HSM's layer first, at a place of its own. */
static int
seal_both(struct wd_broker *b, struct wd_rest place,
    const struct wd_sealwrap *w, struct wd_span plain, struct wd_bytes **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *inner = NULL;

	if (w == NULL)
		return wd_secret_seal(b, &place, plain, ret, d);
	place = wd_rest_by_hsm(place);
	if (wd_sealwrap_seal(&b->ring.store_id, &place, w, plain, &inner) != 0)
		return wd_fault(d, WD_F_CRYPTO, "it cannot be wrapped");
	return wd_secret_seal(b, &place, wd_secret_borrow(inner), ret, d);
}

int
wd_secret_seal_key(struct wd_broker *b, const struct wd_secret_key *x,
    const struct wd_sealwrap *w, struct wd_span plain, struct wd_bytes **ret,
    struct wd_diag *d)
{
	struct wd_rest place = x->stays
	    ? wd_rest_of_staying_key(x->id, x->version)
	    : wd_rest_of_key(x->id, x->version);

	return seal_both(b, place, w, plain, ret, d);
}

int
wd_secret_seal_path(struct wd_broker *b, const struct wd_store_secret *x,
    const struct wd_sealwrap *w, struct wd_span plain, struct wd_bytes **ret,
    struct wd_diag *d)
{
	return seal_both(
	    b, wd_rest_of_path(x->path, x->version), w, plain, ret, d);
}

/* ---- the keyring's layer */

static int
say(int r, struct wd_diag *d)
{
	if (r <= 0)
		return r;
	return wd_reject(d, (enum wd_reason)r,
	    "a stored secret does not open: moved, damaged, or of another "
	    "store");
}

/* What is under it, and where that lies. */
static int
open_key(struct wd_broker *b, const struct wd_store_version *v,
    struct wd_secret **ret, struct wd_rest *ret_place, bool *ret_stays,
    struct wd_diag *d)
{
	const struct wd_rest places[] = {
		wd_rest_of_key(&v->key, v->version),
		wd_rest_of_staying_key(&v->key, v->version),
	};
	int r = WD_R_TAMPERED;

	for (size_t i = 0; i < WD_N(places) && r == WD_R_TAMPERED; i++) {
		*ret_stays = i > 0;
		*ret_place = v->hsm ? wd_rest_by_hsm(places[i]) : places[i];
		r = wd_keyring_decrypt(
		    &b->ring, ret_place, wd_bytes_span(v->wrapped), ret);
	}
	return say(r, d);
}

static int
open_path(struct wd_broker *b, const struct wd_store_secret *x,
    struct wd_secret **ret, struct wd_rest *ret_place, struct wd_diag *d)
{
	*ret_place = wd_rest_of_path(x->path, x->version);
	if (x->hsm)
		*ret_place = wd_rest_by_hsm(*ret_place);
	return say(wd_keyring_decrypt(
		       &b->ring, ret_place, wd_bytes_span(x->wrapped), ret),
	    d);
}

/* ---- the HSM's layer */

/* Whose key W or what is kept must be. */
static int
blob_of(const struct wd_secret *inner, struct wd_span *ret, struct wd_diag *d)
{
	return say(wd_sealwrap_blob(wd_secret_borrow(inner), ret), d);
}

/* There is no other way around the HSM: without its key nothing opens. */
static int
open_inner(struct wd_broker *b, const struct wd_rest *place,
    const struct wd_secret *inner, const struct wd_sealwrap *w,
    struct wd_secret **ret, struct wd_diag *d)
{
	struct wd_span blob, key = { 0 };
	int r = blob_of(inner, &blob, d);
	bool fresh;

	if (r != 0)
		return r;
	fresh = w != NULL && wd_span_equal(w->blob, blob);
	key = fresh ? w->key : wd_unwrapped_find(b, blob);
	if (key.len == 0)
		return wd_reject(d, WD_R_HSM_UNAVAILABLE,
		    "the HSM that has wrapped it was not asked");
	r = wd_sealwrap_open(
	    &b->ring.store_id, place, key, wd_secret_borrow(inner), ret);
	if (r == 0 && fresh)
		wd_unwrapped_keep(b, blob, key);
	return say(r, d);
}

/* The blob to ask the HSM for; none when its key is here. */
static int
ask_for(struct wd_broker *b, const struct wd_secret *inner,
    struct wd_bytes **ret, struct wd_diag *d)
{
	struct wd_span blob;
	int r = blob_of(inner, &blob, d);

	if (r != 0 || wd_unwrapped_find(b, blob).len > 0)
		return r;
	*ret = wd_bytes_copy(blob);
	return *ret != NULL ? 0 : wd_fault(d, WD_F_MEMORY, "no memory");
}

int
wd_secret_key_blob(struct wd_broker *b, const struct wd_store_version *v,
    struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *inner = NULL;
	struct wd_rest place;
	bool stays;
	int r;

	if (!v->hsm)
		return 0;
	r = open_key(b, v, &inner, &place, &stays, d);
	return r != 0 ? r : ask_for(b, inner, ret, d);
}

int
wd_secret_path_blob(struct wd_broker *b, const struct wd_store_secret *x,
    struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *inner = NULL;
	struct wd_rest place;
	int r;

	if (!x->hsm)
		return 0;
	r = open_path(b, x, &inner, &place, d);
	return r != 0 ? r : ask_for(b, inner, ret, d);
}

int
wd_secret_path_is(
    struct wd_broker *b, const struct wd_store_secret *x, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *any = NULL;
	struct wd_rest place;

	return open_path(b, x, &any, &place, d);
}

/* ---- opening */

int
wd_secret_key_stays(struct wd_broker *b, const struct wd_store_version *v,
    bool *ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *any = NULL;
	struct wd_rest place;

	return open_key(b, v, &any, &place, ret, d);
}

int
wd_secret_use_key(struct wd_broker *b, const struct wd_store_version *v,
    const struct wd_sealwrap *w, struct wd_secret **ret, bool *ret_stays,
    struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	struct wd_rest place;
	int r = open_key(b, v, &plain, &place, ret_stays, d);

	if (r != 0)
		return r;
	if (v->hsm)
		return open_inner(b, &place, plain, w, ret, d);
	*ret = WD_TAKE(plain);
	return 0;
}

int
wd_secret_open_key(struct wd_broker *b, const struct wd_store_version *v,
    const struct wd_sealwrap *w, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	bool stays = false;
	int r = wd_secret_use_key(b, v, w, &plain, &stays, d);

	if (r != 0)
		return r;
	if (stays)
		return wd_reject(d, WD_R_MAY_NOT_LEAVE,
		    "the key may not leave the server; it is used there");
	*ret = WD_TAKE(plain);
	return 0;
}

int
wd_secret_open_path(struct wd_broker *b, const struct wd_store_secret *x,
    const struct wd_sealwrap *w, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	struct wd_rest place;
	int r = open_path(b, x, &plain, &place, d);

	if (r != 0)
		return r;
	if (x->hsm)
		return open_inner(b, &place, plain, w, ret, d);
	*ret = WD_TAKE(plain);
	return 0;
}
