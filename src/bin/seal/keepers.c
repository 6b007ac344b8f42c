/*
 * The keepers: attached by the supervisor, each with a slot until its end. Two
 * of one cell can be there at once, while a cell is replaced; both hold keys,
 * so both stay until they are gone.
 */
#include "bin/seal/seal.h"

#include "sys/log.h"

#include <unistd.h>

enum { UNREAD_MAX = 64 << 10 };

static struct seal_keeper *
free_slot(struct seal *s)
{
	for (size_t i = 0; i < SEAL_KEEPERS; i++)
		if (s->keepers[i].peer.chan == NULL)
			return &s->keepers[i];
	return NULL;
}

void
seal_keeper_attach(struct seal *s, uint16_t cell, int fd)
{
	struct seal_keeper *k = free_slot(s);
	int r;

	if (k == NULL) {
		wd_log(WD_LOG_ERROR, "too_many_keepers", NULL);
		(void)close(fd); /* it sees the end and starts again */
		return;
	}
	*k = (struct seal_keeper){ .serial = ++s->last_serial };
	r = wd_peer_open(&k->peer, WD_PROC_SEAL, WD_PROC_KEEPER, cell, fd);
	if (r != 0)
		wd_log_result("keeper_not_attached", r, NULL);
}

static void
forget(struct seal_keeper *k)
{
	wd_peer_done(&k->peer);
	*k = (struct seal_keeper){ 0 };
}

void
seal_keeper_condemn(struct seal *s, struct seal_keeper *k, const char *why)
{
	if (k->condemned)
		return;
	k->condemned = true;
	wd_role_bad_peer(s->role, &k->peer, why);
}

/* ---- what it says */

/* An acknowledgement. Whoever cannot forget keys has to end. */
static int
take_reply(struct seal_keeper *k, const struct wd_call_row *row,
    const struct wd_frame *f, struct wd_diag *d)
{
	struct wd_span detail = { 0 };
	char none[1];
	int result = 0;

	if (wd_reply_read(f->body, row, &result, &detail, none) != 0)
		return wd_fault(d, WD_F_PEER, "malformed acknowledgement");
	if (result != 0 && row->id == WD_CALL_WIPE)
		return wd_fault(d, WD_F_PEER, "did not wipe its keys");
	if (result != 0)
		wd_log_result("keyring_not_taken", result, NULL);
	if (f->request == k->owed)
		k->owes = false;
	return 0;
}

/* A question. One that does not read its answers would fill our memory. */
static int
take_request(struct seal *s, struct seal_keeper *k,
    const struct wd_call_row *row, const struct wd_frame *f, struct wd_diag *d)
{
	if (wd_chan_waiting(k->peer.chan) > UNREAD_MAX)
		return wd_fault(d, WD_F_PEER, "does not read its answers");
	if (!seal_call(s, k, row, f))
		return wd_fault(d, WD_F_PEER, "%s out of place", row->name);
	return 0;
}

static int
serve(struct seal *s, struct seal_keeper *k, struct wd_diag *d)
{
	const struct wd_call_row *row;
	struct wd_frame f;
	int n;

	while ((n = wd_peer_next(&k->peer, &f, &row, d)) > 0) {
		int r = (f.flags & WD_FRAME_REPLY) != 0
		    ? take_reply(k, row, &f, d)
		    : take_request(s, k, row, &f, d);

		if (r != 0)
			return r;
	}
	return n;
}

void
seal_keeper_ready(struct seal *s, struct seal_keeper *k)
{
	struct wd_diag d = { 0 };
	int gone, r;

	if (k->condemned) {
		forget(k); /* only its end wakes us */
		return;
	}
	gone = wd_chan_fill(k->peer.chan);
	r = serve(s, k, &d);
	if (gone != 0) {
		wd_log(WD_LOG_INFO, "keeper_gone", NULL);
		forget(k);
		return;
	}
	if (r != 0)
		seal_keeper_condemn(s, k, d.detail);
}

void
seal_keepers_flush(struct seal *s)
{
	for (size_t i = 0; i < SEAL_KEEPERS; i++) {
		struct seal_keeper *k = &s->keepers[i];

		if (k->peer.chan == NULL || k->condemned)
			continue;
		if (wd_chan_flush(k->peer.chan) != 0)
			continue; /* its end is seen when it is read from */
	}
}
