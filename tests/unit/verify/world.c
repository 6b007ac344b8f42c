#include "verify/world.h"

#include "lib/t.h"

#include "base/clock.h"
#include "codec/der.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "crypto/ecdsa.h"
#include "crypto/init.h"
#include "crypto/sig.h"
#include "crypto/x509_make.h"
#include "verify/intel/pck.h"

#include <stdio.h>
#include <string.h>

static struct wd_pkey *keys[T_WHO_COUNT];

int
t_world_setup(void **state)
{
	(void)state;
	t_ok(wd_crypto_init(NULL));
	for (size_t i = 0; i < T_WHO_COUNT; i++)
		if (keys[i] == NULL)
			t_ok(wd_pkey_generate(WD_PKEY_P256, &keys[i]));
	return 0;
}

static struct t_cert
cert(const char *name, const char *issuer, enum t_who key, enum t_who signer,
    bool is_ca, int path_len)
{
	return (struct t_cert){
		.name = name,
		.issuer = issuer,
		.key = key,
		.signer = signer,
		.serial = (uint8_t)(key + 1),
		.is_ca = is_ca,
		.path_len = path_len,
		.key_usage = is_ca ? WD_KU_CERT_SIGN | WD_KU_CRL_SIGN
				   : WD_KU_DIGITAL_SIGNATURE,
		.from = wd_time_civil(2020, 1, 1, 0, 0, 0),
		.to = wd_time_civil(2040, 1, 1, 0, 0, 0),
		.with_pck = key == T_PCK,
	};
}

static struct t_crl
crl(const char *issuer, enum t_who signer)
{
	return (struct t_crl){
		.issuer = issuer,
		.signer = signer,
		.from = wd_time_civil(2030, 5, 20, 0, 0, 0),
		.to = wd_time_civil(2030, 6, 20, 0, 0, 0),
	};
}

struct t_recipe
t_good(void)
{
	static const char root[] = "Intel SGX Root CA";
	static const char ca[] = "Intel SGX PCK Processor CA";
	struct t_recipe r = {
		.root = cert(root, root, T_ROOT, T_ROOT, true, 1),
		.ca = cert(ca, root, T_CA, T_ROOT, true, 0),
		.pck = cert(
		    "Intel SGX PCK Certificate", ca, T_PCK, T_CA, false, -1),
		.signing = cert("Intel SGX TCB Signing", root, T_SIGNING,
		    T_ROOT, false, -1),
		.pck_order = "pcr",
		.signing_order = "sr",
		.components = { 11, 11, 2, 2, 255, 1 },
		.pcesvn = 13,
		.root_crl = crl(root, T_ROOT),
		.pck_crl = crl(ca, T_CA),
		.tcb_info = { .signer = T_SIGNING },
		.qe_identity = { .signer = T_SIGNING },
		.version = 3,
		.cert_type = 5,
		.qe_isvsvn = 8,
		.qe_isvprodid = 1,
		.qe_signer = T_PCK,
		.quote_signer = T_ATT,
		.report_data = { 1, 2, 3 },
		.at = T_NOW,
		.anchor = T_ROOT,
		.anchor_tee = WD_TEE_SGX,
	};

	return r;
}

struct t_recipe
t_good_td(void)
{
	struct t_recipe r = t_good();

	r.version = 5;
	r.anchor_tee = WD_TEE_TDX;
	r.td = (struct t_td){
		.is_td = true,
		.is_15 = true,
		.tcb_svn = { 5, 1, 3 },
		.tcb_svn2 = { 5, 1, 3 },
		.mr_td = 0x3d,
		.attributes = UINT64_C(1) << 28,
	};
	return r;
}

/* A member of a sequence of the SGX extension. */
static void
put_member(struct wd_wr *wr, const uint8_t *suffix, size_t n_suffix,
    uint8_t tag, struct wd_span value)
{
	struct wd_span base = wd_pck_oid();
	uint8_t inner[700];
	struct wd_wr in = wd_wr_fixed(inner, sizeof(inner));

	wd_der_write_head(&in, WD_DER_OID, base.len + n_suffix);
	wd_wr_bytes(&in, base);
	wd_wr_bytes(&in, wd_span(suffix, n_suffix));
	wd_der_write_head(&in, tag, value.len);
	wd_wr_bytes(&in, value);
	t_ok(wd_wr_end(&in));
	wd_der_write_head(wr, WD_DER_SEQUENCE, in.len);
	wd_wr_bytes(wr, wd_wr_span(&in));
}

