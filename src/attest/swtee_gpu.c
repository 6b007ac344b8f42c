/*
 * Keys rest in the folder; certificates are made anew from them, but for that
 * of the root, which a server knows by its digest.
 */
#include "attest/swtee_gpu.h"

#include "attest/key_file.h"
#include "base/clock.h"
#include "codec/der.h"
#include "codec/pem.h"
#include "crypto/hash.h"
#include "crypto/rand.h"
#include "crypto/sig.h"
#include "crypto/x509_make.h"
#include "sys/file.h"

enum {
	DAY = 86400,
	LIST_DAYS = 30,
	YEARS = 25,
	BLOCKS = 8,
	FWID = 48,
	DRIVER_MAX = 32,
	TEXT_MAX = 16384,
};

#define FWID_EXTENSION "2.23.133.5.4.1"

/* The file of a key, with a number behind it where each GPU has one; and the
 * name on the certificate. */
static const struct {
	const char *file, *name;
	bool of_each;
} who[WD_GPU_WHO] = {
	[WD_GPU_FIRMWARE] = { "gpu", "GH100 A01 GSP FMC LF", true },
	[WD_GPU_ROM] = { "rom", "GH100 A01 GSP BROM", true },
	[WD_GPU_PROVISIONER] = { "provisioner",
	    "SOFTWARE GH100 Provisioner ICA 1", false },
	[WD_GPU_PRODUCT] = { "product", "SOFTWARE GH100 Identity", false },
	[WD_GPU_ROOT] = { "root", "SOFTWARE Device Identity CA", false },
};

static const char root_file[] = "root.pem";

void
wd_swtee_gpu_done(struct wd_swtee_gpu *t)
{
	for (size_t i = 0; i < WD_GPU_WHO; i++) {
		t->key[i] = wd_pkey_free(t->key[i]);
		t->cert[i] = wd_bytes_free(t->cert[i]);
	}
}

/* ---- keys */

