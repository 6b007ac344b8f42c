/*
 * Backends as a keeper knows them: names, what they can, and a channel to each
 * of their processes. What they answer was made from bytes of a server and is
 * looked at as such.
 */
#include "bin/keeper/keeper.h"

#include "base/reason.h"
#include "sys/log.h"

#include <unistd.h>

static int
read_entry(struct keeper *k, const struct wd_msg_backend_entry *m)
{
	struct keeper_backend *b = &k->backends[k->n_backends];

	if (k->n_backends == WD_N(k->backends) ||
	    !wd_span_to_text(m->name, b->name, sizeof(b->name)) ||
	    !wd_span_to_text(
		m->kind_name, b->kind_name, sizeof(b->kind_name)) ||
	    m->processes > KEEPER_BACKEND_PROCS)
		return WD_F_PEER;
	b->kind = (enum wd_backend_kind)m->kind;
	b->can = m->can;
	b->kinds = m->kinds;
	b->timeout_ms = m->timeout_ms;
	k->n_backends++;
	return 0;
}

int
keeper_backends_start(struct keeper *k, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(k->config->backends);

	while (wd_rd_more(&rd)) {
		struct wd_msg_backend_entry m;

		if (wd_list_next(&rd, &wd_msg_backend_entry_type, &m) != 0 ||
		    read_entry(k, &m) != 0)
			return wd_fault(d, WD_F_PEER, "no list of backends");
	}
	return 0;
}

void
keeper_backend_attached(struct keeper *k, uint16_t place, int fd)
{
	unsigned at = wd_backend_of_place(place);
	struct wd_peer *p;
	int r;

	if (at >= k->n_backends ||
	    wd_backend_nth_of_place(place) >= KEEPER_BACKEND_PROCS) {
		(void)close(fd); /* none of ours */
		return;
	}
	p = &k->backends[at].procs[wd_backend_nth_of_place(place)];
	keeper_backend_detach(k, p);
	r = wd_peer_open(p, WD_PROC_KEEPER, WD_PROC_BACKEND, place, fd);
	if (r != 0)
		wd_log_result("peer_not_attached", r, NULL);
}

struct wd_peer *
keeper_backend_peer(struct keeper *k, size_t n)
{
	struct wd_peer *p = &k->backends[n / KEEPER_BACKEND_PROCS]
				 .procs[n % KEEPER_BACKEND_PROCS];

	return p->chan == NULL ? NULL : p;
}

void
keeper_backend_detach(struct keeper *k, struct wd_peer *p)
{
	unsigned at = wd_backend_of_place(p->cell);

	if (p->chan == NULL)
		return;
	wd_log(WD_LOG_WARNING, "peer_gone", "peer", wd_proc_name(p->other),
	    "backend", k->backends[at].name, NULL);
	wd_peer_done(p);
}

void
keeper_backend_ready(struct keeper *k, struct wd_peer *p)
{
	bool gone = wd_chan_fill(p->chan) != 0;
	const struct wd_call_row *row;
	struct wd_diag d = { 0 };
	struct wd_frame f;
	int n = wd_peer_next(p, &f, &row, &d);

	if (n != 0 && !gone) /* nothing was asked */
		wd_role_bad_peer(k->role, p, n < 0 ? d.detail : "unasked");
	if (n != 0 || gone)
		keeper_backend_detach(k, p);
}
