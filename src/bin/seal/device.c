/*
 * The device of an automatic seal, in a process of its own. It is waited for,
 * since nothing else here is in a hurry, but never for longer than DEVICE_MS:
 * then the process is reported, which ends it, and a new one is tried.
 */
#include "bin/seal/seal.h"

#include "base/clock.h"
#include "base/reason.h"
#include "sys/log.h"

enum {
	DEVICE_MS = 6000, /* keepers wait for ten seconds */
	AGAIN_MS = 60000, /* until another attempt at opening */
};

void
seal_device_attach(struct seal *s, uint16_t cell, int fd)
{
	wd_peer_done(&s->device);
	seal_wrapping_device(s);
	if (wd_peer_open(&s->device, WD_PROC_SEAL, WD_PROC_DEVICE, cell, fd) !=
	    0)
		wd_log(WD_LOG_ERROR, "device_not_attached", NULL);
	s->device_due = wd_time_mono_ms();
	seal_probe_soon(s);
}

/* Rejections are the device's word; anything else is its end. */
static int
call(struct seal *s, enum wd_call what, const void *request, void *ret_reply,
    struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r;

	seal_wrapping_settle(s);
	s->device_away = s->device.chan == NULL;
	if (s->device_away)
		return wd_reject(d, WD_R_UNAVAILABLE,
		    "the process of the device is not there");
	r = wd_peer_call(&s->device, what, request, DEVICE_MS, ret_reply, &why);
	if (r != WD_F_PEER && r != WD_F_TIMEOUT) {
		if (d != NULL)
			*d = why;
		return r;
	}
	wd_role_bad_peer(s->role, &s->device,
	    r == WD_F_TIMEOUT ? "does not answer in time" : why.detail);
	wd_peer_done(&s->device);
	s->device_away = r == WD_F_PEER;
	return wd_reject(d, WD_R_UNAVAILABLE, "the device %s",
	    r == WD_F_TIMEOUT ? "does not answer" : "was lost");
}

static int
wrap(void *ctx, enum wd_seal_kind kind, struct wd_span key,
    struct wd_bytes **ret_blob, struct wd_diag *d)
{
	struct wd_msg_device_key m = { (uint8_t)kind, key };
	struct wd_msg_device_blob answer;
	int r = call(ctx, WD_CALL_DEVICE_WRAP, &m, &answer, d);

	if (r != 0)
		return r;
	*ret_blob = wd_bytes_copy(answer.blob);
	return *ret_blob != NULL ? 0 : WD_F_MEMORY;
}

static int
unwrap(void *ctx, enum wd_seal_kind kind, struct wd_span blob,
    struct wd_secret **ret_key, struct wd_diag *d)
{
	struct wd_msg_device_blob m = { (uint8_t)kind, blob };
	struct wd_msg_device_key answer;
	int r = call(ctx, WD_CALL_DEVICE_UNWRAP, &m, &answer, d);

	if (r != 0)
		return r;
	*ret_key = wd_secret_copy(answer.key);
	return *ret_key != NULL ? 0 : WD_F_MEMORY;
}

int
seal_device_generate(struct seal *s, struct wd_diag *d)
{
	uint8_t none[1] = { 0 };
	char nothing[1];

	return call(s, WD_CALL_DEVICE_GENERATE, none, nothing, d);
}

void
seal_device_use(struct seal *s)
{
	s->device_of_box = (struct wd_seal_device){ s, wrap, unwrap };
	s->box.device = &s->device_of_box;
}

/* ---- opening by itself */

static bool
wants_to_open(const struct seal *s)
{
	return s->box.row != NULL && s->box.row->device &&
	    s->box.keyring == NULL && !s->locked && s->doing == SEAL_NOTHING &&
	    s->device.chan != NULL;
}

int
seal_device_check(struct seal *s)
{
	int64_t now = wd_time_mono_ms();
	struct wd_diag d = { 0 };
	int r;

	if (!wants_to_open(s))
		return -1;
	if (now < s->device_due)
		return (int)(s->device_due - now); /* at most AGAIN_MS */
	r = seal_box_open(&s->box, wd_span(NULL, 0), &d);
	s->device_due = wd_time_mono_ms() + AGAIN_MS;
	seal_probe_note(s, r);
	if (r != 0) {
		wd_log_result("seal_not_opened", r, &d);
		return wants_to_open(s) ? AGAIN_MS : -1;
	}
	wd_log(WD_LOG_INFO, "unsealed", "kind", s->box.row->name, NULL);
	seal_tell_state(s);
	return -1;
}
