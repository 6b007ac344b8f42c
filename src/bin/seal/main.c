/*
 * warder-seal: opens the root key and gives keepers the keyring. One process,
 * one poll loop. The half second of work that a passphrase takes is done in
 * it: nothing else here is in a hurry.
 */
#include "bin/seal/seal.h"

#include "crypto/init.h"
#include "sys/log.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* Keyring, channels and libcrypto; scrypt's memory comes on top. */
enum { ARENA = 8 << 20 };

/* ---- the loop */

enum { FDS = WD_KEEPERS + 2 };

/* Keepers that were reported only wake us by their end. */
/* Descriptors in the order of their slots, up to the last one in use: the
 * kernel counts them all against the limit of open files. */
static size_t
list(const struct seal *s, struct pollfd *fds)
{
	size_t n = 2;

	fds[0] = (struct pollfd){ wd_role_control_fd(s->role), POLLIN, 0 };
	fds[1] = (struct pollfd){ -1, 0, 0 };
	if (s->n_wrappings > 0 && s->device.chan != NULL)
		fds[1] = (struct pollfd){ wd_chan_fd(s->device.chan),
			(short)(POLLIN |
			    (wd_chan_waiting(s->device.chan) > 0 ? POLLOUT
								 : 0)),
			0 };
	for (size_t i = 0; i < WD_KEEPERS; i++) {
		const struct seal_keeper *k = &s->keepers[i];

		fds[i + 2] = (struct pollfd){ -1, 0, 0 };
		if (k->base.peer.chan == NULL)
			continue;
		fds[i + 2].fd = wd_chan_fd(k->base.peer.chan);
		fds[i + 2].events = wd_keeper_events(&k->base);
		n = i + 3;
	}
	return n;
}

/* The supervisor first: a keeper that it has attached is there before another
 * one's wish to seal is served. It only fills slots that had no event. */
static void
serve(struct seal *s, const struct pollfd *fds, size_t n)
{
	if (fds[0].revents != 0)
		wd_role_control(s->role);
	else if ((fds[1].revents & ~POLLOUT) != 0 && s->device.chan != NULL)
		seal_wrapping_ready(s);
	for (size_t i = 0; i + 2 < n; i++)
		if ((fds[i + 2].revents & ~POLLOUT) != 0)
			seal_keeper_ready(s, &s->keepers[i]);
}

/* The sooner of two times to wait; -1: for ever. */
static int
sooner(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static int
loop(struct seal *s, struct wd_diag *d)
{
	struct pollfd fds[FDS];

	for (;;) {
		int due;
		size_t n;

		do
			seal_change_check(s);
		while (seal_later_run(s));
		seal_wrapping_check(s);
		due = sooner(seal_share_check(s), seal_device_check(s));
		due = sooner(due, seal_probe_check(s));
		due = sooner(due, seal_wrapping_due(s));
		seal_wrapping_flush(s); /* may have answers for keepers */
		seal_keepers_flush(s);
		n = list(s, fds);
		if (poll(fds, n, sooner(seal_change_due(s), due)) >= 0)
			serve(s, fds, n);
		else if (errno != EINTR)
			return wd_fault_errno(d, "cannot wait");
	}
}

/* ---- start */

static void
attached(void *ctx, enum wd_proc peer, uint16_t cell, int fd)
{
	struct seal *s = ctx;

	if (peer == WD_PROC_DEVICE)
		seal_device_attach(s, cell, fd);
	else
		(void)close(fd); /* no other role is the seal's to talk to */
}

static void
keeper(void *ctx, uint16_t cell, bool admin, int fd)
{
	seal_keeper_attach(ctx, cell, admin, fd);
}

static const struct wd_role_ops ops = { .attached = attached,
	.keeper = keeper };

/* A server that cannot be opened still starts: it says so, sealed. */
static void
first_look(struct seal *s)
{
	struct wd_diag d = { 0 };
	int r = seal_box_look(&s->box, &d);

	if (r == 0 && s->box.row->warning != NULL)
		wd_log(WD_LOG_WARNING, "DEVELOPMENT", "detail",
		    s->box.row->warning, NULL);
	/* A device comes later. */
	if (r == 0 && s->box.row->automatic && !s->box.row->device)
		r = seal_box_open(&s->box, wd_span(NULL, 0), &d);
	if (r != 0)
		wd_log_result("seal_not_opened", r, &d);
	else
		wd_log(WD_LOG_INFO,
		    s->box.keyring != NULL ? "unsealed" : "waits_for_unseal",
		    "kind", s->box.row->name, NULL);
}

static int
run(struct seal *s, struct wd_diag *d)
{
	int r = wd_role_start(WD_PROC_SEAL, ARENA, &s->role, d);

	if (r != 0 || (r = wd_crypto_init(d)) != 0)
		return r;
	s->box.dir = wd_role_descriptor(s->role, WD_CTL_STATE_DIR, false, 0);
	if (s->box.dir < 0)
		return wd_fault(d, WD_F_PEER, "no state folder was given");
	seal_device_use(s);
	first_look(s);
	r = wd_role_ready(s->role, WD_SANDBOX_SEAL, &ops, s, d);
	return r != 0 ? r : loop(s, d);
}

int
main(void)
{
	static struct seal s;
	struct wd_diag d = { 0 };
	int r = run(&s, &d);

	wd_log_result("seal_failed", r, &d);
	return 1;
}
