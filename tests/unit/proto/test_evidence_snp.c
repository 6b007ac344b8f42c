/*
 * An SNP report as an object of fields: written and read again it is the same
 * 1184 bytes, whatever is in them.
 */
#include "lib/t.h"

#include "base/wr.h"
#include "proto/evidence.h"
#include "verify/snp/report.h"

#include <stdio.h>
#include <string.h>

/* Each byte another one, but for what is reserved. */
static void
make_report(uint8_t version, bool turin, uint8_t r[WD_SNP_REPORT])
{
	static const struct {
		size_t at, len;
	} zeros[] = { { 0x4c, 4 }, { 0x18b, 21 }, { 0x1eb, 1 }, { 0x1ef, 1 },
		{ 0x208, 152 }, { 0x2d0, 24 }, { 0x318, 24 }, { 0x330, 368 } };
	static const size_t tcbs[] = { 0x38, 0x180, 0x1e0, 0x1f0 };
	const uint8_t head[] = { version, 0, 0, 0, 1, 2, 0, 0, 0x1f, 0, 3 };

	for (size_t i = 0; i < WD_SNP_REPORT; i++)
		r[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < WD_N(zeros); i++)
		for (size_t k = 0; k < zeros[i].len; k++)
			r[zeros[i].at + k] = 0;
	for (size_t i = 0; i < WD_N(tcbs); i++)
		for (size_t k = turin ? 4 : 2; k < (turin ? 7U : 6U); k++)
			r[tcbs[i] + k] = 0; /* spare */
	wd_copy(r, WD_SPAN(head));
	for (size_t at = sizeof(head); at < 16; at++)
		r[at] = 0;
	for (size_t at = 0x30; at < 0x38; at++)
		r[at] = at == 0x34;
	for (size_t at = 0x44; at < 0x4c; at++)
		r[at] = 0; /* numbers of less than 53 bits */
	r[0x48] = 4;
	r[0x188] = turin ? 0x1a : 0x19;
	r[0x189] = 1;
	for (size_t at = 0x1f8; at < 0x208; at++)
		r[at] = version == 5 && at % 8 < 3 ? 9 : 0;
	for (size_t at = 0x188; version == 2 && at < 0x18b; at++)
		r[at] = 0;
}

/* RET: the parts that the object of REPORT and VEK reads as. */
static int
through_json(struct wd_span report, struct wd_span vek, struct wd_bytes **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr parts = wd_wr_growing(65536);
	WD_AUTO(wd_wr_done) struct wd_wr text = wd_wr_growing(65536);
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	struct wd_jtext j = wd_jtext(&text);
	enum wd_tee tee = WD_TEE_NONE;
	int r;

	wd_bundle_add(&parts, WD_IN_REPORT, report);
	if (vek.p != NULL)
		wd_bundle_add(&parts, WD_IN_VEK, vek);
	wd_evidence_write(&j, WD_TEE_SNP, wd_wr_span(&parts));
	t_ok(wd_wr_end(&text));
	t_ok(wd_json_parse(wd_wr_span(&text), NULL, &doc));
	r = wd_evidence_read(wd_json_root(doc), &tee, ret, NULL);
	if (r == 0)
		assert_int_equal(tee, WD_TEE_SNP);
	return r;
}

static void
a_report_comes_back_byte_for_byte(void **state)
{
	(void)state;
	for (uint8_t version = 2; version <= 5; version++)
		for (int turin = 0; turin <= (version > 2); turin++) {
			WD_AUTO(wd_bytes_freep) struct wd_bytes *back = NULL;
			uint8_t report[WD_SNP_REPORT];
			struct wd_inputs in = { 0 };

			make_report(version, turin == 1, report);
			t_ok(through_json(
			    WD_SPAN(report), wd_span(NULL, 0), &back));
			t_ok(wd_bundle_read(wd_bytes_span(back), &in, NULL));
			t_span_equal(in.part[WD_IN_REPORT], WD_SPAN(report));
			assert_null(in.part[WD_IN_VEK].p);
		}
}

