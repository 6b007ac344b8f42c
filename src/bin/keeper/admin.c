/*
 * Admin calls, one at a time: a change stands in an open transaction until its
 * entry is durable, and a second one would find it there. Public calls go on
 * meanwhile; they are another cell's in any case.
 */
#include "bin/keeper/keeper.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/reason.h"
#include "broker/admin.h"
#include "proto/door.h"
#include "seal/seal.h"
#include "sys/log.h"

#include <stdio.h>

enum { WARNINGS_MAX = 1024 };

/* ---- the end of a call */

static void
end_turn(struct keeper *k)
{
	k->step = ADMIN_IDLE;
	k->turn = NULL;
	k->acted = false;
	keeper_remote_settle(k, false);
}

void
keeper_admin_refuse(struct keeper *k, int result, const char *detail)
{
	struct op *op = k->turn;

	end_turn(k);
	keeper_op_refuse(k, op, result, detail);
}

static void
refuse_span(struct keeper *k, int result, struct wd_span detail)
{
	char text[232];

	(void)wd_span_to_text(detail, text, sizeof(text)); /* or none */
	keeper_admin_refuse(k, result, text);
}

static void
answer(struct keeper *k)
{
	struct op *op = k->turn;

	end_turn(k);
	keeper_op_answer(k, op);
}

/* Undoes or keeps what the call changed. */
static int
finish(struct keeper *k, bool keep, struct wd_diag *d)
{
	return k->broker == NULL ? 0 : wd_admin_finish(k->broker, keep, d);
}

/* The outcome stands: its entry goes first, if there is one. */
static void
log_then_answer(struct keeper *k)
{
	struct op *op = k->turn;
	struct wd_diag d = { 0 };

	if (op->out.entry == NULL) {
		(void)finish(k, false, &d); /* nothing was to be kept */
		answer(k);
		return;
	}
	if (!keeper_record(k, &op->out, &op->seq)) {
		(void)finish(k, false, &d); /* refused either way */
		keeper_admin_refuse(
		    k, WD_R_AUDIT_UNAVAILABLE, "the log cannot be written");
		return;
	}
	k->step = ADMIN_LOG;
}

void
keeper_admin_log_lost(struct keeper *k)
{
	struct wd_diag d = { 0 };

	(void)finish(k, false, &d); /* refused either way */
	keeper_admin_refuse(k, WD_R_AUDIT_UNAVAILABLE,
	    k->acted ? "it was done, but the log cannot be written"
		     : "the log cannot be written");
}

/* ---- the calls that the broker does */

void
keeper_admin_run(struct keeper *k, const struct wd_admin_found *found)
{
	struct op *op = k->turn;
	const struct wd_call_row *row = wd_call_row((uint16_t)op->call);
	WD_AUTO(wd_freep) void *msg = wd_alloc(row->request->size + 1);
	struct wd_diag d = { 0 };
	int r;

	if (msg == NULL) {
		keeper_admin_refuse(k, WD_F_MEMORY, "no memory");
		return;
	}
	if (wd_msg_read(wd_bytes_span(op->body), row->request, msg) != 0) {
		keeper_admin_refuse(k, WD_R_MALFORMED, "not a message");
		return;
	}
	r = wd_broker_look(k->broker, wd_time_now(), &d);
	if (r == 0)
		r = wd_admin_call(
		    k->broker, op->call, msg, found, wd_time_now(), &op->out);
	if (r != 0) {
		(void)finish(k, false, &d); /* refused either way */
		keeper_admin_refuse(k, r, d.detail);
		return;
	}
	log_then_answer(k);
}

/* ---- calls that ask another role first */

/* If not, running it refuses and logs it. */
bool
keeper_admin_is_allowed(struct keeper *k, struct wd_span token)
{
	const struct wd_admin_row *row = wd_admin_row(k->turn->call);
	struct wd_store_token who;
	struct wd_diag d = { 0 };

	/* By what is stored now: the same is asked again when it is done. */
	return row != NULL &&
	    wd_broker_look(k->broker, wd_time_now(), &d) == 0 &&
	    wd_admin_allowed(k->broker, row, token, wd_time_now(), &who, &d) ==
	    0;
}

