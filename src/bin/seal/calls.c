/*
 * What keepers may ask of the seal: the state, and those that admins speak to
 * the rest. One that serves clients alone has all keys that there are, if it is
 * taken over; that it could put a seal of its own in place of the operators',
 * or close theirs, would be worse.
 */
#include "bin/seal/seal.h"

#include "base/clock.h"
#include "base/reason.h"
#include "sys/log.h"

#include <stdio.h>

static void
refuse(struct seal *s, struct seal_keeper *k, enum wd_call call,
    uint32_t request, int result, const char *detail)
{
	if (wd_peer_reply(&k->base.peer, call, request, result, detail, NULL) !=
	    0)
		seal_keeper_condemn(s, k, "does not take answers");
}

static void
on_hello(
    struct seal *s, struct seal_keeper *k, uint32_t request, const void *none)
{
	struct wd_msg_seal_state state = seal_state(s);

	(void)none;
	if (wd_peer_reply(&k->base.peer, WD_CALL_SEAL_HELLO, request, 0, NULL,
		&state) != 0)
		seal_keeper_condemn(s, k, "does not take answers");
	/* It may have served before this process was started again, and have
	 * been attached too late to be told. */
	else if (s->locked && !k->greeted)
		seal_wipe(s, k);
}

/* ---- unseal */

static void
log_refused(const struct seal *s, const struct wd_msg_unseal *m, int result,
    const char *detail)
{
	char source[65], wait[24];

	(void)wd_span_to_text(m->source, source, sizeof(source)); /* fits */
	(void)snprintf(wait, sizeof(wait), "%u",
	    (unsigned)seal_delay_left(&s->delay, wd_time_mono_ms()));
	wd_log(result > 0 ? WD_LOG_WARNING : WD_LOG_ERROR, "unseal_refused",
	    "reason", wd_reason_name(result), "detail", detail, "source",
	    source, "request", m->request.s, "wait_ms", wait, NULL);
}

/* Why an attempt is not even looked at; 0 when it is. */
static int
not_now(const struct seal *s, struct wd_diag *d)
{
	uint32_t left = seal_delay_left(&s->delay, wd_time_mono_ms());

	if (s->doing == SEAL_CLOSING)
		return wd_reject(d, WD_R_OVERLOADED,
		    "the server is being sealed; try again");
	if (s->box.keyring != NULL)
		return wd_reject(
		    d, WD_R_NOT_SEALED, "the server is not sealed");
	if (left > 0)
		return wd_reject(d, WD_R_RATE_LIMITED,
		    "the last attempt was wrong: wait %u s",
		    (left + 999) / 1000);
	return 0;
}

/* An attempt that is looked at. */
static int
try_to_open(
    struct seal *s, struct wd_span share, bool break_glass, struct wd_diag *d)
{
	int r = break_glass ? seal_box_break_glass(&s->box, share, d)
			    : seal_box_open(&s->box, share, d);

	seal_progress_reset(&s->progress);
	if (!break_glass && s->box.row != NULL && s->box.row->device)
		seal_probe_note(s, r);
	if (r == WD_R_UNSEAL_REFUSED)
		seal_delay_wrong(&s->delay, wd_time_mono_ms());
	else if (r == 0)
		seal_delay_clear(&s->delay);
	s->locked = s->locked && r != 0;
	return r;
}

/* What an operator gives: all, or one share of it. *RET_OPEN: that was enough.
 */
static int
take(struct seal *s, const struct wd_msg_unseal *m, bool *ret_open,
    struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *secret = NULL;
	int r;

	/* A file that was put back, or replaced, since. */
	if (wd_id_is_none(&s->progress.nonce) &&
	    (r = seal_box_look(&s->box, d)) != 0)
		return r;
	if (m->break_glass && s->box.break_glass.shares == 0)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "this server has no break-glass shares");
	if (s->box.row->split_of == NULL && m->reset && !m->break_glass)
		return wd_reject(
		    d, WD_R_UNSUPPORTED, "this seal is not opened by shares");
	if (s->box.row->split_of == NULL && !m->break_glass) {
		*ret_open = true;
		return try_to_open(s, m->share, false, d);
	}
	if ((r = seal_share_take(s, m, &secret, d)) != 0 || secret == NULL)
		return r;
	*ret_open = true;
	return try_to_open(s, wd_secret_borrow(secret), m->break_glass, d);
}

/* A share that counts, and is not the last: the other keepers are told too, so
 * that each shows the same. */
static void
progressed(struct seal *s, struct seal_keeper *k, uint32_t request,
    const struct wd_msg_unseal *m)
{
	struct wd_msg_seal_state state = seal_state(s);
	char n[16];

	(void)snprintf(n, sizeof(n), "%u/%u", s->progress.n,
	    m->break_glass ? s->box.break_glass.threshold
			   : s->box.split.threshold); /* fits */
	wd_log(WD_LOG_INFO, m->reset ? "unseal_reset" : "share_taken",
	    "progress", n, "nonce", s->progress.nonce.s, "request",
	    m->request.s, NULL);
	seal_tell_state(s);
	if (wd_peer_reply(&k->base.peer, WD_CALL_SEAL_UNSEAL, request, 0, NULL,
		&state) != 0)
		seal_keeper_condemn(s, k, "does not take answers");
}

static void
on_unseal(
    struct seal *s, struct seal_keeper *k, uint32_t request, const void *msg)
{
	const struct wd_msg_unseal *m = msg;
	struct wd_diag d = { 0 };
	int r = not_now(s, &d);
	bool open = false;

