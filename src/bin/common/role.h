/*
 * How every role of the server starts and stays in touch with the supervisor:
 * harden, take configuration and descriptors from descriptor 3, open, sandbox,
 * say ready, loop. A role started by hand says that it is not meant to be.
 */
#pragma once

#include "bin/common/peer.h"
#include "sys/sandbox.h"

/*
 * No two cells that are there at a time have one number: a cell that a reload
 * starts in the place of another has a new one, and so have the admin's two.
 */
enum { WD_ADMIN_CELL = 65535, WD_ADMIN_CELL_2 = 65534 };

/*
 * A process of a backend belongs to no cell. In the place of one it has its
 * backend's place in the list of the configuration, its own among the processes
 * of that backend, and which configuration it was started by: while one takes
 * the place of another there are backends of both.
 */
enum { WD_BACKEND_GENERATIONS = 4 };

static inline uint16_t
wd_backend_place(unsigned generation, unsigned backend, unsigned nth)
{
	return (uint16_t)(generation << 8 | backend << 4 | nth);
}

static inline unsigned
wd_backend_of_place(uint16_t place)
{
	return place >> 4 & 15;
}

static inline unsigned
wd_backend_nth_of_place(uint16_t place)
{
	return place & 15;
}

static inline unsigned
wd_backend_generation(uint16_t place)
{
	return place >> 8;
}

/* What descriptors are for (field `what` of the message `descriptor`). */
enum wd_ctl_fd {
	WD_CTL_LISTEN = 1,  /* a listening socket; `admin`: unix or admin TLS */
	WD_CTL_TLS_KEY = 2, /* PEM, opened by the supervisor */
	WD_CTL_TLS_CERT = 3, /* PEM chain */
	WD_CTL_STATE_DIR = 4,
	WD_CTL_LOG_DIR = 5,
	WD_CTL_CLIENT_CA = 6,
	WD_CTL_SEAL_PIN = 7, /* of the HSM */
};

enum { WD_CTL_PEM_MAX = 65536 }; /* bytes of one of the PEM files */

struct wd_role;

/* What a role does when the supervisor speaks after the start. */
struct wd_role_ops {
	/* A peer (again): FD is the role's now. */
	void (*attached)(void *ctx, enum wd_proc peer, uint16_t cell, int fd);
	/* A keeper, for who does more for those with the calls of ADMINs. NULL:
	 * as any other peer. */
	void (*keeper)(void *ctx, uint16_t cell, bool admin, int fd);
	/* Stop taking new work, finish, then exit 0. NULL: exit at once. */
	void (*drain)(void *ctx);
	/* Admin front: the list of processes for `status`. NULL: ignored. */
	void (*procs)(void *ctx, const struct wd_msg_proc_list *procs);
};

/*
 * Hardens, receives everything up to START and starts the log. ARENA: bytes of
 * secret memory, 0 for none (secrets then live on the heap, and libcrypto's
 * too). A front says WD_PROC_FRONT; its configuration may make it the admin's.
 * Call before anything else, and wd_crypto_init() after it. Exits the process
 * with a message when it was not started by a supervisor. 0 or a fault.
 */
int wd_role_start(enum wd_proc self, size_t arena, struct wd_role **ret,
    struct wd_diag *d) WD_MUST_USE;

/* The configuration; texts live as long as the role. */
const struct wd_msg_config *wd_role_config(const struct wd_role *role);

/* warder-backend: its section; NULL when none was given. Texts live as long as
 * the role. */
const struct wd_msg_backend_conf *wd_role_backend(const struct wd_role *role);

/* The N-th descriptor of a kind given at start (-1: none); stays the role's. */
int wd_role_descriptor(
    const struct wd_role *role, enum wd_ctl_fd what, bool admin, unsigned nth);

/* Gives OPS every peer attached before START, closes the sandbox, says READY.
 */
int wd_role_ready(struct wd_role *role, enum wd_sandbox_kind sandbox,
    const struct wd_role_ops *ops, void *ctx, struct wd_diag *d) WD_MUST_USE;

/* The descriptor to poll, and what to do when it is readable: handles what the
 * supervisor says; when the supervisor is gone, the process exits. */
int wd_role_control_fd(const struct wd_role *role);
void wd_role_control(struct wd_role *role);

/* Tells the supervisor that a peer broke the rules (it will be ended). */
void wd_role_bad_peer(
    struct wd_role *role, const struct wd_peer *peer, const char *why);