void
keeper_admin_ask(struct keeper *k, struct wd_peer *peer, enum wd_call call,
    const void *msg, enum admin_step step, int timeout_ms)
{
	struct op *op = k->turn;

	if (peer->chan == NULL ||
	    wd_peer_send(peer, call, msg, -1, &op->asked) != 0) {
		keeper_admin_refuse(k, WD_R_UNAVAILABLE,
		    "a part of the server is away; try again");
		return;
	}
	k->step = step;
	op->deadline = wd_time_mono_ms() + timeout_ms;
}

static void
begin_collateral(struct keeper *k)
{
	struct wd_msg_collateral_put m;
	struct wd_msg_doc_check check;

	if (wd_msg_read(wd_bytes_span(k->turn->body),
		&wd_msg_collateral_put_type, &m) != 0 ||
	    !keeper_admin_is_allowed(k, m.token)) {
		keeper_admin_run(k, NULL);
		return;
	}
	check = (struct wd_msg_doc_check){ .role = m.role,
		.at = wd_time_now(),
		.doc = m.doc,
		.chain = m.chain };
	keeper_admin_ask(k, &k->verify, WD_CALL_DOC_CHECK, &check, ADMIN_VERIFY,
	    KEEPER_VERIFY_MS);
}

void
keeper_admin_doc(struct keeper *k, int result, struct wd_span detail,
    const struct wd_msg_doc_info *doc)
{
	struct wd_admin_found found = {
		.result = result,
		.why = detail,
		.doc = doc,
	};

	keeper_admin_run(k, &found);
}

/* Evidence that is judged for an admin is bound to nothing: no session comes of
 * it. */
static void
begin_explain(struct keeper *k)
{
	struct wd_msg_explain_ask m;
	struct wd_msg_appraise_ask appraise;

	if (wd_msg_read(wd_bytes_span(k->turn->body), &wd_msg_explain_ask_type,
		&m) != 0 ||
	    !keeper_admin_is_allowed(k, m.token)) {
		keeper_admin_run(k, NULL);
		return;
	}
	keeper_snapshot(k);
	appraise = (struct wd_msg_appraise_ask){ .door = WD_DOOR_ADMIN,
		.tee = m.tee,
		.at = wd_time_now(),
		.additional = m.additional,
		.evidence = m.evidence };
	keeper_admin_ask(k, &k->verify, WD_CALL_APPRAISE, &appraise,
	    ADMIN_VERIFY, KEEPER_VERIFY_MS);
}

void
keeper_admin_appraised(struct keeper *k, int result, struct wd_span detail,
    const struct wd_msg_claims *claims)
{
	struct wd_admin_evidence evidence = { result, detail, claims->flat };
	struct wd_admin_found found = {
		.result = result < 0 ? result : 0,
		.why = detail,
		.evidence = &evidence,
	};

	keeper_admin_run(k, &found);
}

static void
begin_tail(struct keeper *k)
{
	struct wd_msg_audit_ask m;
	struct wd_msg_tail_ask tail;

	if (wd_msg_read(wd_bytes_span(k->turn->body), &wd_msg_audit_ask_type,
		&m) != 0 ||
	    !keeper_admin_is_allowed(k, m.token)) {
		keeper_admin_run(k, NULL);
		return;
	}
	tail = (struct wd_msg_tail_ask){ m.from, m.limit };
	keeper_admin_ask(k, &k->scribe, WD_CALL_LOG_TAIL, &tail, ADMIN_TAIL,
	    KEEPER_VERIFY_MS);
}

void
keeper_admin_tail(struct keeper *k, int result, struct wd_span detail,
    const struct wd_msg_audit_entries *tail)
{
	struct wd_admin_found found = {
		.result = result,
		.why = detail,
		.tail = tail,
	};

	keeper_admin_run(k, &found);
}

