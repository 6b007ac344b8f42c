/*
 * Event logs: what is parsed can be walked to its end, and walking it for one
 * bank or another finds the same events.
 */
#include "fuzz.h"

#include "crypto/init.h"
#include "verify/eventlog/eventlog.h"

static void
walk(const struct wd_eventlog *l, enum wd_hash bank)
{
	struct wd_eventlog_facts facts;
	static struct wd_replay x;
	struct wd_event e;
	size_t n = 0;

	for (size_t at = 0; wd_eventlog_next(l, bank, &at, &e); n++) {
		must(e.data.len == 0 || fuzz_within(e.data, l->events));
		must(e.digest.p == NULL || e.digest.len == wd_hash_len(bank));
		must(!e.is_extended || e.reg < WD_EVENTLOG_REGISTERS);
		fuzz_touch(e.data);
	}
	must(n == l->n_events);
	if (wd_eventlog_replay(l, bank, &x, NULL) != 0)
		return;
	must(wd_eventlog_facts(l, bank, 0xffffff, 7, &facts) == 0);
	must(!facts.secure_boot || facts.has_secure_boot);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_eventlog l;

	must(wd_crypto_init(NULL) == 0);
	if (wd_eventlog_parse(wd_span(data, size), &l, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	must(l.n_algs > 0 && l.n_algs <= WD_EVENTLOG_ALGS);
	walk(&l, WD_SHA1);
	walk(&l, WD_SHA256);
	walk(&l, WD_SHA384);
	return 0;
}
