/*
 * Keys that leave a token, for whom they are meant alone: under an AES key that
 * the token makes for this one time, which is under the client's RSA key. So
 * nobody on the way, this process among them, ever has the key or what opens
 * it.
 */
#include "hsm/token_in.h"

enum {
	AES = 32,
	WRAPPED_AES = 40, /* RFC 5649: 8 bytes in front */
	RSA_MAX = 512,
	WRAPPED_MAX = 8192,
};

/* The mechanism of RFC 5649 has its number from version 3.0 on; before, it was
 * what some modules had under this one. */
static const ck_mechanism_type_t padded[] = { 0x210bUL, CKM_AES_KEY_WRAP_PAD };

/* ---- objects of the session */

static int
make_aes(struct wd_token *t, ck_object_handle_t *ret, struct wd_diag *d)
{
	ck_object_class_t class = CKO_SECRET_KEY;
	ck_key_type_t type = CKK_AES;
	unsigned long len = AES;
	unsigned char yes = 1, no = 0;
	struct ck_attribute x[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_VALUE_LEN, &len, sizeof(len) },
		{ CKA_TOKEN, &no, 1 },
		{ CKA_PRIVATE, &yes, 1 },
		{ CKA_SENSITIVE, &yes, 1 },
		{ CKA_EXTRACTABLE, &yes, 1 },
		{ CKA_WRAP, &yes, 1 },
	};
	struct ck_mechanism m = { CKM_AES_KEY_GEN, NULL, 0 };
	ck_rv_t rv = t->f->C_GenerateKey(t->session, &m, x, WD_N(x), ret);

	return rv == CKR_OK
	    ? 0
	    : wd_token_refuse(t, d, "make a key to wrap with", rv);
}

static int
put_client(struct wd_token *t, const struct wd_pkey *client,
    ck_object_handle_t *ret, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *n = NULL, *e = NULL;
	ck_object_class_t class = CKO_PUBLIC_KEY;
	ck_key_type_t type = CKK_RSA;
	unsigned char yes = 1, no = 0;
	struct ck_attribute x[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &no, 1 },
		{ CKA_PRIVATE, &no, 1 },
		{ CKA_WRAP, &yes, 1 },
		{ CKA_MODULUS, NULL, 0 },
		{ CKA_PUBLIC_EXPONENT, NULL, 0 },
	};
	ck_rv_t rv;

	if (wd_pkey_public_parts(client, &n, &e) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no public key");
	wd_token_attribute(&x[5], CKA_MODULUS, wd_bytes_span(n));
	wd_token_attribute(&x[6], CKA_PUBLIC_EXPONENT, wd_bytes_span(e));
	rv = t->f->C_CreateObject(t->session, x, WD_N(x), ret);
	return rv == CKR_OK
	    ? 0
	    : wd_token_refuse(t, d, "take the client's key", rv);
}

static void
drop(struct wd_token *t, ck_object_handle_t object)
{
	if (object != 0) /* ends with the session in any case */
		(void)t->f->C_DestroyObject(t->session, object);
}

/* ---- RFC 5649 */

/* Others pad otherwise under the same number: that would be 48 bytes. */
static bool
wraps_so(struct wd_token *t, ck_mechanism_type_t type, ck_object_handle_t with,
    ck_object_handle_t key)
{
	struct ck_mechanism m = { type, NULL, 0 };
	uint8_t out[64];
	unsigned long len = sizeof(out);

	t->rv = t->f->C_WrapKey(t->session, &m, with, key, out, &len);
	return t->rv == CKR_OK && len == WRAPPED_AES;
}

static int
try_all(struct wd_token *t, ck_object_handle_t with, struct wd_diag *d)
{
	ck_object_handle_t key = 0;
	int r = make_aes(t, &key, d);

	for (size_t i = 0; r == 0 && t->kwp == 0 && i < WD_N(padded); i++)
		if (wraps_so(t, padded[i], with, key))
			t->kwp = padded[i];
	drop(t, key);
	if (r != 0 || t->kwp != 0)
		return r;
	return wd_token_is_lost(t->rv)
	    ? wd_token_refuse(t, d, "wrap a key", t->rv)
	    : wd_reject(d, WD_R_UNSUPPORTED,
		  "token %s has no AES key wrap with padding (RFC 5649)",
		  wd_token_name(t));
}

