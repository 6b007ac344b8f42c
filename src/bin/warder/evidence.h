/*
 * What `warder evidence verify` is asked: by options, or by one line of a
 * batch. Trust anchors and leniency come from here alone.
 */
#pragma once

#include "base/bytes.h"
#include "codec/json.h"
#include "verify/appraise.h"

enum { EVIDENCE_ANCHORS_MAX = 8, EVIDENCE_NONCE_MAX = 64 };

/* The rules of one request, in a form that can be copied and compared. */
struct evidence_rules {
	struct wd_appraisal_rules set; /* without its anchors */
	struct wd_anchor anchor[EVIDENCE_ANCHORS_MAX];
	size_t n_anchors; /* 0: the vendors' */
};

struct evidence_request {
	enum wd_tee tee;
	int64_t at;
	uint8_t nonce[EVIDENCE_NONCE_MAX];
	size_t nonce_len;
	struct wd_bytes *part[WD_IN_COUNT];
	struct evidence_rules rules;
	struct wd_bytes *anchor_der[EVIDENCE_ANCHORS_MAX];
};

void evidence_done(struct evidence_request *q);

/* The TEE first: roles and rules may depend on it. WD_R_TEE_NOT_SUPPORTED. */
int evidence_tee(struct evidence_request *q, struct wd_span name,
    struct wd_diag *d) WD_MUST_USE;

/* WD_R_MALFORMED. */
int evidence_at(struct evidence_request *q, struct wd_span text,
    struct wd_diag *d) WD_MUST_USE;
int evidence_nonce(struct evidence_request *q, struct wd_span hex,
    struct wd_diag *d) WD_MUST_USE;

/*
 * Reads a part from a file. The role "trust_anchor" is not a part of evidence:
 * its certificates take the place of the vendors' roots. WD_R_UNKNOWN_MEMBER
 * for a role there is not, WD_R_EXISTS for one given twice, WD_R_MALFORMED for
 * a file that is too large or no certificate; a fault when it cannot be read.
 */
int evidence_input(struct evidence_request *q, struct wd_span role,
    const char *file, struct wd_diag *d) WD_MUST_USE;

/*
 * Collateral from a folder as `warder collateral import` takes it; a part that
 * is there already stays, so files that were named come first. Roots are not
 * read there. WD_R_MALFORMED for a file that is too large; a fault when there is
 * no collateral, or a file cannot be read.
 */
int evidence_folder(struct evidence_request *q, const char *folder,
    struct wd_diag *d) WD_MUST_USE;

/* {"allow_debug", "require_crl", "min_evaluation_number", "allow_migrate_ma",
 * "require_amd_crl", "require_gpu_crl", "max_vmpl", "min_tcb", "allow_sha1",
 * "require_pcrs", "require_ak_purpose"}, each optional. WD_R_MALFORMED,
 * WD_R_UNKNOWN_MEMBER, WD_R_RANGE. */
int evidence_policy(struct evidence_request *q, const struct wd_jval *v,
    struct wd_diag *d) WD_MUST_USE;

/*
 * Verifiers, one for each set of rules that was asked for, so that what was
 * decoded for one request serves the next.
 */
struct evidence_verifiers;

struct evidence_verifiers *evidence_verifiers_new(void) WD_MUST_USE;
void evidence_verifiers_freep(struct evidence_verifiers **v);

/* As wd_appraise. */
int evidence_appraise(struct evidence_verifiers *v,
    const struct evidence_request *q, struct wd_claims *ret_claims,
    struct wd_diag *d) WD_MUST_USE;
