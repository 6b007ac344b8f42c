/*
 * The keeper's side of the log: entries go to scribe, answers leave when scribe
 * says that theirs is durable. What was not confirmed when scribe went away was
 * not logged as far as anybody was told: those answers become 503 and are
 * wiped.
 */
#include "bin/keeper/keeper.h"

#include "base/clock.h"
#include "base/reason.h"
#include "sys/log.h"

bool
keeper_log_has_room(const struct keeper *k)
{
	return k->seq - k->durable < KEEPER_UNDURABLE;
}

bool
keeper_record(struct keeper *k, struct wd_outcome *out, uint64_t *ret_seq)
{
	struct wd_msg_log_append m = { k->seq + 1, wd_bytes_span(out->entry) };
	uint32_t number;
	int r;

	if (!k->log_writable)
		return false;
	r = wd_peer_send(&k->scribe, WD_CALL_LOG_APPEND, &m, -1, &number);
	if (r != 0)
		return false;
	out->entry = wd_bytes_free(out->entry);
	if (k->seq == k->durable)
		k->log_moved_at = wd_time_mono_ms();
	*ret_seq = ++k->seq;
	return true;
}

int
keeper_hold(
    struct keeper *k, struct op *op, struct wd_outcome *out, struct wd_diag *d)
{
	if (!keeper_record(k, out, &op->seq))
		return wd_reject(
		    d, WD_R_AUDIT_UNAVAILABLE, "the log cannot be written");
	op->state = OP_LOG;
	op_list_add(k, &k->waiting, op);
	return 0;
}

static void
release_up_to(struct keeper *k, uint64_t seq)
{
	struct op *op;

	while ((op = op_list_first(k, &k->waiting)) != NULL && op->seq <= seq) {
		op_list_drop(&k->waiting);
		if (!wd_id_is_none(&op->lease.id))
			keeper_lease(k, &op->lease);
		keeper_op_answer(k, op);
	}
	keeper_upstream_durable(k, seq);
	if (k->step == ADMIN_LOG && k->turn->seq <= seq)
		keeper_admin_durable(k);
}

static void
log_lost(struct keeper *k)
{
	struct op *op;

	k->log_writable = false;
	while ((op = op_list_first(k, &k->waiting)) != NULL) {
		op_list_drop(&k->waiting);
		keeper_fetch_unsent(k, op);
		keeper_op_refuse(
		    k, op, WD_R_AUDIT_UNAVAILABLE, "the log cannot be written");
	}
	keeper_upstream_log_lost(k);
	if (k->step == ADMIN_LOG)
		keeper_admin_log_lost(k);
}

static bool
on_durable(struct keeper *k, const struct wd_frame *f)
{
	struct wd_msg_log_durable m;

	if (wd_msg_read(f->body, &wd_msg_log_durable_type, &m) != 0 ||
	    m.up_to > k->seq || m.up_to < k->durable)
		return false;
	k->durable = m.up_to;
	k->log_moved_at = wd_time_mono_ms();
	k->log_size = m.tree_size;
	release_up_to(k, m.up_to);
	return true;
}

static bool
on_state(struct keeper *k, const struct wd_frame *f)
{
	struct wd_msg_log_state m;

	if (wd_msg_read(f->body, &wd_msg_log_state_type, &m) != 0)
		return false;
	if (!k->log_known)
		k->next_tick = 0; /* the index of leases is looked after */
	k->log_known = true;
	k->log_size = m.tree_size;
	if (!m.writable) {
		log_lost(k);
		return true;
	}
	k->log_writable = true;
	return true;
}

static bool
on_tail(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct wd_msg_audit_entries tail = { 0 };
	struct wd_span detail = { 0 };
	int result = 0;

	if (wd_reply_read(f->body, row, &result, &detail, &tail) != 0)
		return false;
	if (keeper_index_asked(k, f->request))
		keeper_index_tail(k, result, detail, &tail);
	else if (k->step == ADMIN_TAIL && k->turn->asked == f->request)
		keeper_admin_tail(k, result, detail, &tail);
	return true;
}

bool
keeper_scribe_said(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row)
{
	if (row->id == WD_CALL_LOG_DURABLE)
		return on_durable(k, f);
	if (row->id == WD_CALL_LOG_STATE)
		return on_state(k, f);
	if (row->id == WD_CALL_LOG_NOTE)
		return keeper_backup_note(k, f, row);
	return on_tail(k, f, row);
}

void
keeper_scribe_gone(struct keeper *k)
{
	log_lost(k);
	k->seq = 0;
	k->durable = 0;
	keeper_index_scribe_gone(k);
	if (k->step == ADMIN_TAIL)
		keeper_admin_tail(k, WD_R_UNAVAILABLE,
		    WD_SPAN_LIT("scribe went away; try again"), NULL);
}

/* Whoever waits is answered, and another scribe may do better. */
void
keeper_scribe_late(struct keeper *k, int64_t now_ms)
{
	if (!k->log_writable || k->seq == k->durable ||
	    now_ms - k->log_moved_at < KEEPER_LOG_MS)
		return;
	log_lost(k);
	wd_role_bad_peer(
	    k->role, &k->scribe, "does not write what it was given");
}
