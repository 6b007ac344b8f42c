/*
 * Recorded evidence with its collateral, as the cases of a folder have it: one
 * base for each check that judges a case's own bytes. Nothing of it is in this
 * repository: WARDER_EVIDENCE names the folder.
 */
#pragma once

#include "bin/warder/evidence.h"

enum { T_BASES_MAX = 128, T_SKIPPED = 77 };

struct t_base {
	char name[256]; /* case#check */
	struct evidence_request q;
	struct wd_inputs in;
	struct wd_appraisal_rules rules; /* views Q */
	bool verifies;         /* else nothing that is made of it may */
	struct wd_verifier *v; /* has seen the evidence */
	struct wd_claims claims;
};

struct t_bases {
	size_t n;
	struct t_base *base; /* T_BASES_MAX */
};

/*
 * Arguments: SOURCE-ROOT PATTERN [--full]. PATTERN, one of glob(3), picks cases
 * of the folder that WARDER_EVIDENCE names, else of shared/evidence beside the
 * source tree. False, loudly, where there is no such folder.
 */
bool t_bases_find(int argc, char **argv);

/* For a group: loads them. Of each case the checks whose evidence is of another
 * kind or, --full, all that verify; where none does, its first. */
int t_bases_setup(void **state);
int t_bases_teardown(void **state);

const struct t_bases *t_bases(void);
bool t_bases_full(void);

/* The verdict on IN; claims come with 0 alone. */
int t_base_judge(const struct t_base *b, struct wd_verifier *v,
    const struct wd_inputs *in, struct wd_claims *ret);