static int
open_key(
    int dir, unsigned number, size_t i, struct wd_pkey **ret, struct wd_diag *d)
{
	char file[32];
	struct wd_wr wr = wd_wr_fixed(file, sizeof(file) - 1);
	int r;

	wd_wr_text(&wr, who[i].file);
	if (who[i].of_each)
		wd_wr_printf(&wr, "-%u", number);
	wd_wr_text(&wr, ".key");
	file[wr.len] = '\0';
	r = wd_key_file_open(dir, file, false, ret, d);
	if (r != 0 || *ret != NULL)
		return r;
	if (wd_pkey_generate(WD_PKEY_P384, ret) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot make a key");
	return wd_key_file_save(dir, file, *ret, d);
}

/* ---- certificates */

static int
write_fwid(struct wd_wr *wr, const struct wd_pkey *key)
{
	static const uint8_t sha384[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
		0x04, 0x02, 0x02 };
	static const uint8_t id[FWID]; /* of no firmware: zeros */
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	uint8_t inner[256], digest[128];
	struct wd_wr all = wd_wr_fixed(inner, sizeof(inner));
	struct wd_wr pair = wd_wr_fixed(digest, sizeof(digest));
	int r = wd_pkey_to_spki(key, &spki);

	if (r != 0)
		return r;
	wd_der_write(&pair, WD_DER_OID, WD_SPAN(sha384));
	wd_der_write(&pair, WD_DER_OCTET_STRING, WD_SPAN(id));
	wd_der_write(&all, WD_DER_INTEGER, WD_SPAN_LIT("\x01"));
	wd_wr_bytes(&all, wd_bytes_span(spki));
	wd_der_write(&all, WD_DER_SEQUENCE, wd_wr_span(&pair));
	wd_der_write(wr, WD_DER_SEQUENCE, wd_wr_span(&all));
	return wd_wr_end(wr);
}

static int
certify(struct wd_swtee_gpu *t, size_t i, struct wd_diag *d)
{
	size_t signer = i == WD_GPU_ROOT ? WD_GPU_ROOT : i + 1;
	const struct wd_rdn subject = { "2.5.4.3", who[i].name };
	const struct wd_rdn issuer = { "2.5.4.3", who[signer].name };
	bool is_leaf = i == WD_GPU_FIRMWARE;
	int64_t now = wd_time_now();
	uint8_t buf[512];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_cert_ext ext = { FWID_EXTENSION, false, { NULL, 0 } };
	const struct wd_cert_spec spec = {
		.subject = &subject,
		.n_subject = 1,
		.issuer = &issuer,
		.n_issuer = 1,
		.not_before = now - DAY, /* clocks differ */
		.not_after = now + INT64_C(365) * DAY * YEARS,
		.is_ca = !is_leaf,
		.path_len = -1,
		.key_usage = is_leaf ? (unsigned)WD_KU_DIGITAL_SIGNATURE
				     : WD_KU_CERT_SIGN | WD_KU_CRL_SIGN,
		.ext = &ext,
		.n_ext = is_leaf ? 1 : 0,
	};

	if (is_leaf && write_fwid(&wr, t->key[i]) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot write an extension");
	ext.der = wd_wr_span(&wr);
	if (wd_cert_make(&spec, t->key[i], t->key[signer], &t->cert[i]) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot make a certificate");
	return 0;
}

static int
open_root(struct wd_swtee_gpu *t, int dir, struct wd_diag *d)
{
	int r = wd_cert_file_open(dir, root_file, &t->cert[WD_GPU_ROOT], d);

	if (r != WD_R_NOT_FOUND)
		return r;
	wd_diag_clear(d);
	t->fresh = true;
	if ((r = certify(t, WD_GPU_ROOT, d)) != 0)
		return r;
	return wd_cert_file_save(
	    dir, root_file, wd_bytes_span(t->cert[WD_GPU_ROOT]), d);
}

int
wd_swtee_gpu_open(
    int dir, unsigned number, struct wd_swtee_gpu *ret, struct wd_diag *d)
{
	WD_AUTO(wd_swtee_gpu_done) struct wd_swtee_gpu t = { 0 };
	int r = 0;

	for (size_t i = 0; i < WD_GPU_WHO && r == 0; i++)
		r = open_key(dir, number, i, &t.key[i], d);
	if (r == 0)
		r = open_root(&t, dir, d);
	for (size_t i = 0; i < WD_GPU_ROOT && r == 0; i++)
		r = certify(&t, i, d);
	if (r != 0)
		return r;
	*ret = t;
	t = (struct wd_swtee_gpu){ 0 };
	return 0;
}

int
wd_swtee_gpu_anchor(const struct wd_swtee_gpu *t, struct wd_anchor *ret)
{
	struct wd_span der = wd_bytes_span(t->cert[WD_GPU_ROOT]);

	*ret = (struct wd_anchor){
		.tee = WD_TEE_NVIDIA, .software = true, .der = der
	};
	return wd_hash(WD_SHA256, der, ret->sha256);
}

static void
write_certs(const struct wd_swtee_gpu *t, size_t first, struct wd_wr *wr)
{
	for (size_t i = first; i < WD_GPU_WHO; i++)
		wd_pem_write(wr, "CERTIFICATE", wd_bytes_span(t->cert[i]));
}

void
wd_swtee_gpu_chain(const struct wd_swtee_gpu *t, struct wd_wr *wr)
{
	write_certs(t, 0, wr);
}

/* ---- collateral */

static int
save_list(const struct wd_swtee_gpu *t, size_t issuer, int dir,
    const char *file, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	const struct wd_rdn name = { "2.5.4.3", who[issuer].name };
	int64_t now = wd_time_now();
	const struct wd_crl_spec spec = {
		.issuer = &name,
		.n_issuer = 1,
		.this_update = now,
		.next_update = now + LIST_DAYS * DAY,
	};

	if (wd_crl_make(&spec, t->key[issuer], &der) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot make a list");
	return wd_file_write(dir, file, wd_bytes_span(der), 0644, false, d);
}

int
wd_swtee_gpu_collateral(
    const struct wd_swtee_gpu *t, int collateral, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(TEXT_MAX);
	int r;

	write_certs(t, WD_GPU_PRODUCT, &wr);
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for a chain");
	r = wd_file_write(
	    collateral, "gpu_ca.pem", wd_wr_span(&wr), 0644, false, d);
	if (r == 0)
		r = save_list(
		    t, WD_GPU_ROOT, collateral, "gpu_root_crl.der", d);
	if (r == 0)
		r = save_list(t, WD_GPU_PRODUCT, collateral, "gpu_crl.der", d);
	return r;
}

/* ---- evidence */

static void
write_blocks(struct wd_wr *wr, const struct wd_swtee_gpu_claim *c)
{
	for (uint8_t i = 1; i <= BLOCKS; i++) {
		wd_wr_u8(wr, i);
		wd_wr_u8(wr, 1); /* DMTF */
		wd_wr_le16(wr, 3 + sizeof(c->measured));
		wd_wr_u8(wr, 1);
		wd_wr_le16(wr, sizeof(c->measured));
		wd_wr_bytes(wr, WD_SPAN(c->measured));
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
write_opaque(struct wd_wr *wr, const char *driver)
{
	static const uint8_t fwid[FWID];

	write_field(wr, 3, wd_span_text(driver));
	write_field(wr, 6, WD_SPAN_LIT("\x00\xa5\x00\x96\x01\0\0\0"));
	write_field(wr, 15, WD_SPAN_LIT("885"));
	write_field(wr, 17, WD_SPAN_LIT("G520"));
	write_field(wr, 18, WD_SPAN_LIT("0200"));
	write_field(wr, 20, WD_SPAN(fwid));
}

/* Bytes: src/verify/nvidia/layout.md. */
static void
write_signed(struct wd_wr *wr, const struct wd_swtee_gpu_claim *c,
    const uint8_t random[32])
{
	uint8_t buf[1024];
	struct wd_wr part = wd_wr_fixed(buf, sizeof(buf));

	wd_wr_bytes(wr, WD_SPAN_LIT("\x11\xe0\x01\xff"));
	wd_wr_bytes(wr, WD_SPAN(c->nonce));
	wd_wr_bytes(wr, WD_SPAN_LIT("\0\x11\x60\0\0"));
	wd_wr_u8(wr, BLOCKS);
	write_blocks(&part, c);
	wd_wr_le16(wr, (uint16_t)part.len);
	wd_wr_u8(wr, 0);
	wd_wr_bytes(wr, wd_wr_span(&part));
	wd_wr_bytes(wr, wd_span(random, 32));
	part = wd_wr_fixed(buf, sizeof(buf));
	write_opaque(&part, c->driver == NULL ? "590.12" : c->driver);
	wd_wr_le16(wr, (uint16_t)part.len);
	wd_wr_bytes(wr, wd_wr_span(&part));
}

int
wd_swtee_gpu_evidence(const struct wd_swtee_gpu *t,
    const struct wd_swtee_gpu_claim *c, struct wd_bytes **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(TEXT_MAX);
	uint8_t random[32], sig[WD_SIG_MAX];
	size_t len = 0;

	if (c->driver != NULL && wd_span_text(c->driver).len > DRIVER_MAX)
		return wd_reject(d, WD_R_RANGE, "a driver version too long");
	if (wd_rand_public(random, sizeof(random)) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no random bytes");
	write_signed(&wr, c, random);
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for evidence");
	if (wd_sign(t->key[WD_GPU_FIRMWARE], WD_SIG_ES384, wd_wr_span(&wr), sig,
		&len) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot sign");
	wd_wr_bytes(&wr, wd_span(sig, len));
	return wd_wr_take(&wr, ret) == 0
	    ? 0
	    : wd_fault(d, WD_F_MEMORY, "no room for evidence");
}
