/*
 * The seccomp filter. Rows look at the call's number only where the call is
 * frequent: rules on arguments leave the kernel's cache of allowed calls. No
 * list may hold a call that starts a program, makes memory executable or looks
 * into another process.
 */
#include "sys/sandbox.h"

#include "base/reason.h"
#include "sys/harden.h"

#include <errno.h>
#include <linux/mman.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALL(name) SCMP_SYS(name)

/* Talk to peers, keep time, manage memory, end. The C library's qsort() asks
 * sysinfo() how much memory it may take for more than a kilobyte. */
static const int base_calls[] = { CALL(read), CALL(write), CALL(readv),
	CALL(writev), CALL(close), CALL(recvmsg), CALL(sendmsg), CALL(recvfrom),
	CALL(sendto), CALL(recvmmsg), CALL(sendmmsg), CALL(poll), CALL(ppoll),
	CALL(fcntl), CALL(lseek), CALL(getsockopt), CALL(shutdown),
	CALL(clock_gettime), CALL(clock_nanosleep), CALL(nanosleep),
	CALL(gettimeofday), CALL(time), CALL(brk), CALL(munmap), CALL(mremap),
	CALL(madvise), CALL(futex), CALL(getrandom), CALL(getpid), CALL(gettid),
	CALL(rt_sigprocmask), CALL(rt_sigaction), CALL(rt_sigreturn),
	CALL(sched_yield), CALL(restart_syscall), CALL(sysinfo), CALL(exit),
	CALL(exit_group) };

static const int front_calls[] = { CALL(accept4), CALL(accept),
	CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_pwait2),
	CALL(epoll_ctl), CALL(epoll_create1), CALL(setsockopt),
	CALL(getpeername), CALL(getsockname), CALL(ioctl), CALL(eventfd2),
	CALL(timerfd_settime), CALL(getuid), CALL(geteuid) };

/* The snapshot of collateral is a memfd. SQLite on files that are open: it
 * looks again at names it knows (is the journal of another process there?) but
 * opens nothing. */
static const int keeper_calls[] = { CALL(memfd_create), CALL(fstat),
	CALL(pread64), CALL(pwrite64), CALL(fsync), CALL(fdatasync),
	CALL(ftruncate), CALL(fallocate), CALL(fstatfs), CALL(stat),
	CALL(lstat), CALL(newfstatat), CALL(access), CALL(faccessat),
	CALL(faccessat2), CALL(getuid), CALL(geteuid) };

static const int file_calls[] = { CALL(fstat), CALL(pread64), CALL(pwrite64),
	CALL(pwritev), CALL(fsync), CALL(fdatasync), CALL(ftruncate),
	CALL(fallocate), CALL(openat), CALL(newfstatat), CALL(statx),
	CALL(fchmod), CALL(linkat), CALL(unlinkat), CALL(renameat),
	CALL(renameat2), CALL(mkdirat), CALL(getdents64), CALL(flock) };

/* A module that keeps its objects in files, as SoftHSM 2 does. */
static const int device_calls[] = { CALL(fstat), CALL(pread64), CALL(pwrite64),
	CALL(ftruncate), CALL(fsync), CALL(fdatasync), CALL(openat), CALL(open),
	CALL(stat), CALL(lstat), CALL(newfstatat), CALL(access),
	CALL(faccessat), CALL(faccessat2), CALL(getdents64), CALL(flock),
	CALL(umask), CALL(uname), CALL(getuid), CALL(geteuid), CALL(getgid),
	CALL(getegid) };

/* Segments, tiles and checkpoints of the log folder; the room on its disk. What
 * root makes there is given to the folder's owner. */
static const int scribe_calls[] = { CALL(fstat), CALL(pread64), CALL(pwrite64),
	CALL(fsync), CALL(fdatasync), CALL(ftruncate), CALL(fallocate),
	CALL(openat), CALL(newfstatat), CALL(fchmod), CALL(linkat),
	CALL(unlinkat), CALL(renameat), CALL(renameat2), CALL(mkdirat),
	CALL(getdents64), CALL(flock), CALL(fstatfs), CALL(faccessat),
	CALL(faccessat2), CALL(geteuid), CALL(fchown), CALL(fchownat) };

static const int agent_calls[] = { CALL(accept4), CALL(accept),
	CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_ctl), CALL(setsockopt),
	CALL(getpeername), CALL(getsockname), CALL(openat), CALL(newfstatat),
	CALL(pread64), CALL(pwrite64), CALL(fstat), CALL(fsync), CALL(fchmod),
	CALL(linkat), CALL(unlinkat), CALL(renameat), CALL(renameat2),
	CALL(mkdirat), CALL(getdents64), CALL(rmdir), CALL(getuid),
	CALL(geteuid) };

/* The one role that calls out: names, connections, the trust store. */
static const int link_calls[] = { CALL(socket), CALL(connect), CALL(bind),
	CALL(setsockopt), CALL(getpeername), CALL(getsockname),
	CALL(socketpair), CALL(ioctl), CALL(openat), CALL(newfstatat),
	CALL(stat), CALL(access), CALL(fstat), CALL(pread64), CALL(getdents64),
	CALL(uname), CALL(getuid), CALL(geteuid), CALL(eventfd2), CALL(pipe2),
	CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait),
	CALL(epoll_pwait) };

