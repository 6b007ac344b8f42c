/*
 * The AMD side of the software TEE: byte-exact SEV-SNP reports with their VCEK
 * or VLEK, and the collateral they are judged with, under an ARK of its own.
 * It protects nothing; see attest/swtee.h.
 */
#pragma once

#include "verify/snp/report.h"

/* A platform with its keys. A folder may lack those of ARK and ASK: it can
 * then make reports and no collateral. */
struct wd_swtee_snp;

/* Which platform to make; what is zero takes the value beside it. */
struct wd_swtee_snp_spec {
	enum wd_snp_line line; /* Milan */
	enum wd_snp_key key;
	struct wd_snp_tcb tcb;           /* one that is usual for the line */
	uint8_t chip_id[WD_SNP_CHIP_ID]; /* random; of a VLEK none */
	const char *csp_id;              /* VLEK: "CN=software.example" */
	bool wrap_chip_id;               /* in an OCTET STRING, else bare */
	int64_t made; /* certificates are valid from here; 0: now */
};

/* New keys (RSA-4096: some seconds) and certificates. WD_R_RANGE for a date
 * that cannot be, or a fault. */
int wd_swtee_snp_new(const struct wd_swtee_snp_spec *spec,
    struct wd_swtee_snp **ret, struct wd_diag *d) WD_MUST_USE;

/* Makes T another platform, with certificates anew by the keys it has, which
 * must all be here. As wd_swtee_snp_new(); T is of no use after a failure. */
int wd_swtee_snp_again(struct wd_swtee_snp *t,
    const struct wd_swtee_snp_spec *spec, struct wd_diag *d) WD_MUST_USE;

struct wd_swtee_snp *wd_swtee_snp_free(struct wd_swtee_snp *t);
void wd_swtee_snp_freep(struct wd_swtee_snp **t);

/* As wd_swtee_save() and wd_swtee_open(). What is opened makes reports; for
 * collateral, the keys of ARK and ASK must be read as well: to check those
 * takes half a second. */
int wd_swtee_snp_save(const struct wd_swtee_snp *t, int dir, struct wd_diag *d)
    WD_MUST_USE;
int wd_swtee_snp_open(int dir, struct wd_swtee_snp **ret, struct wd_diag *d)
    WD_MUST_USE;
int wd_swtee_snp_open_vendor(int dir, struct wd_swtee_snp *t, struct wd_diag *d)
    WD_MUST_USE;

/* Its ARK, as software; the DER lives as long as T. 0 or a fault. */
int wd_swtee_snp_anchor(const struct wd_swtee_snp *t, struct wd_anchor *ret)
    WD_MUST_USE;

/* DER of its VCEK or VLEK; lives as long as T. */
struct wd_span wd_swtee_snp_vek(const struct wd_swtee_snp *t);

/* What can be wrong with a report; each for one reason of refusal. */
enum wd_swtee_snp_fault {
	WD_SWTEE_SNP_SOUND,
	WD_SWTEE_SNP_SIGNATURE,
	WD_SWTEE_SNP_RESERVED,
	WD_SWTEE_SNP_CHIP,
	WD_SWTEE_SNP_TCB,
	WD_SWTEE_SNP_KEY_KIND,
	WD_SWTEE_SNP_PRODUCT,
	WD_SWTEE_SNP_FAULTS
};

struct wd_swtee_snp_fault_row {
	const char *name;
	enum wd_reason reason; /* why such a report is refused */
};

const struct wd_swtee_snp_fault_row *wd_swtee_snp_fault_row(
    enum wd_swtee_snp_fault fault);

/* WD_SWTEE_SNP_FAULTS when NAME is none. */
enum wd_swtee_snp_fault wd_swtee_snp_fault_by_name(struct wd_span name);

/* What a guest's report would say. What is zero takes the value beside it. */
struct wd_swtee_snp_claim {
	uint32_t version; /* 5 */
	uint32_t guest_svn, vmpl;
	uint64_t policy;        /* SMT and bit 17 */
	uint64_t platform;      /* SMT, ECC, alias check complete */
	bool debug, migrate_ma; /* set these bits of the policy */
	bool mask_chip;         /* no chip id, and the bit that says so */
	uint8_t report_data[64];
	uint8_t measurement[48]; /* SHA-384 of "warder software guest" */
	uint8_t host_data[32], family_id[16], image_id[16];
	uint8_t id_key_digest[48], author_key_digest[48];
	uint8_t launch_mitigation[8], current_mitigation[8]; /* version 5 */
	enum wd_swtee_snp_fault fault;
};

/* 1184 bytes. 0 or a fault. */
int wd_swtee_snp_report(const struct wd_swtee_snp *t,
    const struct wd_swtee_snp_claim *c, uint8_t ret[WD_SNP_REPORT],
    struct wd_diag *d) WD_MUST_USE;

/* What the vendor would say. */
struct wd_swtee_snp_collateral {
	int64_t issued, next_update; /* 0: now, in 30 days */
	bool revoke_ask;
};

/* Documents; trust_anchor is the ARK in PEM. */
struct wd_swtee_snp_docs {
	struct wd_bytes *ask, *crl, *vek, *trust_anchor;
};

void wd_swtee_snp_docs_done(struct wd_swtee_snp_docs *docs);

/* WD_R_KEY_INVALID when T lacks the key of its ARK, WD_R_RANGE for a date that
 * cannot be, or a fault. */
int wd_swtee_snp_collateral(const struct wd_swtee_snp *t,
    const struct wd_swtee_snp_collateral *c, struct wd_swtee_snp_docs *ret,
    struct wd_diag *d) WD_MUST_USE;

/* Writes them over those in the folder DIR. 0 or a fault. */
int wd_swtee_snp_docs_save(const struct wd_swtee_snp_docs *docs, int dir,
    struct wd_diag *d) WD_MUST_USE;
