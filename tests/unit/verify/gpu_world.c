/*
 * Making a GPU's evidence.
 */
#include "verify/gpu_world.h"

#include "lib/t.h"

#include "base/clock.h"
#include "codec/der.h"
#include "codec/pem.h"
#include "crypto/hash.h"
#include "crypto/init.h"
#include "crypto/sig.h"
#include "crypto/x509_make.h"

#define YEAR INT64_C(31536000)

enum { ROOT = T_GPU_CERTS - 1, STRANGER = T_GPU_CERTS, SMALL, KEYS };

static struct wd_pkey *keys[KEYS];

int
t_gpu_setup(void **state)
{
	(void)state;
	t_ok(wd_crypto_init(NULL));
	for (size_t i = 0; i < KEYS; i++)
		t_ok(wd_pkey_generate(
		    i == SMALL ? WD_PKEY_P256 : WD_PKEY_P384, &keys[i]));
	return 0;
}

int
t_gpu_teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		wd_pkey_freep(&keys[i]);
	return 0;
}

static void
fwid(uint8_t ret[48], uint8_t first)
{
	for (uint8_t i = 0; i < 48; i++)
		ret[i] = (uint8_t)(first + i);
}

static const char *const names[T_GPU_CERTS] = { "GPU firmware",
	"GH100 A01 GSP BROM", "Provisioner", "Product", "Device Identity" };