/* ---- unseal, seal, status */

static void
begin_unseal(struct keeper *k)
{
	struct wd_msg_unseal m;

	if (wd_msg_read(
		wd_bytes_span(k->turn->body), &wd_msg_unseal_type, &m) != 0)
		keeper_admin_refuse(k, WD_R_MALFORMED, "not a message");
	else if (!k->log_writable) /* before it is done, not after */
		keeper_admin_refuse(
		    k, WD_R_AUDIT_UNAVAILABLE, "the log cannot be written");
	else
		keeper_admin_ask(k, &k->seal, WD_CALL_SEAL_UNSEAL, &m,
		    ADMIN_SEAL, KEEPER_SEAL_MS);
}

/* The entry of an unseal: there is no token, so nobody is named. */
static int
log_unseal(struct keeper *k, int result, const char *detail)
{
	struct wd_msg_unseal m;
	char source[65];
	struct wd_entry e = { .event = WD_EV_UNSEAL,
		.time = wd_time_now(),
		.result = result,
		.detail = result == 0 ? NULL : detail };
	char progress[64];

	if (wd_msg_read(
		wd_bytes_span(k->turn->body), &wd_msg_unseal_type, &m) != 0)
		return WD_F_BUG;
	(void)snprintf(progress, sizeof(progress), "%sshare %u of %u",
	    m.break_glass ? "break-glass " : "",
	    (unsigned)k->seal_state.progress,
	    (unsigned)(m.break_glass ? k->seal_state.break_glass_threshold
				     : k->seal_state.threshold)); /* fits */
	if (result == 0 && k->seal_state.sealed)
		e.detail =
		    m.reset ? "the shares given were forgotten" : progress;
	else if (result == 0 && m.break_glass)
		e.detail = "by break-glass shares";
	e.request = m.request;
	if (wd_span_to_text(m.source, source, sizeof(source)))
		e.source = source;
	return wd_outcome_log(&k->turn->out, &e);
}

static void
unsealed(struct keeper *k, int result, struct wd_span detail)
{
	struct op *op = k->turn;
	struct wd_diag d = { 0 };

	if (!wd_span_to_text(detail, d.detail, sizeof(d.detail)))
		d.detail[0] = '\0';
	if (wd_outcome_reply(
		&op->out, WD_CALL_UNSEAL, result, &d, &k->seal_state) != 0) {
		keeper_admin_refuse(k, WD_F_MEMORY, "no memory");
		return;
	}
	/* Who comes too early is not looked at, and not logged one by one. */
	if ((result == 0 || result == WD_R_UNSEAL_REFUSED) &&
	    log_unseal(k, result, d.detail) != 0)
		wd_log(WD_LOG_ERROR, "unseal_not_logged", NULL);
	log_then_answer(k);
}

/* Sealing: the permission is looked at and logged first, then it is done. */
static void
seal_now(struct keeper *k)
{
	uint8_t none[1] = { 0 };

	keeper_admin_ask(
	    k, &k->seal, WD_CALL_SEAL_SEAL, none, ADMIN_SEAL, KEEPER_SEAL_MS);
}

/* Likewise another term of the keyring. */
static void
rotate_now(struct keeper *k)
{
	uint8_t none[1] = { 0 };

	keeper_admin_ask(
	    k, &k->seal, WD_CALL_SEAL_ROTATE, none, ADMIN_SEAL, KEEPER_SEAL_MS);
}

static void
sealed(struct keeper *k, int result, struct wd_span detail)
{
	struct op *op = k->turn;

	if (result != 0) {
		refuse_span(k, result, detail);
		return;
	}
	if (wd_outcome_reply(&op->out, op->call, 0, NULL, &k->seal_state) != 0)
		keeper_admin_refuse(k, WD_F_MEMORY, "no memory");
	else
		answer(k);
}