static void
put_uint(struct wd_wr *wr, const uint8_t suffix[2], uint16_t v)
{
	uint8_t bytes[3] = { 0, (uint8_t)(v >> 8), (uint8_t)v };
	size_t skip = v >= 0x8000 ? 0 : v >= 0x80 ? 1 : 2;

	if (v >= 0x80 && v < 0x100)
		bytes[1] = 0;
	put_member(
	    wr, suffix, 2, WD_DER_INTEGER, wd_span(bytes + skip, 3 - skip));
}

static void
put_tcb(struct wd_wr *wr, const struct t_recipe *r)
{
	static const uint8_t cpusvn[16] = { 5 };
	uint8_t inner[600];
	struct wd_wr in = wd_wr_fixed(inner, sizeof(inner));

	for (uint8_t i = 0; i < 16; i++)
		put_uint(
		    &in, (uint8_t[]){ 2, (uint8_t)(i + 1) }, r->components[i]);
	put_uint(&in, (uint8_t[]){ 2, 17 }, r->pcesvn);
	put_member(
	    &in, (uint8_t[]){ 2, 18 }, 2, WD_DER_OCTET_STRING, WD_SPAN(cpusvn));
	t_ok(wd_wr_end(&in));
	put_member(wr, (uint8_t[]){ 2 }, 1, WD_DER_SEQUENCE, wd_wr_span(&in));
}

static void
put_flags(struct wd_wr *wr)
{
	uint8_t inner[100];
	struct wd_wr in = wd_wr_fixed(inner, sizeof(inner));

	for (uint8_t i = 1; i <= 3; i++)
		put_member(&in, (uint8_t[]){ 7, i }, 2, WD_DER_BOOLEAN,
		    WD_SPAN_LIT("\xff"));
	t_ok(wd_wr_end(&in));
	put_member(wr, (uint8_t[]){ 7 }, 1, WD_DER_SEQUENCE, wd_wr_span(&in));
}

static struct wd_span
pck_extension(const struct t_recipe *r)
{
	static uint8_t inner[1000], all[1100];
	struct wd_wr in = wd_wr_fixed(inner, sizeof(inner));
	struct wd_wr wr = wd_wr_fixed(all, sizeof(all));

	put_member(&in, (uint8_t[]){ 1 }, 1, WD_DER_OCTET_STRING,
	    WD_SPAN_LIT("ppid-0123456789a"));
	put_tcb(&in, r);
	put_member(&in, (uint8_t[]){ 3 }, 1, WD_DER_OCTET_STRING,
	    WD_SPAN_LIT("\x00\x00"));
	put_member(&in, (uint8_t[]){ 4 }, 1, WD_DER_OCTET_STRING,
	    WD_SPAN_LIT("\x00\xa1\xb2\xc3\xd4\xe5"));
	put_member(
	    &in, (uint8_t[]){ 5 }, 1, WD_DER_ENUMERATED, WD_SPAN_LIT("\x00"));
	if (r->platform_ca_extension) {
		put_member(&in, (uint8_t[]){ 6 }, 1, WD_DER_OCTET_STRING,
		    WD_SPAN_LIT("platforminstance"));
		put_flags(&in);
	}
	t_ok(wd_wr_end(&in));
	wd_der_write_head(&wr, WD_DER_SEQUENCE, in.len);
	wd_wr_bytes(&wr, wd_wr_span(&in));
	t_ok(wd_wr_end(&wr));
	return wd_wr_span(&wr);
}