	if (r == 0)
		r = take(s, m, &open, &d);
	if (r != 0) {
		log_refused(s, m, r, d.detail);
		refuse(s, k, WD_CALL_SEAL_UNSEAL, request, r, d.detail);
		return;
	}
	if (!open) {
		progressed(s, k, request, m);
		return;
	}
	wd_log(m->break_glass ? WD_LOG_WARNING : WD_LOG_INFO, "unsealed",
	    "kind", m->break_glass ? "break-glass" : s->box.row->name,
	    "request", m->request.s, NULL);
	seal_change(s, SEAL_OPENING, k, request);
}

/* ---- seal */

/* Also while sealed: keepers may hold keys from before a restart of ours. */
static void
on_seal(
    struct seal *s, struct seal_keeper *k, uint32_t request, const void *none)
{
	(void)none;
	seal_box_close(&s->box);
	seal_wrapping_forget(s);
	seal_progress_reset(&s->progress);
	s->locked = true;
	if (s->doing == SEAL_CLOSING) {
		seal_change_join(s, k, request);
		return;
	}
	wd_log(WD_LOG_INFO, "sealed", NULL);
	seal_change(s, SEAL_CLOSING, k, request);
}

/* ---- another seal */

static void
on_change(
    struct seal *s, struct seal_keeper *k, uint32_t request, const void *msg)
{
	struct wd_msg_seal_state state;
	struct wd_diag d = { 0 };
	int r = seal_migrate(s, msg, &d);

	if (r != 0) {
		refuse(s, k, WD_CALL_SEAL_CHANGE, request, r, d.detail);
		return;
	}
	seal_tell_state(s);
	state = seal_state(s);
	if (wd_peer_reply(&k->base.peer, WD_CALL_SEAL_CHANGE, request, 0, NULL,
		&state) != 0)
		seal_keeper_condemn(s, k, "does not take answers");
}

/* ---- another term: every other keeper has it before the one that asks, which
 * is the one that writes */

static void
on_rotate(
    struct seal *s, struct seal_keeper *k, uint32_t request, const void *none)
{
	struct wd_diag d = { 0 };
	char terms[16];
	int r = 0;

	(void)none;
	if (s->doing != SEAL_NOTHING)
		r = wd_reject(&d, WD_R_OVERLOADED,
		    "the keyring or the seal is being changed; try again");
	if (r == 0)
		r = seal_box_rotate(&s->box, &d);
	if (r != 0) {
		wd_log_result("keyring_not_rotated", r, &d);
		refuse(s, k, WD_CALL_SEAL_ROTATE, request, r, d.detail);
		return;
	}
	(void)snprintf(terms, sizeof(terms), "%u", s->box.terms); /* fits */
	wd_log(WD_LOG_INFO, "keyring_rotated", "terms", terms, NULL);
	seal_change(s, SEAL_ROTATING, k, request);
}

/* ---- terms that go: likewise, so that whoever asks knows what is gone */

static void
on_drop(
    struct seal *s, struct seal_keeper *k, uint32_t request, const void *msg)
{
	const struct wd_msg_seal_drop *m = msg;
	struct wd_diag d = { 0 };
	char oldest[16];
	int r = 0;

	/* No other keeper sees to it that nothing is left. */
	if (k->base.peer.cell < WD_ADMIN_CELL_2) {
		seal_keeper_condemn(s, k, "would drop terms");
		return;
	}
	if (s->doing != SEAL_NOTHING)
		r = wd_reject(&d, WD_R_OVERLOADED,
		    "the keyring or the seal is being changed; try again");
	if (r == 0)
		r = seal_box_drop(&s->box, m->oldest, &d);
	if (r != 0) {
		wd_log_result("terms_not_dropped", r, &d);
		refuse(s, k, WD_CALL_SEAL_DROP, request, r, d.detail);
		return;
	}
	(void)snprintf(
	    oldest, sizeof(oldest), "%u", (unsigned)m->oldest); /* fits */
	wd_log(WD_LOG_INFO, "terms_dropped", "oldest", oldest, NULL);
	seal_change(s, SEAL_DROPPING, k, request);
}

static const struct {
	enum wd_call call;
	bool admin; /* only for keepers that have the calls of admins */
	bool waits; /* for the end of a change that is under way */
	void (*run)(
	    struct seal *, struct seal_keeper *, uint32_t, const void *);
} handlers[] = {
	{ WD_CALL_SEAL_HELLO, false, false, on_hello },
	{ WD_CALL_SEAL_UNSEAL, true, false, on_unseal },
	{ WD_CALL_SEAL_SEAL, true, false, on_seal },
	{ WD_CALL_SEAL_FILES, true, false, seal_files_tell },
	{ WD_CALL_SEAL_CHANGE, true, true, on_change },
	{ WD_CALL_SEAL_ROTATE, true, true, on_rotate },
	{ WD_CALL_SEAL_DROP, true, true, on_drop },
	{ WD_CALL_SEAL_WRAP, true, false, seal_wrap },
	{ WD_CALL_SEAL_UNWRAP, false, false, seal_unwrap },
};

bool
seal_call(struct seal *s, struct seal_keeper *k, const struct wd_call_row *row,
    const struct wd_frame *f)
{
	union {
		struct wd_msg_unseal unseal;
		struct wd_msg_seal_migrate migrate;
		struct wd_msg_seal_drop drop;
		struct wd_msg_seal_blob blob;
	} m = { 0 };

	for (size_t i = 0; i < WD_N(handlers); i++) {
		if (handlers[i].call != row->id)
			continue;
		if (handlers[i].admin && !k->admin)
			return false;
		if (wd_msg_read(f->body, row->request, &m) != 0)
			return false;
		if (!handlers[i].waits || !seal_later_take(s, k, row, f))
			handlers[i].run(s, k, f->request, &m);
		k->greeted = true;
		return true;
	}
	return false;
}
