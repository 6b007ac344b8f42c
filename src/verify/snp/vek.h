/*
 * What a VCEK or VLEK certificate says in AMD's extensions: which chip or
 * which cloud provider the key is of, and for which TCB it was derived.
 */
#pragma once

#include "crypto/x509.h"
#include "verify/snp/report.h"

/* Spans live as long as the certificate. */
struct wd_vek {
	enum wd_snp_key kind;
	enum wd_snp_line line;
	uint8_t tcb[WD_SNP_TCB]; /* as a report has it */
	struct wd_span chip_id;  /* VCEK: as long as the line's are */
	struct wd_span csp_id;   /* VLEK: text */
};

/* WD_R_VEK_MALFORMED. */
int wd_vek_read(const struct wd_cert *c, struct wd_vek *ret, struct wd_diag *d)
    WD_MUST_USE;

/* The DER of the OID under AMD's 1.3.6.1.4.1.3704.1, one or two numbers. */
enum { WD_VEK_OID_MAX = 10 };
size_t wd_vek_oid(unsigned first, unsigned second, uint8_t ret[WD_VEK_OID_MAX]);
