/*
 * One row for each attribute: which objects have it, and how its value is made.
 * Private parts of keys are not here to be had; their rows say that they exist.
 */
#include "bin/pkcs11/attr.h"

#include "base/wr.h"
#include "bin/pkcs11/mech.h"

#include <stdio.h>

enum { OCTET_STRING = 0x04, UNCOMPRESSED = 4 };

typedef bool get_fn(const struct wd_p11_object *o, struct wd_attr *a);

/* ---- constants */

static bool
yes(const struct wd_p11_object *o, struct wd_attr *a)
{
	(void)o; /* all alike */
	a->bytes = WD_SPAN_LIT("\x01");
	return true;
}

static bool
no(const struct wd_p11_object *o, struct wd_attr *a)
{
	static const uint8_t zero[1];

	(void)o; /* all alike */
	a->bytes = WD_SPAN(zero);
	return true;
}

static bool
empty(const struct wd_p11_object *o, struct wd_attr *a)
{
	(void)o; /* all alike */
	a->bytes = wd_span(NULL, 0);
	return true;
}

static bool
secret(const struct wd_p11_object *o, struct wd_attr *a)
{
	(void)o; /* all alike */
	a->sensitive = true;
	return true;
}

/* ---- numbers */

static bool
number(struct wd_attr *a, unsigned long v)
{
	wd_copy(a->room, wd_span(&v, sizeof(v)));
	a->bytes = wd_span(a->room, sizeof(v));
	return true;
}

static bool
zero(const struct wd_p11_object *o, struct wd_attr *a)
{
	(void)o; /* all alike */
	return number(a, 0);
}

static bool
object_class(const struct wd_p11_object *o, struct wd_attr *a)
{
	static const ck_object_class_t classes[] = {
		[WD_PART_PRIVATE] = CKO_PRIVATE_KEY,
		[WD_PART_PUBLIC] = CKO_PUBLIC_KEY,
		[WD_PART_CERT] = CKO_CERTIFICATE,
	};

	return number(a, classes[o->part]);
}

static bool
key_type(const struct wd_p11_object *o, struct wd_attr *a)
{
	static const ck_key_type_t types[] = {
		[WD_HOLDER_RSA] = CKK_RSA,
		[WD_HOLDER_P256] = CKK_EC,
		[WD_HOLDER_P384] = CKK_EC,
		[WD_HOLDER_P521] = CKK_EC,
		[WD_HOLDER_ED25519] = CKK_EC_EDWARDS,
	};

	return number(a, types[o->key->k.kind]);
}

/* How the key was made is not known here. */
static bool
unavailable(const struct wd_p11_object *o, struct wd_attr *a)
{
	(void)o; /* all alike */
	return number(a, CK_UNAVAILABLE_INFORMATION);
}

/* 1: of the token's user; 2: of an authority. */
static bool
category(const struct wd_p11_object *o, struct wd_attr *a)
{
	return number(a, o->cert == 0 ? 1 : 2);
}

static bool
modulus_bits(const struct wd_p11_object *o, struct wd_attr *a)
{
	struct wd_span n = o->key->k.n_or_x;

	if (o->key->k.kind != WD_HOLDER_RSA)
		return false;
	return number(
	    a, n.len * 8 - (unsigned long)(__builtin_clz(n.p[0]) - 24));
}

static bool
allowed_mechanisms(const struct wd_p11_object *o, struct wd_attr *a)
{
	struct wd_wr wr = wd_wr_fixed(a->room, sizeof(a->room));
	const struct wd_mech *mechs;
	size_t n;

	mechs = wd_mechs(&n);
	for (size_t i = 0; i < n; i++)
		if (wd_mech_is_allowed(&mechs[i], &o->key->k))
			wd_wr_bytes(&wr,
			    wd_span(&mechs[i].type, sizeof(mechs[i].type)));
	a->bytes = wd_wr_span(&wr);
	return true;
}

/* ---- names */

/* The key's own id; certificates of its issuers have none. */
static bool
id(const struct wd_p11_object *o, struct wd_attr *a)
{
	if (o->cert > 0)
		return empty(o, a);
	a->bytes = wd_id_span(&o->key->k.id);
	return true;
}

static bool
label(const struct wd_p11_object *o, struct wd_attr *a)
{
	struct wd_wr wr = wd_wr_fixed(a->room, sizeof(a->room));

	a->bytes = o->key->k.label;
	if (o->cert == 0)
		return true;
	wd_wr_bytes(&wr, o->key->k.label);
	wd_wr_printf(&wr, " (issuer %u)", (unsigned)o->cert);
	a->bytes = wd_wr_span(&wr);
	return true;
}