int
wd_token_kwp(struct wd_token *t, ck_mechanism_type_t *ret, struct wd_diag *d)
{
	ck_object_handle_t with = 0;
	int r = 0;

	if (t->kwp == 0 && (r = make_aes(t, &with, d)) == 0)
		r = try_all(t, with, d);
	drop(t, with);
	*ret = t->kwp;
	return r;
}

/* ---- wrapping */

struct wrap {
	const struct wd_hsm_uri *uri;
	struct wd_pkey *client;
	size_t client_len; /* bytes of its modulus */
	struct wd_bytes *out;
};

static int
wrap_aes(struct wd_token *t, struct wrap *x, ck_object_handle_t client,
    ck_object_handle_t aes, struct wd_wr *wr, struct wd_diag *d)
{
	struct wd_token_mechanism m;
	uint8_t out[RSA_MAX];
	unsigned long len = sizeof(out);
	ck_rv_t rv;

	wd_token_oaep(&m, t->how.oaep_sha1);
	rv = t->f->C_WrapKey(t->session, &m.m, client, aes, out, &len);
	if (rv != CKR_OK)
		return wd_token_refuse(t, d,
		    t->how.oaep_sha1 ? "wrap by RSA-OAEP with SHA-1"
				     : "wrap by RSA-OAEP with SHA-256",
		    rv);
	if (len != x->client_len)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "token %s wraps to another length", wd_token_name(t));
	wd_wr_bytes(wr, wd_span(out, len));
	return 0;
}

static int
wrap_key(struct wd_token *t, ck_object_handle_t aes, ck_object_handle_t key,
    struct wd_wr *wr, struct wd_diag *d)
{
	struct ck_mechanism m = { 0 };
	uint8_t out[WRAPPED_MAX];
	unsigned long len = sizeof(out);
	ck_rv_t rv;
	int r = wd_token_kwp(t, &m.mechanism, d);

	if (r != 0)
		return r;
	rv = t->f->C_WrapKey(t->session, &m, aes, key, out, &len);
	if (rv != CKR_OK)
		return wd_token_refuse(t, d, "wrap the key", rv);
	if (len > sizeof(out) || len < 16 || len % 8 != 0)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "token %s wraps to another length", wd_token_name(t));
	wd_wr_bytes(wr, wd_span(out, len));
	return 0;
}

static int
wrap_both(struct wd_token *t, struct wrap *x, const struct wd_token_object *o,
    struct wd_diag *d)
{
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(RSA_MAX + WRAPPED_MAX);
	ck_object_handle_t client = 0, aes = 0;
	int r = put_client(t, x->client, &client, d);

	if (r == 0)
		r = make_aes(t, &aes, d);
	if (r == 0)
		r = wrap_aes(t, x, client, aes, &wr, d);
	if (r == 0)
		r = wrap_key(t, aes, o->handle, &wr, d);
	drop(t, client);
	drop(t, aes);
	if (r == 0 && wd_wr_take(&wr, &x->out) != 0)
		r = wd_fault(d, WD_F_MEMORY, "no memory");
	return r;
}

static int
wrap(struct wd_token *t, void *ctx, struct wd_diag *d)
{
	struct wrap *x = ctx;
	struct wd_token_object o;
	bool stays = true;
	int r = wd_token_handle(t, x->uri, &o, d);

	if (r != 0 || (r = wd_token_judge(t, &o, &stays, d)) != 0)
		return r;
	if (stays)
		return wd_reject(d, WD_R_MAY_NOT_LEAVE,
		    "the key may not leave token %s, not even wrapped",
		    wd_token_name(t));
	return wrap_both(t, x, &o, d);
}

int
wd_token_wrap(struct wd_token *t, const struct wd_hsm_uri *uri,
    struct wd_span client, struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *n = NULL, *e = NULL;
	struct wrap x = { .uri = uri };
	int r = wd_pkey_from_spki(client, &k);

	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "no public key");
	if (r != 0 || !wd_pkey_is_rsa(wd_pkey_alg(k)))
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "keys leave token %s for RSA keys of 2048, 3072 or 4096 "
		    "bits alone",
		    wd_token_name(t));
	if (wd_pkey_public_parts(k, &n, &e) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no public key");
	x.client = k;
	x.client_len = n->len;
	if ((r = wd_token_run(t, false, wrap, &x, d)) == 0)
		*ret = x.out;
	return r;
}
