/*
 * Inside of attest/swtee.h: who has keys and certificates in a software
 * platform, and what its files share.
 */
#pragma once

#include "attest/swtee.h"
#include "base/wr.h"
#include "crypto/x509_make.h"

/* The first ones have certificates. */
enum wd_swtee_who {
	WD_SWTEE_ROOT,
	WD_SWTEE_CA,
	WD_SWTEE_PCK,
	WD_SWTEE_SIGNING,
	WD_SWTEE_CERTS,
	WD_SWTEE_ATT = WD_SWTEE_CERTS,
	WD_SWTEE_KEYS
};

enum { WD_SWTEE_REPORT = 384 };

/* What the quoting enclave had signed once for its attestation key and shows
 * with every quote, as real ones do. */
struct wd_swtee_vouched {
	bool is_made;
	uint8_t report[WD_SWTEE_REPORT], signature[64];
};

struct wd_swtee {
	struct wd_pkey *key[WD_SWTEE_KEYS];    /* NULL: not here */
	struct wd_bytes *cert[WD_SWTEE_CERTS]; /* DER */
	struct wd_pck pck;
	struct wd_swtee_vouched vouched[2]; /* for SGX, for TDX */
};

/* Has it signed, where the keys are here. 0 or a fault. */
int wd_swtee_vouch(struct wd_swtee *t, struct wd_diag *d) WD_MUST_USE;

/* Certificates by T's keys for T's platform. WD_R_RANGE, or a fault. */
int wd_swtee_certify(struct wd_swtee *t, int64_t made, struct wd_diag *d)
    WD_MUST_USE;

/* The subject of WHO, five attributes. PLATFORM: whose PCK CA it is. */
enum { WD_SWTEE_RDNS = 5 };
void wd_swtee_name(
    enum wd_swtee_who who, bool platform, struct wd_rdn ret[WD_SWTEE_RDNS]);

/* Appends certificates in PEM. */
void wd_swtee_write_chain(struct wd_wr *wr, const struct wd_swtee *t,
    const enum wd_swtee_who *who, size_t n);

/* Takes PCK out of T's own certificate. WD_R_MALFORMED, or a fault. */
int wd_swtee_read_pck(struct wd_swtee *t, struct wd_diag *d) WD_MUST_USE;

/* The DER of the SGX extension of a PCK certificate. */
void wd_swtee_write_pck(struct wd_wr *wr, const struct wd_pck *pck);

/* The 384 bytes of an enclave's report; nothing in Q is filled in. */
void wd_swtee_write_report(struct wd_wr *wr, const struct wd_swtee_quote *q);

/* x || y of a P-256 key. 0 or a fault. */
int wd_swtee_point(
    const struct wd_pkey *key, uint8_t ret[64], struct wd_diag *d) WD_MUST_USE;

/* What a quote is around its body. */
struct wd_swtee_frame {
	uint16_t version, qe_isv_svn;
	bool is_td, is_15;
	enum wd_swtee_fault fault;
};

/* A quote in the frame F around a body. 0 or a fault. */
int wd_swtee_write_quote(const struct wd_swtee *t,
    const struct wd_swtee_frame *f, struct wd_span body, struct wd_bytes **ret,
    struct wd_diag *d) WD_MUST_USE;

/* All that leads from ATT_KEY up to the PCK chain. 0 or a fault. */
int wd_swtee_write_qe(struct wd_wr *wr, const struct wd_swtee *t,
    const struct wd_swtee_frame *f, const uint8_t att_key[64],
    struct wd_diag *d) WD_MUST_USE;

/* Raw r || s of MESSAGE by WHO; WD_R_KEY_INVALID when that key is not here. */
int wd_swtee_sign(const struct wd_swtee *t, enum wd_swtee_who who,
    struct wd_span message, uint8_t ret_rs[64], struct wd_diag *d) WD_MUST_USE;

/* Signed documents as Intel serves them, for SGX or for TDX; results as
 * wd_swtee_collateral(). */
int wd_swtee_tcb_info(const struct wd_swtee *t,
    const struct wd_swtee_collateral *c, bool is_td, struct wd_bytes **ret,
    struct wd_diag *d) WD_MUST_USE;
int wd_swtee_qe_identity(const struct wd_swtee *t,
    const struct wd_swtee_collateral *c, bool is_td, struct wd_bytes **ret,
    struct wd_diag *d) WD_MUST_USE;

/* Intel's quoting enclaves for SGX and for TDX, in identities and reports. */
struct wd_swtee_qe {
	const char *id; /* of the identity */
	uint8_t mrsigner[32];
	uint16_t prod_id;
};
const struct wd_swtee_qe *wd_swtee_qe(bool is_td);