static struct wd_bytes *
make_cert(const struct t_cert *c, const struct t_recipe *r)
{
	struct wd_bytes *der;
	const struct wd_rdn subject = { "2.5.4.3", c->name };
	const struct wd_rdn issuer = { "2.5.4.3", c->issuer };
	struct wd_cert_ext ext[2];
	struct wd_cert_spec spec = {
		.subject = &subject,
		.n_subject = 1,
		.issuer = &issuer,
		.n_issuer = 1,
		.serial = wd_span(&c->serial, 1),
		.not_before = c->from,
		.not_after = c->to,
		.is_ca = c->is_ca,
		.path_len = c->path_len,
		.key_usage = c->key_usage,
		.ext = ext,
	};

	if (c->with_pck)
		ext[spec.n_ext++] =
		    (struct wd_cert_ext){ "1.2.840.113741.1.13.1", false,
			    pck_extension(r) };
	if (c->critical)
		ext[spec.n_ext++] = (struct wd_cert_ext){ "1.2.3.4", true,
			WD_SPAN_LIT("\x05\x00") };
	t_ok(wd_cert_make(&spec, keys[c->key], keys[c->signer], &der));
	return der;
}

/* "pcr" is the chain of PCK, CA and root. */
static struct wd_bytes *
make_chain(const struct t_world *w, const char *order)
{
	static const char letters[] = {
		[T_ROOT] = 'r', [T_CA] = 'c', [T_PCK] = 'p', [T_SIGNING] = 's'
	};
	WD_AUTO(wd_wr_done) struct wd_wr pem = wd_wr_growing(65536);
	struct wd_bytes *bytes;

	for (; *order != '\0'; order++)
		for (size_t i = 0; i < WD_N(letters); i++)
			if (letters[i] == *order)
				wd_pem_write(&pem, "CERTIFICATE",
				    wd_bytes_span(w->der[i]));
	t_ok(wd_wr_take(&pem, &bytes));
	return bytes;
}

enum { NEXT_UPDATE = 4 }; /* what stands where in a TBSCertList */

/* TBS, with the signature of KEY by the algorithm ALG. */
static struct wd_bytes *
sign_anew(struct wd_span tbs, struct wd_span alg, const struct wd_pkey *key)
{
	WD_AUTO(wd_wr_done) struct wd_wr all = wd_wr_growing(65536);
	uint8_t rs[WD_SIG_MAX], sig[WD_ECDSA_DER_MAX + 1] = { 0 };
	struct wd_bytes *bytes;
	size_t len;

	t_ok(wd_sign(key, WD_SIG_ES256, tbs, rs, &len));
	len = 1 + wd_ecdsa_to_der(wd_span(rs, len), sig + 1);
	wd_der_write_head(&all, WD_DER_SEQUENCE, tbs.len + alg.len + 2 + len);
	wd_wr_bytes(&all, tbs);
	wd_wr_bytes(&all, alg);
	wd_der_write(&all, WD_DER_BIT_STRING, wd_span(sig, len));
	t_ok(wd_wr_take(&all, &bytes));
	return bytes;
}

/* The list DER without its nextUpdate. */
static struct wd_bytes *
without_end(struct wd_span der, const struct wd_pkey *key)
{
	WD_AUTO(wd_wr_done) struct wd_wr in = wd_wr_growing(65536);
	WD_AUTO(wd_wr_done) struct wd_wr tbs = wd_wr_growing(65536);
	struct wd_rd rd = wd_rd(der);
	struct wd_rd doc = wd_der_enter(&rd, WD_DER_SEQUENCE);
	struct wd_rd list = wd_der_enter(&doc, WD_DER_SEQUENCE);
	struct wd_span alg = wd_der_whole(&doc, WD_DER_SEQUENCE);

	for (size_t i = 0; wd_rd_more(&list); i++) {
		struct wd_span part = wd_der_whole(&list, wd_der_peek(&list));

		if (i != NEXT_UPDATE)
			wd_wr_bytes(&in, part);
	}
	wd_der_write(&tbs, WD_DER_SEQUENCE, wd_wr_span(&in));
	return sign_anew(wd_wr_span(&tbs), alg, key);
}

static struct wd_bytes *
make_crl(const struct t_crl *c)
{
	const struct wd_rdn issuer = { "2.5.4.3", c->issuer };
	const struct wd_span serial = wd_span(&c->revoked, 1);
	const struct wd_crl_spec spec = {
		.issuer = &issuer,
		.n_issuer = 1,
		.this_update = c->from,
		.next_update = c->to,
		.revoked = &serial,
		.n_revoked = c->revoked != 0,
	};
	struct wd_bytes *der;

	if (c->absent)
		return NULL;
	t_ok(wd_crl_make(&spec, keys[c->signer], &der));
	if (c->no_end) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *whole = der;

		der = without_end(wd_bytes_span(whole), keys[c->signer]);
	}
	return der;
}

