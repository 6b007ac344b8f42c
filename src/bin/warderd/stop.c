/*
 * The end: fronts finish with their clients, the rest of their cells follows,
 * then seal, and scribe last, so that what was released is in the log.
 */
#include "bin/warderd/supervisor.h"

#include "sys/log.h"
#include "sys/notify.h"

enum { LAST_MS = 5000 };

static void
retire_all_cells(struct sup *s)
{
	for (size_t i = 0; i < SUP_PROCS; i++)
		if (sup_in_cell(&s->procs[i], s->procs[i].cell))
			sup_cell_retire(s, s->procs[i].cell);
}

static void
hurry(struct sup *s)
{
	for (size_t i = 0; i < SUP_PROCS; i++)
		if (s->procs[i].state == SUP_LEAVING)
			sup_proc_kill(s, &s->procs[i], "told twice to stop");
}

void
sup_stop_begin(struct sup *s, int result)
{
	if (s->phase == SUP_STOPPING) {
		hurry(s);
		return;
	}
	s->phase = SUP_STOPPING;
	s->result = result;
	wd_log(WD_LOG_INFO, "stopping", NULL);
	wd_notify("STOPPING=1");
	retire_all_cells(s);
}

static bool
is_left(const struct sup *s, enum wd_proc proc)
{
	for (size_t i = 0; i < SUP_PROCS; i++)
		if (s->procs[i].state != SUP_FREE &&
		    (proc == WD_PROC_NONE || s->procs[i].proc == proc))
			return true;
	return false;
}

static void
drain_all(struct sup *s, enum wd_proc proc)
{
	for (size_t i = 0; i < SUP_PROCS; i++)
		if (s->procs[i].state != SUP_FREE && s->procs[i].proc == proc)
			sup_proc_drain(s, &s->procs[i], LAST_MS);
}

bool
sup_stop_advance(struct sup *s)
{
	static const enum wd_proc order[] = { WD_PROC_FRONT,
		WD_PROC_ADMIN_FRONT, WD_PROC_KEEPER, WD_PROC_VERIFY,
		WD_PROC_BACKEND, WD_PROC_SEAL, WD_PROC_DEVICE, WD_PROC_SCRIBE };

	if (s->phase != SUP_STOPPING)
		return false;
	for (size_t i = 0; i < WD_N(order); i++) {
		if (!is_left(s, order[i]))
			continue;
		/* Cells have been told already. */
		if (order[i] == WD_PROC_BACKEND || order[i] == WD_PROC_SEAL ||
		    order[i] == WD_PROC_DEVICE || order[i] == WD_PROC_SCRIBE)
			drain_all(s, order[i]);
		/* One that waited to be started again is gone at once, and
		 * nothing would wake us. */
		if (is_left(s, order[i]))
			return false;
	}
	return true;
}
