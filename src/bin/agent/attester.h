/*
 * Who makes the evidence of this environment: one row of a table for each kind
 * there is. The agent gives it the report data and gets a bundle that a server
 * can judge.
 */
#pragma once

#include "base/bytes.h"
#include "base/secret.h"
#include "bin/agent/conf.h"
#include "verify/tee.h"

enum { AGENT_REPORT_DATA = 64 };

/* Of a TPM that can be enrolled; spans are the attester's. */
struct agent_tpm_keys {
	struct wd_span certificates, ek, ak;
	const char *platform; /* as the server will call it, in hex */
};

struct agent_attester_row {
	const char *name; /* as the configuration calls it */
	enum wd_tee tee;
	bool software; /* vouches for nothing; several, by tee in [swtee] */

	/* The rest of the configuration is the row's own to look at. */
	int (*open)(const struct agent_conf *c, void **ret, struct wd_diag *d);
	void (*close)(void *ctx);
	int (*quote)(void *ctx, const uint8_t report_data[AGENT_REPORT_DATA],
	    struct wd_bytes **ret, struct wd_diag *d);

	/* For TPMs; NULL for others. False: it is not to be enrolled. */
	bool (*keys)(const void *ctx, struct agent_tpm_keys *ret);
	int (*activate)(void *ctx, struct wd_span credential,
	    struct wd_span secret, struct wd_secret **ret, struct wd_diag *d);
	/* What quotes are shown with from now on; no bytes: nothing. 0 or a
	 * fault. */
	int (*enrolled)(void *ctx, struct wd_span enrolment, struct wd_diag *d);

	/* Nothing that concerns the row differs. */
	bool (*is_same)(const struct agent_conf *a, const struct agent_conf *b);
};

extern const struct agent_attester_row agent_attester_swtee;
extern const struct agent_attester_row agent_attester_tpm;
extern const struct agent_attester_row agent_attester_swtee_td;
extern const struct agent_attester_row agent_attester_swtee_snp;

/* The folder of the software TEE, for its attesters. WD_R_NOT_FOUND: none is
 * configured. Or a fault. */
int agent_swtee_folder(
    const struct agent_conf *c, int *ret_dir, struct wd_diag *d) WD_MUST_USE;

struct agent_attester;

/* WD_R_UNSUPPORTED for a kind that is none, what the row says, or a fault. */
int agent_attester_open(const struct agent_conf *c, struct agent_attester **ret,
    struct wd_diag *d) WD_MUST_USE;
struct agent_attester *agent_attester_free(struct agent_attester *a);
void agent_attester_freep(struct agent_attester **a);

const struct agent_attester_row *agent_attester_row(
    const struct agent_attester *a);

/* An attester opened by one configuration does for the other. */
bool agent_attester_fits(const struct agent_attester *a,
    const struct agent_conf *old, const struct agent_conf *fresh);

/* As in the row. WD_R_UNSUPPORTED where it has none. */
bool agent_attester_keys(
    const struct agent_attester *a, struct agent_tpm_keys *ret);
int agent_attester_activate(const struct agent_attester *a,
    struct wd_span credential, struct wd_span secret, struct wd_secret **ret,
    struct wd_diag *d) WD_MUST_USE;
int agent_attester_enrolled(const struct agent_attester *a,
    struct wd_span enrolment, struct wd_diag *d) WD_MUST_USE;

int agent_attester_quote(const struct agent_attester *a,
    const uint8_t report_data[AGENT_REPORT_DATA], struct wd_bytes **ret,
    struct wd_diag *d) WD_MUST_USE;
