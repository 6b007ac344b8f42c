/*
 * Keys for seal wrap (seal/sealwrap.h): made here and wrapped by the HSM, or
 * opened by it once more. The HSM is asked without waiting for it: what is
 * asked stands in a table until its process answers, or for WRAP_MS. The random
 * key itself leaves this process for the device alone, and what keepers get is
 * derived from it, so that none of them can have the blob of the seal opened.
 */
#include "bin/seal/seal.h"

#include "base/clock.h"
#include "base/reason.h"
#include "crypto/rand.h"
#include "seal/sealwrap.h"
#include "sys/log.h"

enum {
	WRAP_MS = 4000,
	PAUSE_MS = 1000, /* after a failure nothing is asked for so long */
};

/* ---- answering keepers */

static struct seal_keeper *
keeper_of(struct seal *s, uint64_t serial)
{
	for (size_t i = 0; i < WD_KEEPERS; i++)
		if (s->keepers[i].serial == serial &&
		    s->keepers[i].base.peer.chan != NULL &&
		    !s->keepers[i].base.condemned)
			return &s->keepers[i];
	return NULL;
}

static void
reply(struct seal *s, const struct seal_wrapping *x, int result,
    const char *detail, const void *msg)
{
	struct seal_keeper *k = keeper_of(s, x->keeper);

	if (k != NULL &&
	    wd_peer_reply(
		&k->base.peer, x->call, x->request, result, detail, msg) != 0)
		seal_keeper_condemn(s, k, "does not take answers");
}

/* Ends X, whose place is free then. */
static void
refuse(struct seal *s, struct seal_wrapping *x, int result, const char *detail)
{
	reply(s, x, result, detail, NULL);
	x->random = wd_secret_free(x->random);
	*x = (struct seal_wrapping){ 0 };
	s->n_wrappings--;
}

/* What keepers get of RANDOM. */
static int
derive(const struct seal *s, struct wd_span random, struct wd_secret **ret,
    struct wd_diag *d)
{
	if (s->box.keyring == NULL)
		return wd_reject(d, WD_R_SEALED, "the server is sealed");
	if (random.len != WD_SEALWRAP_KEY)
		return wd_reject(
		    d, WD_R_TAMPERED, "the HSM opens it to what is no key");
	return wd_sealwrap_derive(&s->box.store_id, random, ret) == 0
	    ? 0
	    : wd_fault(d, WD_F_CRYPTO, "no key could be derived");
}

static void
wrapped(struct seal *s, struct seal_wrapping *x, struct wd_span blob)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	struct wd_msg_seal_wrapped m = { .blob = blob };
	struct wd_diag d = { 0 };
	int r = derive(s, wd_secret_borrow(x->random), &key, &d);

	m.key = wd_secret_borrow(key);
	if (r != 0) {
		refuse(s, x, r, d.detail);
		return;
	}
	reply(s, x, 0, NULL, &m);
	x->random = wd_secret_free(x->random);
	*x = (struct seal_wrapping){ 0 };
	s->n_wrappings--;
}

static void
unwrapped(struct seal *s, struct seal_wrapping *x, struct wd_span random)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	struct wd_msg_seal_key m = { 0 };
	struct wd_diag d = { 0 };
	int r = derive(s, random, &key, &d);

	m.key = wd_secret_borrow(key);
	if (r != 0) {
		refuse(s, x, r, d.detail);
		return;
	}
	reply(s, x, 0, NULL, &m);
	*x = (struct seal_wrapping){ 0 };
	s->n_wrappings--;
}

/* ---- whether the HSM answers */

static void
note(struct seal *s, int result, const char *why)
{
	bool was_failing = s->wrap_failing != 0;

	if (result == 0) {
		s->wrap_failing = 0;
		s->wrap_pause = 0;
	} else if (!was_failing) {
		s->wrap_failing = wd_time_now();
	}
	if (result != 0)
		s->wrap_pause = wd_time_mono_ms() + PAUSE_MS;
	/* A PIN is not shown until it is locked: trials end too. */
	if (result == WD_R_PERMISSION)
		seal_probe_note(s, result);
	if (was_failing == (s->wrap_failing != 0))
		return;
	wd_log(result == 0 ? WD_LOG_INFO : WD_LOG_WARNING,
	    result == 0 ? "hsm_answers" : "hsm_does_not_answer", "detail", why,
	    NULL);
	seal_tell_news(s);
}

/* What was asked is lost, with or without the process. */
static void
fail_all(struct seal *s, const char *why)
{
	note(s, WD_R_HSM_UNAVAILABLE, why);
	for (size_t i = 0; i < SEAL_WRAPPINGS; i++)
		if (s->wrappings[i].keeper != 0)
			refuse(s, &s->wrappings[i], WD_R_HSM_UNAVAILABLE, why);
}

