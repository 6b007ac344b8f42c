#include "vectors/covered.h"

#include "lib/t.h"

#include "verify/azure/hcl.h"
#include "verify/cca/token.h"
#include "verify/eventlog/eventlog.h"
#include "verify/intel/quote.h"
#include "verify/intel/signed.h"

/* A part, and the map of it that is being drawn. */
struct map {
	struct wd_span whole;
	struct wd_bytes *covered;
};

static void
cover(struct map *m, struct wd_span range)
{
	size_t from;

	if (range.len == 0)
		return;
	from = (size_t)(range.p - m->whole.p);
	assert_true(range.p >= m->whole.p && range.len <= m->whole.len - from);
	for (size_t i = 0; i < range.len; i++)
		m->covered->p[from + i] = 1;
}

static void
cover_all(struct map *m, const struct t_base *b)
{
	(void)b;
	cover(m, m->whole);
}

/* Header, body, signature, key and the quoting enclave's report: all but the
 * certificates, which are text, and what lies behind. */
static void
cover_quote(struct map *m, const struct t_base *b)
{
	struct wd_intel_quote q;

	(void)b;
	t_ok(wd_intel_quote_parse(m->whole, &q, NULL));
	cover(m, wd_span(m->whole.p, (size_t)(q.cert_data.p - m->whole.p)));
}

/* Digits of the signature may be of either case. */
static void
cover_signed(struct map *m, const char *name)
{
	struct wd_signed_doc s;

	t_ok(wd_signed_doc_split(m->whole, name, &s, NULL));
	cover(m, s.body);
}

static void
cover_tcb_info(struct map *m, const struct t_base *b)
{
	(void)b;
	cover_signed(m, "tcbInfo");
}

static void
cover_qe_identity(struct map *m, const struct t_base *b)
{
	(void)b;
	cover_signed(m, "enclaveIdentity");
}

/* A TD's report is in its quote; what the paravisor repeats is not read. */
static void
cover_hcl(struct map *m, const struct t_base *b)
{
	struct wd_hcl h;

	t_ok(wd_hcl_parse(m->whole, &h, NULL));
	cover(m, h.runtime);
	if (b->q.tee == WD_TEE_AZ_SNP)
		cover(m, h.report);
}

static void
cover_token(struct map *m, const struct t_base *b)
{
	struct wd_cca_token t;

	(void)b;
	t_ok(wd_cca_token_parse(m->whole, &t, NULL));
	cover(m, t.platform.protected_header);
	cover(m, t.platform.payload);
	cover(m, t.platform.signature);
	cover(m, t.realm.protected_header);
	cover(m, t.realm.payload);
	cover(m, t.realm.signature);
}

static enum wd_hash
bank_of(const struct t_base *b)
{
	struct wd_span name;

	if (!wd_claims_get(&b->claims, WD_C_PCR_BANK, &name))
		return WD_SHA384; /* of a TD */
	if (wd_span_is(name, "sha1"))
		return WD_SHA1;
	return wd_span_is(name, "sha256") ? WD_SHA256 : WD_SHA384;
}

/* What extended a register that is signed. */
static void
cover_log(struct map *m, const struct t_base *b)
{
	struct wd_eventlog log;
	struct wd_event e;

	t_ok(wd_eventlog_parse(m->whole, &log, NULL));
	for (size_t at = 0; wd_eventlog_next(&log, bank_of(b), &at, &e);)
		if (e.is_extended)
			cover(m, e.digest);
}

/* Others are text, or keys that the caller vouches for. */
static const struct {
	enum wd_part part;
	void (*cover)(struct map *m, const struct t_base *b);
} rows[] = {
	{ WD_IN_QUOTE, cover_quote },
	{ WD_IN_TD_QUOTE, cover_quote },
	{ WD_IN_TCB_INFO, cover_tcb_info },
	{ WD_IN_QE_IDENTITY, cover_qe_identity },
	{ WD_IN_PCK_CRL, cover_all },
	{ WD_IN_ROOT_CA_CRL, cover_all },
	{ WD_IN_AMD_CRL, cover_all },
	{ WD_IN_REPORT, cover_all },
	{ WD_IN_VEK, cover_all },
	{ WD_IN_ATTEST, cover_all },
	{ WD_IN_SIGNATURE, cover_all },
	{ WD_IN_TPM_ATTEST, cover_all },
	{ WD_IN_TPM_SIGNATURE, cover_all },
	{ WD_IN_EVIDENCE, cover_all },
	{ WD_IN_HCL_REPORT, cover_hcl },
	{ WD_IN_TOKEN, cover_token },
	{ WD_IN_EVENT_LOG, cover_log },
};

struct wd_bytes *
t_covered(const struct t_base *b, enum wd_part part)
{
	struct map m = { .whole = b->in.part[part] };

	if (m.whole.p == NULL)
		return NULL;
	m.covered = wd_bytes_new(m.whole.len);
	assert_non_null(m.covered);
	for (size_t i = 0; i < WD_N(rows); i++)
		if (rows[i].part == part)
			rows[i].cover(&m, b);
	return m.covered;
}

/* ---- what may differ all the same */

/* Of a log's data: less may have been hashed again than of the whole one. */
static bool
log_says_less(enum wd_claim id, struct wd_span value)
{
	if (id == WD_C_EVENT_DATA)
		return wd_span_is(value, "untrusted");
	return id == WD_C_SECURE_BOOT && wd_span_is_zero(value);
}

static bool
may_differ(enum wd_part part, enum wd_claim id, struct wd_span value)
{
	if (part == WD_IN_EVENT_LOG)
		return log_says_less(id, value);
	/* A key with other attributes is another key, by its name. */
	return part == WD_IN_AK && id == WD_C_AK_NAME;
}

bool
t_says_no_more(
    const struct t_base *b, enum wd_part part, const struct wd_claims *c)
{
	const struct wd_claim_row *row;
	struct wd_span value, was;

	for (size_t at = 0; wd_claims_next(c, &at, &row, &value);)
		if (!wd_claims_get(&b->claims, row->id, &was) ||
		    (!wd_span_equal(value, was) &&
			!may_differ(part, row->id, value)))
			return false;
	for (size_t at = 0; wd_claims_next(&b->claims, &at, &row, &was);)
		if (!wd_claims_get(c, row->id, &value) &&
		    !(part == WD_IN_EVENT_LOG && row->id == WD_C_SECURE_BOOT))
			return false;
	return true;
}
