/*
 * Kinds of keys as tokens have them, and the reading of attributes. What a
 * module leaves out is not taken for good.
 */
#include "hsm/token_in.h"

/* ---- kinds */

/* A span as a constant. */
#define OID(text)                                         \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const struct wd_token_shape shapes[] = {
	/* Of a length that the module does not tell: so some have keys that
	 * were unwrapped. */
	{ { WD_PKEY_NONE, 0 }, CKO_SECRET_KEY, CKK_AES, 0, 0, { 0 } },
	{ { WD_PKEY_NONE, 128 }, CKO_SECRET_KEY, CKK_AES, CKM_AES_KEY_GEN, 128,
	    { 0 } },
	{ { WD_PKEY_NONE, 192 }, CKO_SECRET_KEY, CKK_AES, CKM_AES_KEY_GEN, 192,
	    { 0 } },
	{ { WD_PKEY_NONE, 256 }, CKO_SECRET_KEY, CKK_AES, CKM_AES_KEY_GEN, 256,
	    { 0 } },
	{ { WD_PKEY_RSA2048, 0 }, CKO_PRIVATE_KEY, CKK_RSA,
	    CKM_RSA_PKCS_KEY_PAIR_GEN, 2048, { 0 } },
	{ { WD_PKEY_RSA3072, 0 }, CKO_PRIVATE_KEY, CKK_RSA,
	    CKM_RSA_PKCS_KEY_PAIR_GEN, 3072, { 0 } },
	{ { WD_PKEY_RSA4096, 0 }, CKO_PRIVATE_KEY, CKK_RSA,
	    CKM_RSA_PKCS_KEY_PAIR_GEN, 4096, { 0 } },
	{ { WD_PKEY_P256, 0 }, CKO_PRIVATE_KEY, CKK_EC, CKM_EC_KEY_PAIR_GEN,
	    256, OID("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07") },
	{ { WD_PKEY_P384, 0 }, CKO_PRIVATE_KEY, CKK_EC, CKM_EC_KEY_PAIR_GEN,
	    384, OID("\x06\x05\x2b\x81\x04\x00\x22") },
	{ { WD_PKEY_P521, 0 }, CKO_PRIVATE_KEY, CKK_EC, CKM_EC_KEY_PAIR_GEN,
	    521, OID("\x06\x05\x2b\x81\x04\x00\x23") },
	/* The curve's name as a PrintableString, which more modules take than
	 * its OID; there is only one that we know of this type. */
	{ { WD_PKEY_ED25519, 0 }, CKO_PRIVATE_KEY, CKK_EC_EDWARDS,
	    CKM_EC_EDWARDS_KEY_PAIR_GEN, 255,
	    OID("\x13\x0c"
		"edwards25519") },
};

static const struct wd_span ed25519_oid = OID("\x06\x03\x2b\x65\x70");

const struct wd_token_shape *
wd_token_shape(const struct wd_token_kind *kind)
{
	for (size_t i = 1; i < WD_N(shapes); i++)
		if (shapes[i].kind.pair == kind->pair &&
		    shapes[i].kind.bits == kind->bits)
			return &shapes[i];
	return NULL;
}

const struct wd_token_shape *
wd_token_shape_of(ck_key_type_t type, unsigned long bits, struct wd_span params)
{
	bool by_bits = type == CKK_AES || type == CKK_RSA;

	if (type == CKK_EC_EDWARDS && wd_span_equal(params, ed25519_oid))
		return &shapes[WD_N(shapes) - 1];
	for (size_t i = 0; i < WD_N(shapes); i++)
		if (shapes[i].type == type &&
		    (by_bits ? shapes[i].bits == bits
			     : wd_span_equal(shapes[i].params, params)))
			return &shapes[i];
	return NULL;
}

/* ---- attributes */

bool
wd_token_flag(struct wd_token *t, ck_object_handle_t object,
    ck_attribute_type_t type, bool *ret)
{
	unsigned char value = 0;
	struct ck_attribute a = { type, &value, 1 };

	if (t->f->C_GetAttributeValue(t->session, object, &a, 1) != CKR_OK ||
	    a.value_len != 1)
		return false;
	*ret = value != 0;
	return true;
}

bool
wd_token_is(
    struct wd_token *t, ck_object_handle_t object, ck_attribute_type_t type)
{
	bool value = false;

	return wd_token_flag(t, object, type, &value) && value;
}

/* An attribute that objects of this kind do not have, or do not show. */
static bool
is_none(ck_rv_t rv, const struct ck_attribute *a)
{
	return rv == CKR_ATTRIBUTE_TYPE_INVALID ||
	    rv == CKR_ATTRIBUTE_SENSITIVE ||
	    (rv == CKR_OK &&
		(a->value_len == 0 ||
		    a->value_len == CK_UNAVAILABLE_INFORMATION));
}

int
wd_token_bytes(struct wd_token *t, ck_object_handle_t object,
    ck_attribute_type_t type, size_t max, struct wd_bytes **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	struct ck_attribute a = { type, NULL, 0 };
	ck_rv_t rv = t->f->C_GetAttributeValue(t->session, object, &a, 1);

	if (is_none(rv, &a)) {
		*ret = wd_bytes_free(*ret);
		return 0;
	}
	if (rv != CKR_OK)
		return wd_token_refuse(t, d, "say what a key is", rv);
	if (a.value_len > max)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "token %s has an attribute of %lu bytes", wd_token_name(t),
		    a.value_len);
	if ((b = wd_bytes_new(a.value_len)) == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	a.value = b->p;
	rv = t->f->C_GetAttributeValue(t->session, object, &a, 1);
	if (rv != CKR_OK)
		return wd_token_refuse(t, d, "say what a key is", rv);
	if (a.value_len != b->len)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "token %s changed an attribute while it was read",
		    wd_token_name(t));
	(void)wd_bytes_free(*ret);
	*ret = WD_TAKE(b);
	return 0;
}

int
wd_token_number(struct wd_token *t, ck_object_handle_t object,
    ck_attribute_type_t type, unsigned long *ret, struct wd_diag *d)
{
	struct ck_attribute a = { type, ret, sizeof(*ret) };
	ck_rv_t rv = t->f->C_GetAttributeValue(t->session, object, &a, 1);

	return rv == CKR_OK ? 0
			    : wd_token_refuse(t, d, "say what a key is", rv);
}
