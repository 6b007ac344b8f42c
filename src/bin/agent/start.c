/*
 * The start of the agent. Its order is what matters: the starter first, while
 * there is no secret; secret memory before the first use of libcrypto; what
 * needs root before root is given up; the sandbox before the first byte from
 * outside.
 */
#include "bin/agent/agent.h"

#include "base/clock.h"
#include "codec/hex.h"
#include "crypto/hash.h"
#include "crypto/init.h"
#include "crypto/memory.h"
#include "sys/arena.h"
#include "sys/file.h"
#include "sys/harden.h"
#include "sys/log.h"
#include "sys/notify.h"
#include "sys/sandbox.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ARENA = 8 << 20,
	LOCKED = 64 << 20, /* what root may lock, the arena among it */
	CONF_MS = 15000,   /* for names of users to be looked up */
};

static int
get_setup(struct agent *a, struct wd_diag *d)
{
	struct wd_msg_agent_conf m;
	int r =
	    wd_peer_call(&a->starter, WD_CALL_AGENT_CONF, NULL, CONF_MS, &m, d);

	if (r == 0)
		r = agent_setup_take(&m, &a->setup, d);
	/* Its buffer is of the memory from before the arena, and too large to
	 * be kept: what is freed later would not be the arena's. */
	wd_chan_forget(a->starter.chan);
	return r;
}

/* Root may lock more than the few megabytes that others may. */
static int
open_secret_memory(struct wd_diag *d)
{
	const struct rlimit locked = { LOCKED, LOCKED };
	int r;

	if (geteuid() == 0)
		(void)setrlimit(
		    RLIMIT_MEMLOCK, &locked); /* the arena says what it got */
	r = wd_arena_install(ARENA, d);
	if (r == 0)
		r = wd_crypto_use_memory(
		    wd_arena_alloc, wd_arena_realloc, wd_arena_free, d);
	return r != 0 ? r : wd_crypto_init(d);
}

/* Of this machine and no other, the same at each start: programs find the token
 * by it. */
