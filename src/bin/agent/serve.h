/*
 * The local side of the agent: programs connect to a SOCK_SEQPACKET socket and
 * have the holder's keys sign (proto/holder.h). Who they are is what the kernel
 * says of the connection and again of each message; a message sent by another
 * process than the one that connected (a fork, a change of user) is answered
 * RECONNECT. Keeps nothing from one request to the next, and reads one packet
 * of each connection a turn. A signature by a key that is not here is asked for
 * elsewhere (AWAY below): its connection is not read until it was answered, so
 * that each waits for one at a time. The agent's loop waits here for what is
 * its own as well: between two signatures lies one call to wait, not two.
 */
#pragma once

#include "bin/agent/hold.h"

#include <poll.h>

enum {
	WD_SERVE_CONNS = 512,      /* at a time */
	WD_SERVE_CONNS_USER = 384, /* of one user: a program's workers */
	WD_SERVE_STRANGERS = 32,   /* of all users who may see no key */
	WD_SERVE_STRANGER = 4,     /* of one of them */
	WD_SERVE_OWN = 8,          /* descriptors of the caller */
	WD_SERVE_AWAY = 256,       /* signatures that are waited for */
	WD_SERVE_AWAY_USER = 128,  /* by one user */
};

struct wd_serve_options {
	const char *label;  /* of the token, at most 32 bytes of UTF-8 */
	const char *serial; /* 16 characters */
	unsigned rate;      /* signatures of one user a second; 0: no limit */

	/* Appends lines with wd_holder_write_line() to the answer to STATUS,
	 * which root and the agent's own user may ask; NULL: none. As many
	 * as fit a packet. Versions of keys, up to half of it, and counts of
	 * serve.c come first. */
	void (*status)(void *ctx, struct wd_wr *wr);

	/* GET: what USER asks for, as a view that lives until the next turn,
	 * or why not. NULL: there is no such operation. */
	enum wd_holder_status (*get)(void *ctx, const struct wd_hold_user *user,
	    const struct wd_holder_get *ask, struct wd_span *ret);

	/* ROTATE, which root and the agent's own user may ask; NULL: no such
	 * operation. */
	void (*rotate)(void *ctx);

	/* SIGN, of a key that the hold has but for its private half: OK when
	 * it is asked for, and then wd_serve_finish() says what became of
	 * TICKET, never from inside; or why not. wd_serve_wait() comes back.
	 * GONE: nobody waits for that any more. NULL: there are no such keys.
	 */
	enum wd_holder_status (*away)(
	    void *ctx, uint64_t ticket, const struct wd_holder_sign *ask);
	void (*gone)(void *ctx, uint64_t ticket);
	void *ctx;
};

/*
 * A listening socket at PATH (mode 0666: rights are per key), in the place of
 * one nobody listens to any more. WD_R_IN_USE when somebody does; a fault.
 */
int wd_serve_listen(const char *path, int *ret_fd, struct wd_diag *d)
    WD_MUST_USE;

struct wd_serve;

/*
 * Takes LISTEN_FD (from wd_serve_listen() or the service manager), also on
 * failure. HOLD and the texts of OPTIONS must outlive it. 0 or a fault.
 */
int wd_serve_new(struct wd_hold *hold, int listen_fd,
    const struct wd_serve_options *options, struct wd_serve **ret,
    struct wd_diag *d) WD_MUST_USE;
struct wd_serve *wd_serve_free(struct wd_serve *s); /* closes all */
void wd_serve_freep(struct wd_serve **s);

/*
 * Accepts, answers and closes for TIMEOUT milliseconds (0: what can be done
 * now), or until one of the N of OWN is ready or ROTATE was asked for. Sets
 * their revents as poll(2) does; -1 is not looked at, and may stand for a
 * descriptor that comes again. One that is not in OWN the next time must have
 * been closed. 0 or a fault.
 */
int wd_serve_wait(struct wd_serve *s, struct pollfd *own, size_t n,
    int timeout_ms, struct wd_diag *d) WD_MUST_USE;

/* Answers the request with this ticket, if anybody still waits; SIG with OK
 * alone. Tickets count upwards and are never 0. */
void wd_serve_finish(struct wd_serve *s, uint64_t ticket,
    enum wd_holder_status status, struct wd_span sig);

struct wd_serve_counts {
	uint64_t signatures;
	uint64_t refused;     /* SIGN answered with another status than OK */
	uint64_t turned_away; /* connections over a cap */
	size_t connections;
	size_t away; /* signatures that are waited for */
};

struct wd_serve_counts wd_serve_counts(const struct wd_serve *s);