static const char tcb_info_body[] =
    "{\"id\":\"SGX\",\"version\":3,\"issueDate\":\"2030-05-21T00:00:00Z\","
    "\"nextUpdate\":\"2030-06-21T00:00:00Z\",\"fmspc\":\"00A1B2C3D4E5\","
    "\"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":17,"
    "\"tcbLevels\":[{\"tcb\":{\"sgxtcbcomponents\":[{\"svn\":11},"
    "{\"svn\":11},{\"svn\":2},{\"svn\":2},{\"svn\":255},{\"svn\":1},"
    "{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},"
    "{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0}],"
    "\"pcesvn\":13},\"tcbDate\":\"2029-07-01T00:00:00Z\","
    "\"tcbStatus\":\"SWHardeningNeeded\","
    "\"advisoryIDs\":[\"INTEL-SA-1\"]}]}";

#define T_ZEROS_48 "000000000000000000000000000000000000000000000000"
#define T_MODULE_FIELDS                           \
	"\"mrsigner\":\"" T_ZEROS_48 T_ZEROS_48   \
	"\",\"attributes\":\"0000000000000000\"," \
	"\"attributesMask\":\"FFFFFFFFFFFFFFFF\""
#define T_SGX_PART                                                        \
	"{\"tcb\":{\"sgxtcbcomponents\":[{\"svn\":11},"                   \
	"{\"svn\":11},{\"svn\":2},{\"svn\":2},{\"svn\":255},{\"svn\":1}," \
	"{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},"    \
	"{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0}],"   \
	"\"pcesvn\":13,\"tdxtcbcomponents\":["
#define T_TDX_REST                                                     \
	"{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0}," \
	"{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0}," \
	"{\"svn\":0},{\"svn\":0},{\"svn\":0}]},"

/* Modules TDX_01 and TDX_03; a level and one below it by the TDX part. */
static const char tdx_tcb_info_body[] =
    "{\"id\":\"TDX\",\"version\":3,\"issueDate\":\"2030-05-21T00:00:00Z\","
    "\"nextUpdate\":\"2030-06-21T00:00:00Z\",\"fmspc\":\"00A1B2C3D4E5\","
    "\"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":17,"
    "\"tdxModule\":{" T_MODULE_FIELDS "},\"tdxModuleIdentities\":["
    "{\"id\":\"TDX_01\"," T_MODULE_FIELDS ",\"tcbLevels\":["
    "{\"tcb\":{\"isvsvn\":5},\"tcbDate\":\"2029-08-01T00:00:00Z\","
    "\"tcbStatus\":\"UpToDate\"},"
    "{\"tcb\":{\"isvsvn\":4},\"tcbDate\":\"2028-08-01T00:00:00Z\","
    "\"tcbStatus\":\"OutOfDate\",\"advisoryIDs\":[\"INTEL-SA-9\"]},"
    "{\"tcb\":{\"isvsvn\":2},\"tcbDate\":\"2027-08-01T00:00:00Z\","
    "\"tcbStatus\":\"Revoked\"}]},"
    "{\"id\":\"TDX_03\"," T_MODULE_FIELDS ",\"tcbLevels\":["
    "{\"tcb\":{\"isvsvn\":7},\"tcbDate\":\"2029-08-01T00:00:00Z\","
    "\"tcbStatus\":\"UpToDate\"}]}],\"tcbLevels\":[" T_SGX_PART
    "{\"svn\":5},{\"svn\":0},{\"svn\":3}," T_TDX_REST
    "\"tcbDate\":\"2029-07-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\","
    "\"advisoryIDs\":[\"INTEL-SA-1\"]}," T_SGX_PART
    "{\"svn\":3},{\"svn\":0},{\"svn\":2}," T_TDX_REST
    "\"tcbDate\":\"2028-07-01T00:00:00Z\",\"tcbStatus\":\"OutOfDate\"}]}";

