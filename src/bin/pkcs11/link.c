/*
 * The pool of connections, and calls to the holder by any that is free.
 */
#include "bin/pkcs11/link.h"

#include "base/clock.h"
#include "base/reason.h"
#include "bin/pkcs11/state.h"
#include "bin/pkcs11/wire.h"

enum {
	ATTEMPTS = 3, /* one that is dead, one of another user, one more */
	PATIENT_PAUSE = 50,
	HASTE = 2000,
	SLACK = 20, /* a time-out this much too long is not set again */
};

void
wd_links_after_fork(struct wd_link links[WD_LINKS])
{
	for (size_t i = 0; i < WD_LINKS; i++) {
		wd_wire_close(&links[i]);
		links[i].busy = false;
	}
}

void
wd_links_close(struct wd_link links[WD_LINKS])
{
	for (size_t i = 0; i < WD_LINKS; i++)
		if (!links[i].busy)
			wd_wire_close(&links[i]);
}

/* One that no thread uses, an open one first; NULL when all are busy. */
static struct wd_link *
free_link(struct wd_p11 *p)
{
	struct wd_link *found = NULL;

	for (size_t i = 0; i < WD_LINKS; i++) {
		struct wd_link *l = &p->links[i];

		if (!l->busy && (found == NULL || (l->open && !found->open)))
			found = l;
	}
	return found;
}

/* What one call needs while the lock is not held. */
struct call {
	struct wd_link *link;
	int64_t budget, deadline; /* milliseconds, and when they are over */
	bool tells;               /* had all the time that an answer may take */
	char path[WD_P11_PATH];
};

static int
take_link(struct call *c)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();
	int64_t now = wd_time_mono_ms();

	if (p == NULL)
		return WD_F_PEER;
	c->budget = now < p->haste ? WD_LINK_DEADLINE_HASTY : WD_LINK_DEADLINE;
	c->deadline = now + c->budget;
	while ((c->link = free_link(p)) == NULL)
		if (!wd_p11_wait(c->deadline))
			return WD_F_TIMEOUT;
	if (!p->initialized)
		return WD_F_PEER;
	c->link->busy = true;
	c->tells = c->deadline - wd_time_mono_ms() > WD_LINK_DEADLINE_HASTY;
	wd_copy(c->path, WD_SPAN(p->path));
	return 0;
}

static void
give_link(const struct call *c, int r)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter_any();

	if (!p->initialized)
		wd_wire_close(c->link);
	c->link->busy = false;
	/* Haste that goes on by itself would be the end of signatures that just
	 * take longer. */
	if (r == WD_F_TIMEOUT && c->tells)
		p->haste = wd_time_mono_ms() + HASTE;
	if (r == 0)
		p->haste = 0;
	wd_p11_wake();
}

/* Leaves L open only after a good answer: what comes late must not be taken
 * for the answer to the next question. */
static int
attempt(const struct call *c, struct wd_ask *ask, bool *ret_again)
{
	struct wd_link *l = c->link;
	int64_t left = c->deadline - wd_time_mono_ms();
	bool old = wd_wire_is_ours(l);
	int r;

	*ret_again = false;
	if (left <= 0)
		return WD_F_TIMEOUT;
	if (left > c->budget - SLACK)
		left = c->budget;
	if (!old)
		l->open = false;
	if (!old && (r = wd_wire_open(l, c->path, c->deadline)) != 0)
		return r;
	if ((r = wd_wire_set_timeout(l, left)) != 0 ||
	    (r = wd_wire_exchange(l, ask, c->deadline)) != 0) {
		wd_wire_close(l);
		*ret_again = old && r == WD_F_PEER;
		return r;
	}
	if (ask->status != WD_HOLDER_RECONNECT)
		return 0;
	wd_wire_close(l);
	*ret_again = true;
	return WD_F_PEER;
}

void
wd_ask_start(struct wd_ask *ask, enum wd_holder_op op)
{
	const struct wd_holder_head head = { .version = WD_HOLDER_VERSION,
		.op = op };

	wd_holder_start(&ask->packet, &head);
}

int
wd_ask(struct wd_ask *ask)
{
	struct call c = { 0 };
	bool again = true;
	int r = take_link(&c);

	if (r != 0)
		return r;
	for (int i = 0; again && i < ATTEMPTS; i++)
		r = attempt(&c, ask, &again);
	give_link(&c, r);
	return r;
}

static bool
is_patient(void)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

	return p != NULL && wd_time_mono_ms() < p->patience;
}

int
wd_ask_patiently(struct wd_ask *ask)
{
	for (;;) {
		int r = wd_ask(ask);
		bool worth = r == WD_F_PEER ||
		    (r == 0 && ask->status == WD_HOLDER_NOT_READY);

		if (!worth || !is_patient())
			return r;
		wd_pause_ms(PATIENT_PAUSE);
	}
}
