/*
 * Inside the verb `doctor`: what is looked at, and what was found. Nothing is
 * changed, and no secret is shown.
 */
#pragma once

#include "bin/warder/args.h"
#include "bin/warder/init.h"

enum doctor_level { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAILURE };

struct doctor_finding {
	const char *check;
	enum doctor_level level;
	char text[320];   /* what is so, or wrong */
	char advice[240]; /* what to do; empty: nothing */
};

enum { DOCTOR_FINDINGS = 200 };

struct wd_json;

struct doctor {
	const struct cli_args *args;
	struct init x; /* configuration and places; state: -1 when not open */
	bool has_conf; /* and it could be read */
	int64_t now;
	uint32_t terms, newest_term; /* of the keyring, once it was opened */
	struct wd_json *status;      /* of a server that runs; NULL: none */
	const char *check;           /* that is being made */
	struct doctor_finding *found;
	size_t n;
};

/* Adds a finding of the check under way. ADVICE: a sentence, or "". */
void doctor_say(struct doctor *dr, enum doctor_level level, const char *advice,
    const char *fmt, ...) WD_PRINTF(4, 5);

/* One row a check, in the order in which they are made; the last two words say
 * what it needs. */
struct doctor_check {
	const char *name;
	void (*run)(struct doctor *dr);
	bool needs_conf;
	const char *manual; /* what it looks at */
};
const struct doctor_check *doctor_checks(size_t *ret_n);

/* ---- the checks */
void doctor_configuration(struct doctor *dr);
void doctor_users(struct doctor *dr);
void doctor_files(struct doctor *dr);
void doctor_space(struct doctor *dr);
void doctor_store(struct doctor *dr); /* and clock and collateral */
void doctor_seal(struct doctor *dr);
void doctor_keyring(struct doctor *dr);
void doctor_tls(struct doctor *dr);
void doctor_log(struct doctor *dr);
void doctor_kernel(struct doctor *dr);
void doctor_limits(struct doctor *dr);
void doctor_backends(struct doctor *dr);
void doctor_server(struct doctor *dr);
void doctor_agent(struct doctor *dr);
