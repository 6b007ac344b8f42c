/*
 * A platform or measurement is compared with the session's own, and its holder
 * told to drop all; everything else is in its leases' own words.
 */
#include "broker/watch.h"

#include "broker/revoked.h"
#include "broker/session.h"
#include "proto/revoked.h"

#include <string.h>

/* The rows of an answer, collected. */
struct rows {
	struct wd_wr digests;
	uint64_t last;
};

static int
add_row(void *ctx, const struct wd_store_revocation *x)
{
	struct rows *rows = ctx;
	uint8_t digest[32];
	int r;

	rows->last = x->number;
	if (strcmp(x->kind, "platform") == 0 ||
	    strcmp(x->kind, "measurement") == 0)
		return 0;
	if ((r = wd_revoked_digest(x->kind, wd_span_text(x->what), digest)) !=
	    0)
		return r;
	wd_wr_bytes(&rows->digests, WD_SPAN(digest));
	return 0;
}

/* A number that was never given out is of a store that was put back: who names
 * it hears of everything there is. */
static int
collect(struct wd_broker *b, const struct wd_msg_revoked_ask *ask,
    struct rows *rows, struct wd_diag *d)
{
	int r;

	if ((r = wd_revocations_known(b, d)) != 0)
		return r;
	rows->last = ask->after > b->revocations ? 0 : ask->after;
	if (!ask->has_after) {
		rows->last = b->revocations;
		return 0;
	}
	if (rows->last == b->revocations)
		return 0;
	r = wd_store_revoked_after(
	    b->store, rows->last, WD_WATCH_ROWS, add_row, rows);
	return r == 0 ? 0 : wd_fault(d, r, "%s", wd_store_why(b->store));
}

static int
look(struct wd_broker *b, const struct wd_msg_revoked_ask *ask, int64_t now,
    struct wd_msg_revoked *msg, struct wd_diag *d)
{
	WD_AUTO(wd_store_session_done) struct wd_store_session room = { 0 };
	const struct wd_store_session *session;
	struct wd_claims claims;
	int r;

	if (!b->open)
		return wd_reject(d, WD_R_SEALED, "the server is sealed");
	if ((r = wd_broker_look(b, now, d)) != 0 ||
	    (r = wd_session_find(
		 b, ask->cookie, ask->token, now, &room, &session, d)) != 0)
		return r;
	if (wd_claims_adopt(&claims, wd_bytes_span(session->claims)) != 0)
		return wd_fault(d, WD_F_STORE, "a session without claims");
	msg->expires = session->expires;
	r = wd_claims_revoked(b, &claims, d);
	msg->all = r == WD_R_REVOKED_BY_OPERATOR;
	return msg->all ? 0 : r;
}

int
wd_watch(struct wd_broker *b, const struct wd_msg_revoked_ask *ask, int64_t now,
    struct wd_outcome *out)
{
	uint8_t room[32 * WD_WATCH_ROWS];
	struct rows rows = { .digests = wd_wr_fixed(room, sizeof(room)) };
	struct wd_msg_revoked msg = { 0 };
	struct wd_diag d = { 0 };
	int r = look(b, ask, now, &msg, &d);

	if (r == 0)
		r = collect(b, ask, &rows, &d);
	msg.after = rows.last;
	msg.digests = wd_wr_span(&rows.digests);
	return wd_outcome_reply(out, WD_CALL_REVOKED, r, &d, &msg);
}
