/*
 * A software SNP platform as files: keys readable by their owner alone.
 */
#include "attest/swtee_snp_in.h"

#include "base/alloc.h"
#include "codec/pem.h"
#include "sys/file.h"

enum { FILE_MAX = 16384 };

static const struct file {
	const char *key, *cert;
	bool needed; /* to make reports */
} files[WD_AMD_WHO] = {
	[WD_AMD_ARK] = { "ark.key", "ark.pem", false },
	[WD_AMD_ASK] = { "ask.key", "ask.pem", false },
	[WD_AMD_VEK] = { "vek.key", "vek.pem", true },
};

static int
save_pem(int dir, const char *name, const char *label, struct wd_span der,
    unsigned mode, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(FILE_MAX);

	wd_pem_write(&wr, label, der);
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for %s", name);
	return wd_file_write(dir, name, wd_wr_span(&wr), mode, true, d);
}

static int
save_key(
    int dir, const char *name, const struct wd_pkey *key, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;

	if (key == NULL)
		return 0;
	if (wd_pkey_to_pkcs8(key, &der) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot write a key");
	return save_pem(
	    dir, name, "PRIVATE KEY", wd_secret_borrow(der), 0600, d);
}

int
wd_swtee_snp_save(const struct wd_swtee_snp *t, int dir, struct wd_diag *d)
{
	int r = 0;

	for (size_t i = 0; i < WD_AMD_WHO && r == 0; i++) {
		r = save_key(dir, files[i].key, t->key[i], d);
		if (r == 0)
			r = save_pem(dir, files[i].cert, "CERTIFICATE",
			    wd_bytes_span(t->cert[i]), 0644, d);
	}
	return r;
}

static int
open_key(int dir, const struct file *f, struct wd_pkey **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *pem = NULL;
	struct wd_diag why = { 0 };
	int r = wd_file_read_secret(dir, f->key, FILE_MAX, &pem, &why);

	if (r == WD_R_NOT_FOUND)
		return f->needed
		    ? wd_reject(d, WD_R_NOT_FOUND, "%s", why.detail)
		    : 0;
	if (r == 0)
		r = wd_pkey_from_private(wd_secret_borrow(pem), ret);
	if (r > 0)
		return wd_reject(d, WD_R_MALFORMED, "%s: not a key", f->key);
	return r == 0 ? 0
		      : wd_fault(d, WD_F_SYSTEM, "%s: %s", f->key, why.detail);
}

static int
open_cert(
    int dir, const struct file *f, struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *pem = NULL;
	struct wd_diag why = { 0 };
	struct wd_rd rd;
	int r = wd_file_read(dir, f->cert, FILE_MAX, &pem, &why);

	if (r == WD_R_NOT_FOUND)
		return wd_reject(d, WD_R_NOT_FOUND, "%s", why.detail);
	if (r < 0)
		return wd_fault(d, WD_F_SYSTEM, "%s", why.detail);
	rd = wd_rd(wd_bytes_span(pem));
	if (r == 0)
		r = wd_pem_next(&rd, "CERTIFICATE", ret);
	if (r < 0)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	return r == 0 ? 0
		      : wd_reject(d, WD_R_MALFORMED,
			    "%s: not a certificate in PEM", f->cert);
}

/* What the certificate of the VEK says of its platform. */
static int
read_platform(struct wd_swtee_snp *t, struct wd_diag *d)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *c = NULL;
	struct wd_vek vek;
	int r = wd_cert_parse(wd_bytes_span(t->cert[WD_AMD_VEK]), &c);

	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot read a certificate");
	if (r > 0 || wd_vek_read(c, &vek, NULL) != 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "not the certificate of a platform");
	t->line = vek.line;
	t->kind = vek.kind;
	wd_copy(t->tcb, WD_SPAN(vek.tcb));
	wd_copy(t->chip_id, vek.chip_id);
	return 0;
}

int
wd_swtee_snp_open(int dir, struct wd_swtee_snp **ret, struct wd_diag *d)
{
	WD_AUTO(wd_swtee_snp_freep)
	struct wd_swtee_snp *t = wd_alloc(sizeof(*t));
	int r = 0;

	if (t == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a platform");
	for (size_t i = 0; i < WD_AMD_WHO && r == 0; i++) {
		r = open_key(dir, &files[i], &t->key[i], d);
		if (r == 0)
			r = open_cert(dir, &files[i], &t->cert[i], d);
	}
	if (r != 0 || (r = read_platform(t, d)) != 0)
		return r;
	*ret = WD_TAKE(t);
	return 0;
}
