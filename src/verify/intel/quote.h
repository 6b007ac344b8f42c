/*
 * The frame of an Intel quote, versions 3, 4 and 5: where each part lies.
 * Nothing here is authentic yet; the layout is in layout.md beside this file.
 */
#pragma once

#include "base/diag.h"
#include "verify/tee.h"

enum wd_intel_body {
	WD_BODY_SGX,  /* enclave report, 384 bytes */
	WD_BODY_TD10, /* TD report 1.0, 584 bytes */
	WD_BODY_TD15, /* TD report 1.5, 648 bytes */
};

/* Of the data that leads to the PCK certificate. */
enum wd_cert_data_type {
	WD_CERT_PPID_PLAIN = 1,
	WD_CERT_PPID_RSA2048 = 2,
	WD_CERT_PPID_RSA3072 = 3,
	WD_CERT_PCK_LEAF = 4,
	WD_CERT_PCK_CHAIN = 5,
	WD_CERT_QE_REPORT = 6,
};

/* All spans view the quote's bytes. */
struct wd_intel_quote {
	uint16_t version;
	enum wd_tee tee;
	enum wd_intel_body body_type;
	struct wd_span signed_part; /* what the attestation key signs */
	struct wd_span body;
	struct wd_span signature;    /* 64: r || s */
	struct wd_span att_key;      /* 64: x || y */
	struct wd_span qe_report;    /* 384 */
	struct wd_span qe_signature; /* 64 */
	struct wd_span qe_auth;
	uint16_t cert_type;
	struct wd_span cert_data;
	size_t trailing; /* bytes after the signature data: never covered */
};

/* WD_R_MALFORMED. Every declared size must be exactly used up; only bytes
 * after the signature data are tolerated, since real quotes carry them. */
int wd_intel_quote_parse(struct wd_span bytes, struct wd_intel_quote *ret,
    struct wd_diag *d) WD_MUST_USE;
