/*
 * warder evidence inspect: prints what a piece of evidence says about itself.
 * Nothing is verified, and every answer says so. The form of the bytes tells
 * what they are; JSON is what a guest sent to a server.
 */
#include "bin/warder/inspect.h"
#include "bin/warder/verbs.h"

#include "codec/json.h"
#include "crypto/init.h"
#include "proto/evidence.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>

enum { FILE_MAX = 1 << 20 };

/* Those with a mark of their own come first, lists of anything last. */
static bool (*const forms[])(struct wd_span bytes) = {
	inspect_intel_quote,
	inspect_snp_report,
	inspect_hcl_report,
	inspect_tpm_attest,
	inspect_cca_token,
	inspect_psa_token,
	inspect_gpu_report,
	inspect_certificates,
	inspect_cpak,
	inspect_tpm_public,
	inspect_tpm_signature,
	inspect_event_log,
	inspect_ima_log,
};

static bool
inspect_bytes(struct wd_span bytes)
{
	for (size_t i = 0; i < WD_N(forms); i++)
		if (forms[i](bytes))
			return true;
	return false;
}

static void
say_parts(struct wd_span bundle)
{
	struct wd_inputs in = { 0 };

	if (wd_bundle_read(bundle, &in, NULL) != 0)
		return;
	for (int i = 0; i < WD_IN_COUNT; i++) {
		if (in.part[i].p == NULL)
			continue;
		(void)printf("%s: ", wd_part_name((enum wd_part)i));
		if (i == WD_IN_PCRS || !inspect_bytes(in.part[i])) {
			(void)printf("\n");
			say_number("bytes", in.part[i].len);
		}
	}
}

/* As it was sent to /attest, or the member of it that is the evidence. False
 * when it is no such thing, with the reason in D. */
static bool
inspect_json(struct wd_span text, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bundle = NULL;
	const struct wd_jval *v, *inner;
	enum wd_tee tee;

	if (wd_json_init() != 0 || wd_json_parse(text, d, &doc) != 0)
		return false;
	v = wd_json_root(doc);
	if ((inner = wd_jval_get(v, "tee-evidence")) != NULL)
		v = inner;
	if ((inner = wd_jval_get(v, "primary_evidence")) != NULL)
		v = inner;
	if (wd_evidence_read(v, &tee, &bundle, d) != 0)
		return false;
	(void)printf(
	    "evidence of %s in JSON, NOT VERIFIED\n", wd_tee_name(tee));
	say_parts(wd_bytes_span(bundle));
	return true;
}

static enum cli_exit
inspect(const char *file)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_diag d = { 0 };
	bool is_json;

	if (wd_file_read(AT_FDCWD, file, FILE_MAX, &bytes, &d) != 0) {
		(void)fprintf(stderr, "warder: %s\n", d.detail);
		return CLI_FAULT;
	}
	if (inspect_bytes(wd_bytes_span(bytes)))
		return CLI_OK;
	is_json = bytes->len > 0 && bytes->p[0] == '{';
	if (is_json && inspect_json(wd_bytes_span(bytes), &d))
		return CLI_OK;
	(void)fprintf(stderr, "warder: %s: %s\n", file,
	    is_json ? d.detail : "this is no evidence of a form that is known");
	return CLI_REJECTED;
}

static enum cli_exit
run(const struct cli_args *args)
{
	struct wd_diag d = { 0 };
	int at = 0;
	const char *file = cli_operand(args, &at);

	if (file == NULL || cli_operand(args, &at) != NULL)
		return cli_usage(args, "exactly one file is needed");
	if (wd_crypto_init(&d) != 0) {
		(void)fprintf(stderr, "warder: %s\n", d.detail);
		return CLI_FAULT;
	}
	return inspect(file);
}

const struct cli_verb cli_verb_evidence_inspect = {
	.name = "evidence inspect",
	.summary = "print what evidence says of itself, without trusting it",
	.operands = "FILE",
	.example = "warder evidence inspect quote.bin",
	.run = run,
};
