/*
 * Judging one document of collateral by itself, before it is stored. What is
 * said here is said again at each appraisal; this only keeps rubbish out.
 */
#include "verify/collateral.h"

#include "verify/arm/cpak.h"
#include "verify/intel/kept.h"
#include "verify/nvidia/lists.h"
#include "verify/snp/doc.h"
#include "verify/tpm/ek_lists.h"

/* What a check works on. */
struct doc {
	struct wd_verifier *v;
	struct wd_span bytes, chain;
	int64_t at;
	struct wd_diag *d;
};

static int
missing_chain(const struct doc *x)
{
	return wd_reject(x->d, WD_R_COLLATERAL_MISSING,
	    "the chain that signs this document is not given");
}

/* The path KIND in PEM, under an anchor of TEE. */
static int
path_of(const struct doc *x, enum wd_path_kind kind, struct wd_span pem,
    enum wd_tee tee, const struct wd_path **ret, bool *ret_software)
{
	const struct wd_anchor *anchor;
	int r;

	if (pem.p == NULL)
		return missing_chain(x);
	if ((r = wd_kept_path(x->v, kind, pem, tee, x->at, ret, x->d)) != 0)
		return r;
	anchor = wd_path_anchor((*ret)->root_sha256, x->v->rules.anchors,
	    x->v->rules.n_anchors, tee);
	*ret_software = anchor->software;
	return 0;
}

/* The document says its TEE; only then it is known which anchors count. */
static int
signer_of(const struct doc *x, enum wd_tee tee, const struct wd_path **ret,
    bool *ret_software)
{
	return path_of(
	    x, WD_PATH_TCB_SIGNING, x->chain, tee, ret, ret_software);
}

static int
check_tcb_info(const struct doc *x, struct wd_doc_info *info)
{
	const struct wd_path *signer;
	const struct wd_tcb_info *t;
	int r;

	if ((r = signer_of(x, WD_TEE_NONE, &signer, &info->software)) != 0 ||
	    (r = wd_kept_tcb_info(x->v, x->bytes, signer, x->at, &t, x->d)) !=
		0 ||
	    (r = signer_of(x, t->tee, &signer, &info->software)) != 0)
		return r;
	info->id.tee = t->tee;
	wd_copy(info->id.scope, WD_SPAN(t->fmspc));
	info->issue_date = t->issue_date;
	info->next_update = t->next_update;
	info->evaluation_number = t->evaluation_number;
	return 0;
}

static int
check_qe_identity(const struct doc *x, struct wd_doc_info *info)
{
	const struct wd_path *signer;
	const struct wd_qe_identity *q;
	int r;

	if ((r = signer_of(x, WD_TEE_NONE, &signer, &info->software)) != 0 ||
	    (r = wd_kept_qe_identity(
		 x->v, x->bytes, signer, x->at, &q, x->d)) != 0)
		return r;
	if (q->tee == WD_TEE_NONE)
		return wd_reject(x->d, WD_R_QE_IDENTITY_MISMATCH,
		    "the identity is of no quoting enclave");
	if ((r = signer_of(x, q->tee, &signer, &info->software)) != 0)
		return r;
	info->id.tee = q->tee;
	info->issue_date = q->issue_date;
	info->next_update = q->next_update;
	info->evaluation_number = q->evaluation_number;
	return 0;
}

static int
check_signing_chain(
    const struct doc *x, enum wd_path_kind kind, struct wd_doc_info *info)
{
	const struct wd_path *path;
	int r = path_of(x, kind, x->bytes, WD_TEE_NONE, &path, &info->software);

	if (r != 0)
		return r;
	info->issue_date = path->not_before;
	info->next_update = path->not_after;
	return 0;
}

static int
check_tcb_signing_chain(const struct doc *x, struct wd_doc_info *info)
{
	return check_signing_chain(x, WD_PATH_TCB_SIGNING, info);
}

static int
check_qe_identity_chain(const struct doc *x, struct wd_doc_info *info)
{
	return check_signing_chain(x, WD_PATH_QE_IDENTITY, info);
}

