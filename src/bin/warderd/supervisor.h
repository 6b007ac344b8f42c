/*
 * The supervisor: opens what roles may not open themselves, starts them, joins
 * them by socketpairs and starts them again. It holds no channel to anything
 * outside and parses nothing but what the operator gave it (configuration,
 * TLS key and certificate) and what roles say on their control channels. Shared
 * by the files of this folder.
 */
#pragma once

#include <sys/types.h>

#include "bin/common/conf.h"
#include "bin/common/peer.h"
#include "bin/common/role.h"
#include "crypto/tls_pair.h"
#include "sys/spawn.h"

enum {
	/* Old and new cells; backends, of which there may be three at a time
	 * when a reload failed half-way. */
	SUP_PROCS = 3 * 2 * (WD_CONF_CELLS + 1) + 3 +
	    3 * WD_BACKENDS_MAX * WD_CONF_BACKEND_PROCESSES,
	SUP_SETUPS = 4,
	SUP_MISSING = 1025,
	SUP_WARNINGS = 4097,
	SUP_NO_CELL = 0, /* of seal, its device and scribe */
};

/* ---- roles.c: what there is to start */

struct sup_role {
	enum wd_proc proc;
	const char *program;
	size_t user;          /* its key, as an offset in struct wd_conf */
	unsigned descriptors; /* bits of enum wd_ctl_fd */
	unsigned start_ms;    /* from exec to ready */
	unsigned max_files;   /* without connections */
	size_t max_locked;
	bool pinned;   /* to the CPU of its cell */
	bool optional; /* only where it is configured */
	/* Not at its start: nobody waits for it before it can answer. */
	bool joined_when_ready;
};

/* Rows in the order of starting: who is asked comes before who asks. */
const struct sup_role *sup_roles(size_t *ret_n);
const struct sup_role *sup_role(enum wd_proc proc);

/* Whether processes of these roles speak to one another, and whether only
 * within a cell. */
bool sup_is_linked(enum wd_proc a, enum wd_proc b, bool *ret_within_cell);

/* Whether CONF has use for the role. */
bool sup_role_is_wanted(const struct sup_role *role, const struct wd_conf *c);

/* The program of a role: beside our own file, else where it was installed.
 * WD_R_NOT_FOUND. */
int sup_program(const struct sup_role *role, char ret[WD_SPAWN_PATH],
    struct wd_diag *d) WD_MUST_USE;

/* ---- setup.c: a configuration with everything it names opened */

struct sup_setup {
	bool in_use;
	struct wd_conf conf;
	bool separate; /* roles have users of their own */
	unsigned cells;
	int state_dir, log_dir;
	int tls_key, tls_certificate, client_ca;
	int seal_pin;           /* of the HSM */
	struct wd_tls_pair tls; /* when the certificate holds */
	int public_listen, admin_local, admin_listen; /* -1: none */
};

/* Opens the files of CONF, which must be as they should: modes, owners,
 * users. For --check too. Release with sup_setup_close(). */
int sup_setup_open(const struct wd_conf *conf, struct sup_setup *ret,
    struct wd_diag *d) WD_MUST_USE;

void sup_setup_close(struct sup_setup *s);

/* ---- credentials.c: secrets that systemd gives */

/* The PIN of the seal is one. */
bool sup_credential_is_pin(const struct wd_conf *c);

/* The file of "credential:NAME", open. WD_R_NOT_FOUND, WD_R_PERMISSION,
 * WD_R_MALFORMED, or a fault. */
int sup_credential_open(struct wd_span value, int *ret, struct wd_diag *d)
    WD_MUST_USE;

/* Puts those that backends of S have where their user can read them, and the
 * paths of that in place. Needs run_dir. As above. */
int sup_credentials_take(struct sup_setup *s, struct wd_diag *d) WD_MUST_USE;

/* Nothing is left of them: at the end, and of a server that was killed. */
void sup_credentials_drop(const struct wd_conf *c);

/* ---- tls.c */

/* Key and certificate, which are open, belong together; notes the dates.
 * WD_R_MALFORMED, WD_R_MISMATCH, WD_R_TOO_LARGE. */
int sup_tls_check(struct sup_setup *s, struct wd_diag *d) WD_MUST_USE;

enum { SUP_SENTENCE = 128 };

/* What an operator should know of the dates now; false: nothing. */
bool sup_tls_warning(const struct sup_setup *s, char ret[SUP_SENTENCE]);

/* ---- listen.c */

/* Opens the listening sockets; those that OLD (NULL: none) has at the same
 * address are shared with it. */
int sup_setup_listen(struct sup_setup *s, const struct sup_setup *old,
    struct wd_diag *d) WD_MUST_USE;

/* Says in the log where it listens. */
void sup_setup_announce(const struct sup_setup *s);

/* ---- warnings.c: what an operator should know of a configuration */

/* Sentences separated by "; ". */
void sup_warnings(const struct sup_setup *s, char ret[SUP_WARNINGS]);

/* Says them in the log. */
void sup_warnings_log(const struct sup_setup *s);

/* ---- a process */

