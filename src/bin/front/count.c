/*
 * Refusals made here are told to the keeper once a second, added up by reason
 * and source prefix: a hundred thousand bad requests are a few messages.
 */
#include "bin/front/front.h"

#include "base/reason.h"

/* The row for this pair; when all are taken, the one that takes the rest. */
static struct front_count *
row_for(struct front *f, int reason, const char *prefix)
{
	struct front_count *last = &f->counts[FRONT_COUNTS - 1];

	for (size_t i = 0; i < FRONT_COUNTS - 1; i++) {
		struct front_count *c = &f->counts[i];

		if (c->reason == 0) {
			c->reason = reason;
			(void)wd_span_to_text(wd_span_text(prefix), c->prefix,
			    sizeof(c->prefix)); /* prefixes fit */
		}
		if (c->reason == reason &&
		    wd_span_is(wd_span_text(c->prefix), prefix))
			return c;
	}
	if (last->reason == 0)
		last->reason = reason;
	(void)wd_span_to_text(
	    WD_SPAN_LIT("others"), last->prefix, sizeof(last->prefix));
	return last;
}

void
front_count_add(struct front *f, int result, const char *prefix)
{
	int reason = result > 0 && result < FRONT_REASONS ? result : 0;

	f->metrics.refusals[reason]++;
	if (reason == 0)
		return; /* our own fault is no attack */
	row_for(f, reason, prefix)->n++;
}

void
front_count_flush(struct front *f)
{
	for (size_t i = 0; i < FRONT_COUNTS; i++) {
		struct front_count *c = &f->counts[i];
		struct wd_msg_log_count m;

		if (c->reason == 0)
			continue;
		m.reason = wd_span_text(wd_reason_name(c->reason));
		m.prefix = wd_span_text(c->prefix);
		m.n = c->n;
		if (!front_tell(f, WD_CALL_COUNT, &m))
			return; /* kept for the keeper that comes back */
		*c = (struct front_count){ 0 };
	}
}
