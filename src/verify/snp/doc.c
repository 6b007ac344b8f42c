/*
 * What a signing key's chain, a list and a kept VCEK are for, by what is
 * authentic in them.
 */
#include "verify/snp/doc.h"

#include "verify/snp/scope.h"
#include "verify/snp/snp.h"

static int
ask_path(struct wd_verifier *v, struct wd_span pem, int64_t at,
    const struct wd_trail **ret, struct wd_doc_info *info, struct wd_diag *d)
{
	enum wd_snp_line line;
	enum wd_snp_key kind;
	int r;

	if (pem.p == NULL)
		return wd_reject(d, WD_R_COLLATERAL_MISSING,
		    "the chain of the ASK is not given");
	r = wd_trail_get(v, &wd_snp_ca_spec, pem, wd_span(NULL, 0), at, ret, d);
	if (r != 0)
		return r;
	if (!wd_snp_ask_name(
		wd_cert_common_name(wd_trail_leaf(*ret)), &line, &kind))
		return wd_reject(
		    d, WD_R_CHAIN_MALFORMED, "not the chain of an ASK");
	wd_snp_ask_scope(line, kind, info->id.scope);
	info->id.tee = WD_TEE_SNP;
	info->software =
	    wd_trail_anchor(v, WD_TEE_SNP, (*ret)->root_sha256)->software;
	return 0;
}

/* An ASK that was issued later takes the place of an earlier one. */
int
wd_snp_ask_check(struct wd_verifier *v, struct wd_span doc, int64_t at,
    struct wd_doc_info *info, struct wd_diag *d)
{
	const struct wd_trail *path;
	int r = ask_path(v, doc, at, &path, info, d);

	if (r != 0)
		return r;
	info->issue_date = wd_cert_not_before(wd_trail_leaf(path));
	info->next_update = path->not_after;
	return 0;
}

int
wd_snp_crl_check(struct wd_verifier *v, struct wd_span doc,
    struct wd_span chain, int64_t at, struct wd_doc_info *info,
    struct wd_diag *d)
{
	const struct wd_trail *path;
	const struct wd_crl *crl;
	int r;

	if ((r = ask_path(v, chain, at, &path, info, d)) != 0)
		return r;
	r = wd_kept_crl(
	    v, doc, wd_trail_root(path), path->root_sha256, at, &crl, d);
	if (r != 0)
		return r;
	info->issue_date = wd_crl_this_update(crl);
	(void)wd_crl_next_update(/* was checked to be there */
	    crl, &info->next_update);
	return 0;
}

/* A VLEK is of no chip: its guests bring it. */
int
wd_snp_vek_check(struct wd_verifier *v, struct wd_span doc,
    struct wd_span chain, int64_t at, struct wd_doc_info *info,
    struct wd_diag *d)
{
	const struct wd_trail *path;
	struct wd_vek vek;
	int r;

	r = wd_snp_path(v, doc, chain, at, &path, d);
	if (r != 0 || (r = wd_vek_read(wd_trail_leaf(path), &vek, d)) != 0)
		return r;
	if (vek.kind != WD_SNP_VCEK)
		return wd_reject(
		    d, WD_R_KEY_KIND_MISMATCH, "a VLEK is not kept by chip");
	if (wd_snp_vek_scope(vek.chip_id, WD_SPAN(vek.tcb), info->id.scope) !=
	    0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	info->id.tee = WD_TEE_SNP;
	info->software =
	    wd_trail_anchor(v, WD_TEE_SNP, path->root_sha256)->software;
	info->issue_date = wd_cert_not_before(wd_trail_leaf(path));
	info->next_update = path->not_after;
	return 0;
}
