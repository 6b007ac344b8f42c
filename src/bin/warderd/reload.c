/*
 * A new configuration under way: each cell is started anew beside the one
 * whose place it takes, and only when it is ready does the old one leave. A
 * configuration that is refused, or with which the first cell does not start,
 * changes nothing.
 */
#include "bin/warderd/supervisor.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/log.h"
#include "sys/notify.h"

/* ---- setups nobody uses any more */

static bool
is_used(const struct sup *s, const struct sup_setup *setup)
{
	if (setup == s->setup || setup == s->fresh)
		return true;
	for (size_t i = 0; i < SUP_PROCS; i++)
		if (s->procs[i].state != SUP_FREE && s->procs[i].setup == setup)
			return true;
	return false;
}

static void
close_unused_setups(struct sup *s)
{
	for (size_t i = 0; i < SUP_SETUPS; i++) {
		struct sup_setup *old = &s->setups[i];

		if (!old->in_use || is_used(s, old))
			continue;
		if (old->admin_local >= 0 &&
		    strcmp(old->conf.admin_socket,
			s->setup->conf.admin_socket) != 0)
			/* Somebody may have tidied up. */
			(void)unlink(old->conf.admin_socket);
		sup_setup_close(old);
	}
}

static struct sup_setup *
unused_setup(struct sup *s)
{
	for (size_t i = 0; i < SUP_SETUPS; i++)
		if (!s->setups[i].in_use)
			return &s->setups[i];
	return NULL;
}

/* ---- one cell after the other */

static bool
number_is_taken(const struct sup *s, uint16_t cell)
{
	for (size_t i = 0; i < SUP_PROCS; i++)
		if (sup_in_cell(&s->procs[i], cell))
			return true;
	return false;
}

static uint16_t
free_number(const struct sup *s, bool admin)
{
	uint16_t n = admin ? WD_ADMIN_CELL_2 : 0;

	while (number_is_taken(s, n))
		n++;
	return n;
}

/* Retires one public cell, or all of them, or the admin's, of before. */
static void
retire_old(struct sup *s, bool admin, bool all)
{
	for (size_t i = 0; i < SUP_PROCS; i++) {
		const struct sup_proc *p = &s->procs[i];

		if (!sup_in_cell(p, p->cell) || p->setup == s->fresh ||
		    p->retired || (p->cell >= WD_ADMIN_CELL_2) != admin)
			continue;
		sup_cell_retire(s, p->cell);
		if (!all)
			return;
	}
}

static bool
incoming_failed(const struct sup *s)
{
	for (size_t i = 0; i < SUP_PROCS; i++)
		if (sup_in_cell(&s->procs[i], s->incoming) &&
		    s->procs[i].failures > 0)
			return true;
	return false;
}

static void
give_up(struct sup *s)
{
	char n[16];

	(void)snprintf(n, sizeof(n), "%u", s->replaced);
	wd_log(WD_LOG_ERROR, "reload_failed", "detail",
	    "a new cell does not start; see what its roles logged",
	    "cells_replaced", n, NULL);
	for (size_t i = 0; i < SUP_PROCS; i++) {
		struct sup_proc *p = &s->procs[i];

		if (!sup_in_cell(p, s->incoming))
			continue;
		p->retired = true;
		if (p->state == SUP_WAITING)
			sup_proc_drain(s, p, 0);
		else
			sup_proc_kill(s, p, "its cell does not start");
	}
	if (s->replaced > 0)
		s->setup = s->fresh; /* what it has opened is in use */
	s->fresh = NULL;
}

/* The admin's is the last. */
static void
start_next(struct sup *s)
{
	bool admin = s->replaced == s->fresh->cells;
	int cpu = admin ? -1 : sup_cell_cpu(s->fresh, s->replaced);

	s->incoming = free_number(s, admin);
	if (sup_cell_add(s, s->incoming, cpu, s->fresh) != 0)
		give_up(s); /* no slot, which the caps make impossible */
}

