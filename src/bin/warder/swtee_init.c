/*
 * warder swtee init: a software platform in a folder of its own.
 */
#include "bin/warder/swtee.h"
#include "bin/warder/swtee_snp.h"
#include "bin/warder/verbs.h"

#include "codec/hex.h"
#include "codec/jtext.h"
#include "crypto/init.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>

static const struct cli_option options[] = {
	{ "tee", "TEE", "snp: a platform of AMD's; else of Intel's", false },
	{ "fmspc", "HEX", "the platform's family, 6 bytes", false },
	{ "pceid", "HEX", "2 bytes", false },
	{ "ppid", "HEX", "its id, 16 bytes; random when not given", false },
	{ "components", "HEX", "its 16 TCB components, a byte each", false },
	{ "pcesvn", "N", "of its provisioning enclave", false },
	{ "cpusvn", "HEX", "16 bytes; as the components", false },
	{ "processor-ca", NULL, "under the PCK Processor CA", false },
	{ "made", "TIME", "when certificates begin; now", false },
	SWTEE_SNP_INIT_OPTIONS,
	{ "json", NULL, "answer with one JSON object", false },
};

static const struct swtee_field fields[] = {
	SWTEE_FIELD("fmspc", SWTEE_HEX, struct wd_swtee_spec, pck.fmspc),
	SWTEE_FIELD("pceid", SWTEE_HEX, struct wd_swtee_spec, pck.pceid),
	SWTEE_FIELD("ppid", SWTEE_HEX, struct wd_swtee_spec, pck.ppid),
	SWTEE_FIELD(
	    "components", SWTEE_HEX, struct wd_swtee_spec, pck.components),
	SWTEE_FIELD("pcesvn", SWTEE_NUMBER, struct wd_swtee_spec, pck.pcesvn),
	SWTEE_FIELD("cpusvn", SWTEE_HEX, struct wd_swtee_spec, pck.cpusvn),
	SWTEE_FIELD(
	    "processor-ca", SWTEE_FLAG, struct wd_swtee_spec, processor_ca),
	SWTEE_FIELD("made", SWTEE_TIME, struct wd_swtee_spec, made),
};

static int
write_all(
    const char *path, const struct wd_swtee *t, int64_t made, struct wd_diag *d)
{
	const struct wd_swtee_collateral c = { .issued = made };
	WD_AUTO(wd_fd_closep) int fd = -1;
	int r;

	if ((r = swtee_folder(AT_FDCWD, path, true, 0700, &fd, d)) != 0 ||
	    (r = wd_swtee_save(t, fd, d)) != 0)
		return r;
	return swtee_write_collateral(t, fd, &c, NULL, d);
}

static void
write_words(struct wd_wr *wr, const char *path, const struct wd_anchor *a)
{
	static const char *const tees[] = { "sgx", "tdx" };

	wd_wr_printf(wr,
	    "SOFTWARE TEE in %.200s: it protects nothing, and serves\n"
	    "development, demonstrations and tests only.\n"
	    "Its collateral is in %.200s/collateral, good for 30 days.\n"
	    "A server believes it with these lines under [attestation]:\n\n",
	    path, path);
	for (size_t i = 0; i < WD_N(tees); i++) {
		wd_wr_printf(wr, "software_anchor = %s ", tees[i]);
		wd_hex_write(wr, WD_SPAN(a->sha256));
		wd_wr_u8(wr, '\n');
	}
}

static void
write_json(
    struct wd_wr *wr, const struct wd_swtee *t, const struct wd_anchor *a)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	wd_jtext_key(&j, "fmspc");
	wd_jtext_hex(&j, WD_SPAN(wd_swtee_pck(t)->fmspc));
	wd_jtext_key(&j, "ppid");
	wd_jtext_hex(&j, WD_SPAN(wd_swtee_pck(t)->ppid));
	wd_jtext_key(&j, "root_sha256");
	wd_jtext_hex(&j, WD_SPAN(a->sha256));
	wd_jtext_key_bool(&j, "software", true);
	wd_jtext_end(&j);
	wd_wr_u8(wr, '\n');
}

static enum cli_exit
answer(const struct cli_args *args, const char *path, const struct wd_swtee *t)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(4096);
	struct wd_anchor a;

	if (wd_swtee_anchor(t, &a) != 0)
		return CLI_FAULT;
	if (cli_has(args, "json"))
		write_json(&wr, t, &a);
	else
		write_words(&wr, path, &a);
	if (wd_wr_end(&wr) != 0 || fwrite(wr.p, 1, wr.len, stdout) != wr.len ||
	    fflush(stdout) != 0)
		return CLI_FAULT;
	return CLI_OK;
}

static enum cli_exit
run(const struct cli_args *args)
{
	WD_AUTO(wd_swtee_freep) struct wd_swtee *t = NULL;
	struct wd_swtee_spec spec = { 0 };
	struct wd_diag d = { 0 };
	int at = 0, r;
	const char *path = cli_operand(args, &at);

	if (path == NULL || cli_operand(args, &at) != NULL)
		return cli_usage(args, "one folder is needed");
	if (swtee_is_snp(cli_value(args, "tee")))
		return swtee_snp_init(args, path);
	if ((r = wd_crypto_init(&d)) != 0)
		return swtee_failed(r, &d);
	if (swtee_fields(args, fields, WD_N(fields), &spec, &d) != 0)
		return cli_usage(args, "%s", d.detail);
	if ((r = wd_swtee_new(&spec, &t, &d)) != 0 ||
	    (r = write_all(path, t, spec.made, &d)) != 0)
		return swtee_failed(r, &d);
	return answer(args, path, t);
}

const struct cli_verb cli_verb_swtee_init = {
	.name = "swtee init",
	.summary = "make a software TEE: keys, certificates, collateral",
	.operands = "DIR",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder swtee init ./swtee",
	.run = run,
};
