/*
 * One whole appraisal as the bytes of an input: the rules of a verifier and
 * what it is asked to judge. Recorded from tests, read by targets.
 */
#pragma once

#include "base/wr.h"
#include "verify/appraise.h"

enum { FUZZ_ANCHORS = 4 };

/* Bits of an input's first number. */
enum fuzz_option {
	FUZZ_FORGIVE = 1 << 0, /* signatures that do not fit are taken */
	FUZZ_DEBUG = 1 << 1,
	FUZZ_NO_CRL = 1 << 2,
	FUZZ_MIGRATE = 1 << 3,
	FUZZ_AMD_CRL = 1 << 4,
	FUZZ_VMPL = 1 << 5,
	FUZZ_SHA1 = 1 << 7,
	FUZZ_AK_PURPOSE = 1 << 8,
	FUZZ_EK_CRL = 1 << 9,
};

/* What an input says; views of its bytes. */
struct fuzz_case {
	uint16_t options;
	uint16_t fail_at; /* the allocation that fails; 0: none */
	enum wd_tee tee;
	enum wd_part role; /* of a document to be checked alone */
	int64_t at;
	struct wd_span bound;
	struct wd_anchor anchor[FUZZ_ANCHORS], ek_anchor[FUZZ_ANCHORS];
	struct wd_appraisal_rules rules; /* points to these */
	struct wd_span snapshot; /* collateral that is at hand, or nothing */
	struct wd_inputs in;
};

/* False when DATA says no such thing. */
bool fuzz_case_read(struct wd_span data, struct fuzz_case *ret);

/* The input that reads as C; anchors are those of its rules. */
void fuzz_case_write(struct wd_wr *wr, const struct fuzz_case *c);

/* While it is set, a signature that does not fit its message, certificate or
 * list is taken for one that does: see forgive.c. */
extern bool fuzz_forgives;