/* Their places stay taken until the device has answered. */
void
seal_wrapping_forget(struct seal *s)
{
	for (size_t i = 0; i < SEAL_WRAPPINGS; i++)
		wd_secret_freep(&s->wrappings[i].random);
}

void
seal_wrapping_device(struct seal *s)
{
	if (s->n_wrappings > 0)
		fail_all(s, "the process of the HSM went away");
	s->wrap_pause = 0;
}

static void
device_is_bad(struct seal *s, const char *why)
{
	wd_role_bad_peer(s->role, &s->device, why);
	wd_peer_done(&s->device);
	fail_all(s, "the process of the HSM was lost");
}

/* ---- what the device answers */

static struct seal_wrapping *
find(struct seal *s, uint32_t number)
{
	for (size_t i = 0; i < SEAL_WRAPPINGS; i++)
		if (s->wrappings[i].keeper != 0 &&
		    s->wrappings[i].number == number)
			return &s->wrappings[i];
	return NULL;
}

/* What the HSM's words mean to a keeper: that it opens other bytes is no matter
 * of whether it is there. */
static int
of_device(int result)
{
	if (result == WD_R_UNSEAL_REFUSED || result == WD_R_MALFORMED)
		return WD_R_TAMPERED;
	return result == 0 ? 0 : WD_R_HSM_UNAVAILABLE;
}

static const char *
take(struct seal *s, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct seal_wrapping *x = find(s, f->request);
	union {
		struct wd_msg_device_blob blob;
		struct wd_msg_device_key key;
	} m = { 0 };
	enum wd_call expected;
	struct wd_span detail = { 0 };
	char text[200];
	int result = 0;

	if ((f->flags & WD_FRAME_REPLY) == 0 || x == NULL)
		return "says what it was not asked";
	expected = x->call == WD_CALL_SEAL_WRAP ? WD_CALL_DEVICE_WRAP
						: WD_CALL_DEVICE_UNWRAP;
	if (row->id != expected ||
	    wd_reply_read(f->body, row, &result, &detail, &m) != 0)
		return "malformed answer";
	if (!wd_span_to_text(detail, text, sizeof(text)))
		text[0] = '\0';
	if (of_device(result) != WD_R_TAMPERED)
		note(s, result, text);
	if (result != 0)
		refuse(s, x, of_device(result), text);
	else if (expected == WD_CALL_DEVICE_WRAP)
		wrapped(s, x, m.blob.blob);
	else
		unwrapped(s, x, m.key.key);
	return NULL;
}

void
seal_wrapping_ready(struct seal *s)
{
	bool gone = wd_chan_fill(s->device.chan) != 0;
	const struct wd_call_row *row;
	const char *wrong = NULL;
	struct wd_diag d = { 0 };
	struct wd_frame f;
	int n = 0;

	while (
	    wrong == NULL && (n = wd_peer_next(&s->device, &f, &row, &d)) > 0)
		wrong = take(s, &f, row);
	if (n < 0)
		wrong = d.detail;
	if (wrong != NULL && !gone) {
		device_is_bad(s, wrong);
	} else if (gone) {
		wd_peer_done(&s->device);
		fail_all(s, "the process of the HSM went away");
	} else {
		wd_chan_forget(s->device.chan);
	}
}

void
seal_wrapping_flush(struct seal *s)
{
	if (s->n_wrappings > 0 && s->device.chan != NULL &&
	    wd_chan_flush(s->device.chan) != 0) {
		wd_peer_done(&s->device);
		fail_all(s, "the process of the HSM went away");
	}
}

/* Whoever asks the device and waits for it must be alone. */
void
seal_wrapping_settle(struct seal *s)
{
	const struct wd_call_row *row;
	struct wd_diag d = { 0 };
	struct wd_frame f;

	while (s->n_wrappings > 0 && s->device.chan != NULL) {
		int64_t left = seal_wrapping_due(s);
		const char *wrong = "does not answer in time";

		if (wd_chan_drain(s->device.chan, (int)left) == 0 &&
		    wd_peer_wait(&s->device, (int)left, &f, &row, &d) == 0)
			wrong = take(s, &f, row);
		if (wrong != NULL)
			device_is_bad(s, wrong);
	}
	if (s->device.chan != NULL)
		wd_chan_forget(s->device.chan);
}

/* ---- what keepers ask */

/* The device only ever wraps under the key that opens the seal: then another
 * seal of the same device leaves what is wrapped as it is. */
