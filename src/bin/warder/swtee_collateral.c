/*
 * warder swtee collateral: says anew what the vendor would say about a software
 * platform, also what a vendor would say to have it refused.
 */
#include "bin/warder/swtee.h"
#include "bin/warder/swtee_snp.h"
#include "bin/warder/verbs.h"

#include "base/num.h"
#include "codec/hex.h"
#include "crypto/init.h"
#include "sys/file.h"

#include <string.h>

enum { LEVELS_MAX = 32, LEVEL_TEXT = 512 };

static const struct cli_option options[] = {
	{ "dir", "DIR", "the folder of `warder swtee init`", false },
	{ "evaluation-number", "N", "of TCB info and QE identity; 17", false },
	{ "issued", "TIME", "issueDate and thisUpdate; now", false },
	{ "next-update", "TIME",
	    "when the documents end; in 30 days, for the root's list in a year",
	    false },
	{ "status", "STATUS", "of the platform's level; UpToDate", false },
	{ "advisories", "A,B", "of the platform's level", false },
	{ "level", "COMPONENTS:PCESVN:STATUS[:A,B]",
	    "a level, instead of those made for the platform", true },
	{ "qe-status", "STATUS", "of the quoting enclave; UpToDate", false },
	{ "tee", "TEE", "snp: the folder of an SNP platform", false },
	{ "revoke-ask", NULL, "snp: list the ASK", false },
	{ "revoke-pck", NULL, "list the PCK certificate as revoked", false },
	{ "revoke-ca", NULL, "list the PCK CA", false },
	{ "revoke-signing", NULL, "list TCB signing", false },
	{ "tcb-info-version", "N", "2 or 3; 3", false },
	{ "module-status", "STATUS", "of the TDX module; UpToDate", false },
	{ "document", "NAME",
	    "write only this one: tcb_info, qe_identity, pck_crl, "
	    "root_ca_crl, tcb_signing_chain, tdx_tcb_info, td_qe_identity",
	    true },
};

static const struct swtee_field fields[] = {
	SWTEE_FIELD("evaluation-number", SWTEE_NUMBER,
	    struct wd_swtee_collateral, evaluation_number),
	SWTEE_FIELD("issued", SWTEE_TIME, struct wd_swtee_collateral, issued),
	SWTEE_FIELD(
	    "next-update", SWTEE_TIME, struct wd_swtee_collateral, next_update),
	SWTEE_FIELD("status", SWTEE_STATUS, struct wd_swtee_collateral, status),
	SWTEE_FIELD(
	    "advisories", SWTEE_TEXT, struct wd_swtee_collateral, advisories),
	SWTEE_FIELD(
	    "qe-status", SWTEE_STATUS, struct wd_swtee_collateral, qe_status),
	SWTEE_FIELD("module-status", SWTEE_STATUS, struct wd_swtee_collateral,
	    module_status),
	SWTEE_FIELD(
	    "revoke-pck", SWTEE_FLAG, struct wd_swtee_collateral, revoke_pck),
	SWTEE_FIELD(
	    "revoke-ca", SWTEE_FLAG, struct wd_swtee_collateral, revoke_ca),
	SWTEE_FIELD("revoke-signing", SWTEE_FLAG, struct wd_swtee_collateral,
	    revoke_signing),
	SWTEE_FIELD("tcb-info-version", SWTEE_NUMBER,
	    struct wd_swtee_collateral, tcb_info_version),
};

/* The levels of a command line; their texts are cut out of copies. */
struct levels {
	struct wd_swtee_level level[LEVELS_MAX];
	char text[LEVELS_MAX][LEVEL_TEXT];
	size_t n;
};

/* Cuts the part before the next colon off *REST; NULL at the end. */
static const char *
next_part(char **rest)
{
	char *part = *rest;
	char *colon = part == NULL ? NULL : strchr(part, ':');

	if (colon != NULL)
		*colon++ = '\0';
	*rest = colon;
	return part;
}