/* What a DICE layer writes of its firmware. */
static void
write_extension(struct wd_wr *wr, bool other)
{
	static const uint8_t sha384[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
		0x04, 0x02, 0x02 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	uint8_t id[48], inner[256], digest[128];
	struct wd_wr all = wd_wr_fixed(inner, sizeof(inner));
	struct wd_wr pair = wd_wr_fixed(digest, sizeof(digest));

	fwid(id, other ? 9 : 1);
	t_ok(wd_pkey_to_spki(keys[1], &spki));
	wd_der_write(&pair, WD_DER_OID, WD_SPAN(sha384));
	wd_der_write(&pair, WD_DER_OCTET_STRING, WD_SPAN(id));
	wd_der_write(&all, WD_DER_INTEGER, WD_SPAN_LIT("\x01"));
	wd_wr_bytes(&all, wd_bytes_span(spki));
	wd_der_write(&all, WD_DER_SEQUENCE, wd_wr_span(&pair));
	wd_der_write(wr, WD_DER_SEQUENCE, wd_wr_span(&all));
	t_ok(wd_wr_end(wr));
}

static void
add_certificate(
    struct wd_wr *pem, const struct t_gpu_recipe *r, size_t i, struct t_gpu *g)
{
	const struct wd_rdn subject = { "2.5.4.3", names[i] };
	const struct wd_rdn issuer = { "2.5.4.3",
		names[i == ROOT ? ROOT : i + 1] };
	uint8_t buf[512];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	bool is_ca = i == 0 ? r->leaf_is_ca : !(i == 2 && r->issuer_no_ca);
	struct wd_cert_ext ext;
	struct wd_cert_spec spec = {
		.subject = &subject,
		.n_subject = 1,
		.issuer = &issuer,
		.n_issuer = 1,
		.not_before = T_GPU_NOW - YEAR,
		.not_after = T_GPU_NOW + YEAR,
		.is_ca = is_ca,
		.path_len = -1,
		.key_usage = is_ca ? WD_KU_CERT_SIGN | WD_KU_CRL_SIGN
				   : WD_KU_DIGITAL_SIGNATURE,
		.ext = &ext,
		.n_ext = i == 0 && !r->no_fwid_extension ? 1 : 0,
	};
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;

	write_extension(&wr, r->other_fwid);
	ext = (struct wd_cert_ext){ "2.23.133.5.4.1", false, wd_wr_span(&wr) };
	g->serial[i][0] = (uint8_t)(i + 1);
	spec.serial = WD_SPAN(g->serial[i]);
	t_ok(wd_cert_make(&spec, keys[i == 0 && r->p256_leaf ? SMALL : i],
	    keys[i == ROOT ? ROOT : i + 1], &der));
	if (i >= T_GPU_PRODUCT)
		wd_pem_write(&g->ca_pem, "CERTIFICATE", wd_bytes_span(der));
	if (i != ROOT || !r->root_missing)
		wd_pem_write(pem, "CERTIFICATE", wd_bytes_span(der));
	if (i == ROOT)
		t_ok(wd_hash(WD_SHA256, wd_bytes_span(der), g->anchor.sha256));
}

void
t_gpu_crl(struct t_gpu *g, size_t issuer, size_t revoked, int64_t next,
    struct wd_bytes **ret)
{
	const struct wd_rdn name = { "2.5.4.3", names[issuer] };
	const struct wd_span serial = WD_SPAN(g->serial[revoked]);
	const struct wd_crl_spec spec = {
		.issuer = &name,
		.n_issuer = 1,
		.this_update = T_GPU_NOW - 60,
		.next_update = next,
		.revoked = &serial,
		.n_revoked = 1,
	};

	t_ok(wd_crl_make(&spec, keys[issuer], ret));
}

static void
write_blocks(struct wd_wr *wr, const struct t_gpu_recipe *r)
{
	for (uint8_t i = 1; i <= T_GPU_BLOCKS; i++) {
		wd_wr_u8(wr, r->same_index ? 1 : i);
		wd_wr_u8(wr, r->spec == 0 ? 1 : r->spec);
		wd_wr_le16(wr, 3 + 48);
		wd_wr_u8(wr, 1);
		wd_wr_le16(wr, r->digest == 0 ? 48 : r->digest);
		for (int k = 0; k < 48; k++)
			wd_wr_u8(wr, i);
	}
}

static void
write_field(struct wd_wr *wr, uint16_t type, struct wd_span s)
{
	wd_wr_le16(wr, type);
	wd_wr_le16(wr, (uint16_t)s.len);
	wd_wr_bytes(wr, s);
}

static void
write_opaque(struct wd_wr *wr, const struct t_gpu_recipe *r)
{
	uint8_t id[48];

	fwid(id, 1);
	write_field(wr, 36, WD_SPAN_LIT("\2\0"));
	write_field(wr, 6, WD_SPAN_LIT("\x00\xa5\x00\x96\x01\0\0\0"));
	write_field(wr, 3, WD_SPAN_LIT("590.12\0"));
	write_field(wr, 15, WD_SPAN_LIT("885\0\0"));
	write_field(wr, 17, WD_SPAN_LIT("G520\0"));
	write_field(wr, 18, WD_SPAN_LIT("0200\0"));
	if (r->field_twice)
		write_field(wr, 3, WD_SPAN_LIT("591.00\0"));
	if (!r->no_fwid_field)
		write_field(wr, 20, WD_SPAN(id));
}

static void
write_evidence(
    struct wd_wr *wr, const struct t_gpu *g, const struct t_gpu_recipe *r)
{
	uint8_t version = r->version == 0 ? 0x11 : r->version;
	uint8_t buf[1024], sig[WD_SIG_MAX];
	struct wd_wr part = wd_wr_fixed(buf, sizeof(buf));
	size_t len = 0;

	wd_wr_u8(wr, version);
	wd_wr_u8(wr, 0xe0);
	wd_wr_u8(wr, r->flags == 0 ? 1 : r->flags);
	wd_wr_u8(wr, r->which == 0 ? 0xff : r->which);
	wd_wr_bytes(wr, WD_SPAN(g->nonce));
	wd_wr_u8(wr, 3);
	wd_wr_u8(wr, version);
	wd_wr_u8(wr, 0x60);
	wd_wr_u8(wr, 0);
	wd_wr_u8(wr, r->slot == 0 ? 3 : r->slot);
	wd_wr_u8(wr, r->blocks == 0 ? T_GPU_BLOCKS : r->blocks);
	write_blocks(&part, r);
	wd_wr_le16(wr, (uint16_t)part.len);
	wd_wr_u8(wr, 0);
	wd_wr_bytes(wr, wd_wr_span(&part));
	wd_wr_zero(wr, 32);
	part = wd_wr_fixed(buf, sizeof(buf));
	write_opaque(&part, r);
	wd_wr_le16(wr, (uint16_t)part.len);
	wd_wr_bytes(wr, wd_wr_span(&part));
	t_ok(wd_sign(keys[r->signed_by_stranger ? STRANGER : 0], WD_SIG_ES384,
	    wd_wr_span(wr), sig, &len));
	wd_wr_bytes(wr, wd_span(sig, len));
	wd_wr_bytes(wr, r->behind);
}

void
t_gpu_make(struct t_gpu *g, const struct t_gpu_recipe *r)
{
	WD_AUTO(wd_wr_done) struct wd_wr pem = wd_wr_growing(16384);
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(16384);

	*g = (struct t_gpu){ .anchor = {
				 .tee = WD_TEE_NVIDIA, .software = true } };
	g->ca_pem = wd_wr_growing(16384);
	for (uint8_t i = 0; i < 32; i++)
		g->nonce[i] = (uint8_t)(200 - i);
	for (size_t i = 0; i < T_GPU_CERTS; i++)
		add_certificate(&pem, r, i, g);
	if (r->other_root)
		g->anchor.sha256[0] ^= 1;
	t_ok(wd_wr_take(&pem, &g->chain));
	write_evidence(&wr, g, r);
	t_ok(wd_wr_take(&wr, &g->evidence));
	g->rules = (struct wd_appraisal_rules){ .anchors = &g->anchor,
		.n_anchors = 1 };
	g->in.part[WD_IN_EVIDENCE] = wd_bytes_span(g->evidence);
	g->in.part[WD_IN_CERT_CHAIN] = wd_bytes_span(g->chain);
}

void
t_gpu_done(struct t_gpu *g)
{
	wd_bytes_freep(&g->evidence);
	wd_bytes_freep(&g->chain);
	wd_wr_done(&g->ca_pem);
}

int
t_gpu_judge(const struct t_gpu *g, struct wd_claims *ret)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	struct wd_claims c = { .len = SIZE_MAX };
	int r;

	t_ok(wd_verifier_new(&g->rules, &v));
	r = wd_appraise(
	    v, WD_TEE_NVIDIA, &g->in, T_GPU_NOW, WD_SPAN(g->nonce), &c, NULL);
	if (r != 0)
		assert_true(c.len == SIZE_MAX); /* nothing was claimed */
	else if (ret != NULL)
		*ret = c;
	return r;
}
