/*
 * The rules of appraisal out of the configuration: no request can bring any.
 */
#include "bin/verify/verify.h"

enum { ANCHORS_MAX = 120, EK_ANCHORS_MAX = 64 };

/* {u8 tee, u8 software, SHA-256}, one behind the other. */
static int
read_anchors(struct wd_span s, struct wd_anchor *ret, size_t *ret_n)
{
	struct wd_rd rd = wd_rd(s);
	size_t n = 0;

	while (wd_rd_more(&rd) && n < ANCHORS_MAX) {
		uint8_t tee = wd_rd_u8(&rd);
		uint8_t software = wd_rd_u8(&rd);

		if (!wd_tee_is_number(tee) || tee == WD_TEE_NONE ||
		    software > 1)
			wd_rd_fail(&rd);
		ret[n].tee = (enum wd_tee)tee;
		ret[n].software = software == 1;
		wd_rd_copy(&rd, ret[n].sha256, sizeof(ret[n].sha256));
		n++;
	}
	*ret_n = n;
	return wd_rd_end(&rd);
}

/* {u8 line, fmc, boot loader, tee, snp, microcode}, one behind the other. */
static int
read_min_tcb(struct wd_span s, struct wd_snp_tcb ret[WD_SNP_LINES])
{
	struct wd_rd rd = wd_rd(s);

	for (size_t n = 0; wd_rd_more(&rd) && n < WD_SNP_LINES; n++) {
		uint8_t line = wd_rd_u8(&rd);
		struct wd_snp_tcb tcb = { 0 };

		tcb.fmc = wd_rd_u8(&rd);
		tcb.boot_loader = wd_rd_u8(&rd);
		tcb.tee = wd_rd_u8(&rd);
		tcb.snp = wd_rd_u8(&rd);
		tcb.microcode = wd_rd_u8(&rd);
		if (line >= WD_SNP_LINES)
			wd_rd_fail(&rd);
		else
			ret[line] = tcb;
	}
	return wd_rd_end(&rd);
}

/* {u8 software, SHA-256} of endorsement keys' roots. */
static int
read_ek_anchors(struct wd_span s, struct wd_anchor *ret, size_t *ret_n)
{
	struct wd_rd rd = wd_rd(s);
	size_t n = 0;

	while (wd_rd_more(&rd) && n < EK_ANCHORS_MAX) {
		uint8_t software = wd_rd_u8(&rd);

		if (software > 1)
			wd_rd_fail(&rd);
		ret[n].tee = WD_TEE_TPM;
		ret[n].software = software == 1;
		wd_rd_copy(&rd, ret[n].sha256, sizeof(ret[n].sha256));
		n++;
	}
	*ret_n = n;
	return wd_rd_end(&rd);
}

int
verify_open(
    struct verify *v, const struct wd_msg_config *config, struct wd_diag *d)
{
	struct wd_anchor anchors[ANCHORS_MAX] = { 0 };
	struct wd_anchor ek_anchors[EK_ANCHORS_MAX] = { 0 };
	struct wd_appraisal_rules rules = {
		.anchors = anchors,
		.ek_anchors = ek_anchors,
		.allow_debug = config->allow_debug,
		.crl_optional = config->crl_optional,
		.need_amd_crl = !config->crl_optional,
		.need_gpu_crl = !config->crl_optional,
		.min_evaluation_number = config->min_evaluation_number,
		.min_evaluation_sgx = config->sgx_min_evaluation_number,
		.min_evaluation_tdx = config->tdx_min_evaluation_number,
		.allow_migrate_ma = config->snp_allow_migrate_ma,
		.has_max_vmpl = true,
		.max_vmpl = config->snp_max_vmpl,
		.allow_sha1 = config->tpm_allow_sha1,
		.required_pcrs = config->tpm_required_pcrs,
		.need_ek_crl = config->tpm_ek_crl_required,
		.need_ak_purpose = !config->tpm_ak_purpose_optional,
	};

	if (read_anchors(config->anchors, anchors, &rules.n_anchors) != 0 ||
	    read_ek_anchors(
		config->ek_anchors, ek_anchors, &rules.n_ek_anchors) != 0)
		return wd_fault(d, WD_F_PEER, "malformed trust anchors");
	if (read_min_tcb(config->snp_min_tcb, rules.min_tcb) != 0)
		return wd_fault(d, WD_F_PEER, "malformed minimum versions");
	if (wd_verifier_new(&rules, &v->v) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for a verifier");
	return 0;
}
