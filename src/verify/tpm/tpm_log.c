/*
 * The logs that came with a quote, compared with the registers it covers. A
 * log proves nothing by itself: only where it leads to a value that was quoted
 * is it what happened.
 */
#include "verify/tpm/case.h"

enum { SECURE_BOOT_PCR = 7 };

/* Every register that is quoted and in the log; others cannot be told. */
static int
compare(struct wd_appraisal *a, const struct wd_replay *x, uint32_t *ret)
{
	const struct wd_tpm_quote *q = &wd_tpm_case(a)->quote;
	uint32_t matching = 0;

	for (unsigned i = 0; i < WD_TPM_PCRS; i++) {
		struct wd_span want = wd_tpm_quote_value(q, i);

		if ((q->pcrs >> i & 1) == 0 || x->reg[i].n == 0)
			continue;
		if (!wd_span_equal(want, wd_span(x->reg[i].digest, want.len)))
			return wd_reject(a->d, WD_R_EVENT_LOG_MISMATCH,
			    "event_log: register %u holds another value", i);
		matching |= UINT32_C(1) << i;
	}
	*ret = matching;
	return 0;
}

int
wd_tpm_step_event_log(struct wd_appraisal *a)
{
	struct wd_tpm_case *c = wd_tpm_case(a);
	struct wd_span bytes = a->in->part[WD_IN_EVENT_LOG];
	enum wd_hash bank = c->quote.bank;
	struct wd_eventlog log;
	struct wd_replay x;
	int r;

	if (bytes.p == NULL || !c->has_quote)
		return 0;
	if ((r = wd_eventlog_parse(bytes, &log, a->d)) != 0)
		return r;
	if (log.n_events == 0) /* what is left of one that was cut */
		return wd_reject(a->d, WD_R_EVENT_LOG_MALFORMED,
		    "event_log: it has no events");
	if ((r = wd_eventlog_replay(&log, bank, &x, a->d)) != 0 ||
	    (r = compare(a, &x, &c->log.matching)) != 0)
		return r;
	if (wd_eventlog_facts(&log, bank, c->log.matching, SECURE_BOOT_PCR,
		&c->log.facts) != 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot hash");
	c->log.events = log.n_events;
	c->has_log = true;
	return 0;
}

/* Programs may reset and extend others, so a list that is of one of them is
 * anybody's. */
enum { IMA_PCR = 10 };

/* A list that leads to no quoted register says nothing. */
int
wd_tpm_step_ima(struct wd_appraisal *a)
{
	struct wd_tpm_case *c = wd_tpm_case(a);
	struct wd_span list = a->in->part[WD_IN_IMA_LOG];
	unsigned pcr;
	int r;

	if (list.p == NULL || !c->has_quote)
		return 0;
	if ((r = wd_ima_pcr(list, &pcr, a->d)) != 0)
		return r;
	if (pcr != IMA_PCR)
		return wd_reject(a->d, WD_R_EVENT_LOG_MISMATCH,
		    "ima_log: it is of register %u, not of %d", pcr, IMA_PCR);
	if ((c->quote.pcrs >> pcr & 1) == 0)
		return wd_reject(a->d, WD_R_EVENT_LOG_MISMATCH,
		    "ima_log: register %u was not quoted", pcr);
	r = wd_ima_replay(list, c->quote.bank, a->v->rules.allow_sha1,
	    wd_tpm_quote_value(&c->quote, pcr), &c->ima, a->d);
	c->has_ima = r == 0;
	return r;
}
