/*
 * The keeper and the seal: the keyring comes at the start or when an operator
 * unseals, and goes when one seals.
 */
#include "bin/keeper/keeper.h"

#include "base/reason.h"
#include "sys/log.h"

static void
remember(struct keeper *k, const struct wd_msg_seal_state *m)
{
	(void)wd_span_to_text(
	    m->kind, k->seal_kind, sizeof(k->seal_kind)); /* at most 16 */
	k->seal_state = *m;
	k->seal_state.kind = wd_span_text(k->seal_kind);
	(void)wd_span_to_text(
	    m->nonce, k->seal_nonce, sizeof(k->seal_nonce)); /* at most 36 */
	k->seal_state.nonce = wd_span_text(k->seal_nonce);
	k->seal_state.keyring = wd_span(NULL, 0);
}

/* Takes what the state says; a keyring in it opens the broker. */
static int
take(struct keeper *k, const struct wd_msg_seal_state *m)
{
	struct wd_diag d = { 0 };
	bool open = k->broker != NULL && k->broker->open;
	int r;

	remember(k, m);
	if (m->keyring.len == 0 || k->broker == NULL)
		return 0;
	r = wd_broker_unseal(k->broker, m->keyring, &d);
	if (r != 0) {
		wd_log_result("not_unsealed", r, &d);
		return r;
	}
	k->snapshot_store = 0;
	if (!open) {
		keeper_rows_unsealed(k);
		wd_log(WD_LOG_INFO, "unsealed", NULL);
	}
	return 0;
}

void
keeper_seal_attached(struct keeper *k)
{
	uint32_t number;
	uint8_t none[1] = { 0 };
	int r = wd_peer_send(&k->seal, WD_CALL_SEAL_HELLO, none, -1, &number);

	if (r != 0)
		wd_log_result("seal_not_asked", r, NULL);
}

/* ---- what the seal wants of us */

static bool
on_keyring(struct keeper *k, const struct wd_frame *f)
{
	struct wd_msg_seal_state m;
	int r;

	if (wd_msg_read(f->body, &wd_msg_seal_state_type, &m) != 0)
		return false;
	r = take(k, &m);
	return wd_peer_reply(&k->seal, WD_CALL_KEYRING, f->request, r,
		   r == 0 ? NULL : "the keyring was not taken", NULL) == 0;
}

static bool
on_wipe(struct keeper *k, const struct wd_frame *f)
{
	if (k->broker != NULL)
		wd_broker_seal(k->broker);
	keeper_hsm_wipe(k);
	k->seal_state.sealed = true;
	k->seal_state.progress = 0;
	k->seal_state.nonce = wd_span(NULL, 0);
	wd_log(WD_LOG_INFO, "sealed", NULL);
	return wd_peer_reply(
		   &k->seal, WD_CALL_WIPE, f->request, 0, NULL, NULL) == 0;
}

/* ---- what it answers */

static bool
on_answer(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct wd_msg_seal_state m = { 0 };
	struct wd_span detail = { 0 };
	int result = 0;

	if (wd_reply_read(f->body, row, &result, &detail, &m) != 0)
		return false;
	k->seal_known = true;
	if (result == 0)
		result = take(k, &m);
	if (row->id == WD_CALL_SEAL_SEAL && result == 0 && k->broker != NULL)
		wd_broker_seal(k->broker);
	if (row->id == WD_CALL_SEAL_ROTATE)
		keeper_ring_rotated(k, f->request, result, detail);
	if (row->id == WD_CALL_SEAL_DROP)
		keeper_ring_dropped(k, f->request, result, detail);
	if (row->id != WD_CALL_SEAL_HELLO && k->step == ADMIN_SEAL &&
	    k->turn->asked == f->request)
		keeper_admin_seal(k, result, detail);
	return true;
}

bool
keeper_seal_said(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row)
{
	if (row->id == WD_CALL_KEYRING)
		return on_keyring(k, f);
	if (row->id == WD_CALL_WIPE)
		return on_wipe(k, f);
	if (row->id == WD_CALL_SEAL_WRAP || row->id == WD_CALL_SEAL_UNWRAP)
		return keeper_hsm_said(k, f, row);
	if (row->id == WD_CALL_SEAL_FILES)
		return keeper_backup_files(k, f, row);
	return on_answer(k, f, row);
}

/* Keys that are open stay open. */
void
keeper_seal_gone(struct keeper *k)
{
	keeper_ring_seal_gone(k);
	keeper_hsm_gone(k);
	if (k->step == ADMIN_SEAL)
		keeper_admin_seal(k, WD_R_UNAVAILABLE,
		    WD_SPAN_LIT("seal went away; see status, and try again"));
}
