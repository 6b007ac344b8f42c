/*
 * The keeper's verify: evidence goes there with the fields its binding is made
 * of, claims come back. It answers in the order in which it was asked.
 */
#include "bin/keeper/keeper.h"

#include "base/clock.h"
#include "base/reason.h"
#include "broker/admin.h"
#include "crypto/hash.h"
#include "sys/file.h"
#include "sys/log.h"

#include <unistd.h>

int
keeper_ask_verify(
    struct keeper *k, struct op *op, const struct wd_msg_attest_ask *ask)
{
	struct wd_msg_appraise_ask m = {
		.door = ask->door,
		.tee = ask->tee,
		.at = wd_time_now(),
		.challenge = ask->challenge,
		.key_curve = ask->key_curve,
		.key_alg = ask->key_alg,
		.key_x = ask->key_x,
		.key_y = ask->key_y,
		.key_n = ask->key_n,
		.key_e = ask->key_e,
		.additional = ask->additional,
		.init_data = ask->init_data,
		.evidence = ask->evidence,
	};

	if (k->verify.chan == NULL)
		return WD_F_PEER;
	keeper_snapshot(k);
	if (k->snapshot_failed)
		return WD_F_STORE;
	return keeper_send_verify(k, op, WD_CALL_APPRAISE, &m);
}

int
keeper_send_verify(
    struct keeper *k, struct op *op, enum wd_call call, const void *msg)
{
	int r;

	if (k->verify.chan == NULL)
		return WD_F_PEER;
	r = wd_peer_send(&k->verify, call, msg, -1, &op->asked);
	if (r != 0)
		return r;
	op->state = OP_VERIFY;
	op->deadline = wd_time_mono_ms() + KEEPER_VERIFY_MS;
	op_list_add(k, &k->judged, op);
	return 0;
}

/* ---- the snapshot of collateral */

static int
send_snapshot(struct keeper *k, struct wd_span bytes)
{
	struct wd_msg_snapshot m = { k->snapshot_version + 1, bytes.len };
	WD_AUTO(wd_fd_closep) int fd = -1;
	struct wd_diag d = { 0 };
	uint32_t number;
	int r = wd_memfd_sealed("collateral", bytes, &fd, &d);

	if (r == 0)
		r = wd_peer_send(&k->verify, WD_CALL_SNAPSHOT, &m, fd, &number);
	if (r != 0)
		wd_log_result("snapshot_not_sent", r, &d);
	else
		k->snapshot_version++;
	return r;
}

/* Sends what is stored unless verify has it already; not while a change that
 * may be undone is being made. */
void
keeper_snapshot(struct keeper *k)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	uint8_t digest[32];

	if (k->broker == NULL || k->verify.chan == NULL ||
	    k->broker->changing ||
	    (k->verify_ready && k->snapshot_store == k->broker->store_version))
		return;
	k->snapshot_failed = wd_collateral_snapshot(k->broker, &bytes) != 0 ||
	    wd_hash(WD_SHA256, wd_bytes_span(bytes), digest) != 0;
	if (k->snapshot_failed) {
		wd_log(WD_LOG_ERROR, "snapshot_not_made", "why",
		    wd_store_why(k->broker->store), NULL);
		return;
	}
	if (!k->verify_ready ||
	    !wd_span_equal(WD_SPAN(digest), WD_SPAN(k->snapshot_digest))) {
		if (send_snapshot(k, wd_bytes_span(bytes)) != 0)
			return;
		wd_copy(k->snapshot_digest, WD_SPAN(digest));
	}
	k->verify_ready = true;
	k->snapshot_store = k->broker->store_version;
}

/* ---- answers */

/* Who was late has been answered; what comes now is for nobody: NULL. */
static struct op *
take_judged(struct keeper *k, uint32_t number)
{
	struct op *op = op_list_first(k, &k->judged);

	if (op == NULL || op->asked != number)
		return NULL;
	op_list_drop(&k->judged);
	return op;
}

