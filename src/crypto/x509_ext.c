/*
 * Contents of extensions, RFC 5280 section 4.2. A name that is not of the
 * alphabet of its field is refused, never converted.
 */
#include "crypto/x509_ext.h"

#include "codec/der.h"

#include <arpa/inet.h>

enum {
	CONTENTS_MAX = 64 << 10,
	URI_MAX = 1024,
	DNS_MAX = 253,
	KEY_ID_LEN = 20,
	TAG_DNS = 0x82, /* GeneralName, section 4.2.1.6 */
	TAG_URI = 0x86,
	TAG_IP = 0x87,
	TAG_0 = 0x80, /* [0] of a primitive type */
	TAG_0_OF = 0xa0
};

static const char oid_subject_key_id[] = "2.5.29.14";
static const char oid_key_usage[] = "2.5.29.15";
static const char oid_subject_alt_name[] = "2.5.29.17";
static const char oid_basic_constraints[] = "2.5.29.19";
static const char oid_crl_number[] = "2.5.29.20";
static const char oid_crl_points[] = "2.5.29.31";
static const char oid_authority_key_id[] = "2.5.29.35";
static const char oid_extended_key_usage[] = "2.5.29.37";

void
wd_exts_freep(wd_exts **exts)
{
	sk_X509_EXTENSION_pop_free(*exts, X509_EXTENSION_free);
}

static void
object_freep(ASN1_OBJECT **id)
{
	ASN1_OBJECT_free(*id);
}

static void
octets_freep(ASN1_OCTET_STRING **value)
{
	ASN1_OCTET_STRING_free(*value);
}

static void
extension_freep(X509_EXTENSION **ext)
{
	X509_EXTENSION_free(*ext);
}

static int
add(wd_exts **exts, const char *oid, bool critical, struct wd_span der)
{
	WD_AUTO(object_freep) ASN1_OBJECT *id = OBJ_txt2obj(oid, 1);
	WD_AUTO(octets_freep)
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	WD_AUTO(extension_freep) X509_EXTENSION *ext = NULL;

	if (id == NULL || value == NULL ||
	    ASN1_OCTET_STRING_set(value, der.p, (int)der.len) != 1)
		return wd_lib_fault();
	if (X509v3_get_ext_by_OBJ(*exts, id, -1) >= 0)
		return WD_F_BUG; /* ours and the caller's are the same one */
	ext = X509_EXTENSION_create_by_OBJ(NULL, id, critical, value);
	if (ext == NULL || X509v3_add_ext(exts, ext, -1) == NULL)
		return wd_lib_fault();
	return 0;
}

/* The extension whose value is CONTENTS under TAG. */
static int
add_element(wd_exts **exts, const char *oid, bool critical, uint8_t tag,
    struct wd_span contents)
{
	WD_AUTO(wd_wr_done)
	struct wd_wr der = wd_wr_growing(CONTENTS_MAX + 8);

	wd_der_write(&der, tag, contents);
	if (wd_wr_end(&der) != 0)
		return WD_F_MEMORY;
	return add(exts, oid, critical, wd_wr_span(&der));
}

static int
add_basic_constraints(wd_exts **exts, const struct wd_cert_spec *spec)
{
	uint8_t buf[8];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	uint8_t path_len = (uint8_t)spec->path_len;

	if (spec->path_len > 127)
		return WD_R_RANGE;
	if (spec->is_ca)
		wd_der_write(&wr, WD_DER_BOOLEAN, WD_SPAN_LIT("\xff"));
	if (spec->is_ca && spec->path_len >= 0)
		wd_der_write(&wr, WD_DER_INTEGER, wd_span(&path_len, 1));
	return add_element(exts, oid_basic_constraints, true, WD_DER_SEQUENCE,
	    wd_wr_span(&wr));
}

struct usage_bit {
	enum wd_key_usage usage;
	uint8_t bit; /* of the first byte of the BIT STRING */
};

static int
add_key_usage(wd_exts **exts, unsigned usage)
{
	static const struct usage_bit bits[] = {
		{ WD_KU_DIGITAL_SIGNATURE, 0x80 },
		{ WD_KU_KEY_ENCIPHERMENT, 0x20 },
		{ WD_KU_CERT_SIGN, 0x04 },
		{ WD_KU_CRL_SIGN, 0x02 },
	};
	uint8_t contents[2] = { 0, 0 }; /* count of unused bits, bits */

	for (size_t i = 0; i < WD_N(bits); i++)
		if (usage & bits[i].usage)
			contents[1] |= bits[i].bit;
	if (contents[1] == 0)
		return 0;
	contents[0] = (uint8_t)__builtin_ctz(contents[1]);
	return add_element(
	    exts, oid_key_usage, true, WD_DER_BIT_STRING, WD_SPAN(contents));
}

static int
add_server_auth(wd_exts **exts)
{
	static const uint8_t server_auth[] = { WD_DER_OID, 8, 0x2b, 0x06, 0x01,
		0x05, 0x05, 0x07, 0x03, 0x01 };

	return add_element(exts, oid_extended_key_usage, false, WD_DER_SEQUENCE,
	    WD_SPAN(server_auth));
}

/* Letters, digits, hyphen, dot, and the star of a wildcard. */
static bool
is_dns_name(struct wd_span name)
{
	static const char other[] = "-.*";

	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.p[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		bool digit = c >= '0' && c <= '9';
		bool listed = c == other[0] || c == other[1] || c == other[2];

		if (!letter && !digit && !listed)
			return false;
	}
	return name.len > 0 && name.len <= DNS_MAX;
}