static int
make_serial(struct agent *a, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *machine = NULL;
	const struct wd_span parts[] = { WD_SPAN_LIT("warder-agent/serial/1 "),
		{ NULL, 0 } };
	struct wd_span hashed[WD_N(parts)];
	uint8_t digest[32];

	if (a->setup->conf.serial[0] != '\0') {
		wd_copy(a->serial, WD_SPAN(a->setup->conf.serial));
		return 0;
	}
	hashed[0] = parts[0];
	hashed[1] = parts[1];
	if (wd_file_read(AT_FDCWD, "/etc/machine-id", 64, &machine, NULL) == 0)
		hashed[1] = wd_bytes_span(machine);
	if (wd_hash_parts(WD_SHA256, hashed, WD_N(hashed), digest) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	wd_hex_format(wd_span(digest, WD_HOLDER_SERIAL_LEN / 2), a->serial);
	return 0;
}

/* The folder of the socket, where nobody has made it: the agent's own user may
 * then take a stale socket away. */
static void
make_folder(const char *socket, bool separate, const char *user)
{
	char folder[AGENT_SOCKET];
	const struct passwd *pw = separate ? getpwnam(user) : NULL;
	char *slash;

	(void)wd_span_to_text(
	    wd_span_text(socket), folder, sizeof(folder)); /* fits */
	slash = strrchr(folder, '/');
	if (slash == NULL || slash == folder)
		return;
	*slash = '\0';
	if (mkdir(folder, 0755) != 0)
		return; /* it is there; else listening says what is wrong */
	(void)chmod(folder, 0755); /* against the umask; listening tells */
	if (pw != NULL)
		(void)!chown(folder, pw->pw_uid,
		    pw->pw_gid); /* only the next start would miss it */
}

static int
open_serve(struct agent *a, struct wd_diag *d)
{
	const struct agent_conf *c = &a->setup->conf;
	const struct wd_serve_options options = {
		.label = a->token,
		.serial = a->serial,
		.rate = c->signatures_per_second,
		.status = agent_status,
		.get = agent_get,
		.rotate = agent_rotate,
		.away = agent_use_sign,
		.gone = agent_use_gone,
		.ctx = a,
	};
	int fd = -1;
	int r;

	wd_copy(a->token, WD_SPAN(c->token)); /* the setup may be replaced */
	make_folder(c->socket, c->separate_users && geteuid() == 0, c->user);
	if ((r = make_serial(a, d)) != 0 ||
	    (r = wd_serve_listen(c->socket, &fd, d)) != 0)
		return r;
	a->hold = wd_hold_new();
	if (a->hold == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	return wd_serve_new(a->hold, fd, &options, &a->serve, d);
}

/* The change of user takes away what harden set. */
static int
become_user(const struct agent_conf *c, struct wd_diag *d)
{
	int r;

	if (geteuid() != 0) {
		wd_log(WD_LOG_WARNING, "not_root", "detail",
		    "the agent and its link run as the user who started them",
		    NULL);
		return 0;
	}
	if (!c->separate_users) {
		wd_log(WD_LOG_WARNING, "users_not_separate", NULL);
		return 0;
	}
	if ((r = wd_harden_become(c->user, d)) != 0)
		return r;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return wd_fault_errno(d, "cannot become undumpable");
	return 0;
}

static int
open_signals(int *ret_fd, struct wd_diag *d)
{
	sigset_t set;

	(void)sigemptyset(&set); /* these cannot fail on a real set */
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return wd_fault_errno(d, "cannot block signals");
	*ret_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return *ret_fd >= 0 ? 0 : wd_fault_errno(d, "cannot take signals");
}

static void
say_hello(const struct agent *a)
{
	const struct agent_attester_row *row = agent_attester_row(a->attester);

	wd_log(WD_LOG_INFO, "started", "version", WARDER_VERSION, "attester",
	    row->name, "server", a->setup->conf.host, "kernel_lacks",
	    wd_harden_missing(), NULL);
	if (row->software)
		wd_log(WD_LOG_WARNING, "SOFTWARE", "detail",
		    "evidence is made in software: it protects nothing", NULL);
}

static int
begin(struct agent *a, const char *path, int *ret_signals, struct wd_diag *d)
{
	int r;

	if ((r = wd_harden_supervisor(d)) != 0 ||
	    (r = agent_starter_fork(path, &a->starter, d)) != 0 ||
	    (r = get_setup(a, d)) != 0)
		return r;
	wd_log_start("agent", -1, (enum wd_log_level)a->setup->conf.log_level);
	if ((r = open_secret_memory(d)) != 0 ||
	    (r = agent_attester_open(&a->setup->conf, &a->attester, d)) != 0 ||
	    (r = open_serve(a, d)) != 0 ||
	    (r = open_signals(ret_signals, d)) != 0 ||
	    (r = become_user(&a->setup->conf, d)) != 0)
		return r;
	agent_keys_sync(a);
	a->link.deadline = INT64_MAX;
	a->started = wd_time_mono_ms();
	wd_notify("READY=1");
	(void)clearenv(); /* nothing in it is needed any more */
	r = wd_sandbox_enter(WD_SANDBOX_AGENT, d);
	if (r == 0)
		say_hello(a);
	return r;
}

/* Libraries' destructors would run into the sandbox; what matters is wiped. */
static _Noreturn void
finish(struct agent *a, int status)
{
	agent_keys_done(a);
	(void)unlinkat(
	    AT_FDCWD, a->setup->conf.socket, 0); /* a stale one is taken over */
	wd_log(WD_LOG_INFO, "stopped", NULL);
	_exit(status);
}

int
agent_run(const char *path)
{
	static struct agent a;
	struct wd_diag d = { 0 };
	int signals = -1;
	int r;

	/* What the caller had open is none of ours; the log opens its own. */
	(void)close_range(STDERR_FILENO + 1, UINT_MAX, 0);
	wd_log_start("agent", -1, WD_LOG_INFO);
	r = begin(&a, path, &signals, &d);
	if (r != 0) {
		wd_log(WD_LOG_ERROR, "not_started", "reason", wd_reason_name(r),
		    "detail", d.detail, NULL);
		return r > 0 ? AGENT_EXIT_REFUSED : AGENT_EXIT_FAULT;
	}
	r = agent_loop(&a, signals, &d);
	if (r != 0)
		wd_log_result("agent_failed", r, &d);
	finish(&a, r == 0 ? 0 : AGENT_EXIT_FAULT);
}
