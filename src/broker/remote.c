/*
 * Records of where keys rest, and the check of what comes from there: a backend
 * that was taken over, or a mistake in it, must not put another key in the
 * place of one that was registered.
 */
#include "broker/remote.h"

#include <string.h>

#include "base/rd.h"
#include "base/wr.h"
#include "broker/secrets.h"
#include "proto/door.h"

enum {
	RECORD = 1, /* version of the form */
	MADE = 1,   /* flags */
	STAYS = 2,
	LEASED = 4,
	WRAPPED_ONLY = 8,
	BROKER_MAY_UNWRAP = 16,
	ROOM = 8 + WD_BACKEND_MAX + WD_LOCATOR_MAX,
};

bool
wd_remote_is(const struct wd_store_key *key)
{
	return strcmp(key->backend, "embedded") != 0;
}

bool
wd_locator_is_valid(struct wd_span locator)
{
	for (size_t i = 0; i < locator.len; i++)
		if (locator.p[i] <= ' ' || locator.p[i] > '~')
			return false;
	return locator.len >= 1 && locator.len <= WD_LOCATOR_MAX;
}

bool
wd_remote_is_used_there(const struct wd_remote *x)
{
	return x->stays || x->wrapped_only || x->kind == WD_BACKEND_PKCS11;
}

static uint8_t
flags_of(const struct wd_remote *x)
{
	return (uint8_t)((x->made ? MADE : 0) | (x->stays ? STAYS : 0) |
	    (x->leased ? LEASED : 0) | (x->wrapped_only ? WRAPPED_ONLY : 0) |
	    (x->broker_may_unwrap ? BROKER_MAY_UNWRAP : 0));
}

int
wd_remote_seal(struct wd_broker *b, const struct wd_id *key, uint32_t version,
    const struct wd_remote *x, struct wd_bytes **ret, struct wd_diag *d)
{
	struct wd_rest place = wd_rest_of_reference(key, version);
	struct wd_span name = wd_span_text(x->backend);
	struct wd_span locator = wd_span_text(x->locator);
	uint8_t room[ROOM];
	struct wd_wr wr = wd_wr_fixed(room, sizeof(room));

	wd_wr_u8(&wr, RECORD);
	wd_wr_u8(&wr, (uint8_t)x->kind);
	wd_wr_u8(&wr, flags_of(x));
	wd_wr_u8(&wr, (uint8_t)name.len);
	wd_wr_bytes(&wr, name);
	wd_wr_le16(&wr, (uint16_t)locator.len);
	wd_wr_bytes(&wr, locator);
	if (wd_wr_end(&wr) != 0)
		return WD_F_BUG;
	return wd_secret_seal(b, &place, wd_wr_span(&wr), ret, d);
}

static int
read_record(struct wd_span s, struct wd_remote *ret)
{
	struct wd_rd rd = wd_rd(s);
	struct wd_span name, locator;
	uint8_t form = wd_rd_u8(&rd), flags;

	ret->kind = (enum wd_backend_kind)wd_rd_u8(&rd);
	flags = wd_rd_u8(&rd);
	name = wd_rd_bytes(&rd, wd_rd_u8(&rd));
	locator = wd_rd_bytes(&rd, wd_rd_le16(&rd));
	if (wd_rd_end(&rd) != 0 || form != RECORD ||
	    !wd_locator_is_valid(locator) ||
	    !wd_span_to_text(name, ret->backend, sizeof(ret->backend)) ||
	    !wd_span_to_text(locator, ret->locator, sizeof(ret->locator)))
		return WD_R_TAMPERED;
	ret->made = (flags & MADE) != 0;
	ret->stays = (flags & STAYS) != 0;
	ret->leased = (flags & LEASED) != 0;
	ret->wrapped_only = (flags & WRAPPED_ONLY) != 0;
	ret->broker_may_unwrap = (flags & BROKER_MAY_UNWRAP) != 0;
	/* What is not known could be what forbids something. */
	return flags == flags_of(ret) ? 0 : WD_R_TAMPERED;
}

int
wd_remote_open(struct wd_broker *b, const struct wd_store_key *key,
    const struct wd_store_version *v, struct wd_remote *ret, struct wd_diag *d)
{
	struct wd_rest place = wd_rest_of_reference(&v->key, v->version);
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	struct wd_remote x = { 0 };
	int r = wd_keyring_decrypt(
	    &b->ring, &place, wd_bytes_span(v->wrapped), &plain);

	if (r == 0)
		r = read_record(wd_secret_borrow(plain), &x);
	if (r == 0 && strcmp(x.backend, key->backend) != 0)
		r = WD_R_TAMPERED;
	if (r < 0)
		return wd_fault(d, r, "a reference cannot be opened");
	if (r > 0)
		return wd_reject(d, (enum wd_reason)r,
		    "a stored reference does not open: moved, damaged, or of "
		    "another store");
	*ret = x;
	return 0;
}

/* ---- how it may leave */

void
wd_fetch_done(struct wd_fetch *f)
{
	f->client = wd_bytes_free(f->client);
	f->blob = wd_bytes_free(f->blob);
}

bool
wd_fetch_is_of(const struct wd_fetch *f, const struct wd_remote *now)
{
	return !f->by_seal && strcmp(f->what.backend, now->backend) == 0 &&
	    strcmp(f->what.locator, now->locator) == 0;
}

bool
wd_fetch_is_of_blob(const struct wd_fetch *f, const struct wd_bytes *blob)
{
	return f->by_seal &&
	    wd_span_equal(wd_bytes_span(f->blob), wd_bytes_span(blob));
}