#define T_QE_IDENTITY(id)                                                    \
	"{\"id\":\"" id                                                      \
	"\",\"version\":2,\"issueDate\":\"2030-05-22T00:00:00Z\","           \
	"\"nextUpdate\":\"2030-06-22T00:00:00Z\","                           \
	"\"tcbEvaluationDataNumber\":18,\"miscselect\":\"00000000\","        \
	"\"miscselectMask\":\"FFFFFFFF\","                                   \
	"\"attributes\":\"11000000000000000000000000000000\","               \
	"\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\","           \
	"\"mrsigner\":\"8C8C8C8C8C8C8C8C8C8C8C8C8C8C8C8C"                    \
	"8C8C8C8C8C8C8C8C8C8C8C8C8C8C8C8C\",\"isvprodid\":1,\"tcbLevels\":[" \
	"{\"tcb\":{\"isvsvn\":8},\"tcbDate\":\"2029-06-01T00:00:00Z\","      \
	"\"tcbStatus\":\"UpToDate\"},{\"tcb\":{\"isvsvn\":6},"               \
	"\"tcbDate\":\"2028-06-01T00:00:00Z\",\"tcbStatus\":\"OutOfDate\","  \
	"\"advisoryIDs\":[\"INTEL-SA-2\"]}]}"

static const char qe_identity_body[] = T_QE_IDENTITY("QE");
static const char td_qe_identity_body[] = T_QE_IDENTITY("TD_QE");

static struct wd_bytes *
make_doc(const struct t_doc *doc, const char *name, const char *body)
{
	WD_AUTO(wd_wr_done) struct wd_wr text = wd_wr_growing(65536);
	WD_AUTO(wd_wr_done) struct wd_wr all = wd_wr_growing(65536);
	const char *at = doc->from == NULL ? NULL : strstr(body, doc->from);
	uint8_t sig[WD_SIG_MAX];
	struct wd_bytes *bytes;
	size_t len;

	if (doc->absent)
		return NULL;
	if (doc->from != NULL) {
		assert_non_null(at);
		wd_wr_bytes(&text, wd_span(body, (size_t)(at - body)));
		wd_wr_text(&text, doc->to);
		body = at + strlen(doc->from);
	}
	wd_wr_text(&text, body);
	t_ok(wd_sign(
	    keys[doc->signer], WD_SIG_ES256, wd_wr_span(&text), sig, &len));
	wd_wr_printf(&all, "{\"%s\":", name);
	wd_wr_bytes(&all, wd_wr_span(&text));
	wd_wr_text(&all, ",\"signature\":\"");
	wd_hex_write(&all, wd_span(sig, len));
	wd_wr_text(&all, "\"}");
	t_ok(wd_wr_take(&all, &bytes));
	return bytes;
}

/* An enclave report. */
struct report {
	bool debug;
	uint8_t mrsigner;
	uint16_t isvprodid, isvsvn;
	struct wd_span data;
};

static void
put_report(struct wd_wr *wr, const struct report *e)
{
	wd_wr_zero(wr, 48);
	wd_wr_le64(wr, e->debug ? 0x13 : 0x11);
	wd_wr_le64(wr, 0xe7);
	for (size_t i = 0; i < 32; i++)
		wd_wr_u8(wr, 0xee);
	wd_wr_zero(wr, 32);
	for (size_t i = 0; i < 32; i++)
		wd_wr_u8(wr, e->mrsigner);
	wd_wr_zero(wr, 96);
	wd_wr_le16(wr, e->isvprodid);
	wd_wr_le16(wr, e->isvsvn);
	wd_wr_zero(wr, 60);
	wd_wr_bytes(wr, e->data);
}

static void
put_signature(struct wd_wr *wr, enum t_who signer, struct wd_span message)
{
	uint8_t sig[WD_SIG_MAX];
	size_t len;

	t_ok(wd_sign(keys[signer], WD_SIG_ES256, message, sig, &len));
	wd_wr_bytes(wr, wd_span(sig, len));
}

static void
att_key(const struct t_recipe *r, uint8_t ret[64])
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *y = NULL;

	t_ok(wd_pkey_public_parts(keys[T_ATT], &x, &y));
	wd_copy(ret, wd_bytes_span(x));
	wd_copy(ret + 32, wd_bytes_span(y));
	if (r->off_curve)
		ret[63] ^= 1;
}

