/*
 * Inside of attest/swtee_snp.h.
 */
#pragma once

#include "attest/swtee_snp.h"
#include "base/wr.h"
#include "crypto/x509_make.h"
#include "verify/snp/vek.h"

enum wd_amd_who { WD_AMD_ARK, WD_AMD_ASK, WD_AMD_VEK, WD_AMD_WHO };

struct wd_swtee_snp {
	struct wd_pkey *key[WD_AMD_WHO]; /* NULL: not here */
	struct wd_bytes *cert[WD_AMD_WHO];
	enum wd_snp_line line;
	enum wd_snp_key kind;
	uint8_t tcb[WD_SNP_TCB];
	uint8_t chip_id[WD_SNP_CHIP_ID]; /* zeros behind it */
};

/* Certificates by T's keys. WD_R_RANGE, or a fault. */
int wd_swtee_snp_certify(struct wd_swtee_snp *t,
    const struct wd_swtee_snp_spec *spec, struct wd_diag *d) WD_MUST_USE;

/* The name of WHO, in RET of WD_AMD_RDNS; TEXT has room for the common one. */
enum { WD_AMD_RDNS = 6, WD_AMD_NAME = 32 };
void wd_swtee_snp_name(enum wd_amd_who who, enum wd_snp_line line,
    enum wd_snp_key kind, char text[WD_AMD_NAME],
    struct wd_rdn ret[WD_AMD_RDNS]);
