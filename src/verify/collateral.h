/*
 * Collateral: signed vendor data needed to judge evidence. A document is
 * checked (signature, chain, dates) before it is stored; a set of documents
 * is the snapshot that verify judges with.
 */
#pragma once

#include "verify/appraise.h"

/*
 * What a document is for; together with wd_doc_info.software the key under
 * which one is kept, so that a software TEE's collateral never takes the place
 * of a vendor's.
 */
struct wd_doc_id {
	enum wd_part role; /* WD_IN_TCB_INFO, …_CHAIN, …_CRL */
	enum wd_tee tee;   /* NONE where it serves several */
	uint8_t scope[8];  /* FMSPC (6 bytes), or 'p'rocessor / 'P'latform CA;
			      zeros else */
	char update_class; /* 's'tandard, 'e'arly */
};

/* What checking a document found. */
struct wd_doc_info {
	struct wd_doc_id id;
	int64_t issue_date;         /* issueDate, thisUpdate, notBefore */
	int64_t next_update;        /* nextUpdate, notAfter */
	uint32_t evaluation_number; /* 0 where there is none */
	bool software;              /* ends in a software root */
};

/*
 * Checks one document on its own: form, signature down to an anchor of V's
 * rules, dates at AT. CHAIN (PEM) is the signing chain for TCB info, QE
 * identity and the root CRL, the issuer's chain (PCK CA, root) for a PCK CRL;
 * a chain needs none. The class is not in the document: id.update_class comes
 * back as 's' for the caller to change. Rejections as wd_appraise, and
 * WD_R_UNSUPPORTED for a role that is no collateral.
 */
int wd_doc_check(struct wd_verifier *v, enum wd_part role, struct wd_span doc,
    struct wd_span chain, int64_t at, struct wd_doc_info *ret_info,
    struct wd_diag *d) WD_MUST_USE;

/* WD_R_ROLLBACK when FRESH is older than KEPT: lower number, or same number
 * and an earlier issue date. */
int wd_doc_may_replace(const struct wd_doc_info *kept,
    const struct wd_doc_info *fresh) WD_MUST_USE;

/*
 * A snapshot in one block: u32 version 2, then per document {u8 role, u8 tee,
 * u8 class, u8 software, 8 bytes scope, i64 issue date, u32 evaluation number,
 * u32 length, bytes}. Read in place.
 */
void wd_snapshot_begin(struct wd_wr *wr);
void wd_snapshot_add(
    struct wd_wr *wr, const struct wd_doc_info *info, struct wd_span doc);

/* Checks the framing once. WD_R_MALFORMED. */
int wd_snapshot_check(struct wd_span snapshot) WD_MUST_USE;

/*
 * Fills the collateral roles of IN that are absent with the documents of
 * SNAPSHOT (which was checked) that fit the evidence in IN: its platform, CA,
 * TEE and kind of root; of an early and a standard one the newer. What is
 * missing stays absent, and so does everything when the evidence cannot say
 * which platform it is of: wd_appraise then gives the reason. V's cache makes
 * this cheap for a known platform. 0 or a fault.
 */
int wd_snapshot_select(struct wd_verifier *v, struct wd_span snapshot,
    enum wd_tee tee, int64_t at, struct wd_inputs *in, struct wd_diag *d)
    WD_MUST_USE;
