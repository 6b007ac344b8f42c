/*
 * The software TEE: makes byte-exact SGX and TDX quotes, and all the collateral
 * they are judged with, under a root of its own; for development,
 * demonstrations and tests without hardware. Certificates carry the vendor's
 * names, only the keys differ. It protects nothing: its root must be configured
 * as software, and opens only what a policy with accept_software guards.
 */
#pragma once

#include "verify/appraise.h"
#include "verify/intel/pck.h"
#include "verify/intel/status.h"

/* A platform with its keys. A folder may lack those of the root, of the CA and
 * of TCB signing: it can then make quotes and no collateral. */
struct wd_swtee;

/* Which platform to make. What is zero takes a value of its own: a random
 * PPID, an Ice Lake's FMSPC and TCB. */
struct wd_swtee_spec {
	struct wd_pck pck; /* has_platform is not looked at */
	bool processor_ca; /* else the PCK Platform CA */
	int64_t made;      /* certificates are valid from here; 0: now */
};

/* New keys and certificates. WD_R_RANGE for a date that cannot be, or a
 * fault. */
int wd_swtee_new(const struct wd_swtee_spec *spec, struct wd_swtee **ret,
    struct wd_diag *d) WD_MUST_USE;
struct wd_swtee *wd_swtee_free(struct wd_swtee *t);
void wd_swtee_freep(struct wd_swtee **t);

/* Writes keys (0600) and certificates into the folder DIR. WD_R_EXISTS when it
 * has some already, or a fault. */
int wd_swtee_save(const struct wd_swtee *t, int dir, struct wd_diag *d)
    WD_MUST_USE;

/* WD_R_NOT_FOUND when DIR has no platform, WD_R_MALFORMED when its files are
 * not as they were written, or a fault. */
int wd_swtee_open(int dir, struct wd_swtee **ret, struct wd_diag *d)
    WD_MUST_USE;

/* What its PCK certificate says; lives as long as T. */
const struct wd_pck *wd_swtee_pck(const struct wd_swtee *t);

/* Its root, as software, for SGX; it is the same for TDX. 0 or a fault. */
int wd_swtee_anchor(const struct wd_swtee *t, struct wd_anchor *ret)
    WD_MUST_USE;

/* ---- quotes */

/* What can be wrong with a quote; each for one reason of refusal. */
enum wd_swtee_fault {
	WD_SWTEE_SOUND,
	WD_SWTEE_QUOTE_SIGNATURE,
	WD_SWTEE_ATT_KEY_BINDING,
	WD_SWTEE_QE_REPORT_SIGNATURE,
	WD_SWTEE_QE_SIGNER,
	WD_SWTEE_QE_DEBUG,
	WD_SWTEE_PCK_SIGNATURE,
	WD_SWTEE_CERT_DATA,
	WD_SWTEE_VENDOR,
	WD_SWTEE_LENGTH,
	WD_SWTEE_FAULTS
};

struct wd_swtee_fault_row {
	const char *name; /* "quote_signature" */
	const char *help;
	enum wd_reason reason; /* why such a quote is refused */
};

const struct wd_swtee_fault_row *wd_swtee_fault_row(enum wd_swtee_fault fault);

/* WD_SWTEE_FAULTS when NAME is none. */
enum wd_swtee_fault wd_swtee_fault_by_name(struct wd_span name);

/* What an enclave would say. What is zero takes the value beside it. */
struct wd_swtee_quote {
	uint8_t report_data[64];
	uint8_t mrenclave[32]; /* SHA-256 of "warder software enclave" */
	uint8_t mrsigner[32];  /* SHA-256 of "warder software signer" */
	uint16_t isv_prod_id, isv_svn, config_svn;
	uint8_t attributes[16]; /* INIT and MODE64BIT; XFRM e7 */
	bool debug;             /* sets that attribute */
	uint8_t miscselect[4];
	uint8_t cpusvn[16]; /* as the PCK certificate has it */
	uint8_t config_id[64], isv_family_id[16], isv_ext_prod_id[16];
	uint16_t qe_isv_svn; /* WD_SWTEE_QE_SVN */
	uint16_t version;    /* of the quote, 3 to 5; 3 */
	enum wd_swtee_fault fault;
};

enum { WD_SWTEE_QE_SVN = 8, WD_SWTEE_QE_SVN_OLD = 6 };