static int
may_wrap(const struct seal *s, struct wd_diag *d)
{
	if (s->box.row == NULL || s->box.row->kind != WD_SEAL_PKCS11)
		return wd_reject(d, WD_R_NO_HSM,
		    "only a seal by an HSM (pkcs11) wraps secrets; the seal of "
		    "this server is another");
	if (s->probe_good == 0 || s->probe_failing != 0)
		return wd_reject(d, WD_R_HSM_UNAVAILABLE,
		    "the HSM does not open the seal of this server, so it is "
		    "not to wrap anything");
	return 0;
}

static int
may_ask(const struct seal *s, struct wd_diag *d)
{
	if (s->box.keyring == NULL)
		return wd_reject(d, WD_R_SEALED,
		    "the seal has been started again and is to be opened "
		    "first");
	if (s->device.chan == NULL)
		return wd_reject(d, WD_R_HSM_UNAVAILABLE,
		    "the process of the HSM is not there");
	if (s->probe_due == INT64_MAX)
		return wd_reject(d, WD_R_HSM_UNAVAILABLE,
		    "the HSM has refused the PIN; it is not tried again before "
		    "its process is started again");
	if (wd_time_mono_ms() < s->wrap_pause)
		return wd_reject(d, WD_R_HSM_UNAVAILABLE,
		    "the HSM has just failed; try again in a second");
	if (s->n_wrappings == SEAL_WRAPPINGS)
		return wd_reject(
		    d, WD_R_OVERLOADED, "too much waits for the HSM");
	return 0;
}

/* X is sent, and in the table from then on. */
static int
ask(struct seal *s, struct seal_wrapping *x, enum wd_call call, const void *msg,
    struct wd_diag *d)
{
	if (wd_peer_send(&s->device, call, msg, -1, &x->number) != 0)
		return wd_reject(
		    d, WD_R_HSM_UNAVAILABLE, "the HSM cannot be asked");
	x->deadline = wd_time_mono_ms() + WRAP_MS;
	for (size_t i = 0; i < SEAL_WRAPPINGS; i++)
		if (s->wrappings[i].keeper == 0) {
			s->wrappings[i] = *x;
			x->random = NULL;
			s->n_wrappings++;
			return 0;
		}
	return WD_F_BUG; /* may_ask() has counted */
}

static int
begin_wrap(struct seal *s, struct seal_wrapping *x, struct wd_diag *d)
{
	struct wd_msg_device_key m = { .kind = WD_SEAL_PKCS11 };
	int r;

	if ((r = may_wrap(s, d)) != 0 || (r = may_ask(s, d)) != 0)
		return r;
	if (wd_rand_secret(WD_SEALWRAP_KEY, &x->random) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no key could be made");
	m.key = wd_secret_borrow(x->random);
	return ask(s, x, WD_CALL_DEVICE_WRAP, &m, d);
}

void
seal_wrap(
    struct seal *s, struct seal_keeper *k, uint32_t request, const void *none)
{
	struct seal_wrapping x = { .keeper = k->serial,
		.request = request,
		.call = WD_CALL_SEAL_WRAP };
	struct wd_diag d = { 0 };
	int r = begin_wrap(s, &x, &d);

	(void)none;
	if (r != 0)
		reply(s, &x, r, d.detail, NULL);
	wd_secret_freep(&x.random);
}

void
seal_unwrap(
    struct seal *s, struct seal_keeper *k, uint32_t request, const void *msg)
{
	const struct wd_msg_seal_blob *m = msg;
	struct wd_msg_device_blob ask_for = { WD_SEAL_PKCS11, m->blob };
	struct seal_wrapping x = { .keeper = k->serial,
		.request = request,
		.call = WD_CALL_SEAL_UNWRAP };
	struct wd_diag d = { 0 };
	int r = may_ask(s, &d);

	if (r == 0)
		r = ask(s, &x, WD_CALL_DEVICE_UNWRAP, &ask_for, &d);
	if (r != 0)
		reply(s, &x, r, d.detail, NULL);
}

/* ---- time */

int
seal_wrapping_due(const struct seal *s)
{
	int64_t first = INT64_MAX, left;

	if (s->n_wrappings == 0)
		return -1;
	for (size_t i = 0; i < SEAL_WRAPPINGS; i++)
		if (s->wrappings[i].keeper != 0 &&
		    s->wrappings[i].deadline < first)
			first = s->wrappings[i].deadline;
	left = first - wd_time_mono_ms();
	return left <= 0 ? 0 : left < WRAP_MS ? (int)left : WRAP_MS;
}

void
seal_wrapping_check(struct seal *s)
{
	if (s->n_wrappings > 0 && s->device.chan != NULL &&
	    seal_wrapping_due(s) == 0)
		device_is_bad(s, "does not answer in time");
}
