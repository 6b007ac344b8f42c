/*
 * Rows of the store that somebody else has written. Whoever needs such a row is
 * refused; here the log is told, and status, and the admin's keeper looks at
 * all rows after each unsealing and now and then, so that one that nobody asks
 * for is found too. Entries are few, however often such a row is asked for.
 */
#include "bin/keeper/keeper.h"

#include "base/clock.h"
#include "sys/log.h"

#include <stdio.h>
#include <string.h>

enum {
	MINUTE_MS = 60000, /* a row has one entry in it, all have MOST */
	MOST = 20,
	ALL_MS = 6 * 3600 * 1000,
	PAGE = 2000,
	TOLD = 20, /* one by one at a look at all rows */
};

static void
record(struct keeper *k, const char *what)
{
	WD_AUTO(wd_outcome_done) struct wd_outcome out = { 0 };
	struct wd_entry e = { .event = WD_EV_STORE_TAMPERED,
		.time = wd_time_now(),
		.result = WD_R_TAMPERED,
		.detail = what };
	uint64_t seq;

	wd_log(WD_LOG_ERROR, "store_tampered", "detail", what, NULL);
	if (wd_outcome_log(&out, &e) != 0 || !keeper_record(k, &out, &seq))
		wd_log(WD_LOG_ERROR, "tampering_not_logged", NULL);
}

void
keeper_rows_look(struct keeper *k)
{
	char what[WD_TAMPERED_TEXT];
	int64_t now;

	if (k->broker == NULL || !wd_store_tampered(k->broker->store, what))
		return;
	now = wd_time_mono_ms();
	k->rows.met = true;
	if (now >= k->rows.minute_ends) {
		k->rows.minute_ends = now + MINUTE_MS;
		k->rows.n_minute = 0;
		k->rows.last[0] = '\0';
	}
	if (k->rows.n_minute == MOST || !k->log_writable ||
	    strcmp(what, k->rows.last) == 0)
		return; /* it is met again where it is asked for again */
	wd_copy(k->rows.last, WD_SPAN(what));
	k->rows.n_minute++;
	record(k, what);
}

void
keeper_rows_unsealed(struct keeper *k)
{
	k->rows.met = false;
	k->rows.bad = 0;
	k->rows.looking = false;
	k->rows.next_all = 0;
}

/* ---- all of them */

static void
found(void *ctx, const char *what)
{
	struct keeper *k = ctx;

	if (++k->rows.bad_now <= TOLD)
		record(k, what);
}

static void
begin(struct keeper *k)
{
	k->rows.looking = true;
	k->rows.bad_now = 0;
	k->rows.check = (struct wd_row_check){ 0 };
}

static void
end(struct keeper *k, int64_t now)
{
	k->rows.looking = false;
	k->rows.next_all = now + ALL_MS;
	k->rows.met = false;
	k->rows.bad = k->rows.bad_now;
}

void
keeper_rows_step(struct keeper *k)
{
	const struct wd_row_seen seen = { found, k };
	int64_t now = wd_time_mono_ms();
	uint64_t before;
	bool more = true;
	int r;

	if (!k->config->admin || k->broker == NULL || !k->broker->open ||
	    k->broker->changing || !k->log_writable)
		return;
	if (!k->rows.looking && now < k->rows.next_all)
		return;
	if (!k->rows.looking)
		begin(k);
	before = k->rows.check.rows;
	do
		r = wd_store_check_rows(
		    k->broker->store, &k->rows.check, PAGE, &seen, &more);
	while (r == 0 && more && k->rows.check.rows - before < PAGE);
	if (r != 0)
		wd_log(WD_LOG_ERROR, "rows_not_checked", "why",
		    wd_store_why(k->broker->store), NULL);
	if (r != 0 || !more)
		end(k, now);
}

bool
keeper_rows_warn(const struct keeper *k, char words[KEEPER_ROWS_WORDS])
{
	uint64_t n =
	    k->rows.bad > k->rows.bad_now ? k->rows.bad : k->rows.bad_now;

	if (n == 0 && !k->rows.met)
		return false;
	(void)snprintf(words, KEEPER_ROWS_WORDS,
	    "somebody else has changed store.db: %llu rows are refused where "
	    "they are needed, and the log names them (store_tampered)",
	    (unsigned long long)(n > 0 ? n : 1)); /* fits */
	return true;
}