static bool
read_level(char *text, struct wd_swtee_level *ret)
{
	const char *components = next_part(&text);
	const char *pcesvn = next_part(&text);
	const char *status = next_part(&text);
	uint64_t svn;

	ret->advisories = next_part(&text);
	if (text != NULL ||
	    wd_hex_decode_exact(wd_span_text(components), ret->components,
		sizeof(ret->components)) != 0 ||
	    !wd_num_parse(wd_span_text(pcesvn), UINT16_MAX, &svn) ||
	    !swtee_status(wd_span_text(status), &ret->status))
		return false;
	ret->pcesvn = (uint16_t)svn;
	return true;
}

static int
read_levels(
    const struct cli_args *args, struct levels *levels, struct wd_diag *d)
{
	const char *text;
	int at = 0;

	while ((text = cli_next(args, "level", &at)) != NULL) {
		if (levels->n == LEVELS_MAX ||
		    !wd_span_to_text(wd_span_text(text),
			levels->text[levels->n], LEVEL_TEXT) ||
		    !read_level(
			levels->text[levels->n], &levels->level[levels->n]))
			return wd_reject(d, WD_R_MALFORMED,
			    "--level: not COMPONENTS:PCESVN:STATUS[:A,B]");
		levels->n++;
	}
	return 0;
}

/* "tcb_info" is tcb_info.json. */
static bool
is_file(const char *file, const char *name)
{
	size_t len = strlen(name);

	return file != NULL && strncmp(file, name, len) == 0 &&
	    file[len] == '.';
}

static bool
want(struct swtee_wanted *wanted, const char *name)
{
	for (size_t i = 0; i < WD_IN_COUNT; i++) {
		enum wd_part part = (enum wd_part)i;

		if (is_file(wd_swtee_doc_file(part), name))
			return wanted->part[i] = true;
		if (is_file(wd_swtee_td_doc_file(part), name))
			return wanted->td_part[i] = true;
	}
	return false;
}

/* Which documents to write; RET_ANY: the option was given at all. */
static int
read_documents(const struct cli_args *args, struct swtee_wanted *wanted,
    bool *ret_any, struct wd_diag *d)
{
	const char *name;
	int at = 0;

	while ((name = cli_next(args, "document", &at)) != NULL) {
		if (!want(wanted, name))
			return wd_reject(d, WD_R_MALFORMED,
			    "--document %s: there is none", name);
		*ret_any = true;
	}
	return 0;
}

static enum cli_exit
write_documents(const struct cli_args *args,
    const struct wd_swtee_collateral *c, const struct swtee_wanted *wanted)
{
	WD_AUTO(wd_swtee_freep) struct wd_swtee *t = NULL;
	WD_AUTO(wd_fd_closep) int fd = -1;
	struct wd_diag d = { 0 };
	int r = wd_crypto_init(&d);

	if (r != 0 || (r = swtee_open(args, &fd, &t, &d)) != 0 ||
	    (r = swtee_write_collateral(t, fd, c, wanted, &d)) != 0)
		return swtee_failed(r, &d);
	return CLI_OK;
}

static enum cli_exit
run(const struct cli_args *args)
{
	struct wd_swtee_collateral c = { 0 };
	struct levels levels = { .n = 0 };
	struct swtee_wanted wanted = { .part = { false } };
	bool any = false;
	struct wd_diag d = { 0 };

	if (cli_value(args, "dir") == NULL)
		return cli_usage(args, "--dir is needed");
	if (swtee_is_snp(cli_value(args, "tee")))
		return swtee_snp_collateral(args);
	if (swtee_fields(args, fields, WD_N(fields), &c, &d) != 0 ||
	    read_levels(args, &levels, &d) != 0 ||
	    read_documents(args, &wanted, &any, &d) != 0)
		return cli_usage(args, "%s", d.detail);
	c.levels = levels.level;
	c.n_levels = levels.n;
	return write_documents(args, &c, any ? &wanted : NULL);
}

const struct cli_verb cli_verb_swtee_collateral = {
	.name = "swtee collateral",
	.summary = "write the collateral of a software TEE anew",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder swtee collateral --dir ./swtee "
		   "--evaluation-number 18 --status SWHardeningNeeded",
	.run = run,
};