/* Another seal: the wish is logged first, then what has come of it. */
static void
migrate_now(struct keeper *k)
{
	struct wd_msg_seal_migrate m;
	uint64_t n = 0;

	if (wd_msg_read(wd_bytes_span(k->turn->body), &wd_msg_seal_migrate_type,
		&m) != 0) {
		keeper_admin_refuse(k, WD_R_MALFORMED, "not a message");
		return;
	}
	m.token = wd_span(NULL, 0); /* not theirs to know */
	/* What cannot be counted may be there. */
	m.wrapped = wd_store_hsm_count(k->broker->store, &n) != 0 || n > 0;
	wd_outcome_done(&k->turn->out);
	(void)wd_span_to_text(
	    wd_span_text(k->seal_kind), k->seal_before, sizeof(k->seal_kind));
	keeper_admin_ask(k, &k->seal, WD_CALL_SEAL_CHANGE, &m, ADMIN_SEAL,
	    KEEPER_MIGRATE_MS);
}

static int
log_migrated(struct keeper *k, int result, const char *why)
{
	const struct wd_admin_row *row = wd_admin_row(WD_CALL_SEAL_MIGRATE);
	struct wd_store_token who = { 0 };
	struct wd_msg_seal_migrate m;
	struct wd_diag d = { 0 };
	char source[65], detail[320];
	struct wd_entry e = { .event = WD_EV_SEAL_MIGRATED,
		.time = wd_time_now(),
		.result = result,
		.detail = detail };

	if (wd_msg_read(wd_bytes_span(k->turn->body), &wd_msg_seal_migrate_type,
		&m) != 0 ||
	    wd_admin_allowed(
		k->broker, row, m.token, wd_time_now(), &who, &d) != 0)
		return WD_F_BUG; /* a moment ago it could */
	(void)snprintf(detail, sizeof(detail), "%s to %.*s%s%s", k->seal_before,
	    (int)m.kind.len, (const char *)m.kind.p, why[0] != '\0' ? ": " : "",
	    why);
	e.actor = who.user;
	e.request = m.request;
	if (wd_span_to_text(m.source, source, sizeof(source)))
		e.source = source;
	return wd_outcome_log(&k->turn->out, &e);
}

static void
migrated(struct keeper *k, int result, struct wd_span detail)
{
	struct wd_diag d = { 0 };

	if (!wd_span_to_text(detail, d.detail, sizeof(d.detail)))
		d.detail[0] = '\0';
	if (wd_outcome_reply(&k->turn->out, WD_CALL_SEAL_MIGRATE, result, &d,
		&k->seal_state) != 0) {
		keeper_admin_refuse(k, WD_F_MEMORY, "no memory");
		return;
	}
	if (log_migrated(k, result, d.detail) != 0)
		wd_log(WD_LOG_ERROR, "migration_not_logged", NULL);
	k->acted = true;
	log_then_answer(k);
}

void
keeper_admin_seal(struct keeper *k, int result, struct wd_span detail)
{
	if (k->turn->call == WD_CALL_UNSEAL)
		unsealed(k, result, detail);
	else if (k->turn->call == WD_CALL_SEAL_MIGRATE)
		migrated(k, result, detail);
	else
		sealed(k, result, detail);
}

/* What is done once the wish to do it is logged. True: it is on its way. */
static bool
act_now(struct keeper *k)
{
	const struct op *op = k->turn;

	if (op->out.result != 0 || k->acted)
		return false;
	if (op->call == WD_CALL_SEAL)
		seal_now(k);
	else if (op->call == WD_CALL_KEYRING_ROTATE)
		rotate_now(k);
	else if (op->call == WD_CALL_SEAL_MIGRATE)
		migrate_now(k);
	else
		return false;
	return true;
}