/* ---- public keys */

static bool
spki(const struct wd_p11_object *o, struct wd_attr *a)
{
	a->bytes = o->cert == 0 ? o->key->k.spki : o->key->certs[o->cert].spki;
	return true;
}

static bool
is_rsa(const struct wd_p11_object *o)
{
	return o->key->k.kind == WD_HOLDER_RSA;
}

static bool
modulus(const struct wd_p11_object *o, struct wd_attr *a)
{
	a->bytes = o->key->k.n_or_x;
	return is_rsa(o);
}

static bool
exponent(const struct wd_p11_object *o, struct wd_attr *a)
{
	a->bytes = o->key->k.e_or_y;
	return is_rsa(o);
}

/* The object identifier of the curve (RFC 5480, section 2.1.1.1); for Ed25519
 * the name, which is what programs of today look for. */
static bool
ec_params(const struct wd_p11_object *o, struct wd_attr *a)
{
	static const struct wd_span params[] = {
		[WD_HOLDER_RSA] = { NULL, 0 },
		[WD_HOLDER_P256] = { (const uint8_t *)"\x06\x08\x2a\x86\x48\xce"
						      "\x3d\x03\x01\x07",
		    10 },
		[WD_HOLDER_P384] = { (const uint8_t *)"\x06\x05\x2b\x81\x04"
						      "\x00\x22",
		    7 },
		[WD_HOLDER_P521] = { (const uint8_t *)"\x06\x05\x2b\x81\x04"
						      "\x00\x23",
		    7 },
		[WD_HOLDER_ED25519] = { (const uint8_t *)"\x13\x0c"
							 "edwards25519",
		    14 },
	};

	a->bytes = params[o->key->k.kind];
	return !is_rsa(o);
}

/* An OCTET STRING around the point. */
static bool
ec_point(const struct wd_p11_object *o, struct wd_attr *a)
{
	struct wd_wr wr = wd_wr_fixed(a->room, sizeof(a->room));
	const struct wd_holder_key *k = &o->key->k;
	bool edwards = k->kind == WD_HOLDER_ED25519;
	size_t len = k->n_or_x.len + k->e_or_y.len + (edwards ? 0 : 1);

	if (is_rsa(o))
		return false;
	wd_wr_u8(&wr, OCTET_STRING);
	if (len >= 0x80)
		wd_wr_u8(&wr, 0x81);
	wd_wr_u8(&wr, (uint8_t)len);
	if (!edwards)
		wd_wr_u8(&wr, UNCOMPRESSED);
	wd_wr_bytes(&wr, k->n_or_x);
	wd_wr_bytes(&wr, k->e_or_y);
	a->bytes = wd_wr_span(&wr);
	return true;
}

/* ---- certificates */

static bool
cert_value(const struct wd_p11_object *o, struct wd_attr *a)
{
	a->bytes = o->key->certs[o->cert].der;
	return true;
}

static bool
cert_serial(const struct wd_p11_object *o, struct wd_attr *a)
{
	a->bytes = o->key->certs[o->cert].serial;
	return true;
}

static bool
cert_issuer(const struct wd_p11_object *o, struct wd_attr *a)
{
	a->bytes = o->key->certs[o->cert].issuer;
	return true;
}

/* Keys have the subject of their certificate, if there is one. */
static bool
subject(const struct wd_p11_object *o, struct wd_attr *a)
{
	if (o->key->n_certs == 0)
		return empty(o, a);
	a->bytes = o->key->certs[o->cert].subject;
	return true;
}

/* The value of a certificate; of a private key that nobody gets. */
static bool
value(const struct wd_p11_object *o, struct wd_attr *a)
{
	if (o->part == WD_PART_CERT)
		return cert_value(o, a);
	return is_rsa(o) ? false : secret(o, a);
}

static bool
rsa_secret(const struct wd_p11_object *o, struct wd_attr *a)
{
	return is_rsa(o) && secret(o, a);
}

/* ---- the table */

enum {
	PRIVATE = 1u << WD_PART_PRIVATE,
	PUBLIC = 1u << WD_PART_PUBLIC,
	CERT = 1u << WD_PART_CERT,
	KEYS = PRIVATE | PUBLIC,
	ALL = KEYS | CERT,
};

struct row {
	ck_attribute_type_t type;
	unsigned parts;
	get_fn *get;
};