static int
take_crl(const struct doc *x, const struct wd_cert *issuer,
    const uint8_t issuer_sha256[32], struct wd_doc_info *info)
{
	const struct wd_crl *crl;
	int r = wd_kept_crl(
	    x->v, x->bytes, issuer, issuer_sha256, x->at, &crl, x->d);

	if (r != 0)
		return r;
	info->issue_date = wd_crl_this_update(crl);
	(void)wd_crl_next_update(/* was checked to be there */
	    crl, &info->next_update);
	return 0;
}

static int
check_pck_crl(const struct doc *x, struct wd_doc_info *info)
{
	const struct wd_path *path;
	int r = path_of(
	    x, WD_PATH_PCK_CA, x->chain, WD_TEE_NONE, &path, &info->software);

	if (r != 0)
		return r;
	info->id.scope[0] = wd_path_ca_letter(path);
	return take_crl(x, wd_path_leaf(path), path->leaf_sha256, info);
}

static int
check_root_crl(const struct doc *x, struct wd_doc_info *info)
{
	const struct wd_path *path;
	int r = signer_of(x, WD_TEE_NONE, &path, &info->software);

	if (r != 0)
		return r;
	return take_crl(x, wd_path_root(path), path->root_sha256, info);
}

static int
check_cpak(const struct doc *x, struct wd_doc_info *info)
{
	return wd_cpak_check(x->v, x->bytes, x->at, info, x->d);
}

static int
check_ask(const struct doc *x, struct wd_doc_info *info)
{
	return wd_snp_ask_check(x->v, x->bytes, x->at, info, x->d);
}

static int
check_amd_crl(const struct doc *x, struct wd_doc_info *info)
{
	return wd_snp_crl_check(x->v, x->bytes, x->chain, x->at, info, x->d);
}

static int
check_gpu_root_crl(const struct doc *x, struct wd_doc_info *info)
{
	return wd_nvidia_crl_check(
	    x->v, WD_IN_GPU_ROOT_CRL, x->bytes, x->chain, x->at, info, x->d);
}

static int
check_gpu_crl(const struct doc *x, struct wd_doc_info *info)
{
	return wd_nvidia_crl_check(
	    x->v, WD_IN_GPU_CRL, x->bytes, x->chain, x->at, info, x->d);
}

static int
check_ek_crl(const struct doc *x, struct wd_doc_info *info)
{
	return wd_tpm_ek_crl_check(x->v, x->bytes, x->chain, x->at, info, x->d);
}

static int
check_vek(const struct doc *x, struct wd_doc_info *info)
{
	return wd_snp_vek_check(x->v, x->bytes, x->chain, x->at, info, x->d);
}

static int (*const checks[WD_IN_COUNT])(
    const struct doc *x, struct wd_doc_info *info) = {
	[WD_IN_TCB_INFO] = check_tcb_info,
	[WD_IN_QE_IDENTITY] = check_qe_identity,
	[WD_IN_TCB_SIGNING_CHAIN] = check_tcb_signing_chain,
	[WD_IN_QE_IDENTITY_CHAIN] = check_qe_identity_chain,
	[WD_IN_PCK_CRL] = check_pck_crl,
	[WD_IN_ROOT_CA_CRL] = check_root_crl,
	[WD_IN_CPAK] = check_cpak,
	[WD_IN_ASK] = check_ask,
	[WD_IN_AMD_CRL] = check_amd_crl,
	[WD_IN_VEK_KEPT] = check_vek,
	[WD_IN_GPU_ROOT_CRL] = check_gpu_root_crl,
	[WD_IN_GPU_CRL] = check_gpu_crl,
	[WD_IN_EK_CRL] = check_ek_crl,
};

int
wd_doc_check(struct wd_verifier *v, enum wd_part role, struct wd_span doc,
    struct wd_span chain, int64_t at, struct wd_doc_info *ret_info,
    struct wd_diag *d)
{
	const struct doc x = { v, doc, chain, at, d };
	struct wd_doc_info info = { .id = {
					.role = role, .update_class = 's' } };
	int r;

	if (checks[role] == NULL)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "%s: not a document to be stored", wd_part_name(role));
	if (doc.len > wd_part_max(role))
		return wd_reject(d, WD_R_MALFORMED, "%s: larger than %zu bytes",
		    wd_part_name(role), wd_part_max(role));
	if ((r = checks[role](&x, &info)) != 0)
		return r;
	*ret_info = info;
	return 0;
}
