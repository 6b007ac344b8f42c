/*
 * What keepers say, and who of them is there. While a cell is replaced two of
 * it hold keys, so both stay until they are gone.
 */
#include "bin/seal/seal.h"

#include "sys/log.h"

enum { UNREAD_MAX = 64 << 10 };

static struct seal_keeper *
free_slot(struct seal *s)
{
	for (size_t i = 0; i < WD_KEEPERS; i++)
		if (s->keepers[i].base.peer.chan == NULL)
			return &s->keepers[i];
	return NULL;
}

void
seal_keeper_attach(struct seal *s, uint16_t cell, bool admin, int fd)
{
	struct seal_keeper *k = free_slot(s);

	if (!wd_keeper_attach(
		k == NULL ? NULL : &k->base, WD_PROC_SEAL, cell, fd))
		return;
	k->serial = ++s->last_serial;
	k->admin = admin;
}

void
seal_keeper_condemn(struct seal *s, struct seal_keeper *k, const char *why)
{
	wd_keeper_condemn(s->role, &k->base, why);
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
	if (wd_chan_waiting(k->base.peer.chan) > UNREAD_MAX)
		return wd_fault(d, WD_F_PEER, "does not read its answers");
	if (!seal_call(s, k, row, f))
		return wd_fault(d, WD_F_PEER, "%s out of place", row->name);
	return 0;
}

static int
serve(void *ctx, struct wd_keeper *base, const struct wd_frame *f,
    const struct wd_call_row *row, struct wd_diag *d)
{
	struct seal_keeper *k = (struct seal_keeper *)base; /* the first */

	return (f->flags & WD_FRAME_REPLY) != 0
	    ? take_reply(k, row, f, d)
	    : take_request(ctx, k, row, f, d);
}

void
seal_keeper_ready(struct seal *s, struct seal_keeper *k)
{
	if (wd_keeper_ready(s->role, &k->base, serve, s))
		return;
	seal_later_forget(k);
	*k = (struct seal_keeper){ 0 };
}

void
seal_keepers_flush(struct seal *s)
{
	for (size_t i = 0; i < WD_KEEPERS; i++) {
		struct seal_keeper *k = &s->keepers[i];

		if (!wd_keeper_listens(&k->base))
			continue;
		if (wd_chan_flush(k->base.peer.chan) != 0)
			continue; /* its end is seen when it is read from */
	}
}
