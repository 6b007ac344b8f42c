/*
 * The logs that came with a quote, compared with the registers it covers. A
 * log proves nothing by itself: only where it leads to a value that was quoted
 * is it what happened.
 */
#include "verify/tpm/case.h"

int
wd_tpm_step_event_log(struct wd_appraisal *a)
{
	if (a->in->part[WD_IN_EVENT_LOG].p == NULL)
		return 0;
	return wd_reject(a->d, WD_R_EVENT_LOG_MALFORMED,
	    "event_log: not judged by this version");
}

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
	if ((c->quote.pcrs >> pcr & 1) == 0)
		return wd_reject(a->d, WD_R_EVENT_LOG_MISMATCH,
		    "ima_log: register %u was not quoted", pcr);
	r = wd_ima_replay(list, c->quote.bank, a->v->rules.allow_sha1,
	    wd_tpm_quote_value(&c->quote, pcr), &c->ima, a->d);
	c->has_ima = r == 0;
	return r;
}
