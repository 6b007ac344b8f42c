/*
 * Certificates, walked on the cursor. libcrypto's own parser costs twenty times
 * as much in this version and accepts what is not DER; only the key goes
 * through it, as bare numbers.
 */
#include "crypto/x509.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "codec/der.h"
#include "crypto/x509_der.h"

enum {
	CERT_MAX = 64 << 10,
	SERIAL_MAX = 21, /* 20 bytes and the sign's zero */
	PATH_LEN_MAX = 255,
	TAG_VERSION = 0xa0,
	TAG_EXTENSIONS = 0xa3,
	VERSION_3 = 2,
	KEY_CERT_SIGN = 0x04, /* bits 5 and 6 of keyUsage, counted from the */
	CRL_SIGN = 0x02       /* left (RFC 5280, section 4.2.1.3) */
};

static const uint8_t basic_constraints[] = { 0x55, 0x1d, 0x13 };
static const uint8_t key_usage[] = { 0x55, 0x1d, 0x0f };
static const uint8_t extended_key_usage[] = { 0x55, 0x1d, 0x25 };
static const uint8_t subject_alt_name[] = { 0x55, 0x1d, 0x11 };

struct wd_cert {
	struct wd_bytes *der; /* everything below points into it */
	struct wd_signed signature;
	struct wd_span serial, issuer, subject, common_name, spki;
	int64_t not_before, not_after;
	struct wd_x509_exts exts;
	bool is_ca;
	int path_len;
	uint8_t key_usage; /* the first eight bits; 0 when absent */
	struct wd_pkey *key;
};

struct wd_cert *
wd_cert_free(struct wd_cert *c)
{
	if (c == NULL)
		return NULL;
	c->key = wd_pkey_free(c->key);
	c->der = wd_bytes_free(c->der);
	return wd_free(c);
}

void
wd_cert_freep(struct wd_cert **c)
{
	*c = wd_cert_free(*c);
}

/* Version 1, the default, is left out; version 2 is not in use. */
static bool
take_version_3(struct wd_rd *tbs)
{
	struct wd_rd in;

	if (wd_der_peek(tbs) != TAG_VERSION)
		return false;
	in = wd_der_enter(tbs, TAG_VERSION);
	if (wd_der_uint(&in, WD_DER_INTEGER, VERSION_3) != VERSION_3 ||
	    wd_rd_end(&in) != 0)
		wd_rd_fail(tbs);
	return true;
}

static void
take_validity(struct wd_rd *tbs, struct wd_cert *c)
{
	struct wd_rd in = wd_der_enter(tbs, WD_DER_SEQUENCE);

	c->not_before = wd_der_time(&in);
	c->not_after = wd_der_time(&in);
	if (wd_rd_end(&in) != 0)
		wd_rd_fail(tbs);
}

/* Unique identifiers, deprecated since 1999, are not read and so refused. */
static void
take_extensions(struct wd_rd *tbs, struct wd_cert *c, bool version_3)
{
	struct wd_rd in;

	if (!version_3 || !wd_rd_more(tbs))
		return;
	in = wd_der_enter(tbs, TAG_EXTENSIONS);
	wd_der_extensions(&in, &c->exts);
	if (wd_rd_end(&in) != 0)
		wd_rd_fail(tbs);
}

/* TBSCertificate, section 4.1. */
static int
parse_tbs(struct wd_cert *c)
{
	struct wd_rd rd = wd_rd(c->signature.tbs);
	struct wd_rd tbs = wd_der_enter(&rd, WD_DER_SEQUENCE);
	bool version_3 = take_version_3(&tbs);
	struct wd_span issuer_cn;
	struct wd_rd alg;

	c->serial = wd_der_integer(&tbs, SERIAL_MAX);
	alg = wd_der_enter(&tbs, WD_DER_SEQUENCE);
	if (!wd_span_equal(wd_rd_rest(&alg), c->signature.alg))
		wd_rd_fail(&tbs);
	c->issuer = wd_der_name(&tbs, &issuer_cn);
	take_validity(&tbs, c);
	c->subject = wd_der_name(&tbs, &c->common_name);
	c->spki = wd_der_whole(&tbs, WD_DER_SEQUENCE);
	take_extensions(&tbs, c, version_3);
	return wd_rd_end(&tbs);
}

/* Section 4.2.1.9. cA FALSE must be left out, yet some write it. */
static void
read_basic_constraints(struct wd_rd *rd, struct wd_cert *c)
{
	struct wd_rd in = wd_der_enter(rd, WD_DER_SEQUENCE);

	if (wd_der_peek(&in) == WD_DER_BOOLEAN)
		c->is_ca = wd_der_boolean(&in);
	if (c->is_ca && wd_rd_more(&in))
		c->path_len =
		    (int)wd_der_uint(&in, WD_DER_INTEGER, PATH_LEN_MAX);
	if (wd_rd_end(&in) != 0)
		wd_rd_fail(rd);
}