/* A part that was slow or away has had its time, and is not asked twice. */
void
wd_fetch_again(struct wd_fetch *f)
{
	if (!f->answered || f->result != 0 || f->again)
		return;
	wd_fetch_done(f);
	*f = (struct wd_fetch){
		.again = true, .session = f->session, .anew = f->anew
	};
}

void
wd_fetch_by_seal(struct wd_fetch *f, struct wd_bytes **blob)
{
	wd_fetch_done(f);
	f->blob = WD_TAKE(*blob);
	f->by_seal = f->wanted = true;
}

int
wd_fetch_unwrapped(const struct wd_fetch *f, const struct wd_bytes *blob,
    struct wd_sealwrap *ret, struct wd_diag *d)
{
	if (!wd_fetch_is_of_blob(f, blob))
		return wd_reject(d, WD_R_UNAVAILABLE,
		    "the secret has changed meanwhile; try again");
	if (f->result > 0)
		return wd_reject(d, (enum wd_reason)f->result, "%.*s",
		    (int)f->why.len, (const char *)f->why.p);
	if (f->result < 0)
		return wd_fault(d, f->result, "the HSM was not asked");
	ret->blob = wd_bytes_span(f->blob);
	ret->key = f->bytes;
	return 0;
}

/* A client who asks is not served by unwrapping: it can have more, by attesting
 * with an RSA key. */
int
wd_remote_how(const struct wd_remote *x, bool asks,
    const struct wd_pkey *client, enum wd_fetch_how *ret, struct wd_diag *d)
{
	if (x->stays)
		return wd_reject(d, WD_R_MAY_NOT_LEAVE,
		    "the key may not leave where it rests");
	if (!x->wrapped_only) {
		*ret = WD_FETCH_PLAIN;
		return 0;
	}
	if (asks && wd_pkey_is_rsa(wd_pkey_alg(client))) {
		*ret = WD_FETCH_WRAPPED;
		return 0;
	}
	if (asks)
		return wd_reject(d, WD_R_MAY_NOT_LEAVE,
		    "the key leaves its HSM wrapped to an RSA key alone; "
		    "attest with one");
	if (!x->broker_may_unwrap)
		return wd_reject(d, WD_R_MAY_NOT_LEAVE,
		    "the key leaves its HSM wrapped alone, to an agent that "
		    "asks for " WD_WRAP_ASKED);
	*ret = WD_FETCH_UNWRAPPED;
	return 0;
}

/* ---- what was fetched */

static int
check_pair(struct wd_span spki, struct wd_span bytes, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = NULL;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *known = NULL;
	int r;

	if (wd_pkey_from_spki(spki, &known) != 0)
		return wd_fault(
		    d, WD_F_CRYPTO, "the stored public key cannot be read");
	r = wd_pkey_from_known(bytes, known, &pair);
	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "no key can be read");
	if (r == WD_R_MISMATCH)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "the backend gave another private key than the one that "
		    "was registered");
	if (r > 0)
		return wd_reject(
		    d, WD_R_BACKEND_ANSWER, "the backend gave no private key");
	return 0;
}

int
wd_remote_check(enum wd_key_kind kind, struct wd_span spki,
    struct wd_span bytes, struct wd_diag *d)
{
	const struct wd_key_row *row = wd_key_row(kind);

	if (row == NULL)
		return wd_fault(d, WD_F_STORE, "a key of no known kind");
	if (bytes.len == 0 || bytes.len > WD_BACKEND_BYTES_MAX)
		return wd_reject(
		    d, WD_R_BACKEND_ANSWER, "the backend gave no bytes");
	if (row->family == WD_FAMILY_OPAQUE)
		return 0;
	if (row->family != WD_FAMILY_AES)
		return check_pair(spki, bytes, d);
	if (bytes.len == row->bits / 8)
		return 0;
	return wd_reject(d, WD_R_BACKEND_ANSWER,
	    "the backend gave %zu bytes for a key of kind %s", bytes.len,
	    row->name);
}

/* Whose key is in it only the client can see. */
static int
check_wrapped(const struct wd_fetch *f, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *client = NULL;

	if (wd_pkey_from_spki(wd_bytes_span(f->client), &client) != 0)
		return wd_fault(
		    d, WD_F_CRYPTO, "the client's key cannot be read");
	if (wd_wrap_name(f->wrap) != NULL && wd_wrapped_fits(client, f->bytes))
		return 0;
	return wd_reject(d, WD_R_BACKEND_ANSWER,
	    "the backend gave %zu bytes, which is no key wrapped to this "
	    "client",
	    f->bytes.len);
}

int
wd_remote_take(const struct wd_fetch *f, const struct wd_remote *now,
    struct wd_span spki, struct wd_secret **ret, struct wd_diag *d)
{
	int r;

	if (f->result > 0)
		return wd_reject(d, (enum wd_reason)f->result, "%.*s",
		    (int)f->why.len, (const char *)f->why.p);
	if (f->result < 0)
		return wd_fault(d, f->result, "the backend was not asked");
	if (!wd_fetch_is_of(f, now))
		return wd_reject(d, WD_R_UNAVAILABLE,
		    "the key has changed meanwhile; try again");
	r = f->how == WD_FETCH_WRAPPED
	    ? check_wrapped(f, d)
	    : wd_remote_check(f->kind, spki, f->bytes, d);
	if (r != 0)
		return r;
	*ret = wd_secret_copy(f->bytes);
	return *ret == NULL ? wd_fault(d, WD_F_MEMORY, "no memory") : 0;
}
