/*
 * Cells as wholes: their numbers, their beginning and their end. A cell leaves
 * from the outside in: its front finishes with its clients, then keeper and
 * verify are not needed any more.
 */
#include "bin/warderd/supervisor.h"

#include "sys/harden.h"

enum { LEAVE_MS = 5000 };

static bool
is_front(const struct sup_proc *p)
{
	return p->proc == WD_PROC_FRONT || p->proc == WD_PROC_ADMIN_FRONT;
}

bool
sup_in_cell(const struct sup_proc *p, uint16_t cell)
{
	return p->state != SUP_FREE && p->cell == cell &&
	    p->proc != WD_PROC_SEAL && p->proc != WD_PROC_SCRIBE &&
	    p->proc != WD_PROC_DEVICE && p->proc != WD_PROC_BACKEND;
}

bool
sup_serves_admin(const struct wd_conf *conf, uint16_t cell)
{
	return cell >= WD_ADMIN_CELL_2 || conf->admin_on_public;
}

int
sup_cell_cpu(const struct sup_setup *setup, unsigned nth)
{
	if (!setup->conf.pin_cells || setup->cells < 2)
		return -1;
	return (int)wd_harden_cpu(nth % wd_harden_cpus());
}

int
sup_cell_add(struct sup *s, uint16_t cell, int cpu, struct sup_setup *setup)
{
	bool admin = sup_serves_admin(&setup->conf, cell);
	int r = sup_proc_add(s, WD_PROC_VERIFY, cell, cpu, setup);

	if (r == 0)
		r = sup_proc_add(s, WD_PROC_KEEPER, cell, cpu, setup);
	if (r == 0)
		r = sup_proc_add(s, admin ? WD_PROC_ADMIN_FRONT : WD_PROC_FRONT,
		    cell, cpu, setup);
	return r;
}

bool
sup_cell_is_ready(const struct sup *s, uint16_t cell)
{
	for (size_t i = 0; i < SUP_PROCS; i++)
		if (sup_in_cell(&s->procs[i], cell) &&
		    s->procs[i].state != SUP_READY)
			return false;
	return true;
}

void
sup_cell_retire(struct sup *s, uint16_t cell)
{
	for (size_t i = 0; i < SUP_PROCS; i++) {
		struct sup_proc *p = &s->procs[i];

		if (!sup_in_cell(p, cell) || p->retired)
			continue;
		p->retired = true;
		if (is_front(p) || p->state == SUP_WAITING)
			sup_proc_drain(
			    s, p, p->setup->conf.drain_seconds * 1000);
	}
}

static bool
has_front(const struct sup *s, uint16_t cell)
{
	for (size_t i = 0; i < SUP_PROCS; i++)
		if (sup_in_cell(&s->procs[i], cell) && is_front(&s->procs[i]))
			return true;
	return false;
}

void
sup_cells_advance(struct sup *s)
{
	for (size_t i = 0; i < SUP_PROCS; i++) {
		struct sup_proc *p = &s->procs[i];

		if (p->state != SUP_FREE && p->retired &&
		    sup_in_cell(p, p->cell) && !is_front(p) &&
		    !has_front(s, p->cell))
			sup_proc_drain(s, p, LEAVE_MS);
	}
}