static const struct row rows[] = {
	{ CKA_CLASS, ALL, object_class },
	{ CKA_TOKEN, ALL, yes },
	{ CKA_PRIVATE, ALL, no }, /* seen without a login */
	{ CKA_LABEL, ALL, label },
	{ CKA_ID, ALL, id },
	{ CKA_MODIFIABLE, ALL, no },
	{ CKA_COPYABLE, ALL, no },
	{ CKA_DESTROYABLE, ALL, no },
	{ CKA_SUBJECT, ALL, subject },
	{ CKA_PUBLIC_KEY_INFO, ALL, spki },
	{ CKA_START_DATE, ALL, empty },
	{ CKA_END_DATE, ALL, empty },

	{ CKA_KEY_TYPE, KEYS, key_type },
	{ CKA_DERIVE, KEYS, no },
	{ CKA_LOCAL, KEYS, no },
	{ CKA_KEY_GEN_MECHANISM, KEYS, unavailable },
	{ CKA_MODULUS, KEYS, modulus },
	{ CKA_MODULUS_BITS, KEYS, modulus_bits },
	{ CKA_PUBLIC_EXPONENT, KEYS, exponent },
	{ CKA_EC_PARAMS, KEYS, ec_params },
	{ CKA_EC_POINT, KEYS, ec_point },

	{ CKA_SENSITIVE, PRIVATE, yes },
	{ CKA_ALWAYS_SENSITIVE, PRIVATE, yes },
	{ CKA_EXTRACTABLE, PRIVATE, no },
	{ CKA_NEVER_EXTRACTABLE, PRIVATE, yes },
	{ CKA_SIGN, PRIVATE, yes },
	{ CKA_SIGN_RECOVER, PRIVATE, no },
	{ CKA_DECRYPT, PRIVATE, no },
	{ CKA_UNWRAP, PRIVATE, no },
	{ CKA_WRAP_WITH_TRUSTED, PRIVATE, no },
	{ CKA_ALWAYS_AUTHENTICATE, PRIVATE, no },
	{ CKA_ALLOWED_MECHANISMS, PRIVATE, allowed_mechanisms },
	{ CKA_PRIVATE_EXPONENT, PRIVATE, rsa_secret },
	{ CKA_PRIME_1, PRIVATE, rsa_secret },
	{ CKA_PRIME_2, PRIVATE, rsa_secret },
	{ CKA_EXPONENT_1, PRIVATE, rsa_secret },
	{ CKA_EXPONENT_2, PRIVATE, rsa_secret },
	{ CKA_COEFFICIENT, PRIVATE, rsa_secret },

	/* The token does not verify, encrypt or wrap: programs do. */
	{ CKA_ENCRYPT, PUBLIC, no },
	{ CKA_VERIFY, PUBLIC, no },
	{ CKA_VERIFY_RECOVER, PUBLIC, no },
	{ CKA_WRAP, PUBLIC, no },

	{ CKA_VALUE, PRIVATE | CERT, value },
	{ CKA_TRUSTED, PUBLIC | CERT, no },
	{ CKA_CERTIFICATE_TYPE, CERT, zero }, /* X.509 */
	{ CKA_CERTIFICATE_CATEGORY, CERT, category },
	{ CKA_JAVA_MIDP_SECURITY_DOMAIN, CERT, zero },
	{ CKA_ISSUER, CERT, cert_issuer },
	{ CKA_SERIAL_NUMBER, CERT, cert_serial },
	{ CKA_URL, CERT, empty },
	{ CKA_HASH_OF_SUBJECT_PUBLIC_KEY, CERT, empty },
	{ CKA_HASH_OF_ISSUER_PUBLIC_KEY, CERT, empty },
};

bool
wd_attr_get(const struct wd_p11_object *o, ck_attribute_type_t type,
    struct wd_attr *ret)
{
	for (size_t i = 0; i < WD_N(rows); i++) {
		if (rows[i].type != type || (rows[i].parts >> o->part & 1) == 0)
			continue;
		ret->sensitive = false;
		return rows[i].get(o, ret);
	}
	return false;
}

bool
wd_attr_match(
    const struct wd_p11_object *o, const struct ck_attribute *templ, size_t n)
{
	struct wd_attr a;

	for (size_t i = 0; i < n; i++)
		if (!wd_attr_get(o, templ[i].type, &a) || a.sensitive ||
		    !wd_span_equal(a.bytes,
			wd_ck_span(templ[i].value, templ[i].value_len)))
			return false;
	return true;
}
