/*
 * Start of a role and its talk with the supervisor. The supervisor is trusted,
 * but what it says is held against the table like any other peer's words.
 */
#include "bin/common/role.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/reason.h"
#include "crypto/memory.h"
#include "sys/arena.h"
#include "sys/harden.h"
#include "sys/log.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONTROL_FD = 3,
	START_MS = 10000, /* for everything up to START */
	TELL_MS = 1000,   /* for what we tell the supervisor */
	FDS_MAX = 16,
	PEERS_MAX = 256, /* attached before START; twice the most keepers */
};

struct wd_role {
	struct wd_peer control;
	struct wd_bytes *body; /* of CONFIG; texts of config view it */
	struct wd_msg_config config;
	struct wd_bytes *backend_body; /* of BACKEND_CONF, likewise */
	struct wd_msg_backend_conf backend;
	bool started;

	struct {
		enum wd_ctl_fd what;
		bool admin;
		int fd;
	} fds[FDS_MAX];
	size_t n_fds;

	struct {
		struct wd_msg_attach at;
		int fd;
	} peers[PEERS_MAX];
	size_t n_peers;

	const struct wd_role_ops *ops; /* NULL before wd_role_ready() */
	void *ctx;
};

/* Without the destructors of libraries: a sandboxed role may not run them. */
static void
leave(int status)
{
	_exit(status);
}

/* ---- what the supervisor says */

