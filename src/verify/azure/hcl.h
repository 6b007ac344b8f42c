/*
 * The report of Azure's paravisor: where its parts lie, and what its runtime
 * data says. layout.md beside this file has the offsets.
 */
#pragma once

#include "verify/registry.h"

enum wd_hcl_kind { WD_HCL_SNP = 2, WD_HCL_TDX = 4 };

enum { WD_HCL_USER_DATA = 64 };

/* Spans view the report's bytes. */
struct wd_hcl {
	uint32_t kind;
	struct wd_span report;  /* 1184, of the hardware */
	struct wd_span runtime; /* JSON */
};

/* What the runtime data says. */
struct wd_hcl_runtime {
	struct wd_pkey *ak;
	uint8_t ak_sha256[32]; /* of its SubjectPublicKeyInfo */
	bool has_user_data;
	uint8_t user_data[WD_HCL_USER_DATA];
};

/* WD_R_MALFORMED, also for hashes other than SHA-256. */
int wd_hcl_parse(struct wd_span bytes, struct wd_hcl *ret, struct wd_diag *d)
    WD_MUST_USE;

/* WD_R_RUNTIME_DATA_BINDING unless REPORT_DATA is over the runtime data. */
int wd_hcl_bound(const struct wd_hcl *h, struct wd_span report_data,
    struct wd_diag *d) WD_MUST_USE;

/* Kept by exact bytes; lives as long as the call. Only for runtime data that is
 * bound. WD_R_MALFORMED. */
int wd_hcl_runtime_get(struct wd_verifier *v, struct wd_span runtime,
    int64_t at, const struct wd_hcl_runtime **ret, struct wd_diag *d)
    WD_MUST_USE;
