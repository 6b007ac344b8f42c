/*
 * The store: whole, of a known format, with a clock that has not gone back and
 * collateral that is still good.
 */
#include "bin/warder/doctor.h"

#include "base/clock.h"
#include "store/health.h"
#include "verify/appraise.h"

#include <stdio.h>
#include <sys/timex.h>

enum { DAY = 86400, SOON = 7 * DAY, BACK_MAX = 3600 };

struct docs {
	struct doctor *dr;
	unsigned n, expired, soon;
	int64_t first; /* next update that comes first */
};

static const char *
part_name(uint8_t role)
{
	return role < WD_IN_COUNT ? wd_part_name((enum wd_part)role)
				  : "a document";
}

static void
note_doc(void *ctx, uint8_t role, uint8_t tee, int64_t next_update)
{
	struct docs *x = ctx;
	char when[WD_TIME_TEXT];
	bool expired = next_update <= x->dr->now;

	x->n++;
	if (next_update == 0 || next_update > x->dr->now + SOON)
		return;
	wd_time_format(next_update, when);
	x->dr->check = "collateral";
	doctor_say(x->dr, expired ? DOCTOR_FAILURE : DOCTOR_WARNING,
	    "fetch it anew and warder collateral import it",
	    "%s (TEE %u) %s %s", part_name(role), (unsigned)tee,
	    expired ? "has expired: nothing is judged by it since"
		    : "expires soon, at",
	    when);
	if (expired)
		x->expired++;
	else
		x->soon++;
}

static void
judge_docs(const struct docs *x)
{
	x->dr->check = "collateral";
	if (x->n == 0)
		doctor_say(x->dr, DOCTOR_WARNING,
		    "warder collateral import brings it; TPMs and tokens of "
		    "one's own keys need none",
		    "there is no collateral: SGX, TDX and SNP evidence is "
		    "refused");
	else if (x->expired == 0 && x->soon == 0)
		doctor_say(x->dr, DOCTOR_OK, "",
		    "%u documents, none expires within a week", x->n);
}

static void
judge_clock(struct doctor *dr, int64_t latest)
{
	struct timex t = { .modes = 0 };
	char seen[WD_TIME_TEXT];

	dr->check = "clock";
	wd_time_format(latest, seen);
	if (dr->now < latest - BACK_MAX) {
		doctor_say(dr, DOCTOR_FAILURE,
		    "set the clock; nothing is judged before that",
		    "the clock is more than an hour behind %s, which the store "
		    "has seen",
		    seen);
		return;
	}
	if (dr->now < latest)
		doctor_say(dr, DOCTOR_WARNING, "set the clock",
		    "the clock is behind %s, which the store has seen", seen);
	if (adjtimex(&t) >= 0 && (t.status & STA_UNSYNC) != 0)
		doctor_say(dr, DOCTOR_WARNING,
		    "run chrony or systemd-timesyncd: certificates and "
		    "challenges go by it",
		    "nothing keeps the clock right");
	else
		doctor_say(dr, DOCTOR_OK, "",
		    "it is kept right, and not "
		    "behind the store");
}

void
doctor_store(struct doctor *dr)
{
	struct docs docs = { .dr = dr };
	const struct wd_store_look look = { note_doc, &docs };
	struct wd_diag d = { 0 };
	struct wd_store_seen seen = { 0 };
	int r = init_owner_enter(&dr->x, dr->x.conf.user_keeper, &d);

	if (r == 0)
		r = wd_store_look_at(dr->x.conf.state_dir, &look, &seen, &d);
	init_owner_leave();
	dr->check = "store";
	if (r != 0) {
		doctor_say(dr, DOCTOR_FAILURE,
		    r == WD_R_TAMPERED      ? "warder restore of a backup"
			: r == WD_R_VERSION ? "run the version that made it"
			: r > 0             ? "warder init makes one"
				: "the disk, or who may read it, is the "
				  "reason",
		    "%s", d.detail);
		return;
	}
	doctor_say(dr, DOCTOR_OK, "",
	    "it is whole and of a format that is "
	    "read");
	if (seen.wrapped > 0)
		doctor_say(dr, DOCTOR_OK, "",
		    "%llu keys and secrets in it open with the HSM of the seal "
		    "alone",
		    (unsigned long long)seen.wrapped);
	judge_docs(&docs);
	judge_clock(dr, seen.latest);
}