/* Everything behind the attestation key. */
static void
put_qe(struct wd_wr *wr, const struct t_recipe *r, const uint8_t key[64],
    struct wd_span chain)
{
	static const uint8_t auth[32] = { 7 };
	const struct wd_span parts[] = { wd_span(key, 64), WD_SPAN(auth) };
	uint8_t binding[64] = { 0 };
	uint8_t bytes[384];
	struct wd_wr in = wd_wr_fixed(bytes, sizeof(bytes));

	t_ok(wd_hash_parts(WD_SHA256, parts, 2, binding));
	if (r->wrong_binding)
		binding[r->binding_byte] ^= 1;
	put_report(&in,
	    &(struct report){ r->qe_debug, 0x8c, r->qe_isvprodid, r->qe_isvsvn,
		WD_SPAN(binding) });
	t_ok(wd_wr_end(&in));
	wd_wr_bytes(wr, wd_wr_span(&in));
	put_signature(wr, r->qe_signer, wd_wr_span(&in));
	wd_wr_le16(wr, sizeof(auth));
	wd_wr_bytes(wr, WD_SPAN(auth));
	wd_wr_le16(wr, r->cert_type);
	wd_wr_le32(wr, (uint32_t)chain.len);
	wd_wr_bytes(wr, chain);
}

static void
put_td(struct wd_wr *wr, const struct t_recipe *r)
{
	const struct t_td *t = &r->td;

	wd_wr_bytes(wr, WD_SPAN(t->tcb_svn));
	wd_wr_zero(wr, 48);
	wd_wr_u8(wr, t->mr_signer_seam);
	wd_wr_zero(wr, 47);
	wd_wr_u8(wr, t->seam_attributes);
	wd_wr_zero(wr, 7);
	wd_wr_le64(wr, t->attributes);
	wd_wr_le64(wr, 0xe7);
	for (size_t i = 0; i < 48; i++)
		wd_wr_u8(wr, t->mr_td);
	wd_wr_zero(wr, 144);
	for (size_t i = 0; i < 4; i++)
		wd_wr_bytes(wr, WD_SPAN(t->rtmr[i]));
	wd_wr_bytes(wr, WD_SPAN(r->report_data));
	if (!t->is_15)
		return;
	wd_wr_bytes(wr, WD_SPAN(t->tcb_svn2));
	wd_wr_zero(wr, 48);
}

/* Version 5 names the body; 4 has but one for each TEE. */
static void
put_descriptor(struct wd_wr *wr, const struct t_recipe *r)
{
	if (r->version != 5)
		return;
	wd_wr_le16(wr, !r->td.is_td ? 1 : r->td.is_15 ? 3 : 2);
	wd_wr_le32(wr, !r->td.is_td ? 384 : r->td.is_15 ? 648 : 584);
}

static void
put_header_and_body(struct wd_wr *wr, const struct t_recipe *r)
{
	static const uint8_t vendor[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c,
		0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };

	wd_wr_le16(wr, r->version);
	wd_wr_le16(wr, 2);
	wd_wr_le32(wr, r->td.is_td ? 0x81 : 0);
	wd_wr_zero(wr, 4);
	wd_wr_bytes(wr, WD_SPAN(vendor));
	wd_wr_zero(wr, 20);
	put_descriptor(wr, r);
	if (r->td.is_td) {
		put_td(wr, r);
		return;
	}
	put_report(wr,
	    &(struct report){
		r->enclave_debug, 0x5a, 3, 4, WD_SPAN(r->report_data) });
}