static void
a_chain_comes_back_whole_or_as_its_leaf(void **state)
{
	static const uint8_t three[] = { 0x30, 1, 1, 0x30, 1, 2, 0x30, 1, 3 };

	(void)state;
	for (size_t n = 3; n <= sizeof(three); n += 3) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *back = NULL;
		uint8_t report[WD_SNP_REPORT];
		struct wd_inputs in = { 0 };

		make_report(3, false, report);
		t_ok(through_json(WD_SPAN(report), wd_span(three, n), &back));
		t_ok(wd_bundle_read(wd_bytes_span(back), &in, NULL));
		t_span_equal(
		    in.part[WD_IN_VEK], wd_span(three, n == 6 ? 3 : n));
	}
}

/* The text of a good object, with one place changed. */
static int
read_changed(const char *from, const char *to)
{
	WD_AUTO(wd_wr_done) struct wd_wr parts = wd_wr_growing(65536);
	WD_AUTO(wd_wr_done) struct wd_wr text = wd_wr_growing(65536);
	WD_AUTO(wd_wr_done) struct wd_wr edited = wd_wr_growing(65536);
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *back = NULL;
	struct wd_jtext j = wd_jtext(&text);
	uint8_t report[WD_SNP_REPORT];
	enum wd_tee tee;
	const char *at;

	make_report(3, false, report);
	wd_bundle_add(&parts, WD_IN_REPORT, WD_SPAN(report));
	wd_evidence_write(&j, WD_TEE_SNP, wd_wr_span(&parts));
	wd_wr_u8(&text, 0);
	at = strstr((const char *)text.p, from);
	assert_non_null(at);
	wd_wr_bytes(
	    &edited, wd_span(text.p, (size_t)(at - (const char *)text.p)));
	wd_wr_text(&edited, to);
	wd_wr_text(&edited, at + strlen(from));
	t_ok(wd_json_parse(wd_wr_span(&edited), NULL, &doc));
	return wd_evidence_read(wd_json_root(doc), &tee, &back, NULL);
}

static void
wrong_forms_are_refused(void **state)
{
	static const struct {
		const char *from, *to;
		int reason;
	} rows[] = {
		{ "\"vmpl\":0", "\"vmpl\":0", 0 },
		{ "\"vmpl\":0", "\"vmpl\":-1", WD_R_MALFORMED },
		{ "\"vmpl\":0", "\"vmpl\":4294967296", WD_R_MALFORMED },
		{ "\"vmpl\":0", "\"vmpl\":null", WD_R_MALFORMED },
		{ "\"vmpl\":0", "\"vmpl\":0,\"x\":1", WD_R_UNKNOWN_MEMBER },
		{ ",\"vmpl\":0", "", WD_R_MALFORMED },
		{ "\"family_id\":[", "\"family_id\":[0,", WD_R_MALFORMED },
		{ "\"chip_id\":[", "\"chip_id\":[256,", WD_R_MALFORMED },
		{ "\"fmc\":null", "\"fmc\":256", WD_R_MALFORMED },
		{ "\"fmc\":null", "\"fmc\":null,\"x\":0", WD_R_UNKNOWN_MEMBER },
		{ "\"cpuid_step\"", "\"cpuid_stop\"", WD_R_UNKNOWN_MEMBER },
		{ "\"cert_chain\":null", "\"cert_chain\":{}", WD_R_MALFORMED },
		{ "\"cert_chain\":null", "\"cert_chain\":[]", 0 },
		{ "\"cert_chain\":null",
		    "\"cert_chain\":[{\"cert_type\":\"VCEK\",\"data\":[1]}]",
		    WD_R_MALFORMED },
		{ "\"cert_chain\":null",
		    "\"cert_chain\":[{\"cert_type\":\"VCEK\",\"data\":[48,0]},"
		    "{\"cert_type\":\"VLEK\",\"data\":[48,0]}]",
		    WD_R_MALFORMED },
		{ "\"cert_chain\":null",
		    "\"cert_chain\":[{\"cert_type\":\"CRL\",\"data\":[1]}]",
		    0 },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++)
		assert_int_equal(
		    read_changed(rows[i].from, rows[i].to), rows[i].reason);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_comes_back_byte_for_byte),
		cmocka_unit_test(a_chain_comes_back_whole_or_as_its_leaf),
		cmocka_unit_test(wrong_forms_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
