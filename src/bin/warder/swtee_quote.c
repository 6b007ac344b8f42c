/*
 * warder swtee quote: evidence of a software TEE, sound or with one chosen
 * fault.
 */
#include "bin/warder/swtee.h"
#include "bin/warder/verbs.h"

#include "crypto/init.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option options[] = {
	{ "dir", "DIR", "the folder of `warder swtee init`", false },
	{ "tee", "TEE", "sgx", false },
	{ "report-data", "HEX", "what the enclave says, up to 64 bytes",
	    false },
	{ "mrenclave", "HEX", "measurement, 32 bytes", false },
	{ "mrsigner", "HEX", "measurement of the signer, 32 bytes", false },
	{ "isv-prod-id", "N", "product", false },
	{ "isv-svn", "N", "security version", false },
	{ "debug", NULL, "an enclave that can be debugged", false },
	{ "attributes", "HEX", "flags and XFRM, 16 bytes", false },
	{ "miscselect", "HEX", "4 bytes", false },
	{ "cpusvn", "HEX", "of the report, 16 bytes", false },
	{ "config-id", "HEX", "up to 64 bytes", false },
	{ "config-svn", "N", "version of the configuration", false },
	{ "isv-family-id", "HEX", "16 bytes", false },
	{ "isv-ext-prod-id", "HEX", "16 bytes", false },
	{ "qe-isv-svn", "N", "of the quoting enclave; 8, and 6 is an old one",
	    false },
	{ "fault", "NAME",
	    "what is wrong: quote_signature, att_key_binding, "
	    "qe_report_signature, qe_signer, qe_debug, pck_signature, "
	    "cert_data, vendor, length",
	    false },
	{ "output", "FILE", "where to write it; else to standard output",
	    false },
};

static const struct swtee_field fields[] = {
	SWTEE_FIELD(
	    "report-data", SWTEE_PADDED, struct wd_swtee_quote, report_data),
	SWTEE_FIELD("mrenclave", SWTEE_HEX, struct wd_swtee_quote, mrenclave),
	SWTEE_FIELD("mrsigner", SWTEE_HEX, struct wd_swtee_quote, mrsigner),
	SWTEE_FIELD(
	    "isv-prod-id", SWTEE_NUMBER, struct wd_swtee_quote, isv_prod_id),
	SWTEE_FIELD("isv-svn", SWTEE_NUMBER, struct wd_swtee_quote, isv_svn),
	SWTEE_FIELD("debug", SWTEE_FLAG, struct wd_swtee_quote, debug),
	SWTEE_FIELD("attributes", SWTEE_HEX, struct wd_swtee_quote, attributes),
	SWTEE_FIELD("miscselect", SWTEE_HEX, struct wd_swtee_quote, miscselect),
	SWTEE_FIELD("cpusvn", SWTEE_HEX, struct wd_swtee_quote, cpusvn),
	SWTEE_FIELD(
	    "config-id", SWTEE_PADDED, struct wd_swtee_quote, config_id),
	SWTEE_FIELD(
	    "config-svn", SWTEE_NUMBER, struct wd_swtee_quote, config_svn),
	SWTEE_FIELD(
	    "isv-family-id", SWTEE_HEX, struct wd_swtee_quote, isv_family_id),
	SWTEE_FIELD("isv-ext-prod-id", SWTEE_HEX, struct wd_swtee_quote,
	    isv_ext_prod_id),
	SWTEE_FIELD(
	    "qe-isv-svn", SWTEE_NUMBER, struct wd_swtee_quote, qe_isv_svn),
};

static int
read_quote(
    const struct cli_args *args, struct wd_swtee_quote *q, struct wd_diag *d)
{
	const char *fault = cli_value(args, "fault");
	const char *tee = cli_value(args, "tee");
	int r = swtee_fields(args, fields, WD_N(fields), q, d);

	if (r != 0)
		return r;
	if (tee != NULL && strcmp(tee, "sgx") != 0)
		return wd_reject(d, WD_R_TEE_NOT_SUPPORTED,
		    "--tee %s: this version makes sgx only", tee);
	if (fault == NULL)
		return 0;
	q->fault = wd_swtee_fault_by_name(wd_span_text(fault));
	if (q->fault == WD_SWTEE_FAULTS)
		return wd_reject(
		    d, WD_R_MALFORMED, "--fault %s: there is none", fault);
	return 0;
}

/* A file appears whole or not at all; standard output takes the bytes. */
static int
write_out(const char *file, struct wd_span bytes, struct wd_diag *d)
{
	const char *slash = file == NULL ? NULL : strrchr(file, '/');
	WD_AUTO(wd_fd_closep) int fd = -1;
	char folder[4096];
	int r;

	if (file == NULL)
		return fwrite(bytes.p, 1, bytes.len, stdout) == bytes.len &&
			fflush(stdout) == 0
		    ? 0
		    : wd_fault_errno(d, "cannot write the quote");
	if (slash == NULL)
		return wd_file_write(AT_FDCWD, file, bytes, 0644, false, d);
	if (!wd_span_to_text(wd_span(file, (size_t)(slash - file) + 1), folder,
		sizeof(folder)))
		return wd_reject(d, WD_R_TOO_LARGE, "--output: too long");
	if ((r = swtee_folder(AT_FDCWD, folder, false, 0, &fd, d)) != 0)
		return r;
	return wd_file_write(fd, slash + 1, bytes, 0644, false, d);
}

static enum cli_exit
run(const struct cli_args *args)
{
	WD_AUTO(wd_swtee_freep) struct wd_swtee *t = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *quote = NULL;
	WD_AUTO(wd_fd_closep) int fd = -1;
	struct wd_swtee_quote q = { .fault = WD_SWTEE_SOUND };
	struct wd_diag d = { 0 };
	const char *file = cli_value(args, "output");
	int r;

	if (cli_value(args, "dir") == NULL)
		return cli_usage(args, "--dir is needed");
	if (read_quote(args, &q, &d) != 0)
		return cli_usage(args, "%s", d.detail);
	if (file == NULL && isatty(STDOUT_FILENO))
		return cli_usage(
		    args, "a quote is no text: give --output or a pipe");
	if ((r = wd_crypto_init(&d)) != 0 ||
	    (r = swtee_open(args, &fd, &t, &d)) != 0 ||
	    (r = wd_swtee_quote(t, &q, &quote, &d)) != 0 ||
	    (r = write_out(file, wd_bytes_span(quote), &d)) != 0)
		return swtee_failed(r, &d);
	return CLI_OK;
}

const struct cli_verb cli_verb_swtee_quote = {
	.name = "swtee quote",
	.summary = "make a quote of a software TEE",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder swtee quote --dir ./swtee --tee sgx "
		   "--report-data 00ff --output quote.bin",
	.run = run,
};