void
keeper_admin_durable(struct keeper *k)
{
	struct op *op = k->turn;
	struct wd_diag d = { 0 };

	if (act_now(k))
		return;
	if (finish(k, true, &d) != 0) {
		wd_log_result("change_not_stored", WD_F_STORE, &d);
		keeper_admin_refuse(
		    k, WD_F_STORE, "the change could not be stored");
		return;
	}
	keeper_remote_settle(k, op->out.result == 0);
	k->next_tick = 0; /* it may have revoked leases of backends */
	if ((op->call == WD_CALL_COLLATERAL_PUT || !k->verify_ready) &&
	    wd_broker_look(k->broker, wd_time_now(), &d) == 0)
		keeper_snapshot(k);
	answer(k);
}

/* What an operator should know, beside what the supervisor says. */
static void
warn(struct wd_wr *wr, const char *sentence)
{
	if (wr->len > 0)
		wd_wr_text(wr, "; ");
	wd_wr_text(wr, sentence);
}

static struct wd_span
status_warnings(const struct keeper *k, bool store_fails, struct wd_wr *wr)
{
	const struct wd_seal_row *seal =
	    wd_seal_by_name(wd_span_text(k->seal_kind));
	char ring[KEEPER_RING_WORDS], rows[KEEPER_ROWS_WORDS];

	if (seal != NULL && seal->warning != NULL)
		warn(wr, seal->warning);
	if (k->seal_state.probe_failing != 0)
		warn(wr,
		    "the device of the seal does not open it: after the next "
		    "start this server would stay sealed");
	if (k->seal_state.wrap_failing != 0)
		warn(wr,
		    "the HSM does not open what it has wrapped: secrets with "
		    "seal wrap are not released");
	if (keeper_ring_warns(k, ring))
		warn(wr, ring);
	if (keeper_rows_warn(k, rows))
		warn(wr, rows);
	if (store_fails)
		warn(wr, "the store cannot be read");
	return wd_wr_span(wr);
}

/* Answered out of turn: whoever asks wants to know what everything else waits
 * for. Numbers that cannot be had are shown as 0. */
static void
answer_status(struct keeper *k, uint32_t request)
{
	char text[WARNINGS_MAX];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	struct wd_uses uses = keeper_ring_uses(k);
	struct wd_msg_status m = {
		.version = WD_SPAN_LIT(WARDER_VERSION),
		.server_name = k->config->server_name,
		.initialized = k->broker != NULL ||
		    k->why_no_broker != WD_R_NOT_INITIALIZED,
		.sealed = k->broker == NULL || !k->broker->open,
		.seal_kind = wd_span_text(k->seal_kind),
		.shares = k->seal_state.shares,
		.threshold = k->seal_state.threshold,
		.progress = k->seal_state.progress,
		.seal_nonce = k->seal_state.nonce,
		.break_glass_shares = k->seal_state.break_glass_shares,
		.break_glass_threshold = k->seal_state.break_glass_threshold,
		.seal_probe_good = k->seal_state.probe_good,
		.seal_probe_failing = k->seal_state.probe_failing,
		.seal_wrap_failing = k->seal_state.wrap_failing,
		.keyring_terms = k->seal_state.terms,
		.keyring_term = uses.term,
		.keyring_made = uses.made,
		.keyring_uses = uses.n,
		.keyring_rows_left = keeper_ring_rows_left(k),
		.keyring_limit =
		    k->broker == NULL ? 0 : k->broker->keyring_limit,
		.log_size = k->log_size,
		.log_writable = k->log_writable,
		.clock = wd_time_now(),
	};

	m.warnings = status_warnings(k,
	    k->broker != NULL &&
		(wd_store_key_count(k->broker->store, &m.keys) != 0 ||
		    wd_store_policy_count(k->broker->store, &m.policies) != 0 ||
		    wd_store_hsm_count(k->broker->store, &m.seal_wrapped) != 0),
	    &wr);
	keeper_reply(k, WD_CALL_STATUS, request, 0, NULL, &m);
}

/* ---- turns */