/* A cell whose backends are not up would refuse what the one before served. */
static void
begin(struct sup *s)
{
	if (!sup_backends_are_up(s, s->fresh))
		return;
	s->has_begun = true;
	start_next(s);
}

static void
finish(struct sup *s)
{
	for (size_t i = 0; i < SUP_PROCS; i++)
		if (s->procs[i].state != SUP_FREE && !s->procs[i].retired &&
		    s->procs[i].proc != WD_PROC_BACKEND)
			s->procs[i].setup = s->fresh; /* seal and scribe */
	s->setup = s->fresh;
	s->fresh = NULL;
	s->changed = true;
	wd_log_start(
	    "supervisor", -1, (enum wd_log_level)s->setup->conf.log_level);
	wd_log(WD_LOG_INFO, "reloaded", NULL);
	sup_setup_announce(s->setup);
	sup_warnings_log(s->setup);
}

static bool
retired_are_left(const struct sup *s)
{
	for (size_t i = 0; i < SUP_PROCS; i++)
		if (s->procs[i].state != SUP_FREE && s->procs[i].retired)
			return true;
	return false;
}

void
sup_reload_advance(struct sup *s)
{
	bool admin;

	if (s->phase != SUP_RELOADING)
		return;
	if (s->fresh == NULL) {
		if (retired_are_left(s))
			return;
		close_unused_setups(s);
		s->phase = SUP_SERVING;
		wd_notify("READY=1");
		return;
	}
	if (!s->has_begun) {
		begin(s);
		return;
	}
	if (incoming_failed(s)) {
		give_up(s);
		return;
	}
	if (!sup_cell_is_ready(s, s->incoming))
		return;
	admin = s->replaced == s->fresh->cells;
	retire_old(s, admin, admin || s->replaced + 1 == s->fresh->cells);
	s->replaced++;
	if (admin)
		finish(s);
	else
		start_next(s);
}

/* ---- its beginning */

static int
open_fresh(struct sup *s, struct sup_setup *fresh, struct wd_diag *d)
{
	static struct wd_conf conf; /* large */
	const struct wd_conf_key *key;
	int r = wd_conf_read(s->conf_path, &conf, d);

	if (r != 0)
		return r;
	key = wd_conf_needs_restart(&s->setup->conf, &conf);
	if (key != NULL)
		return wd_reject(d, WD_R_CONFLICT,
		    "[%s] %s has changed, which takes a new start",
		    key->section, key->name);
	r = sup_setup_open(&conf, fresh, d);
	if (r == 0)
		r = sup_setup_listen(fresh, s->setup, d);
	if (r == 0)
		r = sup_credentials_take(fresh, d);
	if (r != 0)
		sup_setup_close(fresh);
	return r;
}

void
sup_reload_begin(struct sup *s)
{
	struct sup_setup *fresh;
	struct wd_diag d = { 0 };
	int r;

	if (s->phase != SUP_SERVING) {
		s->reload_wanted = true; /* when what goes on is done */
		return;
	}
	s->reload_wanted = false;
	close_unused_setups(s);
	fresh = unused_setup(s);
	r = fresh == NULL
	    ? wd_fault(&d, WD_F_BUG, "earlier configurations are in use")
	    : open_fresh(s, fresh, &d);
	if (r != 0) {
		wd_log(WD_LOG_ERROR, "reload_refused", "reason",
		    wd_reason_name(r), "detail", d.detail, NULL);
		return;
	}
	s->phase = SUP_RELOADING;
	s->fresh = fresh;
	s->has_begun = false;
	s->replaced = 0;
	wd_log(WD_LOG_INFO, "reloading", NULL);
	wd_notify("RELOADING=1");
	if (sup_backends_add(s, fresh) != 0)
		give_up(s); /* no slot, which the caps make impossible */
	else
		begin(s);
}
