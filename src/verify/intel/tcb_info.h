/*
 * TCB info, versions 2 and 3: which levels of a platform Intel knows and what
 * it thinks of them. Read only from bytes whose signature was checked.
 */
#pragma once

#include "verify/intel/levels.h"
#include "verify/intel/pck.h"
#include "verify/tee.h"

struct wd_tcb_level {
	uint8_t sgx[WD_TCB_COMPONENTS];
	uint8_t tdx[WD_TCB_COMPONENTS]; /* zeros for SGX */
	uint16_t pcesvn;
	struct wd_tcb_verdict verdict;
};

/* What a TDX module must be: tdxModule, and an entry of tdxModuleIdentities. */
struct wd_tdx_module {
	uint8_t version; /* of "TDX_03": 3 */
	uint8_t mrsigner[48];
	uint8_t attributes[8], attributes_mask[8];
	struct wd_svn_levels levels; /* empty for tdxModule */
};

struct wd_tcb_info {
	enum wd_tee tee;
	uint64_t version;
	int64_t issue_date, next_update;
	uint8_t fmspc[6];
	uint8_t pceid[2];
	uint32_t evaluation_number;
	struct wd_tcb_level *level; /* highest first, none twice */
	size_t n_levels;
	bool has_module;
	struct wd_tdx_module module;
	struct wd_tdx_module *modules; /* no version twice */
	size_t n_modules;
	struct wd_bytes *texts; /* advisories of all levels */
};

/*
 * WD_R_TCB_INFO_VERSION for a version other than 2 and 3, WD_R_MALFORMED for
 * any other fault of form: a component missing or out of range, an unknown
 * status, the same level twice.
 */
int wd_tcb_info_parse(struct wd_span body, struct wd_tcb_info **ret,
    struct wd_diag *d) WD_MUST_USE;
struct wd_tcb_info *wd_tcb_info_free(struct wd_tcb_info *t);
void wd_tcb_info_freep(struct wd_tcb_info **t);

/* The advisories of a level, as a list of claims. */
struct wd_span wd_tcb_info_advisories(
    const struct wd_tcb_info *t, const struct wd_tcb_verdict *v);

/* Whether PCK has all the SGX components and the PCESVN of LEVEL. */
bool wd_tcb_level_sgx_reached(
    const struct wd_tcb_level *level, const struct wd_pck *pck);

/* The highest level whose SGX part the platform reaches; NULL: none. */
const struct wd_tcb_level *wd_tcb_info_find_sgx(
    const struct wd_tcb_info *t, const struct wd_pck *pck);
