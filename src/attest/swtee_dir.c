/*
 * A software platform as files: keys readable by their owner alone,
 * certificates and collateral by anybody.
 */
#include "attest/swtee_in.h"

#include "attest/key_file.h"
#include "base/alloc.h"
#include "sys/file.h"

struct file {
	const char *key, *cert; /* NULL: it has none */
	bool needed;            /* to make quotes */
};

static const struct file files[WD_SWTEE_KEYS] = {
	[WD_SWTEE_ROOT] = { "root.key", "root.pem", false },
	[WD_SWTEE_CA] = { "pck_ca.key", "pck_ca.pem", false },
	[WD_SWTEE_PCK] = { "pck.key", "pck.pem", true },
	[WD_SWTEE_SIGNING] = { "tcb_signing.key", "tcb_signing.pem", false },
	[WD_SWTEE_ATT] = { "attestation.key", NULL, true },
};

static const char *const doc_files[WD_IN_COUNT] = {
	[WD_IN_TCB_INFO] = "tcb_info.json",
	[WD_IN_QE_IDENTITY] = "qe_identity.json",
	[WD_IN_TCB_SIGNING_CHAIN] = "tcb_signing_chain.pem",
	[WD_IN_PCK_CRL] = "pck_crl.der",
	[WD_IN_ROOT_CA_CRL] = "root_ca_crl.der",
};

static const char *const td_doc_files[WD_IN_COUNT] = {
	[WD_IN_TCB_INFO] = "tdx_tcb_info.json",
	[WD_IN_QE_IDENTITY] = "td_qe_identity.json",
};

const char *
wd_swtee_doc_file(enum wd_part part)
{
	return doc_files[part];
}

const char *
wd_swtee_td_doc_file(enum wd_part part)
{
	return td_doc_files[part];
}

int
wd_swtee_save(const struct wd_swtee *t, int dir, struct wd_diag *d)
{
	int r = 0;

	for (size_t i = 0; i < WD_SWTEE_KEYS && r == 0; i++) {
		if (t->key[i] != NULL)
			r = wd_key_file_save(dir, files[i].key, t->key[i], d);
		if (r == 0 && files[i].cert != NULL)
			r = wd_cert_file_save(
			    dir, files[i].cert, wd_bytes_span(t->cert[i]), d);
	}
	return r;
}

/* All keys of a platform of Intel's are of one kind. */
static int
open_key(int dir, const struct file *f, struct wd_pkey **ret, struct wd_diag *d)
{
	int r = wd_key_file_open(dir, f->key, f->needed, ret, d);

	if (r != 0 || *ret == NULL || wd_pkey_alg(*ret) == WD_PKEY_P256)
		return r;
	return wd_reject(d, WD_R_MALFORMED, "%s: not a P-256 key", f->key);
}

int
wd_swtee_open(int dir, struct wd_swtee **ret, struct wd_diag *d)
{
	WD_AUTO(wd_swtee_freep) struct wd_swtee *t = wd_alloc(sizeof(*t));
	int r = 0;

	if (t == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a platform");
	for (size_t i = 0; i < WD_SWTEE_KEYS && r == 0; i++) {
		r = open_key(dir, &files[i], &t->key[i], d);
		if (r == 0 && files[i].cert != NULL)
			r = wd_cert_file_open(
			    dir, files[i].cert, &t->cert[i], d);
	}
	if (r != 0 || (r = wd_swtee_read_pck(t, d)) != 0 ||
	    (r = wd_swtee_vouch(t, d)) != 0)
		return r;
	*ret = WD_TAKE(t);
	return 0;
}

static int
save_doc(
    int dir, const char *name, const struct wd_bytes *doc, struct wd_diag *d)
{
	if (doc == NULL || name == NULL)
		return 0;
	return wd_file_write(dir, name, wd_bytes_span(doc), 0644, false, d);
}

int
wd_swtee_docs_save(const struct wd_swtee_docs *docs, int dir, struct wd_diag *d)
{
	int r = 0;

	for (size_t i = 0; i < WD_IN_COUNT && r == 0; i++) {
		r = save_doc(dir, doc_files[i], docs->part[i], d);
		if (r == 0)
			r = save_doc(dir, td_doc_files[i], docs->td_part[i], d);
	}
	if (r == 0)
		r = save_doc(dir, "pck_crl_issuer_chain.pem",
		    docs->pck_crl_issuer_chain, d);
	if (r == 0)
		r = save_doc(dir, "trust_anchor.pem", docs->trust_anchor, d);
	return r;
}