static const struct {
	enum wd_call call;
	void (*begin)(struct keeper *k);
} special[] = {
	{ WD_CALL_UNSEAL, begin_unseal },
	{ WD_CALL_COLLATERAL_PUT, begin_collateral },
	{ WD_CALL_AUDIT_TAIL, begin_tail },
	{ WD_CALL_POLICY_EXPLAIN, begin_explain },
	{ WD_CALL_BACKUP_BEGIN, keeper_backup_begin },
};

static void
begin(struct keeper *k)
{
	struct op *op = k->turn;
	struct wd_diag d = { 0 };
	int r;

	if ((r = keeper_gate(k, &d)) != 0) {
		keeper_admin_refuse(k, r, d.detail);
		return;
	}
	for (size_t i = 0; i < WD_N(special); i++) {
		if (special[i].call != op->call)
			continue;
		special[i].begin(k);
		return;
	}
	if (!keeper_remote_begin(k))
		keeper_admin_run(k, NULL);
}

/* What an operator stops things with. A call before them may wait for a backend
 * as long as that may take, and there may be many such; of these calls there is
 * one wait at most. */
static bool
stops_something(enum wd_call call)
{
	return call == WD_CALL_SEAL || call == WD_CALL_REVOKE ||
	    call == WD_CALL_TOKEN_REVOKE;
}

/* Only for who may: nobody else's calls may fill the list. */
static bool
is_urgent(struct keeper *k, const struct op *op)
{
	WD_AUTO(wd_freep) void *msg = NULL;

	if (!stops_something(op->call) || k->broker == NULL ||
	    k->urgent.n >= KEEPER_ADMIN_URGENT)
		return false;
	msg = keeper_admin_request(k, op);
	return msg != NULL;
}

static struct op *
take_next(struct keeper *k)
{
	struct op_list *l = k->urgent.n > 0 ? &k->urgent : &k->queued;
	struct op *op = op_list_first(k, l);

	if (op != NULL)
		op_list_drop(l);
	return op;
}

void
keeper_admin_next(struct keeper *k)
{
	struct op *op;

	keeper_ring_step(k);
	while (k->turn == NULL && (op = take_next(k)) != NULL) {
		k->turn = op;
		op->state = OP_ADMIN;
		begin(k);
	}
}

static void
enqueue(struct keeper *k, struct op *op)
{
	if (is_urgent(k, op)) {
		op_list_add(k, &k->urgent, op);
	} else if (k->queued.n < KEEPER_ADMIN_QUEUE) {
		op_list_add(k, &k->queued, op);
	} else {
		keeper_op_refuse(
		    k, op, WD_R_OVERLOADED, "too many requests are waiting");
		return;
	}
	op->state = OP_QUEUED;
	keeper_admin_next(k);
}

void
keeper_admin_call(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct op *op;

	if (row->id == WD_CALL_STATUS) {
		answer_status(k, f->request);
		return;
	}
	if ((op = keeper_op_new(k, f, row->id)) == NULL)
		keeper_refuse(k, row->id, f->request, WD_R_OVERLOADED,
		    "too many requests are waiting");
	else if (!keeper_op_keep(op, f->body))
		keeper_op_refuse(k, op, WD_F_MEMORY, "no memory");
	else
		enqueue(k, op);
}

/* A transaction is never open while another role is asked, so that a late
 * answer has nothing to undo. */
void
keeper_admin_late(struct keeper *k, int64_t now_ms)
{
	if (k->turn == NULL || k->step == ADMIN_LOG ||
	    k->step == ADMIN_BACKEND || k->turn->deadline > now_ms)
		return;
	if (k->turn->call == WD_CALL_SEAL_MIGRATE)
		migrated(k, WD_R_UNAVAILABLE,
		    WD_SPAN_LIT("the seal did not answer in time; status "
				"shows what it is now"));
	else
		keeper_admin_refuse(k, WD_R_UNAVAILABLE,
		    "a part of the server did not answer in time");
}