/* What a trust domain would say, likewise. */
struct wd_swtee_td {
	uint16_t version; /* of the quote, 4 or 5; 5 */
	bool report_10;   /* TD report 1.0, as version 4 always has */
	uint8_t report_data[64];
	uint8_t mr_td[48]; /* SHA-384 of "warder software trust domain" */
	uint8_t rtmr[4][48];
	uint8_t mr_seam[48]; /* SHA-384 of "warder software TDX module" */
	uint8_t mr_signer_seam[48], seam_attributes[8];
	uint8_t td_attributes[8]; /* SEPT_VE_DISABLE */
	bool debug;               /* sets that attribute */
	uint8_t xfam[8];          /* e7 */
	uint8_t mr_config_id[48], mr_owner[48], mr_owner_config[48];
	uint8_t tee_tcb_svn[16];  /* WD_SWTEE_MODULE_SVN of TDX_01 */
	uint8_t tee_tcb_svn2[16]; /* as tee_tcb_svn */
	uint8_t mr_service_td[48];
	uint16_t qe_isv_svn; /* WD_SWTEE_QE_SVN */
	enum wd_swtee_fault fault;
};

/* ISVSVN of the TDX module, and the microcode that comes with it. */
enum { WD_SWTEE_MODULE_SVN = 5, WD_SWTEE_MODULE_SVN_OLD = 4 };
enum { WD_SWTEE_MICROCODE = 3 };

/* A quote with the PCK chain inside. WD_R_RANGE for a version that there is
 * not, or a fault. */
int wd_swtee_quote(const struct wd_swtee *t, const struct wd_swtee_quote *q,
    struct wd_bytes **ret, struct wd_diag *d) WD_MUST_USE;
int wd_swtee_td_quote(const struct wd_swtee *t, const struct wd_swtee_td *q,
    struct wd_bytes **ret, struct wd_diag *d) WD_MUST_USE;

/* ---- collateral */

struct wd_swtee_level {
	uint8_t components[WD_TCB_COMPONENTS];
	uint16_t pcesvn;
	enum wd_tcb_status status;
	int64_t date;           /* 0: when the document is issued */
	const char *advisories; /* "INTEL-SA-00001,INTEL-SA-…"; NULL: none */
};

/*
 * What the vendor would say. Without LEVELS there are two: the platform's own,
 * with STATUS and ADVISORIES, and one below it that is out of date; where
 * STATUS is out of date itself there is an up-to-date one above.
 */
struct wd_swtee_collateral {
	unsigned tcb_info_version;  /* 2 or 3; 0: 3 */
	uint32_t evaluation_number; /* 0: WD_SWTEE_EVALUATION_NUMBER */
	int64_t issued;             /* 0: now */
	int64_t next_update; /* 0: in 30 days, for the root's list in a year */
	enum wd_tcb_status status;
	const char *advisories;
	const struct wd_swtee_level *levels;
	size_t n_levels;
	enum wd_tcb_status qe_status;     /* of WD_SWTEE_QE_SVN */
	enum wd_tcb_status module_status; /* of WD_SWTEE_MODULE_SVN */
	bool revoke_pck, revoke_ca, revoke_signing;
};

enum { WD_SWTEE_EVALUATION_NUMBER = 17 };

/* Documents by the part they play, an absent one NULL. */
struct wd_swtee_docs {
	struct wd_bytes *part[WD_IN_COUNT];
	struct wd_bytes *td_part[WD_IN_COUNT]; /* where TDX has its own */
	struct wd_bytes *pck_crl_issuer_chain;
	struct wd_bytes *trust_anchor;
};

void wd_swtee_docs_done(struct wd_swtee_docs *docs);

/* The collateral in DOCS for evidence of TEE, SGX or TDX, as inputs. */
void wd_swtee_docs_inputs(
    const struct wd_swtee_docs *docs, enum wd_tee tee, struct wd_inputs *in);

/*
 * WD_R_KEY_INVALID when T lacks a key it would sign with; WD_R_RANGE for a
 * version, date or status that no document can have, WD_R_MALFORMED for an
 * advisory that is not letters, digits and dashes; or a fault.
 */
int wd_swtee_collateral(const struct wd_swtee *t,
    const struct wd_swtee_collateral *c, struct wd_swtee_docs *ret,
    struct wd_diag *d) WD_MUST_USE;

/* The file of a part inside a folder `collateral`, or of the one that TDX has
 * of its own; NULL: it has none. */
const char *wd_swtee_doc_file(enum wd_part part);
const char *wd_swtee_td_doc_file(enum wd_part part);

/* Writes the documents that are there over those in the folder DIR. */
int wd_swtee_docs_save(
    const struct wd_swtee_docs *docs, int dir, struct wd_diag *d) WD_MUST_USE;
