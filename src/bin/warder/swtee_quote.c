/*
 * warder swtee quote: evidence of a software TEE, sound or with one chosen
 * fault.
 */
#include "bin/warder/swtee.h"
#include "bin/warder/swtee_snp.h"
#include "bin/warder/verbs.h"

#include "crypto/init.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option options[] = {
	{ "dir", "DIR", "the folder of `warder swtee init`", false },
	{ "tee", "TEE", "sgx (the default), tdx or snp", false },
	{ "quote-version", "N", "sgx: 3 to 5, 3; tdx: 4 or 5, 5", false },
	{ "report-data", "HEX", "what it says, up to 64 bytes", false },
	{ "debug", NULL, "an enclave or TD that can be debugged", false },
	{ "qe-isv-svn", "N", "of the quoting enclave; 8, and 6 is an old one",
	    false },
	{ "mrenclave", "HEX", "sgx: measurement, 32 bytes", false },
	{ "mrsigner", "HEX", "measurement of the signer, 32 bytes", false },
	{ "isv-prod-id", "N", "product", false },
	{ "isv-svn", "N", "security version", false },
	{ "attributes", "HEX", "flags and XFRM, 16 bytes", false },
	{ "miscselect", "HEX", "4 bytes", false },
	{ "cpusvn", "HEX", "of the report, 16 bytes", false },
	{ "config-id", "HEX", "up to 64 bytes", false },
	{ "config-svn", "N", "version of the configuration", false },
	{ "isv-family-id", "HEX", "16 bytes", false },
	{ "isv-ext-prod-id", "HEX", "16 bytes", false },
	{ "mrtd", "HEX", "tdx: measurement, 48 bytes", false },
	{ "rtmr0", "HEX", "48 bytes", false },
	{ "rtmr1", "HEX", "48 bytes", false },
	{ "rtmr2", "HEX", "48 bytes", false },
	{ "rtmr3", "HEX", "48 bytes", false },
	{ "mrseam", "HEX", "of the TDX module", false },
	{ "mrsignerseam", "HEX", "zeros: Intel", false },
	{ "mrconfigid", "HEX", "48 bytes", false },
	{ "mrowner", "HEX", "48 bytes", false },
	{ "mrownerconfig", "HEX", "48 bytes", false },
	{ "mrservicetd", "HEX", "TD report 1.5 alone", false },
	{ "td-attributes", "HEX", "8 bytes", false },
	{ "seam-attributes", "HEX", "8 bytes", false },
	{ "xfam", "HEX", "8 bytes", false },
	{ "tee-tcb-svn", "HEX", "up to 16 bytes; 050103, and 040103 is old",
	    false },
	{ "tee-tcb-svn2", "HEX", "of the module that runs now", false },
	{ "report-10", NULL, "version 5 with a TD report 1.0", false },
	{ "fault", "NAME",
	    "what is wrong: quote_signature, att_key_binding, "
	    "qe_report_signature, qe_signer, qe_debug, pck_signature, "
	    "cert_data, vendor, length",
	    false },
	SWTEE_SNP_QUOTE_OPTIONS,
	{ "output", "FILE", "where to write it; else to standard output",
	    false },
};

static const struct swtee_field fields[] = {
	SWTEE_FIELD(
	    "report-data", SWTEE_PADDED, struct wd_swtee_quote, report_data),
	SWTEE_FIELD(
	    "quote-version", SWTEE_NUMBER, struct wd_swtee_quote, version),
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

#define TD(option, kind, member) \
	SWTEE_FIELD(option, kind, struct wd_swtee_td, member)

static const struct swtee_field td_fields[] = {
	TD("quote-version", SWTEE_NUMBER, version),
	TD("report-data", SWTEE_PADDED, report_data),
	TD("debug", SWTEE_FLAG, debug),
	TD("qe-isv-svn", SWTEE_NUMBER, qe_isv_svn),
	TD("mrtd", SWTEE_HEX, mr_td),
	TD("rtmr0", SWTEE_HEX, rtmr[0]),
	TD("rtmr1", SWTEE_HEX, rtmr[1]),
	TD("rtmr2", SWTEE_HEX, rtmr[2]),
	TD("rtmr3", SWTEE_HEX, rtmr[3]),
	TD("mrseam", SWTEE_HEX, mr_seam),
	TD("mrsignerseam", SWTEE_HEX, mr_signer_seam),
	TD("mrconfigid", SWTEE_HEX, mr_config_id),
	TD("mrowner", SWTEE_HEX, mr_owner),
	TD("mrownerconfig", SWTEE_HEX, mr_owner_config),
	TD("mrservicetd", SWTEE_HEX, mr_service_td),
	TD("td-attributes", SWTEE_HEX, td_attributes),
	TD("seam-attributes", SWTEE_HEX, seam_attributes),
	TD("xfam", SWTEE_HEX, xfam),
	TD("tee-tcb-svn", SWTEE_PADDED, tee_tcb_svn),
	TD("tee-tcb-svn2", SWTEE_PADDED, tee_tcb_svn2),
	TD("report-10", SWTEE_FLAG, report_10),
};

/* What is asked for: one of the two. */
struct asked {
	bool is_td;
	struct wd_swtee_quote sgx;
	struct wd_swtee_td td;
};

static bool
has_field(const struct swtee_field *f, size_t n, const char *option)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(f[i].option, option) == 0)
			return true;
	return false;
}