static struct wd_bytes *
make_quote(const struct t_recipe *r, struct wd_span chain)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(65536);
	WD_AUTO(wd_wr_done) struct wd_wr qe = wd_wr_growing(65536);
	struct wd_bytes *bytes;
	struct wd_span message;
	uint8_t key[64];
	size_t extra = r->version > 3 ? 6 : 0;

	att_key(r, key);
	put_qe(&qe, r, key, chain);
	put_header_and_body(&wr, r);
	message = wd_wr_span(&wr);
	wd_wr_le32(&wr, (uint32_t)(128 + extra + qe.len));
	message.p = wr.p;
	put_signature(&wr, r->quote_signer, message);
	wd_wr_bytes(&wr, WD_SPAN(key));
	if (extra > 0) {
		wd_wr_le16(&wr, 6);
		wd_wr_le32(&wr, (uint32_t)qe.len);
	}
	wd_wr_bytes(&wr, wd_wr_span(&qe));
	wd_wr_zero(&wr, r->trailing);
	t_ok(wd_wr_take(&wr, &bytes));
	return bytes;
}

static void
make_certs(struct t_world *w, const struct t_recipe *r)
{
	w->der[T_ROOT] = make_cert(&r->root, r);
	w->der[T_CA] = make_cert(&r->ca, r);
	w->der[T_PCK] = make_cert(&r->pck, r);
	w->der[T_SIGNING] = make_cert(&r->signing, r);
}

static void
pin(struct t_world *w, const struct t_recipe *r)
{
	w->anchor.tee = r->anchor_tee;
	w->anchor.software = r->software;
	t_ok(wd_hash(
	    WD_SHA256, wd_bytes_span(w->der[r->anchor]), w->anchor.sha256));
	w->rules.anchors = &w->anchor;
	w->rules.n_anchors = 1;
}

void
t_world_make(struct t_world *w, const struct t_recipe *r)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *chain = NULL;
	struct wd_span nothing = WD_SPAN_LIT("nothing");

	*w = (struct t_world){ .at = r->at };
	w->rules.allow_debug = r->allow_debug;
	w->rules.crl_optional = r->crl_optional;
	w->rules.min_evaluation_number = r->min_evaluation_number;
	w->rules.min_evaluation_sgx = r->min_evaluation_sgx;
	w->rules.min_evaluation_tdx = r->min_evaluation_tdx;
	make_certs(w, r);
	chain = make_chain(w, r->pck_order);
	pin(w, r);
	w->part[WD_IN_QUOTE] =
	    make_quote(r, r->cert_type == 5 ? wd_bytes_span(chain) : nothing);
	if (r->pck_chain_beside)
		w->part[WD_IN_PCK_CHAIN] = WD_TAKE(chain);
	w->part[WD_IN_TCB_INFO] = make_doc(&r->tcb_info, "tcbInfo",
	    r->td.is_td ? tdx_tcb_info_body : tcb_info_body);
	w->part[WD_IN_QE_IDENTITY] =
	    make_doc(&r->qe_identity, "enclaveIdentity",
		r->td.is_td ? td_qe_identity_body : qe_identity_body);
	if (!r->no_signing_chain)
		w->part[WD_IN_TCB_SIGNING_CHAIN] =
		    make_chain(w, r->signing_order);
	if (r->with_qe_chain)
		w->part[WD_IN_QE_IDENTITY_CHAIN] =
		    make_chain(w, r->signing_order);
	w->part[WD_IN_PCK_CRL] = make_crl(&r->pck_crl);
	w->part[WD_IN_ROOT_CA_CRL] = make_crl(&r->root_crl);
	w->pck_ca_chain = make_chain(w, "cr");
	for (size_t i = 0; i < WD_IN_COUNT; i++)
		w->in.part[i] = wd_bytes_span(w->part[i]);
	w->in.part[WD_IN_EVENT_LOG] = r->event_log;
}

void
t_world_done(struct t_world *w)
{
	for (size_t i = 0; i < WD_IN_COUNT; i++)
		wd_bytes_freep(&w->part[i]);
	for (size_t i = 0; i < T_WHO_COUNT; i++)
		wd_bytes_freep(&w->der[i]);
	wd_bytes_freep(&w->pck_ca_chain);
}

int
t_judge(const struct t_recipe *r, struct wd_claims *claims, struct wd_diag *d)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(t_world_done) struct t_world w;
	struct wd_claims unused = { 0 };

	t_world_make(&w, r);
	t_ok(wd_verifier_new(&w.rules, &v));
	return wd_appraise(v, r->td.is_td ? WD_TEE_TDX : WD_TEE_SGX, &w.in,
	    w.at, wd_span(NULL, 0), claims == NULL ? &unused : claims, d);
}
