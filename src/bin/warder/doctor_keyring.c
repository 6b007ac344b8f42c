/*
 * How the keyring stands: by the server that runs, which alone counts; without
 * one what the file says, where the seal was opened.
 */
#include "bin/warder/doctor.h"

#include "base/clock.h"
#include "codec/json.h"
#include "seal/keyring.h"

enum { DAY = 86400 };

static const uint64_t most = UINT64_MAX / 100; /* of what is in percent */

struct ring {
	uint64_t term, terms, uses, limit, rows_left;
	int64_t since; /* 0: not known */
};

static uint64_t
number(const struct wd_jval *v, const char *name)
{
	uint64_t n = 0;

	/* What is not there, or no such number, is shown as none. */
	(void)wd_jval_uint(wd_jval_get(v, name), most, &n);
	return n;
}

static struct ring
read_ring(const struct wd_jval *v)
{
	struct ring x = { .term = number(v, "term"),
		.terms = number(v, "terms"),
		.uses = number(v, "uses"),
		.limit = number(v, "limit"),
		.rows_left = number(v, "rows_left") };
	struct wd_span since;

	if (!wd_jval_text(wd_jval_get(v, "since"), &since) ||
	    !wd_time_parse(since, &x.since))
		x.since = 0;
	return x;
}

/* ---- its newest term */

static void
judge_uses(struct doctor *dr, const struct ring *x)
{
	uint64_t percent = x->limit == 0 ? 100 : x->uses * 100 / x->limit;

	if (x->since == 0)
		doctor_say(dr, DOCTOR_WARNING,
		    "warder keyring rotate, unless its log lines say that it "
		    "was done",
		    "how often term %llu has encrypted is not known: it is "
		    "to be rotated at once",
		    (unsigned long long)x->term);
	else if (x->uses >= x->limit - x->limit / 8)
		doctor_say(dr, DOCTOR_WARNING,
		    "warder keyring rotate; the server's log lines say why it "
		    "did not do so by itself",
		    "term %llu has encrypted %llu of %llu times: at the limit "
		    "nothing is stored any more",
		    (unsigned long long)x->term, (unsigned long long)x->uses,
		    (unsigned long long)x->limit);
	else
		doctor_say(dr, DOCTOR_OK, "",
		    "term %llu has encrypted %llu times, %llu %% of what it "
		    "may; it is rotated by itself before that",
		    (unsigned long long)x->term, (unsigned long long)x->uses,
		    (unsigned long long)percent);
}

static void
judge_age(struct doctor *dr, const struct ring *x)
{
	unsigned days = dr->x.conf.keyring_days;
	int64_t age = x->since == 0 ? 0 : (dr->now - x->since) / DAY;

	if (days == 0)
		doctor_say(dr, DOCTOR_WARNING,
		    "keyring_age in warder.conf(5), or warder keyring rotate "
		    "now and then",
		    "it is not rotated for its age, which is %lld days",
		    (long long)age);
	else if (age > (int64_t)days)
		doctor_say(dr, DOCTOR_WARNING,
		    "warder keyring rotate; the server's log lines say why it "
		    "did not do so by itself",
		    "its newest term is %lld days old, with %u allowed",
		    (long long)age, days);
	else
		doctor_say(dr, DOCTOR_OK, "",
		    "its newest term is %lld days old; it is rotated by "
		    "itself after %u",
		    (long long)age, days);
}

/* ---- those before it */

static void
judge_older(struct doctor *dr, const struct ring *x)
{
	if (x->terms >= WD_KEYRING_TERMS)
		doctor_say(dr, DOCTOR_WARNING,
		    "warder keyring status shows how much is left, and "
		    "warnings of `server` what holds it up",
		    "it has %llu terms, so it cannot be rotated before what "
		    "is stored under the oldest is encrypted anew",
		    (unsigned long long)x->terms);
	if (x->rows_left > 0)
		doctor_say(dr, DOCTOR_WARNING,
		    "nothing, unless a warning of `server` says what holds "
		    "it up; warder keyring status shows it",
		    "%llu stored secrets are still under older terms: they "
		    "are encrypted anew while the server is open",
		    (unsigned long long)x->rows_left);
	else
		doctor_say(dr, DOCTOR_OK, "",
		    "it has %llu %s; everything stored is under the newest",
		    (unsigned long long)x->terms,
		    x->terms == 1 ? "term" : "terms");
}

/* ---- without a server */

static void
judge_file(struct doctor *dr)
{
	if (dr->terms == 0)
		doctor_say(dr, DOCTOR_OK, "",
		    "how it stands is told while the server is open");
	else if (dr->terms >= WD_KEYRING_TERMS)
		doctor_say(dr, DOCTOR_WARNING,
		    "start the server, which encrypts anew what is stored "
		    "under older ones",
		    "it has %u terms, as many as it can", dr->terms);
	else
		doctor_say(dr, DOCTOR_OK, "",
		    "the newest of its %u terms is %u; more is told while the "
		    "server is open",
		    dr->terms, dr->newest_term);
}

void
doctor_keyring(struct doctor *dr)
{
	const struct wd_jval *v = NULL;
	struct ring x;

	if (dr->status != NULL)
		v = wd_jval_get(wd_json_root(dr->status), "keyring");
	if (v == NULL || wd_jval_type(v) != WD_JOBJECT) {
		judge_file(dr);
		return;
	}
	x = read_ring(v);
	judge_uses(dr, &x);
	judge_age(dr, &x);
	judge_older(dr, &x);
}