/* An option that the other TEE alone has would be without effect. */
static int
refuse_others(const struct cli_args *args, const struct swtee_field *own,
    size_t n_own, const struct swtee_field *other, size_t n_other,
    struct wd_diag *d)
{
	for (size_t i = 0; i < n_other; i++)
		if (cli_value(args, other[i].option) != NULL &&
		    !has_field(own, n_own, other[i].option))
			return wd_reject(d, WD_R_MALFORMED,
			    "--%s: not for this TEE", other[i].option);
	return 0;
}

static int
read_fault(
    const struct cli_args *args, enum wd_swtee_fault *ret, struct wd_diag *d)
{
	const char *fault = cli_value(args, "fault");

	if (fault == NULL)
		return 0;
	*ret = wd_swtee_fault_by_name(wd_span_text(fault));
	if (*ret == WD_SWTEE_FAULTS)
		return wd_reject(
		    d, WD_R_MALFORMED, "--fault %s: there is none", fault);
	return 0;
}

static int
read_td(const struct cli_args *args, struct wd_swtee_td *q, struct wd_diag *d)
{
	int r = refuse_others(
	    args, td_fields, WD_N(td_fields), fields, WD_N(fields), d);

	if (r == 0)
		r = swtee_fields(args, td_fields, WD_N(td_fields), q, d);
	return r != 0 ? r : read_fault(args, &q->fault, d);
}

static int
read_sgx(
    const struct cli_args *args, struct wd_swtee_quote *q, struct wd_diag *d)
{
	int r = refuse_others(
	    args, fields, WD_N(fields), td_fields, WD_N(td_fields), d);

	if (r == 0)
		r = swtee_fields(args, fields, WD_N(fields), q, d);
	return r != 0 ? r : read_fault(args, &q->fault, d);
}

static int
read_asked(const struct cli_args *args, struct asked *a, struct wd_diag *d)
{
	const char *tee = cli_value(args, "tee");

	a->is_td = tee != NULL && strcmp(tee, "tdx") == 0;
	if (a->is_td)
		return read_td(args, &a->td, d);
	if (tee == NULL || strcmp(tee, "sgx") == 0)
		return read_sgx(args, &a->sgx, d);
	return wd_reject(d, WD_R_TEE_NOT_SUPPORTED,
	    "--tee %s: neither sgx, tdx nor snp", tee);
}

static int
make_quote(const struct wd_swtee *t, const struct asked *a,
    struct wd_bytes **ret, struct wd_diag *d)
{
	return a->is_td ? wd_swtee_td_quote(t, &a->td, ret, d)
			: wd_swtee_quote(t, &a->sgx, ret, d);
}

int
swtee_write_out(const char *file, struct wd_span bytes, struct wd_diag *d)
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
	struct asked a = { .is_td = false };
	struct wd_diag d = { 0 };
	const char *file = cli_value(args, "output");
	int r;

	if (cli_value(args, "dir") == NULL)
		return cli_usage(args, "--dir is needed");
	if (swtee_is_snp(cli_value(args, "tee")))
		return swtee_snp_quote(args);
	if (swtee_snp_refuse(args, &d) != 0 || read_asked(args, &a, &d) != 0)
		return cli_usage(args, "%s", d.detail);
	if (file == NULL && isatty(STDOUT_FILENO))
		return cli_usage(
		    args, "a quote is no text: give --output or a pipe");
	if ((r = wd_crypto_init(&d)) != 0 ||
	    (r = swtee_open(args, &fd, &t, &d)) != 0 ||
	    (r = make_quote(t, &a, &quote, &d)) != 0 ||
	    (r = swtee_write_out(file, wd_bytes_span(quote), &d)) != 0)
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