/* Both of them: a server over the network, files of credentials that change,
 * or a module, which may keep its objects in files and which a timer ends
 * together with the process when it hangs. */
static const int backend_calls[] = { CALL(socket), CALL(connect), CALL(bind),
	CALL(setsockopt), CALL(getpeername), CALL(getsockname),
	CALL(socketpair), CALL(ioctl), CALL(fstat), CALL(pread64),
	CALL(pwrite64), CALL(ftruncate), CALL(fsync), CALL(fdatasync),
	CALL(openat), CALL(open), CALL(stat), CALL(lstat), CALL(newfstatat),
	CALL(access), CALL(faccessat), CALL(faccessat2), CALL(getdents64),
	CALL(flock), CALL(umask), CALL(uname), CALL(getuid), CALL(geteuid),
	CALL(getgid), CALL(getegid), CALL(eventfd2), CALL(pipe2),
	CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait),
	CALL(epoll_pwait), CALL(setitimer), CALL(unlink), CALL(unlinkat) };

/* Tried by modules that tell syslog(3) of their failures. */
static const int device_refused[] = { CALL(socket) };

static const struct {
	const int *calls;
	size_t n;
	const int *refused; /* with EACCES, not by the end of the process */
	size_t n_refused;
} rows[WD_SANDBOX_COUNT] = {
	[WD_SANDBOX_VERIFY] = { .calls = NULL },
	[WD_SANDBOX_FRONT] = { .calls = front_calls, .n = WD_N(front_calls) },
	[WD_SANDBOX_KEEPER] = { .calls = keeper_calls,
	    .n = WD_N(keeper_calls) },
	[WD_SANDBOX_SEAL] = { .calls = file_calls, .n = WD_N(file_calls) },
	[WD_SANDBOX_DEVICE] = { .calls = device_calls,
	    .n = WD_N(device_calls),
	    .refused = device_refused,
	    .n_refused = WD_N(device_refused) },
	[WD_SANDBOX_BACKEND] = { .calls = backend_calls,
	    .n = WD_N(backend_calls) },
	[WD_SANDBOX_SCRIBE] = { .calls = scribe_calls,
	    .n = WD_N(scribe_calls) },
	[WD_SANDBOX_AGENT] = { .calls = agent_calls, .n = WD_N(agent_calls) },
	[WD_SANDBOX_LINK] = { .calls = link_calls, .n = WD_N(link_calls) },
};

static int
add(scmp_filter_ctx ctx, uint32_t action, const int *calls, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = seccomp_rule_add(ctx, action, calls[i], 0);
	return r;
}

/* Memory that is not executable, and signals to oneself (abort). */
static int
allow_by_argument(scmp_filter_ctx ctx)
{
	const struct scmp_arg_cmp no_exec =
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp self =
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);
	int r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(mmap), 1, no_exec);

	if (r == 0)
		r = seccomp_rule_add(
		    ctx, SCMP_ACT_ALLOW, CALL(mprotect), 1, no_exec);
	if (r == 0)
		r = seccomp_rule_add(
		    ctx, SCMP_ACT_ALLOW, CALL(tgkill), 1, self);
	return r;
}

static int
set_attributes(scmp_filter_ctx ctx)
{
	int r = seccomp_attr_set(
	    ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	if (r == 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1);
	return r;
}

static int
build(scmp_filter_ctx ctx, enum wd_sandbox_kind kind)
{
	int r = set_attributes(ctx);

	if (r == 0)
		r = add(ctx, SCMP_ACT_ALLOW, base_calls, WD_N(base_calls));
	if (r == 0)
		r = allow_by_argument(ctx);
	if (r == 0)
		r = add(ctx, SCMP_ACT_ALLOW, rows[kind].calls, rows[kind].n);
	if (r == 0)
		r = add(ctx, SCMP_ACT_ERRNO(EACCES), rows[kind].refused,
		    rows[kind].n_refused);
	return r;
}

static void
release(scmp_filter_ctx *ctx)
{
	if (*ctx != NULL)
		seccomp_release(*ctx);
}

static bool
is_missing(int error)
{
	return error == ENOSYS || error == EPERM || error == EINVAL;
}

int
wd_sandbox_enter(enum wd_sandbox_kind kind, struct wd_diag *d)
{
	WD_AUTO(release) scmp_filter_ctx ctx = NULL;
	int r;

	if ((unsigned)kind >= WD_SANDBOX_COUNT)
		return wd_fault(d, WD_F_BUG, "no such sandbox");
	ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (ctx == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for the sandbox");
	r = build(ctx, kind);
	if (r != 0)
		return wd_fault(d, WD_F_BUG, "sandbox table: %s", strerror(-r));
	r = seccomp_load(ctx);
	if (r != 0 && !is_missing(-r))
		return wd_fault(d, WD_F_SYSTEM, "cannot close the sandbox: %s",
		    strerror(-r));
	if (r != 0)
		wd_harden_note_missing("seccomp");
	return 0;
}
