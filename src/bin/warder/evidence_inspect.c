/*
 * warder evidence inspect: prints what a piece of evidence says about itself.
 * Nothing is verified, and every answer says so.
 */
#include "bin/warder/verbs.h"

#include "base/clock.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "crypto/init.h"
#include "crypto/x509.h"
#include "sys/file.h"
#include "verify/intel/pck.h"
#include "verify/intel/quote.h"
#include "verify/sgx/report.h"
#include "verify/tdx/report.h"

#include <fcntl.h>
#include <stdio.h>

enum { FILE_MAX = 1 << 20, HEX_MAX = 64 };

static void
say(const char *name, const char *value)
{
	(void)printf("  %-24s %s\n", name, value);
}

static void
say_number(const char *name, uint64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	say(name, text);
}

/* At most HEX_MAX bytes, as all fields are. */
static void
say_hex(const char *name, struct wd_span s)
{
	char text[2 * HEX_MAX + 1];

	if (s.len > HEX_MAX)
		s.len = HEX_MAX;
	wd_hex_format(s, text);
	say(name, text);
}

static void
say_time(const char *name, int64_t t)
{
	char text[WD_TIME_TEXT];

	wd_time_format(t, text);
	say(name, text);
}

static void
say_report(const struct wd_sgx_report *r)
{
	say_hex("MRENCLAVE", r->mrenclave);
	say_hex("MRSIGNER", r->mrsigner);
	say_number("ISVPRODID", r->isv_prod_id);
	say_number("ISVSVN", r->isv_svn);
	say_hex("ATTRIBUTES", r->attributes);
	say("can be debugged", r->debug ? "YES" : "no");
	say_hex("MISCSELECT", r->miscselect);
	say_hex("CPUSVN", r->cpusvn);
	say_hex("CONFIGID", r->config_id);
	say_number("CONFIGSVN", r->config_svn);
	say_hex("ISVEXTPRODID", r->isv_ext_prod_id);
	say_hex("ISVFAMILYID", r->isv_family_id);
	say_hex("REPORTDATA", r->report_data);
}

static void
say_td(const struct wd_td_report *t)
{
	static const char *const rtmr[WD_RTMRS] = { "RTMR0", "RTMR1", "RTMR2",
		"RTMR3" };

	say_hex("TEE_TCB_SVN", t->tee_tcb_svn);
	say_hex("MRSEAM", t->mr_seam);
	say_hex("MRSIGNERSEAM", t->mr_signer_seam);
	say_hex("SEAMATTRIBUTES", t->seam_attributes);
	say_hex("TDATTRIBUTES", t->td_attributes);
	say("can be debugged", t->debug || t->unknown_debug ? "YES" : "no");
	say_hex("XFAM", t->xfam);
	say_hex("MRTD", t->mr_td);
	say_hex("MRCONFIGID", t->mr_config_id);
	say_hex("MROWNER", t->mr_owner);
	say_hex("MROWNERCONFIG", t->mr_owner_config);
	for (size_t i = 0; i < WD_RTMRS; i++)
		say_hex(rtmr[i], t->rtmr[i]);
	if (t->is_15) {
		say_hex("TEE_TCB_SVN_2", t->tee_tcb_svn2);
		say_hex("MRSERVICETD", t->mr_service_td);
	}
	say_hex("REPORTDATA", t->report_data);
}

static void
say_pck(const struct wd_cert *cert)
{
	struct wd_span extension;
	struct wd_pck pck;

	if (!wd_cert_extension(cert, wd_pck_oid(), &extension))
		return;
	if (wd_pck_parse(extension, &pck) != 0) {
		say("SGX extension", "malformed");
		return;
	}
	say_hex("FMSPC", WD_SPAN(pck.fmspc));
	say_hex("PCEID", WD_SPAN(pck.pceid));
	say_hex("PPID", WD_SPAN(pck.ppid));
	say_hex("TCB components", WD_SPAN(pck.components));
	say_number("PCESVN", pck.pcesvn);
	say_number("SGX type", pck.sgx_type);
	if (pck.has_platform)
		say_hex(
		    "platform instance id", WD_SPAN(pck.platform_instance_id));
}

static void
say_certificate(struct wd_span der)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *cert = NULL;
	char name[128];

	(void)printf("certificate\n");
	if (wd_cert_parse(der, &cert) != 0) {
		say("form", "malformed");
		return;
	}
	(void)wd_span_to_text(/* an empty name when it does not fit */
	    wd_cert_common_name(cert), name, sizeof(name));
	say("common name", name);
	say_hex("serial number", wd_cert_serial(cert));
	say_time("valid from", wd_cert_not_before(cert));
	say_time("valid until", wd_cert_not_after(cert));
	say_pck(cert);
}

static void
say_chain(struct wd_span pem)
{
	struct wd_rd rd = wd_rd(pem);

	for (;;) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
		int r = wd_pem_next(&rd, "CERTIFICATE", &der);

		if (r == WD_R_NOT_FOUND)
			return;
		if (r != 0) {
			say("chain", "malformed from here on");
			return;
		}
		say_certificate(wd_bytes_span(der));
	}
}

static void
say_body(const struct wd_intel_quote *q)
{
	if (q->body_type == WD_BODY_SGX) {
		const struct wd_sgx_report enclave =
		    wd_sgx_report_read(q->body);

		(void)printf("enclave\n");
		say_report(&enclave);
	} else {
		const struct wd_td_report td = wd_td_report_read(q->body);

		(void)printf("trust domain\n");
		say_td(&td);
	}
}

static void
say_quote(const struct wd_intel_quote *q)
{
	struct wd_sgx_report report;

	(void)printf("Intel quote, NOT VERIFIED\n");
	say_number("version", q->version);
	say("TEE", wd_tee_name(q->tee));
	say_number("certification data type", q->cert_type);
	say_number("bytes that follow", q->trailing);
	say_body(q);
	(void)printf("quoting enclave\n");
	report = wd_sgx_report_read(q->qe_report);
	say_report(&report);
	if (q->cert_type == WD_CERT_PCK_CHAIN)
		say_chain(q->cert_data);
}

static enum cli_exit
inspect(const char *file)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_intel_quote quote;
	struct wd_diag d = { 0 };
	int r = wd_file_read(AT_FDCWD, file, FILE_MAX, &bytes, &d);

	if (r != 0) {
		(void)fprintf(stderr, "warder: %s\n", d.detail);
		return CLI_FAULT;
	}
	r = wd_intel_quote_parse(wd_bytes_span(bytes), &quote, &d);
	if (r != 0) {
		(void)fprintf(stderr, "warder: %s: %s\n", file, d.detail);
		return CLI_REJECTED;
	}
	say_quote(&quote);
	return CLI_OK;
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