static void
on_appraised(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct wd_msg_claims claims = { 0 };
	struct wd_span detail = { 0 };
	struct op *op;
	int result = 0;

	if (wd_reply_read(f->body, row, &result, &detail, &claims) != 0) {
		wd_role_bad_peer(k->role, &k->verify, "malformed answer");
		return;
	}
	if (k->step == ADMIN_VERIFY && k->turn->asked == f->request) {
		keeper_admin_appraised(k, result, detail, &claims);
		return;
	}
	op = take_judged(k, f->request);
	if (op != NULL)
		keeper_judged(k, op, result, detail, &claims);
}

static void
on_ek(struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct wd_msg_ek_info info = { 0 };
	struct wd_span detail = { 0 };
	struct op *op;
	int result = 0;

	if (wd_reply_read(f->body, row, &result, &detail, &info) != 0) {
		wd_role_bad_peer(k->role, &k->verify, "malformed answer");
		return;
	}
	op = take_judged(k, f->request);
	if (op != NULL)
		keeper_ek_checked(k, op, result, detail, &info);
}

static void
on_snapshot(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct wd_span detail = { 0 };
	uint8_t none[1];
	int result = 0;

	if (wd_reply_read(f->body, row, &result, &detail, none) != 0 ||
	    result != 0) {
		k->verify_ready = false;
		wd_role_bad_peer(k->role, &k->verify, "refused the snapshot");
	}
}

static void
on_doc(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct wd_msg_doc_info doc = { 0 };
	struct wd_span detail = { 0 };
	int result = 0;

	if (wd_reply_read(f->body, row, &result, &detail, &doc) != 0) {
		wd_role_bad_peer(k->role, &k->verify, "malformed answer");
		return;
	}
	if (k->step == ADMIN_VERIFY && k->turn->asked == f->request)
		keeper_admin_doc(k, result, detail, &doc);
}

void
keeper_verify_said(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row)
{
	k->verify_said_at = wd_time_mono_ms();
	if (row->id == WD_CALL_APPRAISE)
		on_appraised(k, f, row);
	else if (row->id == WD_CALL_SNAPSHOT)
		on_snapshot(k, f, row);
	else if (row->id == WD_CALL_DOC_CHECK)
		on_doc(k, f, row);
	else if (row->id == WD_CALL_EK_CHECK)
		on_ek(k, f, row);
}

void
keeper_verify_gone(struct keeper *k)
{
	struct op *op;

	k->verify_ready = false;
	while ((op = op_list_first(k, &k->judged)) != NULL) {
		op_list_drop(&k->judged);
		keeper_op_refuse(
		    k, op, WD_R_UNAVAILABLE, "verify went away; try again");
	}
	if (k->step == ADMIN_VERIFY)
		keeper_admin_doc(k, WD_R_UNAVAILABLE,
		    WD_SPAN_LIT("verify went away; try again"), NULL);
}

/* One that has too much to do still answers somebody. One that says nothing at
 * all will not come back by itself. */
static void
judge_silence(struct keeper *k, int64_t now_ms)
{
	if (k->verify.chan != NULL &&
	    now_ms - k->verify_said_at >= KEEPER_VERIFY_MS)
		wd_role_bad_peer(k->role, &k->verify, "does not answer");
}

void
keeper_verify_late(struct keeper *k, int64_t now_ms)
{
	struct op *op = op_list_first(k, &k->judged);
	bool late = op != NULL && op->deadline <= now_ms;

	late |= k->step == ADMIN_VERIFY && k->turn->deadline <= now_ms;
	if (late)
		judge_silence(k, now_ms);
	while ((op = op_list_first(k, &k->judged)) != NULL &&
	    op->deadline <= now_ms) {
		op_list_drop(&k->judged);
		keeper_op_refuse(k, op, WD_R_UNAVAILABLE,
		    "the evidence could not be judged in time");
	}
}
