/*
 * warder-device: the HSM or TPM of the seal. Loads the HSM's module, which is
 * foreign code, and wraps and unwraps keys for warder-seal, nothing else. The
 * root key never comes here. If a device hangs, the seal has us ended; one that
 * cannot be opened is said at each call, so that the server runs.
 */
#include "bin/common/role.h"
#include "crypto/init.h"
#include "hsm/hsm.h"
#include "seal/seal.h"
#include "sys/file.h"
#include "sys/log.h"
#include "tss/tss.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARENA = 1 << 20, PIN_MAX = 256 };

struct device {
	struct wd_role *role;
	struct wd_peer seal;
	struct wd_hsm_uri uri;
	struct wd_secret *pin;
	struct wd_hsm *hsm;     /* NULL: none, or could not be loaded */
	struct wd_diag why;     /* then */
	struct wd_tss *tpm;     /* likewise */
	struct wd_diag why_tpm; /* likewise */
	bool lost; /* the connection to the TPM: only a new start mends it */
};

/* ---- what the seal asks */

static int
unavailable(const struct wd_diag *why, struct wd_diag *d)
{
	return wd_reject(d, WD_R_UNAVAILABLE, "%.180s",
	    why->detail[0] != '\0' ? why->detail
				   : "no such device is configured");
}

static int
wrap_key(struct device *x, const struct wd_msg_device_key *m,
    struct wd_bytes **ret, struct wd_diag *d)
{
	uint32_t pcrs = wd_role_config(x->role)->seal_tpm_pcrs;

	if (m->kind == WD_SEAL_TPM)
		return x->tpm != NULL
		    ? wd_tss_seal(x->tpm, pcrs, m->key, ret, d)
		    : unavailable(&x->why_tpm, d);
	return x->hsm != NULL ? wd_hsm_wrap(x->hsm, m->key, ret, d)
			      : unavailable(&x->why, d);
}

static int
unwrap_key(struct device *x, const struct wd_msg_device_blob *m,
    struct wd_secret **ret, struct wd_diag *d)
{
	if (m->kind == WD_SEAL_TPM)
		return x->tpm != NULL ? wd_tss_unseal(x->tpm, m->blob, ret, d)
				      : unavailable(&x->why_tpm, d);
	return x->hsm != NULL ? wd_hsm_unwrap(x->hsm, m->blob, ret, d)
			      : unavailable(&x->why, d);
}

static int
wrap(struct device *x, const struct wd_frame *f, const struct wd_call_row *row)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = NULL;
	struct wd_msg_device_blob answer = { 0 };
	struct wd_msg_device_key m;
	struct wd_diag d = { 0 };
	int r;

	if (wd_msg_read(f->body, row->request, &m) != 0)
		return WD_F_PEER;
	r = wrap_key(x, &m, &blob, &d);
	x->lost = x->lost || (r < 0 && m.kind == WD_SEAL_TPM);
	answer.kind = m.kind;
	answer.blob = wd_bytes_span(blob);
	return wd_peer_reply(
	    &x->seal, row->id, f->request, r, d.detail, &answer);
}

static int
unwrap(
    struct device *x, const struct wd_frame *f, const struct wd_call_row *row)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	struct wd_msg_device_key answer = { 0 };
	struct wd_msg_device_blob m;
	struct wd_diag d = { 0 };
	int r;

	if (wd_msg_read(f->body, row->request, &m) != 0)
		return WD_F_PEER;
	r = unwrap_key(x, &m, &key, &d);
	x->lost = x->lost || (r < 0 && m.kind == WD_SEAL_TPM);
	answer.kind = m.kind;
	answer.key = wd_secret_borrow(key);
	return wd_peer_reply(
	    &x->seal, row->id, f->request, r, d.detail, &answer);
}

/* Only an HSM has keys to be made. */
static int
generate(
    struct device *x, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct wd_diag d = { 0 };
	uint8_t none[1] = { 0 };
	int r;

	if (f->body.len != 0)
		return WD_F_PEER;
	r = x->hsm != NULL ? wd_hsm_generate(x->hsm, &d)
			   : unavailable(&x->why, &d);
	return wd_peer_reply(&x->seal, row->id, f->request, r, d.detail, none);
}

static const struct {
	enum wd_call call;
	int (*run)(struct device *, const struct wd_frame *,
	    const struct wd_call_row *);
} handlers[] = {
	{ WD_CALL_DEVICE_WRAP, wrap },
	{ WD_CALL_DEVICE_UNWRAP, unwrap },
	{ WD_CALL_DEVICE_GENERATE, generate },
};

static int
serve(struct device *x, const struct wd_frame *f, const struct wd_call_row *row)
{
	for (size_t i = 0; i < WD_N(handlers); i++)
		if (handlers[i].call == row->id)
			return handlers[i].run(x, f, row);
	return WD_F_PEER;
}

