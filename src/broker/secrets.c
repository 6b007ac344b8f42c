/*
 * Where each kind of secret rests. The places are part of the stored format.
 */
#include "broker/secrets.h"

#include "broker/count.h"

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

int
wd_secret_seal_key(struct wd_broker *b, const struct wd_id *id,
    uint32_t version, bool stays, struct wd_span plain, struct wd_bytes **ret,
    struct wd_diag *d)
{
	struct wd_rest place = stays ? wd_rest_of_staying_key(id, version)
				     : wd_rest_of_key(id, version);

	return wd_secret_seal(b, &place, plain, ret, d);
}

static int
say(int r, struct wd_diag *d)
{
	if (r <= 0)
		return r;
	return wd_reject(d, (enum wd_reason)r,
	    "a stored secret does not open: moved, damaged, or of another "
	    "store");
}

int
wd_secret_use_key(struct wd_broker *b, const struct wd_store_version *v,
    struct wd_secret **ret, bool *ret_stays, struct wd_diag *d)
{
	const struct wd_rest places[] = {
		wd_rest_of_key(&v->key, v->version),
		wd_rest_of_staying_key(&v->key, v->version),
	};
	int r = WD_R_TAMPERED;

	for (size_t i = 0; i < WD_N(places) && r == WD_R_TAMPERED; i++) {
		*ret_stays = i > 0;
		r = wd_keyring_decrypt(
		    &b->ring, &places[i], wd_bytes_span(v->wrapped), ret);
	}
	return say(r, d);
}

int
wd_secret_open_key(struct wd_broker *b, const struct wd_store_version *v,
    struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	bool stays = false;
	int r = wd_secret_use_key(b, v, &plain, &stays, d);

	if (r != 0)
		return r;
	if (stays)
		return wd_reject(d, WD_R_MAY_NOT_LEAVE,
		    "the key may not leave the server; it is used there");
	*ret = WD_TAKE(plain);
	return 0;
}

int
wd_secret_seal_path(struct wd_broker *b, const char *path, uint32_t version,
    struct wd_span plain, struct wd_bytes **ret, struct wd_diag *d)
{
	struct wd_rest place = wd_rest_of_path(path, version);

	return wd_secret_seal(b, &place, plain, ret, d);
}

int
wd_secret_open_path(struct wd_broker *b, const struct wd_store_secret *x,
    struct wd_secret **ret, struct wd_diag *d)
{
	struct wd_rest place = wd_rest_of_path(x->path, x->version);

	return say(wd_keyring_decrypt(
		       &b->ring, &place, wd_bytes_span(x->wrapped), ret),
	    d);
}
