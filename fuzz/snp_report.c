/*
 * An SNP report: what it finds lies within the bytes, and the KBS protocol's
 * object of the same report puts the same bytes together again.
 */
#include "fuzz.h"

#include "codec/jtext.h"
#include "proto/evidence.h"
#include "verify/snp/report.h"

/* As a guest would send it, read back. */
static void
round_trip(struct wd_span report)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(65536);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bundle = NULL, *again = NULL;
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	struct wd_jtext j = wd_jtext(&wr);
	struct wd_inputs in = { 0 };
	enum wd_tee tee = WD_TEE_NONE;

	if (wd_bundle_of(WD_IN_REPORT, report, &bundle) != 0)
		return;
	wd_evidence_write(&j, WD_TEE_SNP, wd_bytes_span(bundle));
	/* numbers of more than 53 bits have no form in JSON */
	if (wd_wr_end(&wr) != 0 ||
	    wd_json_parse(wd_wr_span(&wr), NULL, &doc) != 0)
		return;
	must(wd_evidence_read(wd_json_root(doc), &tee, &again, NULL) == 0);
	must(tee == WD_TEE_SNP);
	must(wd_bundle_read(wd_bytes_span(again), &in, NULL) == 0);
	must(in.part[WD_IN_REPORT].len == WD_SNP_REPORT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span all = wd_span(data, size);
	struct wd_snp_report p;

	if (wd_snp_report_parse(all, &p, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	must(size == WD_SNP_REPORT && p.version >= 2 && p.version <= 5);
	must(p.key == WD_SNP_VCEK || p.key == WD_SNP_VLEK);
	must(p.has_cpuid == (p.version >= 3));
	must(p.has_cpuid || p.line == WD_SNP_NO_LINE);
	must(p.signed_part.p == data && p.signed_part.len == WD_SNP_SIGNED);
	must(fuzz_within(p.measurement, p.signed_part));
	must(fuzz_within(p.chip_id, p.signed_part));
	must((p.version == 5) == (p.launch_mitigation.p != NULL));
	fuzz_touch(p.report_data);
	round_trip(all);
	return 0;
}
