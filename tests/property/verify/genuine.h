/*
 * One genuine quote with its collateral, and verdicts on what becomes of it
 * when bytes change.
 */
#pragma once

#include "attest/swtee.h"
#include "base/bytes.h"

#define T_NOW wd_time_civil(2030, 6, 1, 12, 0, 0)

struct t_genuine {
	enum wd_tee tee;
	struct wd_swtee *t;
	struct wd_swtee_docs docs;
	struct wd_bytes *quote;
	struct wd_inputs in; /* all of it */
	struct wd_anchor anchor;
	struct wd_appraisal_rules rules;
	struct wd_verifier *v;   /* has seen the genuine quote */
	struct wd_claims claims; /* that it made */
};

/* Of which TEE and version the quote is to be, before it is made; SGX,
 * version 3, when nobody says so. */
void t_genuine_of(enum wd_tee tee, uint16_t version);

/* What t_genuine() is of, likewise with ISVSVN or, of a TD, its first RTMR
 * byte, by a quoting enclave of this ISVSVN. */
struct wd_bytes *t_genuine_quote(uint8_t what, uint16_t qe_isv_svn);

/* Made once for all tests of a program. */
struct t_genuine *t_genuine(void);

/* For the end of a group: frees it. */
int t_genuine_teardown(void **state);

/* The verdict on IN by V. Whatever it is, claims come with 0 alone. */
int t_verdict(
    struct wd_verifier *v, const struct wd_inputs *in, struct wd_claims *ret);

/* The verdict when PART is BYTES instead. */
int t_verdict_with(struct wd_verifier *v, enum wd_part part,
    struct wd_span bytes, struct wd_claims *ret);

/* Either refused, or exactly the genuine claims. */
void t_refused_or_same(int r, const struct wd_claims *c);

/* A sequence of numbers that is the same in every run. */
uint32_t t_random(void);
