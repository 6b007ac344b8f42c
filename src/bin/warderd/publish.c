/*
 * The list of processes, for `status`: who runs, how often it was started
 * again, what its kernel lacks, and the warnings of the configuration.
 */
#include "bin/warderd/supervisor.h"

#include <string.h>

#include "base/wr.h"
#include "proto/calls.h"

enum { LIST_MAX = 65536 };

static void
write_list(const struct sup *s, bool with_missing, struct wd_wr *wr)
{
	for (size_t i = 0; i < SUP_PROCS; i++) {
		const struct sup_proc *p = &s->procs[i];
		struct wd_msg_proc_record m = {
			.role = (uint8_t)p->proc,
			.cell = p->cell,
			.pid = (uint32_t)p->pid,
			.restarts = p->starts > 0 ? p->starts - 1 : 0,
			.ready = p->state == SUP_READY,
			.missing = wd_span_text(with_missing ? p->missing : ""),
		};

		if (p->state != SUP_FREE)
			wd_list_add(wr, &wd_msg_proc_record_type, &m);
	}
}

static void
publish_to(struct sup *s, struct sup_proc *p, struct wd_span list)
{
	char warnings[SUP_WARNINGS];
	struct wd_msg_proc_list m = { .procs = list };

	sup_warnings(s->setup, warnings);
	m.warnings = wd_span_text(warnings);
	if (sup_tell(p, WD_CALL_PROCS, &m, -1) != 0)
		sup_proc_kill(s, p, "does not take the list of processes");
}

void
sup_publish(struct sup *s)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(LIST_MAX);

	s->changed = false;
	write_list(s, true, &wr);
	if (wd_wr_end(&wr) != 0) {
		/* Many cells on a poor kernel: the list without that. */
		wd_wr_done(&wr);
		wr = wd_wr_growing(LIST_MAX);
		write_list(s, false, &wr);
	}
	if (wd_wr_end(&wr) != 0)
		return; /* no memory: the next change tries again */
	for (size_t i = 0; i < SUP_PROCS; i++) {
		struct sup_proc *p = &s->procs[i];

		if (p->proc == WD_PROC_ADMIN_FRONT && p->state == SUP_READY)
			publish_to(s, p, wd_wr_span(&wr));
	}
}
