/*
 * Linked before the verifier in the unit tests of verify (fuzz/meson.build),
 * writes what they ask of it as inputs of the targets appraise and document:
 * every kind of evidence, right and wrong in each way that has a test. Each
 * question comes twice, once with signatures that are taken as they are.
 *
 *   WARDER_FUZZ_RECORD=FOLDER record_sgx
 */
#include "case.h"

#include "base/env.h"
#include "crypto/hash.h"
#include "codec/hex.h"
#include "verify/collateral.h"
#include "verify/registry.h"

#include <stdio.h>

bool fuzz_forgives; /* never, here */

int __real_wd_appraise(struct wd_verifier *v, enum wd_tee tee,
    const struct wd_inputs *in, int64_t at, struct wd_span report_data,
    struct wd_claims *ret_claims, struct wd_diag *d);
int __wrap_wd_appraise(struct wd_verifier *v, enum wd_tee tee,
    const struct wd_inputs *in, int64_t at, struct wd_span report_data,
    struct wd_claims *ret_claims, struct wd_diag *d);
int __real_wd_doc_check(struct wd_verifier *v, enum wd_part role,
    struct wd_span doc, struct wd_span chain, int64_t at,
    struct wd_doc_info *ret_info, struct wd_diag *d);
int __wrap_wd_doc_check(struct wd_verifier *v, enum wd_part role,
    struct wd_span doc, struct wd_span chain, int64_t at,
    struct wd_doc_info *ret_info, struct wd_diag *d);
int __real_wd_snapshot_select(struct wd_verifier *v, struct wd_span snapshot,
    enum wd_tee tee, int64_t at, struct wd_inputs *in, struct wd_diag *d);
int __wrap_wd_snapshot_select(struct wd_verifier *v, struct wd_span snapshot,
    enum wd_tee tee, int64_t at, struct wd_inputs *in, struct wd_diag *d);

/* FOLDER/TARGET/DIGEST */
static void
save(const char *target, struct wd_span input)
{
	const char *folder = wd_env("WARDER_FUZZ_RECORD");
	uint8_t digest[WD_HASH_MAX];
	char path[512];
	struct wd_wr wr = wd_wr_fixed(path, sizeof(path));
	FILE *f;

	if (folder == NULL || wd_hash(WD_SHA256, input, digest) != 0)
		return;
	wd_wr_printf(&wr, "%s/%s/", folder, target);
	wd_hex_write(&wr, wd_span(digest, 10));
	wd_wr_u8(&wr, 0);
	if (wd_wr_end(&wr) != 0 || (f = fopen(path, "wb")) == NULL)
		return;
	(void)fwrite(input.p, 1, input.len, f); /* a seed less */
	(void)fclose(f);
}

static void
record(const char *target, const struct wd_verifier *v, struct fuzz_case *c)
{
	for (c->options = 0; c->options <= FUZZ_FORGIVE; c->options++) {
		WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 16);

		c->rules = v->rules;
		fuzz_case_write(&wr, c);
		if (wd_wr_end(&wr) == 0)
			save(target, wd_wr_span(&wr));
	}
}

int
__wrap_wd_appraise(struct wd_verifier *v, enum wd_tee tee,
    const struct wd_inputs *in, int64_t at, struct wd_span report_data,
    struct wd_claims *ret_claims, struct wd_diag *d)
{
	struct fuzz_case c = {
		.tee = tee, .at = at, .bound = report_data, .in = *in
	};

	record("appraise", v, &c);
	return __real_wd_appraise(v, tee, in, at, report_data, ret_claims, d);
}

int
__wrap_wd_doc_check(struct wd_verifier *v, enum wd_part role,
    struct wd_span doc, struct wd_span chain, int64_t at,
    struct wd_doc_info *ret_info, struct wd_diag *d)
{
	struct fuzz_case c = { .role = role, .at = at };

	c.in.part[role] = doc;
	c.in.part[WD_IN_CERT_CHAIN] = chain;
	record("document", v, &c);
	return __real_wd_doc_check(v, role, doc, chain, at, ret_info, d);
}

int
__wrap_wd_snapshot_select(struct wd_verifier *v, struct wd_span snapshot,
    enum wd_tee tee, int64_t at, struct wd_inputs *in, struct wd_diag *d)
{
	struct fuzz_case c = {
		.tee = tee, .at = at, .snapshot = snapshot, .in = *in
	};

	record("appraise", v, &c);
	return __real_wd_snapshot_select(v, snapshot, tee, at, in, d);
}
