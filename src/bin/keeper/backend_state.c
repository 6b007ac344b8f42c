/*
 * How backends are, in the admin's cell: each process is asked now and then
 * when it has nothing else to do, and the front is told what came of it.
 */
#include "bin/keeper/keeper.h"

#include "base/clock.h"
#include "base/reason.h"
#include "sys/log.h"

#include <stdio.h>

/* ---- looking */

static void
look(struct keeper *k, struct keeper_backend *b)
{
	struct wd_msg_backend_check m = { keeper_backend_deadline(b) };
	struct wd_diag d = { 0 };

	for (size_t i = 0; i < KEEPER_BACKEND_PROCS; i++) {
		struct keeper_backend_proc *p = &b->procs[i];

		/* One that is busy shows by its work how it is. */
		if (p->peer.chan == NULL || p->n_asked > 0)
			continue;
		if (keeper_backend_ask_proc(
			k, b, p, WD_CALL_BACKEND_CHECK, &m, &d) != 0)
			p->known = false;
	}
}

void
keeper_backends_look(struct keeper *k, int64_t now_ms)
{
	for (size_t i = 0; k->config->admin && i < k->n_backends; i++) {
		struct keeper_backend *b = &k->backends[i];

		if (now_ms < b->next_check)
			continue;
		b->next_check = now_ms + KEEPER_CHECK_MS;
		look(k, b);
		keeper_backends_tell(k);
	}
}

void
keeper_backend_checked(struct keeper *k, struct keeper_backend *b,
    struct keeper_backend_proc *p, int result, struct wd_span why,
    const struct wd_msg_backend_state *m)
{
	struct wd_span words = result == 0 ? m->words : why;

	p->known = true;
	p->reason = result == 0 ? m->reason : (uint32_t)result;
	if (result == 0) {
		p->paused_ms = m->paused_ms;
		p->calls = m->calls;
		p->failures = m->failures;
	}
	if (!wd_span_to_text(words, b->words, sizeof(b->words)))
		b->words[0] = '\0';
	if (p->reason == 0 && !b->was_ready)
		keeper_upstream_ready(k, b);
	b->was_ready = p->reason == 0;
	keeper_backends_tell(k);
}

/* ---- telling */

/* It is ready when one process of it is. */
static struct wd_msg_backend_status
status_of(const struct keeper *k, const struct keeper_backend *b)
{
	struct wd_upstream_count n = { 0 };
	struct wd_msg_backend_status m = {
		.name = wd_span_text(b->name),
		.kind = wd_span_text(b->kind_name),
		.words = wd_span_text(b->words),
	};

	for (size_t i = 0; i < KEEPER_BACKEND_PROCS; i++) {
		const struct keeper_backend_proc *p = &b->procs[i];

		if (p->peer.chan == NULL)
			continue;
		m.processes++;
		if (!p->known)
			continue;
		m.ready |= p->reason == 0;
		m.paused += p->paused_ms > 0;
		m.calls += p->calls;
		m.failures += p->failures;
	}
	/* Numbers that cannot be had are shown as 0. */
	if (k->broker != NULL &&
	    wd_store_upstream_count(k->broker->store, b->name, &n) == 0) {
		m.leases = n.live;
		m.leases_ending = n.ending;
		m.leases_failing = n.failing;
	}
	if (m.processes == 0)
		m.words = WD_SPAN_LIT("its processes are away");
	return m;
}

void
keeper_backends_tell(struct keeper *k)
{
	static uint8_t room[8192];
	struct wd_wr wr = wd_wr_fixed(room, sizeof(room));
	struct wd_msg_backend_states m;
	uint32_t number;

	if (!k->config->admin || k->front.chan == NULL || k->n_backends == 0)
		return;
	for (size_t i = 0; i < k->n_backends; i++) {
		struct wd_msg_backend_status one =
		    status_of(k, &k->backends[i]);

		wd_list_add(&wr, &wd_msg_backend_status_type, &one);
	}
	m.backends = wd_wr_span(&wr);
	if (wd_peer_send(&k->front, WD_CALL_BACKENDS, &m, -1, &number) != 0)
		wd_log(WD_LOG_WARNING, "backends_not_told", NULL);
}
