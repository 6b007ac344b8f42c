/*
 * Keys of single secrets, which the HSM of the seal wraps and opens: seal is
 * asked and never waited for. While it is, a slot of the table stands for the
 * request; whoever waits too long is answered that the HSM is away, and nothing
 * is opened in any other way.
 */
#include "bin/keeper/keeper.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/reason.h"
#include "broker/admin.h"

/* ---- asking */

static struct keeper_hsm_asked *
find(struct keeper *k, uint32_t number)
{
	for (size_t i = 0; i < KEEPER_HSM_ASKED; i++)
		if (k->hsm_asked[i].number == number)
			return &k->hsm_asked[i];
	return NULL;
}

/* As of backends: who has half of the places leaves the last quarter to
 * others. */
static bool
has_its_share(const struct keeper *k, const struct op *op)
{
	const struct wd_id *session = keeper_asks_for(op);
	size_t n = 0, own = 0;

	if (wd_id_is_none(session))
		return false;
	for (size_t i = 0; i < KEEPER_HSM_ASKED; i++) {
		const struct keeper_hsm_asked *x = &k->hsm_asked[i];

		n += x->number != 0;
		own += x->number != 0 && x->op != NULL &&
		    wd_span_equal(wd_id_span(keeper_asks_for(x->op)),
			wd_id_span(session));
	}
	return n >= KEEPER_HSM_ASKED - KEEPER_HSM_ASKED / 4 &&
	    own >= KEEPER_HSM_ASKED / 2;
}

static int
ask(struct keeper *k, enum wd_call call, const void *msg, struct op *op,
    struct wd_diag *d)
{
	struct keeper_hsm_asked *x = find(k, 0);
	uint32_t number;

	if (x == NULL || has_its_share(k, op))
		return wd_reject(
		    d, WD_R_OVERLOADED, "too much waits for the HSM");
	if (wd_peer_send(&k->seal, call, msg, -1, &number) != 0)
		return wd_reject(d, WD_R_HSM_UNAVAILABLE, "seal is away");
	*x = (struct keeper_hsm_asked){ .number = number,
		.call = (uint16_t)call,
		.op = op,
		.deadline = wd_time_mono_ms() + KEEPER_HSM_MS };
	return 0;
}

int
keeper_hsm_unwrap(
    struct keeper *k, struct wd_span blob, struct op *op, struct wd_diag *d)
{
	struct wd_msg_seal_blob m = { blob };

	return ask(k, WD_CALL_SEAL_UNWRAP, &m, op, d);
}

/* ---- answers */

/* What seal may say of it; anything else is no word of an HSM. */
static int
believed(int result)
{
	switch (result) {
	case 0:
	case WD_R_HSM_UNAVAILABLE:
	case WD_R_NO_HSM:
	case WD_R_TAMPERED:
	case WD_R_OVERLOADED:
	case WD_R_SEALED:
		return result;
	default:
		return WD_R_HSM_UNAVAILABLE;
	}
}

bool
keeper_hsm_said(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct keeper_hsm_asked *x = find(k, f->request);
	union {
		struct wd_msg_seal_wrapped wrapped;
		struct wd_msg_seal_key key;
	} m = { 0 };
	struct wd_span why = { 0 };
	struct op *op;
	int result = 0;

	if (f->request == 0 || wd_reply_read(f->body, row, &result, &why, &m))
		return false;
	if (x == NULL)
		return true; /* nobody waits for it any more */
	if (x->call != row->id)
		return false;
	op = x->op;
	*x = (struct keeper_hsm_asked){ 0 };
	keeper_give(k, op, row->id, believed(result), why, &m);
	return true;
}

static void
give_up(struct keeper *k, struct keeper_hsm_asked *x, struct wd_span why)
{
	struct op *op = x->op;

	*x = (struct keeper_hsm_asked){ 0 };
	keeper_give(k, op, 0, WD_R_HSM_UNAVAILABLE, why, NULL);
}

void
keeper_hsm_gone(struct keeper *k)
{
	for (size_t i = 0; i < KEEPER_HSM_ASKED; i++)
		if (k->hsm_asked[i].number != 0)
			give_up(k, &k->hsm_asked[i],
			    WD_SPAN_LIT("seal, which asks the HSM, went away"));
}