enum sup_state {
	SUP_FREE,     /* the slot is nobody's */
	SUP_WAITING,  /* no process; to be started at `at` */
	SUP_STARTING, /* to be ready before `at` */
	SUP_READY,
	SUP_LEAVING, /* told to drain; to be gone before `at` */
	SUP_ENDING,  /* being killed, or its channel has closed */
};

struct sup_proc {
	enum sup_state state;
	const struct sup_role *role;
	enum wd_proc proc; /* as the role, or the admin's front */
	uint16_t cell;
	int cpu; /* -1: any */
	struct sup_setup *setup;
	bool retired; /* not started again */
	pid_t pid;    /* 0: none */
	struct wd_peer control;
	int64_t at, since; /* monotonic milliseconds; since: ready */
	unsigned failures; /* in a row */
	uint32_t starts;
	char missing[SUP_MISSING];
};

enum sup_phase { SUP_BEGINNING, SUP_SERVING, SUP_RELOADING, SUP_STOPPING };

struct sup {
	const char *conf_path;
	enum sup_phase phase;
	int signals; /* signalfd */
	int lock;
	struct sup_setup setups[SUP_SETUPS];
	struct sup_setup *setup; /* the one in force */
	struct sup_proc procs[SUP_PROCS];
	bool changed; /* the list of processes, since it was published */
	bool reload_wanted;
	int result; /* what the program ends with */

	/* reload.c */
	struct sup_setup *fresh;
	bool has_begun;    /* with cells: backends are first */
	unsigned replaced; /* cells that are */
	uint16_t incoming; /* the cell that is starting */
};

/* ---- proc.c */

/* A slot for a new process, which starts at the next turn. Fault: none free. */
int sup_proc_add(struct sup *s, enum wd_proc proc, uint16_t cell, int cpu,
    struct sup_setup *setup) WD_MUST_USE;

/* Starts it. A failure counts as an end. */
void sup_proc_start(struct sup *s, struct sup_proc *p);

/* Asks it to leave within MS and not to come back. */
void sup_proc_drain(struct sup *s, struct sup_proc *p, unsigned ms);

/* Ends it now; it is started again unless it was retired. */
void sup_proc_kill(struct sup *s, struct sup_proc *p, const char *why);

/* It has ended: STATUS as waitpid(2) gives it. */
void sup_proc_ended(struct sup *s, struct sup_proc *p, int status);

/* ---- configure.c */

/* Queues everything up to START for a process that was just started. */
int sup_configure(struct sup *s, struct sup_proc *p, struct wd_diag *d)
    WD_MUST_USE;

/* Queues one message; FD -1: none. */
int sup_tell(struct sup_proc *p, enum wd_call call, const void *msg, int fd)
    WD_MUST_USE;

/* ---- link.c */

/* Joins P, which has just been configured or become ready, with the living
 * that it is linked with. One that is apart stays so. */
void sup_link(struct sup *s, struct sup_proc *p);

/* Starts, and is joined with nobody before it is ready. */
bool sup_is_apart(const struct sup_proc *p);

/* ---- control.c: what roles say */

void sup_control(struct sup *s, struct sup_proc *p);

/* ---- cell.c */

/* Whether a slot belongs to the cell. */
bool sup_in_cell(const struct sup_proc *p, uint16_t cell);

int sup_cell_add(struct sup *s, uint16_t cell, int cpu, struct sup_setup *setup)
    WD_MUST_USE;

/* Every process of it is ready. */
bool sup_cell_is_ready(const struct sup *s, uint16_t cell);

/* Its front is told to drain; keeper and verify follow it. */
void sup_cell_retire(struct sup *s, uint16_t cell);

/* One turn of what retired cells go through. */
void sup_cells_advance(struct sup *s);

/* CELL has the rows of the call table with the admin calls: the admin's, and
 * with admin_on_public every other, which keep the public listener alone. */
bool sup_serves_admin(const struct wd_conf *conf, uint16_t cell);

/* The CPU of the N-th public cell; -1: any. */
int sup_cell_cpu(const struct sup_setup *setup, unsigned nth);

/* ---- backends.c */

/* A slot for each process of each backend of SETUP. */
int sup_backends_add(struct sup *s, struct sup_setup *setup) WD_MUST_USE;

/* Each of SETUP's is ready, or was, or has failed at least once: then it is not
 * waited for. */
bool sup_backends_are_up(const struct sup *s, const struct sup_setup *setup);

/* One turn: those of a configuration that no keeper is left of, leave. */
void sup_backends_advance(struct sup *s);

/* The section that P serves; P is of a backend. */
const struct wd_conf_backend *sup_backend_of(const struct sup_proc *p);

/* ---- publish.c */

/* Gives every admin front the list of processes. */
void sup_publish(struct sup *s);

/* ---- reload.c */

void sup_reload_begin(struct sup *s);
void sup_reload_advance(struct sup *s);

/* ---- stop.c */

/* A second time: does not wait for clients any longer. */
void sup_stop_begin(struct sup *s, int result);

/* One turn of the end; true: nothing is left. */
bool sup_stop_advance(struct sup *s);

/* ---- loop.c */

/* Everything from the first start to the last end. What the program returns. */
int sup_run(struct sup *s);
