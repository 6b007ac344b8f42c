/*
 * warder swtee token: tokens of an Arm platform that is software.
 */
#include "bin/warder/swtee.h"
#include "bin/warder/verbs.h"

#include "attest/arm.h"
#include "codec/hex.h"
#include "crypto/init.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const struct cli_option options[] = {
	{ "dir", "DIR", "the folder of `warder swtee init`, or a new one",
	    false },
	{ "tee", "TEE", "cca (the default) or psa", false },
	{ "challenge", "HEX",
	    "what it is bound to, up to 64 bytes; psa: 32, 48 or 64", false },
	{ "measurement", "HEX", "cca: initial measurement of the realm",
	    false },
	{ "personalization", "HEX", "cca: up to 64 bytes", false },
	{ "named", NULL, "cca: the profile of 2023, its key a COSE_Key",
	    false },
	{ "lifecycle", "N", "12288, secured; 16384 can be debugged", false },
	{ "output", "FILE", "where to write it; else to standard output",
	    false },
};

/* What the options say. */
struct asked {
	uint8_t challenge[64];
	struct wd_arm_token token;
};

static const struct swtee_field fields[] = {
	SWTEE_FIELD("challenge", SWTEE_PADDED, struct asked, challenge),
	SWTEE_FIELD(
	    "measurement", SWTEE_PADDED, struct asked, token.measurement),
	SWTEE_FIELD("personalization", SWTEE_PADDED, struct asked,
	    token.personalization),
	SWTEE_FIELD("named", SWTEE_FLAG, struct asked, token.named),
	SWTEE_FIELD("lifecycle", SWTEE_NUMBER, struct asked, token.lifecycle),
};

static int
read_asked(const struct cli_args *args, struct asked *a, struct wd_diag *d)
{
	const char *tee = cli_value(args, "tee");
	const char *challenge = cli_value(args, "challenge");
	int r = swtee_fields(args, fields, WD_N(fields), a, d);

	if (r != 0)
		return r;
	a->token.tee =
	    tee == NULL ? WD_TEE_CCA : wd_tee_by_name(wd_span_text(tee));
	if (a->token.tee != WD_TEE_CCA && a->token.tee != WD_TEE_PSA)
		return wd_reject(d, WD_R_TEE_NOT_SUPPORTED,
		    "--tee %s: tokens are of cca or psa", tee);
	a->token.challenge = WD_SPAN(a->challenge);
	if (a->token.tee == WD_TEE_PSA && challenge != NULL)
		a->token.challenge.len = wd_span_text(challenge).len / 2;
	return 0;
}

static void
say_anchors(const struct wd_arm *arm)
{
	char hex[2 * 32 + 1];

	wd_hex_format(wd_span(arm->instance_id + 1, 32), hex);
	(void)fprintf(stderr,
	    "warder: a new platform; a server believes it with these lines "
	    "under [attestation]:\n"
	    "software_anchor = cca %s\n"
	    "software_anchor = psa %s\n",
	    hex, hex);
}

/* The platform of --dir, made where there is none. */
static int
open_platform(
    const struct cli_args *args, struct wd_arm *ret, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int dir = -1;
	WD_AUTO(wd_fd_closep) int collateral = -1;
	int r =
	    swtee_folder(AT_FDCWD, cli_value(args, "dir"), true, 0700, &dir, d);

	if (r != 0 || (r = wd_arm_load(dir, ret, d)) != WD_R_NOT_FOUND)
		return r;
	wd_diag_clear(d);
	if ((r = swtee_folder(dir, "collateral", true, 0755, &collateral, d)) !=
		0 ||
	    (r = wd_arm_open(NULL, ret, d)) != 0)
		return r;
	if ((r = wd_arm_save(ret, dir, collateral, d)) != 0) {
		wd_arm_done(ret);
		return r;
	}
	say_anchors(ret);
	return 0;
}

static int
make_token(const struct cli_args *args, const struct asked *a,
    const struct wd_arm *arm, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *token = NULL;
	int r = wd_arm_token(arm, &a->token, &token, d);

	if (r != 0)
		return r;
	return swtee_write_out(
	    cli_value(args, "output"), wd_bytes_span(token), d);
}

static enum cli_exit
run(const struct cli_args *args)
{
	WD_AUTO(wd_arm_done) struct wd_arm arm = { 0 };
	struct asked a = { 0 };
	struct wd_diag d = { 0 };
	bool wanted = cli_value(args, "challenge") != NULL;
	int r;

	if (cli_value(args, "dir") == NULL)
		return cli_usage(args, "--dir is needed");
	if (read_asked(args, &a, &d) != 0)
		return cli_usage(args, "%s", d.detail);
	if (wanted && cli_value(args, "output") == NULL &&
	    isatty(STDOUT_FILENO))
		return cli_usage(
		    args, "a token is no text: give --output or a pipe");
	if ((r = wd_crypto_init(&d)) != 0 ||
	    (r = open_platform(args, &arm, &d)) != 0 ||
	    (wanted && (r = make_token(args, &a, &arm, &d)) != 0))
		return swtee_failed(r, &d);
	return CLI_OK;
}

const struct cli_verb cli_verb_swtee_token = {
	.name = "swtee token",
	.summary =
	    "make a token of a software Arm platform, and at first its key",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder swtee token --dir ./swtee --tee cca "
		   "--challenge 00ff --output token.cbor",
	.run = run,
};