/* A seal that is gone comes back by another channel. */
static void
hear_seal(struct device *x)
{
	const struct wd_call_row *row;
	struct wd_diag d = { 0 };
	struct wd_frame f;
	int n = wd_chan_fill(x->seal.chan) == 0 ? 1 : WD_F_PEER;

	while (n > 0 && (n = wd_peer_next(&x->seal, &f, &row, &d)) > 0)
		if (serve(x, &f, row) != 0)
			n = WD_F_PEER;
	if (n < 0 || wd_chan_flush(x->seal.chan) != 0)
		wd_peer_done(&x->seal);
	else
		wd_chan_forget(x->seal.chan);
	if (x->lost)
		_exit(1); /* the supervisor starts us again */
}

/* ---- start */

static void
attached(void *ctx, enum wd_proc peer, uint16_t cell, int fd)
{
	struct device *x = ctx;

	if (peer != WD_PROC_SEAL) {
		(void)close(fd); /* no other role is ours to talk to */
		return;
	}
	wd_peer_done(&x->seal);
	if (wd_peer_open(&x->seal, WD_PROC_DEVICE, peer, cell, fd) != 0)
		wd_log(WD_LOG_ERROR, "seal_not_attached", NULL);
}

/* Modules find their own configuration by it. */
static int
set_environment(struct wd_span pair, struct wd_diag *d)
{
	char text[257], *value;

	if (pair.len == 0)
		return 0;
	if (!wd_span_to_text(pair, text, sizeof(text)) ||
	    (value = strchr(text, '=')) == NULL)
		return wd_fault(d, WD_F_PEER, "no NAME=VALUE");
	*value++ = '\0';
	return setenv(text, value, 1) == 0
	    ? 0
	    : wd_fault_errno(d, "cannot set the environment");
}

static int
read_pin(struct device *x, struct wd_diag *d)
{
	int fd = wd_role_descriptor(x->role, WD_CTL_SEAL_PIN, false, 0);
	size_t len;
	int r;

	if (fd < 0)
		return wd_fault(d, WD_F_PEER, "no PIN was given");
	r = wd_file_read_shared(fd, PIN_MAX, &x->pin, d);
	if (r != 0)
		return wd_fault(d, WD_F_SYSTEM, "the PIN cannot be read");
	len = wd_secret_len(x->pin);
	while (len > 0 && wd_secret_borrow(x->pin).p[len - 1] <= ' ')
		len--;
	wd_secret_shorten(x->pin, len);
	return 0;
}

static int
load(struct device *x, struct wd_diag *d)
{
	const struct wd_msg_config *c = wd_role_config(x->role);
	struct wd_hsm_how how = { &x->uri, { 0 }, c->pkcs11_oaep_sha1 };
	int r;

	if (c->pkcs11.len == 0)
		return 0;
	if ((r = wd_hsm_uri_read(c->pkcs11, &x->uri, d)) != 0 ||
	    (r = set_environment(c->pkcs11_environment, d)) != 0 ||
	    (r = read_pin(x, d)) != 0)
		return r;
	how.pin = wd_secret_borrow(x->pin);
	return wd_hsm_load(&how, &x->hsm, d);
}

static int
open_tpm(struct device *x, struct wd_diag *d)
{
	struct wd_span where = wd_role_config(x->role)->seal_tpm;
	char text[257];

	if (where.len == 0)
		return 0;
	if (!wd_span_to_text(where, text, sizeof(text)))
		return wd_fault(d, WD_F_PEER, "no place of a TPM");
	return wd_tss_open(text, &x->tpm, d);
}

static int
loop(struct device *x, struct wd_diag *d)
{
	for (;;) {
		struct pollfd fds[2] = {
			{ wd_role_control_fd(x->role), POLLIN, 0 },
			{ -1, POLLIN, 0 },
		};

		if (x->seal.chan != NULL)
			fds[1].fd = wd_chan_fd(x->seal.chan);
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return wd_fault_errno(d, "cannot wait");
		if (fds[1].revents != 0)
			hear_seal(x);
		if (fds[0].revents != 0)
			wd_role_control(x->role);
	}
}

static int
run(struct device *x, struct wd_diag *d)
{
	static const struct wd_role_ops ops = { .attached = attached };
	int r = wd_role_start(WD_PROC_DEVICE, ARENA, &x->role, d);

	if (r != 0 || (r = wd_crypto_init(d)) != 0)
		return r;
	r = load(x, &x->why);
	if (r != 0)
		wd_log_result("module_not_loaded", r, &x->why);
	r = open_tpm(x, &x->why_tpm);
	if (r != 0)
		wd_log_result("tpm_not_opened", r, &x->why_tpm);
	r = wd_role_ready(x->role, WD_SANDBOX_DEVICE, &ops, x, d);
	return r != 0 ? r : loop(x, d);
}

int
main(void)
{
	static struct device x;
	struct wd_diag d = { 0 };
	int r = run(&x, &d);

	wd_log_result("device_failed", r, &d);
	return 1;
}