static int
on_config(struct wd_role *role, const struct wd_frame *f, struct wd_diag *d)
{
	int r;

	if (role->body != NULL)
		return wd_fault(d, WD_F_PEER, "a second configuration");
	role->body = wd_bytes_copy(f->body);
	if (role->body == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	r = wd_msg_read(
	    wd_bytes_span(role->body), &wd_msg_config_type, &role->config);
	if (r != 0)
		return wd_fault(d, WD_F_PEER, "malformed configuration");
	if (role->config.rpc_version != WD_RPC_VERSION)
		return wd_fault(d, WD_F_PEER,
		    "the supervisor speaks version %u, this program %u",
		    role->config.rpc_version, WD_RPC_VERSION);
	return 0;
}

static int
on_backend(struct wd_role *role, const struct wd_frame *f, struct wd_diag *d)
{
	if (role->backend_body != NULL || role->started)
		return wd_fault(d, WD_F_PEER, "a second backend");
	role->backend_body = wd_bytes_copy(f->body);
	if (role->backend_body == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if (wd_msg_read(wd_bytes_span(role->backend_body),
		&wd_msg_backend_conf_type, &role->backend) != 0)
		return wd_fault(d, WD_F_PEER, "malformed backend");
	return 0;
}

static int
on_descriptor(struct wd_role *role, const struct wd_frame *f, struct wd_diag *d)
{
	struct wd_msg_descriptor m;

	if (wd_msg_read(f->body, &wd_msg_descriptor_type, &m) != 0 ||
	    role->started || role->n_fds == FDS_MAX) {
		(void)close(f->fd); /* nobody's now */
		return wd_fault(d, WD_F_PEER, "descriptor out of place");
	}
	role->fds[role->n_fds].what = (enum wd_ctl_fd)m.what;
	role->fds[role->n_fds].admin = m.admin;
	role->fds[role->n_fds++].fd = f->fd;
	return 0;
}

static void
attached(struct wd_role *role, const struct wd_msg_attach *at, int fd)
{
	if (at->peer == WD_PROC_KEEPER && role->ops->keeper != NULL)
		role->ops->keeper(role->ctx, at->cell, at->admin, fd);
	else
		role->ops->attached(
		    role->ctx, (enum wd_proc)at->peer, at->cell, fd);
}

static int
on_attach(struct wd_role *role, const struct wd_frame *f, struct wd_diag *d)
{
	struct wd_msg_attach m;

	if (wd_msg_read(f->body, &wd_msg_attach_type, &m) != 0 ||
	    m.peer >= WD_PROC_COUNT ||
	    (role->ops == NULL && role->n_peers == PEERS_MAX)) {
		(void)close(f->fd); /* nobody's now */
		return wd_fault(d, WD_F_PEER, "peer out of place");
	}
	if (role->ops != NULL) {
		attached(role, &m, f->fd);
		return 0;
	}
	role->peers[role->n_peers].at = m;
	role->peers[role->n_peers++].fd = f->fd;
	return 0;
}

static int
on_start(struct wd_role *role, const struct wd_frame *f, struct wd_diag *d)
{
	(void)f;
	if (role->body == NULL || role->started)
		return wd_fault(d, WD_F_PEER, "start out of place");
	role->started = true;
	return 0;
}

static int
on_drain(struct wd_role *role, const struct wd_frame *f, struct wd_diag *d)
{
	(void)f;
	(void)d;
	if (role->ops == NULL || role->ops->drain == NULL)
		leave(0);
	role->ops->drain(role->ctx);
	return 0;
}

static int
on_procs(struct wd_role *role, const struct wd_frame *f, struct wd_diag *d)
{
	struct wd_msg_proc_list m;

	if (wd_msg_read(f->body, &wd_msg_proc_list_type, &m) != 0)
		return wd_fault(d, WD_F_PEER, "malformed list of processes");
	if (role->ops != NULL && role->ops->procs != NULL)
		role->ops->procs(role->ctx, &m);
	return 0;
}

static const struct {
	enum wd_call call;
	int (*run)(struct wd_role *, const struct wd_frame *, struct wd_diag *);
} handlers[] = {
	{ WD_CALL_CONFIG, on_config },
	{ WD_CALL_BACKEND_CONF, on_backend },
	{ WD_CALL_DESCRIPTOR, on_descriptor },
	{ WD_CALL_ATTACH, on_attach },
	{ WD_CALL_START, on_start },
	{ WD_CALL_DRAIN, on_drain },
	{ WD_CALL_PROCS, on_procs },
};

static int
handle(struct wd_role *role, const struct wd_frame *f,
    const struct wd_call_row *row, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_N(handlers); i++)
		if (handlers[i].call == row->id)
			return handlers[i].run(role, f, d);
	return wd_fault(d, WD_F_PEER, "%s is not for this role", row->name);
}

/* ---- start */

static void
refuse_to_run_by_hand(void)
{
	int type = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(CONTROL_FD, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    type == SOCK_STREAM)
		return;
	(void)fputs("This program is a part of warderd, which starts it.\n"
		    "It does nothing when started by hand.\n",
	    stderr); /* nowhere else to complain */
	leave(2);
}

static int
take_arena(size_t size, struct wd_diag *d)
{
	int r = size == 0 ? 0 : wd_arena_install(size, d);

	if (r != 0 || size == 0)
		return r;
	return wd_crypto_use_memory(
	    wd_arena_alloc, wd_arena_realloc, wd_arena_free, d);
}

/* A front learns here whether it is the admin's; nobody else has a choice. */
static int
accept_role(struct wd_role *role, enum wd_proc self, struct wd_diag *d)
{
	const struct wd_msg_config *c = &role->config;
	bool has_cell = c->role != WD_PROC_SEAL && c->role != WD_PROC_SCRIBE &&
	    c->role != WD_PROC_DEVICE && c->role != WD_PROC_BACKEND;

	if (c->role != (uint8_t)self &&
	    (self != WD_PROC_FRONT || c->role != WD_PROC_ADMIN_FRONT))
		return wd_fault(d, WD_F_PEER, "started as another role");
	role->control.self = (enum wd_proc)c->role;
	wd_log_start(wd_proc_name(role->control.self), has_cell ? c->cell : -1,
	    (enum wd_log_level)c->log_level);
	return 0;
}

static int
receive_start(struct wd_role *role, struct wd_diag *d)
{
	while (!role->started) {
		const struct wd_call_row *row;
		struct wd_frame f;
		int r = wd_peer_wait(&role->control, START_MS, &f, &row, d);

		if (r == 0)
			r = handle(role, &f, row, d);
		if (r != 0)
			return r;
	}
	return 0;
}

static void
role_freep(struct wd_role **role)
{
	if (*role == NULL)
		return;
	for (size_t i = 0; i < (*role)->n_fds; i++)
		(void)close((*role)->fds[i].fd); /* only read from */
	for (size_t i = 0; i < (*role)->n_peers; i++)
		(void)close((*role)->peers[i].fd); /* never used */
	wd_peer_done(&(*role)->control);
	wd_bytes_freep(&(*role)->body);
	wd_bytes_freep(&(*role)->backend_body);
	*role = wd_free(*role);
}

int
wd_role_start(
    enum wd_proc self, size_t arena, struct wd_role **ret, struct wd_diag *d)
{
	WD_AUTO(role_freep) struct wd_role *role = NULL;
	int r;

	refuse_to_run_by_hand();
	wd_log_start(wd_proc_name(self), -1, WD_LOG_INFO);
	r = wd_harden_process(d);
	if (r != 0 || (r = take_arena(arena, d)) != 0)
		return r;
	wd_harden_batch();
	role = wd_alloc(sizeof(*role));
	if (role == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	r = wd_peer_open(
	    &role->control, self, WD_PROC_SUPERVISOR, 0, CONTROL_FD);
	if (r != 0)
		return wd_fault(d, (enum wd_faults)r, "no control channel");
	r = receive_start(role, d);
	if (r != 0 || (r = accept_role(role, self, d)) != 0)
		return r;
	*ret = WD_TAKE(role);
	return 0;
}

const struct wd_msg_config *
wd_role_config(const struct wd_role *role)
{
	return &role->config;
}

const struct wd_msg_backend_conf *
wd_role_backend(const struct wd_role *role)
{
	return role->backend_body == NULL ? NULL : &role->backend;
}

int
wd_role_descriptor(
    const struct wd_role *role, enum wd_ctl_fd what, bool admin, unsigned nth)
{
	for (size_t i = 0; i < role->n_fds; i++)
		if (role->fds[i].what == what && role->fds[i].admin == admin &&
		    nth-- == 0)
			return role->fds[i].fd;
	return -1;
}

/* ---- afterwards */

static int
tell(struct wd_role *role, enum wd_call call, const void *msg)
{
	uint32_t number;
	int r = wd_peer_send(&role->control, call, msg, -1, &number);

	return r != 0 ? r : wd_chan_drain(role->control.chan, TELL_MS);
}

/* What has been received and not looked at. */
static void
handle_all(struct wd_role *role)
{
	const struct wd_call_row *row;
	struct wd_diag d = { 0 };
	struct wd_frame f;
	int n;

	while ((n = wd_peer_next(&role->control, &f, &row, &d)) > 0) {
		n = handle(role, &f, row, &d);
		if (n != 0)
			break;
	}
	if (n == 0)
		return;
	wd_log_result("supervisor_not_understood", n, &d);
	leave(1);
}

int
wd_role_ready(struct wd_role *role, enum wd_sandbox_kind sandbox,
    const struct wd_role_ops *ops, void *ctx, struct wd_diag *d)
{
	struct wd_msg_ready m;
	int r;

	role->ops = ops;
	role->ctx = ctx;
	for (size_t i = 0; i < role->n_peers; i++)
		attached(role, &role->peers[i].at, role->peers[i].fd);
	role->n_peers = 0;
	r = wd_sandbox_enter(sandbox, d);
	if (r != 0)
		return r;
	m.missing = wd_span_text(wd_harden_missing());
	r = tell(role, WD_CALL_READY, &m);
	if (r != 0)
		return wd_fault(
		    d, (enum wd_faults)r, "the supervisor does not listen");
	/* What came in one piece with START wakes no poll any more. */
	handle_all(role);
	return 0;
}

int
wd_role_control_fd(const struct wd_role *role)
{
	return wd_chan_fd(role->control.chan);
}

void
wd_role_control(struct wd_role *role)
{
	if (wd_chan_fill(role->control.chan) != 0) {
		wd_log(WD_LOG_WARNING, "supervisor_gone", NULL);
		leave(0);
	}
	handle_all(role);
}

void
wd_role_bad_peer(
    struct wd_role *role, const struct wd_peer *peer, const char *why)
{
	struct wd_msg_bad_peer m = { (uint8_t)peer->other, peer->cell,
		wd_span_text(why) };

	wd_log(WD_LOG_ERROR, "bad_peer", "peer", wd_proc_name(peer->other),
	    "why", why, NULL);
	m.why.len = m.why.len < 256 ? m.why.len : 256;
	if (tell(role, WD_CALL_BAD_PEER, &m) != 0)
		leave(1); /* without a supervisor there is nothing to do */
}
