/*
 * QE identity, version 2: what the quoting enclave must be. Read only from
 * bytes whose signature was checked.
 */
#pragma once

#include "verify/intel/levels.h"
#include "verify/sgx/report.h"
#include "verify/tee.h"

struct wd_qe_identity {
	enum wd_tee tee; /* "QE": SGX, "TD_QE": TDX, any other: NONE */
	int64_t issue_date, next_update;
	uint32_t evaluation_number;
	uint8_t miscselect[4], miscselect_mask[4];
	uint8_t attributes[16], attributes_mask[16];
	uint8_t mrsigner[32];
	uint16_t isvprodid;
	struct wd_svn_levels levels;
	struct wd_bytes *texts;
};

/* WD_R_MALFORMED, or a fault. */
int wd_qe_identity_parse(struct wd_span body, struct wd_qe_identity **ret,
    struct wd_diag *d) WD_MUST_USE;
struct wd_qe_identity *wd_qe_identity_free(struct wd_qe_identity *q);
void wd_qe_identity_freep(struct wd_qe_identity **q);

struct wd_span wd_qe_identity_advisories(
    const struct wd_qe_identity *q, const struct wd_tcb_verdict *v);

/*
 * Whether REPORT is of this enclave, its ISVSVN apart. A quoting enclave that
 * can be debugged never is, whatever the masks say. WD_R_QE_IDENTITY_MISMATCH.
 */
int wd_qe_identity_match(const struct wd_qe_identity *q,
    const struct wd_sgx_report *report, struct wd_diag *d) WD_MUST_USE;
