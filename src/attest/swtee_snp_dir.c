/*
 * A software SNP platform as files: keys readable by their owner alone.
 */
#include "attest/swtee_snp_in.h"

#include "attest/key_file.h"
#include "base/alloc.h"

static const struct file {
	const char *key, *cert;
} files[WD_AMD_WHO] = {
	[WD_AMD_ARK] = { "ark.key", "ark.pem" },
	[WD_AMD_ASK] = { "ask.key", "ask.pem" },
	[WD_AMD_VEK] = { "vek.key", "vek.pem" },
};

int
wd_swtee_snp_save(const struct wd_swtee_snp *t, int dir, struct wd_diag *d)
{
	int r = 0;

	for (size_t i = 0; i < WD_AMD_WHO && r == 0; i++) {
		if (t->key[i] != NULL)
			r = wd_key_file_save(dir, files[i].key, t->key[i], d);
		if (r == 0)
			r = wd_cert_file_save(
			    dir, files[i].cert, wd_bytes_span(t->cert[i]), d);
	}
	return r;
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
	for (size_t i = 0; i < WD_AMD_WHO && r == 0; i++)
		r = wd_cert_file_open(dir, files[i].cert, &t->cert[i], d);
	if (r != 0 ||
	    (r = wd_key_file_open(dir, files[WD_AMD_VEK].key, true,
		 &t->key[WD_AMD_VEK], d)) != 0 ||
	    (r = read_platform(t, d)) != 0)
		return r;
	*ret = WD_TAKE(t);
	return 0;
}

int
wd_swtee_snp_open_vendor(int dir, struct wd_swtee_snp *t, struct wd_diag *d)
{
	int r = wd_key_file_open(
	    dir, files[WD_AMD_ARK].key, false, &t->key[WD_AMD_ARK], d);

	return r != 0 ? r
		      : wd_key_file_open(dir, files[WD_AMD_ASK].key, false,
			    &t->key[WD_AMD_ASK], d);
}
