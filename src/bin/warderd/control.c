/*
 * What roles say to the supervisor: that they are ready, and which peer broke
 * the rules. A role may have been taken over, so nothing it says is believed
 * further than its row in the table of links.
 */
#include "bin/warderd/supervisor.h"

#include "base/clock.h"
#include "proto/calls.h"
#include "sys/log.h"

static const char *
on_ready(struct sup *s, struct sup_proc *p, const struct wd_frame *f)
{
	struct wd_msg_ready m;

	if (p->state == SUP_LEAVING)
		return NULL; /* it was told to drain before it got so far */
	if (p->state != SUP_STARTING ||
	    wd_msg_read(f->body, &wd_msg_ready_type, &m) != 0 ||
	    !wd_span_to_text(m.missing, p->missing, sizeof(p->missing)))
		return "ready out of place";
	p->state = SUP_READY;
	p->since = wd_time_mono_ms();
	s->changed = true;
	if (p->role->joined_when_ready)
		sup_link(s, p);
	return NULL;
}

/* One that is joined with nobody yet cannot be meant: that was the one whose
 * place it takes. */
static struct sup_proc *
accused_by(
    struct sup *s, const struct sup_proc *p, const struct wd_msg_bad_peer *m)
{
	for (size_t i = 0; i < SUP_PROCS; i++) {
		struct sup_proc *q = &s->procs[i];
		bool within_cell;

		if (q->pid == 0 || sup_is_apart(q) ||
		    q->proc != (enum wd_proc)m->peer || q->cell != m->cell ||
		    !sup_is_linked(p->proc, q->proc, &within_cell) ||
		    (within_cell && q->cell != p->cell))
			continue;
		return q;
	}
	return NULL;
}

/* The accused may have ended by itself already; then there is nobody to end.
 * Who accuses somebody it cannot know is not what it should be. */
static const char *
on_bad_peer(struct sup *s, struct sup_proc *p, const struct wd_frame *f)
{
	struct wd_msg_bad_peer m;
	struct sup_proc *q;
	bool within_cell;
	char why[257];

	if (wd_msg_read(f->body, &wd_msg_bad_peer_type, &m) != 0 ||
	    !wd_span_to_text(m.why, why, sizeof(why)))
		return "malformed accusation";
	if (!sup_is_linked(p->proc, (enum wd_proc)m.peer, &within_cell) ||
	    (within_cell && m.cell != p->cell))
		return "accuses a role that it does not speak to";
	q = accused_by(s, p, &m);
	if (q != NULL)
		sup_proc_kill(s, q, why);
	return NULL;
}

/* Why the process must end; NULL: all is well. */
static const char *
handle(struct sup *s, struct sup_proc *p, const struct wd_frame *f,
    const struct wd_call_row *row)
{
	switch (row->id) {
	case WD_CALL_READY:
		return on_ready(s, p, f);
	case WD_CALL_BAD_PEER:
		return on_bad_peer(s, p, f);
	default:
		return "says what is not for the supervisor";
	}
}

void
sup_control(struct sup *s, struct sup_proc *p)
{
	const struct wd_call_row *row;
	struct wd_diag d = { 0 };
	struct wd_frame f;
	bool gone = wd_chan_fill(p->control.chan) != 0;
	int n = 0;

	while (p->control.chan != NULL &&
	    (n = wd_peer_next(&p->control, &f, &row, &d)) > 0) {
		const char *wrong = handle(s, p, &f, row);

		if (wrong != NULL)
			sup_proc_kill(s, p, wrong);
	}
	if (n < 0)
		sup_proc_kill(s, p, d.detail);
	if (!gone || p->control.chan == NULL)
		return;
	/* Its end comes by SIGCHLD; one that only closed its channel is of no
	 * use and has a moment. */
	wd_peer_done(&p->control);
	p->state = SUP_ENDING;
	p->at = wd_time_mono_ms() + 1000;
	s->changed = true;
}