static void
read_key_usage(struct wd_rd *rd, struct wd_cert *c)
{
	struct wd_rd in = wd_der_enter(rd, WD_DER_BIT_STRING);

	if (wd_rd_u8(&in) > 7)
		wd_rd_fail(rd);
	c->key_usage = wd_rd_u8(&in);
	if (wd_rd_ok(&in) != 0)
		wd_rd_fail(rd);
}

struct reader {
	struct wd_span oid;
	void (*read)(struct wd_rd *rd, struct wd_cert *c);
};

static const struct reader readers[] = {
	{ { basic_constraints, sizeof(basic_constraints) },
	    read_basic_constraints },
	{ { key_usage, sizeof(key_usage) }, read_key_usage },
};

static int
read_extensions(struct wd_cert *c)
{
	for (size_t i = 0; i < WD_N(readers); i++) {
		const struct wd_x509_ext *ext =
		    wd_x509_ext_find(&c->exts, readers[i].oid);
		struct wd_rd rd;

		if (ext == NULL)
			continue;
		rd = wd_rd(ext->value);
		readers[i].read(&rd, c);
		if (wd_rd_end(&rd) != 0)
			return WD_R_MALFORMED;
	}
	return 0;
}

static int
parse(struct wd_cert *c)
{
	int r;

	if ((r = wd_signed_split(wd_bytes_span(c->der), &c->signature)) != 0 ||
	    (r = parse_tbs(c)) != 0 || (r = read_extensions(c)) != 0)
		return r;
	r = wd_pkey_from_spki(c->spki, &c->key);
	return r > 0 ? WD_R_MALFORMED : r;
}

int
wd_cert_parse(struct wd_span der, struct wd_cert **ret)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *c = NULL;
	int r;

	if (der.len > CERT_MAX)
		return WD_R_MALFORMED;
	if ((c = wd_alloc(sizeof(*c))) == NULL ||
	    (c->der = wd_bytes_copy(der)) == NULL)
		return WD_F_MEMORY;
	c->path_len = -1;
	if ((r = parse(c)) != 0)
		return r;
	*ret = WD_TAKE(c);
	return 0;
}

struct wd_span
wd_cert_der(const struct wd_cert *c)
{
	return wd_bytes_span(c->der);
}

struct wd_span
wd_cert_subject(const struct wd_cert *c)
{
	return c->subject;
}

struct wd_span
wd_cert_issuer(const struct wd_cert *c)
{
	return c->issuer;
}

struct wd_span
wd_cert_serial(const struct wd_cert *c)
{
	return c->serial;
}

struct wd_span
wd_cert_spki(const struct wd_cert *c)
{
	return c->spki;
}

struct wd_span
wd_cert_common_name(const struct wd_cert *c)
{
	return c->common_name;
}

int64_t
wd_cert_not_before(const struct wd_cert *c)
{
	return c->not_before;
}

int64_t
wd_cert_not_after(const struct wd_cert *c)
{
	return c->not_after;
}

bool
wd_cert_is_ca(const struct wd_cert *c)
{
	return c->is_ca;
}

int
wd_cert_path_len(const struct wd_cert *c)
{
	return c->path_len;
}

bool
wd_cert_may_sign_certs(const struct wd_cert *c)
{
	return (c->key_usage & KEY_CERT_SIGN) != 0;
}

bool
wd_cert_may_sign_crls(const struct wd_cert *c)
{
	return (c->key_usage & CRL_SIGN) != 0;
}

const struct wd_pkey *
wd_cert_key(const struct wd_cert *c)
{
	return c->key;
}

bool
wd_cert_extension(
    const struct wd_cert *c, struct wd_span oid, struct wd_span *ret_value)
{
	const struct wd_x509_ext *ext = wd_x509_ext_find(&c->exts, oid);

	if (ext == NULL)
		return false;
	*ret_value = ext->value;
	return true;
}

static bool
is_understood(struct wd_span oid)
{
	return wd_span_equal(oid, WD_SPAN(basic_constraints)) ||
	    wd_span_equal(oid, WD_SPAN(key_usage)) ||
	    wd_span_equal(oid, WD_SPAN(extended_key_usage)) ||
	    wd_span_equal(oid, WD_SPAN(subject_alt_name));
}

bool
wd_cert_has_unknown_critical(const struct wd_cert *c)
{
	for (size_t i = 0; i < c->exts.n; i++)
		if (c->exts.at[i].critical && !is_understood(c->exts.at[i].oid))
			return true;
	return false;
}

int
wd_cert_signed_by(const struct wd_cert *c, const struct wd_pkey *key)
{
	return wd_signed_verify(&c->signature, key);
}
