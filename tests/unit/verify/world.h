/*
 * A small world to judge: a PKI with Intel's names, its collateral, a quoting
 * enclave and a quote, all good at T_NOW unless a recipe says otherwise.
 */
#pragma once

#include "crypto/pkey.h"
#include "verify/appraise.h"

#define T_NOW wd_time_civil(2030, 6, 1, 0, 0, 0)

/* Who signs; each has a key of its own. */
enum t_who { T_ROOT, T_CA, T_PCK, T_SIGNING, T_ATT, T_STRANGER, T_WHO_COUNT };

/* One certificate. */
struct t_cert {
	const char *name, *issuer;
	enum t_who key, signer;
	uint8_t serial;
	bool is_ca;
	int path_len;
	unsigned key_usage;
	int64_t from, to;
	bool with_pck; /* carries the SGX extension */
	bool critical; /* carries a critical extension nobody knows */
};

struct t_crl {
	const char *issuer;
	enum t_who signer;
	int64_t from, to;
	uint8_t revoked; /* a serial number; 0: none */
	bool absent;
	bool no_end; /* leaves out when the next one comes */
};

/* A signed document: its body with one text replaced. */
struct t_doc {
	enum t_who signer;
	const char *from, *to; /* NULL: nothing is replaced */
	bool absent;
};

/* What a TD says, where the quote is of one. */
struct t_td {
	bool is_td, is_15;
	uint8_t tcb_svn[16], tcb_svn2[16];
	uint8_t mr_signer_seam, seam_attributes; /* the first byte of each */
	uint8_t mr_td;                           /* all 48 bytes */
	uint64_t attributes;
	uint8_t rtmr[4][48];
};

struct t_recipe {
	struct t_cert root, ca, pck, signing;
	const char *pck_order, *signing_order; /* "pcr": leaf first */
	bool platform_ca_extension; /* the seven members of a platform CA */
	uint8_t components[16];
	uint16_t pcesvn;
	struct t_crl root_crl, pck_crl;
	struct t_doc tcb_info, qe_identity;
	bool no_signing_chain, with_qe_chain, pck_chain_beside;
	/* the quote */
	uint16_t version, cert_type;
	bool enclave_debug, qe_debug;
	uint16_t qe_isvsvn, qe_isvprodid;
	enum t_who qe_signer, quote_signer;
	bool wrong_binding; /* byte BINDING_BYTE of it is not right */
	size_t binding_byte;
	bool off_curve;
	size_t trailing; /* bytes behind the quote */
	uint8_t report_data[64];
	struct t_td td;
	struct wd_span event_log; /* given beside the quote */
	int64_t at;
	/* the rules */
	bool allow_debug, crl_optional, software;
	uint32_t min_evaluation_number, min_evaluation_sgx, min_evaluation_tdx;
	enum t_who anchor; /* whose certificate is pinned */
	enum wd_tee anchor_tee;
};

struct t_recipe t_good(void);

/* A quote of version 5 with a TD report 1.5, of module TDX_01, up to date. */
struct t_recipe t_good_td(void);

struct t_world {
	struct wd_bytes *der[T_WHO_COUNT]; /* certificates, by whose they are */
	struct wd_bytes *part[WD_IN_COUNT];
	struct wd_bytes *pck_ca_chain; /* CA and root, for checks of a CRL */
	struct wd_inputs in;
	struct wd_anchor anchor;
	struct wd_appraisal_rules rules;
	int64_t at;
};

void t_world_make(struct t_world *w, const struct t_recipe *r);
void t_world_done(struct t_world *w);

/* Makes the keys and starts libcrypto, once. */
int t_world_setup(void **state);

/* Judges a recipe as what it is of with a new verifier; CLAIMS
 * and D may be NULL. */
int t_judge(
    const struct t_recipe *r, struct wd_claims *claims, struct wd_diag *d);
