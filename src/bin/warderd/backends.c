/*
 * Processes of backends. They belong to the configuration that names them: a
 * reload starts those of the new one before its cells, and the old ones leave
 * when the last keeper that was joined with them has.
 */
#include "bin/warderd/supervisor.h"

enum { LEAVE_MS = 5000 };

static bool
is_taken(const struct sup *s, unsigned generation)
{
	for (size_t i = 0; i < SUP_PROCS; i++) {
		const struct sup_proc *p = &s->procs[i];

		if (p->state != SUP_FREE && p->proc == WD_PROC_BACKEND &&
		    wd_backend_generation(p->cell) == generation)
			return true;
	}
	return false;
}

int
sup_backends_add(struct sup *s, struct sup_setup *setup)
{
	const struct wd_conf *c = &setup->conf;
	unsigned generation = 0;
	int r = 0;

	while (generation < WD_BACKEND_GENERATIONS && is_taken(s, generation))
		generation++;
	if (generation == WD_BACKEND_GENERATIONS)
		return WD_F_BUG;
	for (unsigned i = 0; i < c->n_backends; i++)
		for (unsigned n = 0; r == 0 && n < c->backends[i].processes;
		     n++)
			r = sup_proc_add(s, WD_PROC_BACKEND,
			    wd_backend_place(generation, i, n), -1, setup);
	return r;
}

bool
sup_backends_are_up(const struct sup *s, const struct sup_setup *setup)
{
	for (size_t i = 0; i < SUP_PROCS; i++) {
		const struct sup_proc *p = &s->procs[i];

		if ((p->state == SUP_WAITING || p->state == SUP_STARTING) &&
		    p->proc == WD_PROC_BACKEND && p->setup == setup &&
		    p->starts <= 1 && p->failures == 0)
			return false;
	}
	return true;
}

static bool
is_needed(const struct sup *s, const struct sup_setup *setup)
{
	if (setup == s->setup || setup == s->fresh)
		return true;
	for (size_t i = 0; i < SUP_PROCS; i++)
		if (s->procs[i].state != SUP_FREE &&
		    s->procs[i].proc == WD_PROC_KEEPER &&
		    s->procs[i].setup == setup)
			return true;
	return false;
}

void
sup_backends_advance(struct sup *s)
{
	for (size_t i = 0; i < SUP_PROCS; i++) {
		struct sup_proc *p = &s->procs[i];

		if (p->state != SUP_FREE && p->proc == WD_PROC_BACKEND &&
		    !p->retired && !is_needed(s, p->setup))
			sup_proc_drain(s, p, LEAVE_MS);
	}
}

const struct wd_conf_backend *
sup_backend_of(const struct sup_proc *p)
{
	return &p->setup->conf.backends[wd_backend_of_place(p->cell)];
}
