/*
 * The event log of a TD, where one is given: it must lead to the RTMRs that it
 * has events for. A register without any is not compared: the guest extends
 * RTMR3 by itself, and not every log tells of it.
 */
#include "verify/tdx/case.h"

/* Indexes of measurement registers, as a CCEL has them. */
enum { MR_RTMR0 = 1, MR_RTMR3 = 4 };

static int
compare(struct wd_appraisal *a, const struct wd_replay *x, uint32_t *ret_mask)
{
	const struct wd_tdx_case *c = wd_tdx_case(a);
	uint32_t mask = 0;

	for (uint32_t i = 0; i < WD_EVENTLOG_REGISTERS; i++) {
		if (x->reg[i].n == 0)
			continue;
		if (i < MR_RTMR0 || i > MR_RTMR3)
			return wd_reject(a->d, WD_R_EVENT_LOG_MISMATCH,
			    "the event log measures into register %u, "
			    "which TDs do not have",
			    i);
		if (!wd_span_equal(wd_span(x->reg[i].digest, 48),
			c->report.rtmr[i - MR_RTMR0]))
			return wd_reject(a->d, WD_R_EVENT_LOG_MISMATCH,
			    "the event log does not lead to RTMR%u",
			    i - MR_RTMR0);
		mask |= UINT32_C(1) << i;
	}
	*ret_mask = mask;
	return 0;
}

int
wd_tdx_event_log(struct wd_appraisal *a)
{
	struct wd_tdx_case *c = wd_tdx_case(a);
	struct wd_span bytes = a->in->part[WD_IN_EVENT_LOG];
	struct wd_eventlog log;
	struct wd_replay x;
	uint32_t mask;
	int r;

	if (bytes.p == NULL)
		return 0;
	if ((r = wd_eventlog_parse(bytes, &log, a->d)) != 0)
		return r;
	if (log.n_events == 0) /* what is left of one that was cut */
		return wd_reject(a->d, WD_R_EVENT_LOG_MALFORMED,
		    "event_log: it has no events");
	if ((r = wd_eventlog_replay(&log, WD_SHA384, &x, a->d)) != 0 ||
	    (r = compare(a, &x, &mask)) != 0)
		return r;
	if (wd_eventlog_facts(&log, WD_SHA384, mask, MR_RTMR0, &c->log.facts) !=
	    0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot hash");
	c->log.is_given = true;
	c->log.n_events = log.n_events;
	c->log.rtmrs = mask >> MR_RTMR0;
	return 0;
}