static void
write_general_name(struct wd_wr *wr, const char *name)
{
	uint8_t ip[16];

	if (inet_pton(AF_INET, name, ip) == 1)
		wd_der_write(wr, TAG_IP, wd_span(ip, 4));
	else if (inet_pton(AF_INET6, name, ip) == 1)
		wd_der_write(wr, TAG_IP, wd_span(ip, 16));
	else if (is_dns_name(wd_span_text(name)))
		wd_der_write(wr, TAG_DNS, wd_span_text(name));
	else
		wd_wr_fail(wr);
}

/* Critical when there is no other name (section 4.2.1.6). */
static int
add_alt_names(wd_exts **exts, const struct wd_cert_spec *spec)
{
	WD_AUTO(wd_wr_done) struct wd_wr names = wd_wr_growing(CONTENTS_MAX);
	int r;

	if (spec->n_dns == 0)
		return 0;
	for (size_t i = 0; i < spec->n_dns; i++)
		write_general_name(&names, spec->dns[i]);
	if ((r = wd_wr_end(&names)) != 0)
		return r < 0 ? r : WD_R_RANGE;
	return add_element(exts, oid_subject_alt_name, spec->n_subject == 0,
	    WD_DER_SEQUENCE, wd_wr_span(&names));
}

/* SHA-1 over the bits of the key: method 1 of section 4.2.1.2. */
static int
key_id(const struct wd_pkey *k, uint8_t ret_id[KEY_ID_LEN])
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	struct wd_rd rd, spki;
	int r;

	if ((r = wd_pkey_to_spki(k, &der)) != 0)
		return r;
	rd = wd_rd(wd_bytes_span(der));
	spki = wd_der_enter(&rd, WD_DER_SEQUENCE);
	(void)wd_der_enter(&spki, WD_DER_SEQUENCE); /* skips the algorithm */
	return wd_hash(WD_SHA1, wd_der_bytes_of_bits(&spki), ret_id);
}

static int
add_subject_key_id(wd_exts **exts, const struct wd_pkey *k)
{
	uint8_t id[KEY_ID_LEN];
	int r;

	if ((r = key_id(k, id)) != 0)
		return r;
	return add_element(
	    exts, oid_subject_key_id, false, WD_DER_OCTET_STRING, WD_SPAN(id));
}

static int
add_authority_key_id(wd_exts **exts, const struct wd_pkey *issuer)
{
	uint8_t id[KEY_ID_LEN], buf[32];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	int r;

	if ((r = key_id(issuer, id)) != 0)
		return r;
	wd_der_write(&wr, TAG_0, WD_SPAN(id));
	return add_element(exts, oid_authority_key_id, false, WD_DER_SEQUENCE,
	    wd_wr_span(&wr));
}

/* One DistributionPoint with a fullName of one URI (section 4.2.1.13). */
static int
add_crl_point(wd_exts **exts, const char *uri)
{
	static const uint8_t tags[] = { TAG_URI, TAG_0_OF, TAG_0_OF,
		WD_DER_SEQUENCE };
	uint8_t buf[2][URI_MAX];
	struct wd_span inner = wd_span_text(uri);

	if (uri == NULL)
		return 0;
	for (size_t i = 0; i < WD_N(tags); i++) {
		struct wd_wr wr = wd_wr_fixed(buf[i % 2], URI_MAX);

		wd_der_write(&wr, tags[i], inner);
		if (wd_wr_end(&wr) != 0)
			return WD_R_RANGE;
		inner = wd_wr_span(&wr);
	}
	return add_element(exts, oid_crl_points, false, WD_DER_SEQUENCE, inner);
}

static int
add_own(wd_exts **exts, const struct wd_cert_ext *ext, size_t n_ext)
{
	int r = 0;

	for (size_t i = 0; i < n_ext && r == 0; i++)
		r = add(exts, ext[i].oid, ext[i].critical, ext[i].der);
	return r;
}

int
wd_exts_of_cert(const struct wd_cert_spec *spec, const struct wd_pkey *subject,
    const struct wd_pkey *issuer, wd_exts **ret_exts)
{
	WD_AUTO(wd_exts_freep) wd_exts *exts = NULL;
	int r;

	if ((r = add_basic_constraints(&exts, spec)) != 0 ||
	    (r = add_key_usage(&exts, spec->key_usage)) != 0 ||
	    (spec->server_auth && (r = add_server_auth(&exts)) != 0) ||
	    (r = add_alt_names(&exts, spec)) != 0 ||
	    (r = add_subject_key_id(&exts, subject)) != 0 ||
	    (r = add_authority_key_id(&exts, issuer)) != 0 ||
	    (r = add_crl_point(&exts, spec->crl_uri)) != 0 ||
	    (r = add_own(&exts, spec->ext, spec->n_ext)) != 0)
		return r;
	*ret_exts = WD_TAKE(exts);
	return 0;
}

int
wd_exts_of_request(const struct wd_cert_spec *spec, wd_exts **ret_exts)
{
	return add_alt_names(ret_exts, spec);
}

int
wd_exts_of_crl(const struct wd_pkey *issuer, wd_exts **ret_exts)
{
	WD_AUTO(wd_exts_freep) wd_exts *exts = NULL;
	int r;

	if ((r = add_authority_key_id(&exts, issuer)) != 0 ||
	    (r = add_element(&exts, oid_crl_number, false, WD_DER_INTEGER,
		 WD_SPAN_LIT("\x01"))) != 0)
		return r;
	*ret_exts = WD_TAKE(exts);
	return 0;
}
