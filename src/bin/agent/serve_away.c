/*
 * Signatures that are made elsewhere. A connection that waits for one is left
 * alone until it is there, but for its end; who waits for how much is bounded,
 * since a server that is slow must not make the holder grow.
 */
#include "bin/agent/serve_impl.h"

size_t
wd_serve_count_away(const struct wd_serve *s, const struct wd_hold_user *user)
{
	size_t n = 0;

	for (size_t i = 0; i < WD_SERVE_CONNS; i++)
		n += s->conns[i].fd >= 0 && s->conns[i].away != 0 &&
		    (user == NULL || user->uid == s->conns[i].user.uid);
	return n;
}

/* The place is part of the ticket, the rest counts. */
static uint64_t
next_ticket(struct wd_serve *s, const struct wd_serve_conn *c)
{
	return ++s->tickets * WD_SERVE_CONNS + (uint64_t)(c - s->conns);
}

enum wd_holder_status
wd_serve_away(struct wd_serve *s, struct wd_serve_conn *c, uint32_t request,
    const struct wd_holder_sign *ask)
{
	uint64_t ticket = next_ticket(s, c);
	enum wd_holder_status status;

	if (s->options.away == NULL)
		return WD_HOLDER_FAULT;
	if (wd_serve_count_away(s, NULL) >= WD_SERVE_AWAY ||
	    wd_serve_count_away(s, &c->user) >= WD_SERVE_AWAY_USER)
		return WD_HOLDER_RATE_LIMITED;
	if (!wd_serve_listen_to(s, c, false))
		return WD_HOLDER_FAULT;
	status = s->options.away(s->options.ctx, ticket, ask);
	if (status != WD_HOLDER_OK)
		return wd_serve_listen_to(s, c, true) ? status
						      : WD_HOLDER_FAULT;
	c->away = ticket;
	c->request = request;
	s->woken = true;
	return WD_HOLDER_OK;
}

static struct wd_serve_conn *
find(struct wd_serve *s, uint64_t ticket)
{
	struct wd_serve_conn *c = &s->conns[ticket % WD_SERVE_CONNS];

	return ticket != 0 && c->fd >= 0 && c->away == ticket ? c : NULL;
}

static void
write_answer(const struct wd_serve *s, const struct wd_serve_conn *c,
    enum wd_holder_status status, struct wd_span sig, struct wd_wr *wr)
{
	const struct wd_holder_head head = { .version = WD_HOLDER_VERSION,
		.op = WD_HOLDER_SIGN,
		.reply = true,
		.request = c->request,
		.epoch = wd_hold_epoch(s->hold) };

	wd_holder_start_reply(wr, &head, status);
	if (status == WD_HOLDER_OK)
		wd_holder_write_signature(wr, sig);
}

void
wd_serve_finish(struct wd_serve *s, uint64_t ticket,
    enum wd_holder_status status, struct wd_span sig)
{
	struct wd_serve_conn *c = find(s, ticket);
	uint8_t room[WD_HOLDER_SIG_MAX + 64];
	struct wd_wr wr = wd_wr_fixed(room, sizeof(room));

	if (c == NULL)
		return;
	s->counts.signatures += status == WD_HOLDER_OK;
	s->counts.refused += status != WD_HOLDER_OK;
	write_answer(s, c, status, sig, &wr);
	c->away = 0;
	if (wd_holder_finish(&wr) != 0 || !wd_serve_send(c->fd, &wr) ||
	    !wd_serve_listen_to(s, c, true))
		wd_serve_drop(s, c);
}