void
keeper_hsm_late(struct keeper *k, int64_t now_ms)
{
	for (size_t i = 0; i < KEEPER_HSM_ASKED; i++)
		if (k->hsm_asked[i].number != 0 &&
		    now_ms >= k->hsm_asked[i].deadline)
			give_up(k, &k->hsm_asked[i],
			    WD_SPAN_LIT("the HSM did not answer in time"));
}

/* ---- admin calls: one after the other is asked, then the call is done */

static void
run(struct keeper *k)
{
	struct keeper_hsm_turn *t = &k->hsm_turn;
	struct wd_sealwrap wraps[WD_HSM_BLOBS];
	struct wd_admin_found found = { .wraps = wraps, .n_wraps = t->n };

	for (size_t i = 0; i < t->n; i++)
		wraps[i] = (struct wd_sealwrap){ wd_bytes_span(t->blob[i]),
			wd_secret_borrow(t->key[i]) };
	keeper_admin_run(k, t->n > 0 ? &found : NULL);
}

static void
refuse(struct keeper *k, int result, struct wd_span why)
{
	struct wd_admin_found found = { .result = result, .why = why };

	keeper_admin_run(k, &found);
}

static void
ask_next(struct keeper *k)
{
	struct keeper_hsm_turn *t = &k->hsm_turn;
	uint8_t none[1] = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (t->n == (t->plan.wrap ? 1 : t->plan.n)) {
		run(k);
		return;
	}
	r = t->plan.wrap ? ask(k, WD_CALL_SEAL_WRAP, none, k->turn, &d)
			 : keeper_hsm_unwrap(k,
			       wd_bytes_span(t->plan.blobs[t->n]), k->turn, &d);
	if (r == 0)
		k->step = ADMIN_BACKEND;
	else
		refuse(k, r, wd_span_text(d.detail));
}

void
keeper_hsm_begin(struct keeper *k)
{
	const struct wd_call_row *row = wd_call_row((uint16_t)k->turn->call);
	WD_AUTO(wd_freep) void *msg = wd_alloc(row->request->size + 1);
	struct wd_diag d = { 0 };
	int r;

	keeper_hsm_settle(k);
	if (msg == NULL ||
	    wd_msg_read(wd_bytes_span(k->turn->body), row->request, msg) != 0 ||
	    wd_admin_allowed_for(k->broker, wd_admin_row(k->turn->call), msg,
		wd_time_now(), &d) != 0) {
		keeper_admin_run(k, NULL); /* refused, and logged */
		return;
	}
	r = wd_admin_hsm_plan(
	    k->broker, k->turn->call, msg, &k->hsm_turn.plan, &d);
	if (r != 0)
		refuse(k, r, wd_span_text(d.detail));
	else
		ask_next(k);
}

void
keeper_hsm_admin(struct keeper *k, enum wd_call call, const void *msg)
{
	const struct wd_msg_seal_wrapped *wrapped = msg;
	const struct wd_msg_seal_key *opened = msg;
	struct keeper_hsm_turn *t = &k->hsm_turn;
	bool wrap = call == WD_CALL_SEAL_WRAP;

	t->blob[t->n] = wd_bytes_copy(
	    wrap ? wrapped->blob : wd_bytes_span(t->plan.blobs[t->n]));
	t->key[t->n] = wd_secret_copy(wrap ? wrapped->key : opened->key);
	if (t->blob[t->n] == NULL || t->key[t->n] == NULL) {
		t->n++; /* it goes with the turn */
		keeper_admin_refuse(k, WD_F_MEMORY, "no memory");
		return;
	}
	t->n++;
	ask_next(k);
}

/* The call goes on, and is refused for want of the keyring. */
void
keeper_hsm_wipe(struct keeper *k)
{
	for (size_t i = 0; i < k->hsm_turn.n; i++)
		wd_secret_freep(&k->hsm_turn.key[i]);
}

void
keeper_hsm_settle(struct keeper *k)
{
	struct keeper_hsm_turn *t = &k->hsm_turn;

	for (size_t i = 0; i < t->n; i++) {
		t->blob[i] = wd_bytes_free(t->blob[i]);
		t->key[i] = wd_secret_free(t->key[i]);
	}
	wd_hsm_plan_done(&t->plan);
	*t = (struct keeper_hsm_turn){ 0 };
}
