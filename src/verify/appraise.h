/*
 * Judges evidence: bytes in, claims or a reason out. No files, no network, no
 * globals; time and trust anchors are parameters. A verifier keeps caches of
 * what it has decoded and verified, keyed by exact bytes; they speed a later
 * call up and never change its result.
 *
 * A bad TCB *status* is no rejection: it is a claim, and policy decides on it.
 */
#pragma once

#include "base/diag.h"
#include "verify/claims.h"
#include "verify/tee.h"

/* Parts of evidence and collateral; names as in docs/evidence.md. */
enum wd_part {
#define WD_PART(NAME, name, max, collateral) WD_IN_##NAME,
#include "verify/parts.def"
#undef WD_PART
	WD_IN_COUNT
};

/* What the part is called, the most bytes it may have, and the part of a name
 * (-1). */
const char *wd_part_name(enum wd_part role);
size_t wd_part_max(enum wd_part role);
bool wd_part_is_collateral(enum wd_part role);
int wd_part_by_name(struct wd_span name);

/* Views into the caller's buffers; an absent part has p == NULL. */
struct wd_inputs {
	struct wd_span part[WD_IN_COUNT];
};

/* A root that is trusted: SHA-256 over the DER of its certificate. */
struct wd_anchor {
	enum wd_tee tee; /* Intel's root serves SGX and TDX: one row each */
	uint8_t sha256[32];
	bool software;      /* claims then carry "software": true */
	struct wd_span der; /* the certificate itself, where it is at hand:
			       chains that leave their root out need it */
};

/* Product lines of AMD's processors. */
enum wd_snp_line {
	WD_SNP_NO_LINE,
	WD_SNP_MILAN,
	WD_SNP_GENOA,
	WD_SNP_TURIN,
	WD_SNP_LINES
};

/* Security versions of an SNP platform, by component. */
struct wd_snp_tcb {
	uint8_t fmc, boot_loader, tee, snp, microcode;
};

/* Set by the command line and the configuration, never by a request. */
struct wd_appraisal_rules {
	const struct wd_anchor *anchors; /* borrowed */
	size_t n_anchors;
	/* Who may certify endorsement keys of TPMs; their TEE is the TPM. They
	 * certify no attestation key, and the anchors above no endorsement
	 * key. */
	const struct wd_anchor *ek_anchors; /* borrowed */
	size_t n_ek_anchors;
	bool allow_debug;               /* else WD_R_DEBUG_NOT_ALLOWED */
	bool crl_optional;              /* a missing CRL is then no rejection */
	uint32_t min_evaluation_number; /* of both; the higher one counts */
	uint32_t min_evaluation_sgx, min_evaluation_tdx;
	bool allow_migrate_ma; /* SNP; else WD_R_MIGRATION_NOT_ALLOWED */
	bool need_amd_crl;     /* SNP; else a list is checked where given */
	bool need_gpu_crl;     /* NVIDIA; likewise */
	bool need_ek_crl;      /* TPM, when it is enrolled; likewise */
	bool has_max_vmpl;
	uint8_t max_vmpl;
	/* Reported, of each line and (NO_LINE) of all; WD_R_TCB_BELOW_MINIMUM
	 */
	struct wd_snp_tcb min_tcb[WD_SNP_LINES];
	bool allow_sha1;        /* TPM: banks and signatures */
	uint32_t required_pcrs; /* TPM: bits; WD_R_PCR_SELECTION */
	bool need_ak_purpose;   /* TPM; else a certificate may name none, or
				   that of endorsement keys */
};

/* The vendors' roots that are compiled in. */
const struct wd_anchor *wd_anchor_vendors(size_t *ret_n);

/* Whether this version can judge evidence of TEE. */
bool wd_tee_is_judged(enum wd_tee tee);

struct wd_verifier;

/* RULES are copied. 0 or a fault. */
int wd_verifier_new(const struct wd_appraisal_rules *rules,
    struct wd_verifier **ret) WD_MUST_USE;
struct wd_verifier *wd_verifier_free(struct wd_verifier *v);
void wd_verifier_freep(struct wd_verifier **v);

/* Empties the caches (for measurements and after new collateral). */
void wd_verifier_forget(struct wd_verifier *v);

/*
 * Judges the evidence of TEE in IN at the time AT. When REPORT_DATA has bytes,
 * the evidence's report data must equal them, padded with zeros
 * (WD_R_NONCE_MISMATCH). On 0, CLAIMS is filled; otherwise it is untouched.
 * Rejections: WD_R_MALFORMED, the rows 100 to 199 of base/reason.def.
 */
int wd_appraise(struct wd_verifier *v, enum wd_tee tee,
    const struct wd_inputs *in, int64_t at, struct wd_span report_data,
    struct wd_claims *ret_claims, struct wd_diag *d) WD_MUST_USE;
