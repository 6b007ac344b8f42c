/*
 * warder evidence verify: judges evidence offline, with the collateral that
 * is given to it.
 */
#include "bin/warder/verbs.h"

#include "base/clock.h"
#include "bin/warder/evidence.h"
#include "bin/warder/evidence_answer.h"
#include "bin/warder/evidence_batch.h"
#include "crypto/init.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { POLICY_MAX = 65536 };

static const struct cli_option options[] = {
	{ "tee", "TEE",
	    "what made the evidence: sgx, tdx, snp, tpm, az-snp-vtpm, "
	    "az-tdx-vtpm, cca, psa or nvidia",
	    false },
	{ "input", "ROLE=FILE",
	    "a part: quote of SGX and TDX, report and vek of SNP, and so on, "
	    "and collateral by itself: docs/evidence.md has all of them",
	    true },
	{ "collateral", "DIR",
	    "collateral that no --input names, from a folder as `warder "
	    "collateral import` takes it",
	    false },
	{ "at", "TIME", "judge as of this time; now when it is not given",
	    false },
	{ "nonce", "HEX", "what the report data must begin with", false },
	{ "policy", "FILE",
	    "JSON: allow_debug, require_crl, min_evaluation_number, "
	    "allow_migrate_ma, require_amd_crl, require_gpu_crl, "
	    "max_vmpl, min_tcb, "
	    "allow_sha1, require_pcrs, require_ak_purpose",
	    false },
	{ "trust-anchor", "FILE",
	    "PEM of roots that take the place of the vendors'", false },
	{ "json", NULL, "answer with one JSON object", false },
	{ "batch", NULL, "read requests as JSON lines from standard input",
	    false },
};

static int
read_policy(struct evidence_request *q, const char *file, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	int r;

	if ((r = wd_file_read(AT_FDCWD, file, POLICY_MAX, &text, d)) != 0 ||
	    (r = wd_json_parse(wd_bytes_span(text), d, &doc)) != 0)
		return r;
	return evidence_policy(q, wd_json_root(doc), d);
}

static int
read_inputs(
    const struct cli_args *args, struct evidence_request *q, struct wd_diag *d)
{
	const char *input;
	int at = 0, r;

	while ((input = cli_next(args, "input", &at)) != NULL) {
		const char *equals = strchr(input, '=');

		if (equals == NULL)
			return wd_reject(d, WD_R_MALFORMED,
			    "--input %s: not ROLE=FILE", input);
		r = evidence_input(
		    q, wd_span(input, (size_t)(equals - input)), equals + 1, d);
		if (r != 0)
			return r;
	}
	return 0;
}

/* Everything wrong with the options is wrong usage, not a verdict. */
static int
read_options(
    const struct cli_args *args, struct evidence_request *q, struct wd_diag *d)
{
	const char *at = cli_value(args, "at");
	const char *nonce = cli_value(args, "nonce");
	const char *policy = cli_value(args, "policy");
	const char *anchor = cli_value(args, "trust-anchor");
	const char *folder = cli_value(args, "collateral");
	int r;

	q->at = wd_time_now();
	if ((r = evidence_tee(q, wd_span_text(cli_value(args, "tee")), d)) !=
		0 ||
	    (at != NULL && (r = evidence_at(q, wd_span_text(at), d)) != 0) ||
	    (nonce != NULL &&
		(r = evidence_nonce(q, wd_span_text(nonce), d)) != 0) ||
	    (policy != NULL && (r = read_policy(q, policy, d)) != 0) ||
	    (anchor != NULL &&
		(r = evidence_input(
		     q, WD_SPAN_LIT("trust_anchor"), anchor, d)) != 0) ||
	    (r = read_inputs(args, q, d)) != 0)
		return r;
	return folder == NULL ? 0 : evidence_folder(q, folder, d);
}

static enum cli_exit
judge(const struct cli_args *args, const struct evidence_request *q)
{
	WD_AUTO(evidence_verifiers_freep)
	struct evidence_verifiers *v = evidence_verifiers_new();
	struct wd_claims claims = { 0 };
	struct wd_diag d = { 0 };
	bool said;
	int r;

	if (v == NULL)
		return CLI_FAULT;
	r = evidence_appraise(v, q, &claims, &d);
	said = cli_has(args, "json")
	    ? evidence_answer_json(stdout, wd_span(NULL, 0), r, &claims, &d)
	    : evidence_answer_words(stdout, r, &claims, &d);
	if (r < 0 || !said)
		return CLI_FAULT;
	return r > 0 ? CLI_REJECTED : CLI_OK;
}

static enum cli_exit
run(const struct cli_args *args)
{
	WD_AUTO(evidence_done) struct evidence_request q = { 0 };
	struct wd_diag d = { 0 };
	int r = wd_crypto_init(&d);

	if (r != 0) {
		(void)fprintf(stderr, "warder: %s\n", d.detail);
		return CLI_FAULT;
	}
	if (cli_has(args, "batch"))
		return evidence_batch(stdin, stdout);
	if (cli_value(args, "tee") == NULL)
		return cli_usage(args, "--tee or --batch is needed");
	r = read_options(args, &q, &d);
	if (r > 0)
		return cli_usage(args, "%s", d.detail);
	if (r < 0) {
		(void)fprintf(stderr, "warder: %s\n", d.detail);
		return CLI_FAULT;
	}
	return judge(args, &q);
}

const struct cli_verb cli_verb_evidence_verify = {
	.name = "evidence verify",
	.summary = "judge evidence offline: what it says, or why it is "
		   "refused",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder evidence verify --tee tdx --input quote=quote.bin "
		   "--collateral collateral/",
	.run = run,
};
