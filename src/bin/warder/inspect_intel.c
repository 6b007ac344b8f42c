/*
 * Quotes of SGX and TDX in words.
 */
#include "bin/warder/inspect.h"

#include "verify/intel/quote.h"
#include "verify/sgx/report.h"
#include "verify/tdx/report.h"

#include <stdio.h>

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

bool
inspect_intel_quote(struct wd_span bytes)
{
	struct wd_intel_quote quote;

	if (wd_intel_quote_parse(bytes, &quote, NULL) != 0)
		return false;
	say_quote(&quote);
	return true;
}
