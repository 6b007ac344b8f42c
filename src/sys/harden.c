/*
 * Hardening of a process. Must run before the process reads anything that
 * others wrote.
 */
#include "sys/harden.h"

#include "base/reason.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char missing[1024];

const char *
wd_harden_missing(void)
{
	return missing;
}

void
wd_harden_note_missing(const char *feature)
{
	size_t used = strlen(missing);

	if (strstr(missing, feature) != NULL)
		return;
	if (used + strlen(feature) + 3 > sizeof(missing))
		return; /* a kilobyte of complaints says enough */
	(void)snprintf(missing + used, sizeof(missing) - used, "%s%s",
	    used == 0 ? "" : "; ", feature); /* fits, see above */
}

static int
default_signals(struct wd_diag *d)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t none;

	/* Some numbers are the C library's and refuse; that is fine. */
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &standard, NULL);
	(void)sigemptyset(&none); /* cannot fail on a real set */
	if (sigaction(SIGPIPE, &ignore, NULL) != 0 ||
	    sigprocmask(SIG_SETMASK, &none, NULL) != 0)
		return wd_fault_errno(d, "cannot set signals");
	return 0;
}

int
wd_harden_supervisor(struct wd_diag *d)
{
	struct rlimit no_core = { 0, 0 };

	(void)umask(077); /* gives the old one, never fails */
	if (setrlimit(RLIMIT_CORE, &no_core) != 0)
		return wd_fault_errno(d, "cannot turn off core files");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return wd_fault_errno(d, "cannot give up new privileges");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return wd_fault_errno(d, "cannot become undumpable");
	tzset();
	return default_signals(d);
}

int
wd_harden_process(struct wd_diag *d)
{
	if (clearenv() != 0)
		return wd_fault(d, WD_F_SYSTEM, "cannot empty the environment");
	return wd_harden_supervisor(d);
}

void
wd_harden_batch(void)
{
	struct sched_param p = { 0 };

	if (sched_setscheduler(0, SCHED_BATCH, &p) != 0)
		wd_harden_note_missing("SCHED_BATCH");
}

unsigned
wd_harden_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

unsigned
wd_harden_cpu(unsigned nth)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 0;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && nth-- == 0)
			return cpu;
	return 0;
}

int
wd_harden_pin(unsigned cpu, struct wd_diag *d)
{
	cpu_set_t set;

	if (cpu >= CPU_SETSIZE)
		return wd_fault(d, WD_F_SYSTEM, "no CPU %u", cpu);
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		return wd_fault_errno(d, "cannot run on CPU %u alone", cpu);
	return 0;
}

int
wd_harden_become(const char *user, struct wd_diag *d)
{
	const struct passwd *pw = getpwnam(user);
	uid_t uid;

	if (pw == NULL)
		return wd_fault(d, WD_F_SYSTEM, "no user %.64s", user);
	uid = pw->pw_uid;
	if (setgroups(0, NULL) != 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return wd_fault_errno(d, "cannot become %.64s", user);
	if (uid != 0 && setuid(0) == 0)
		return wd_fault(
		    d, WD_F_BUG, "%.64s could become root again", user);
	return 0;
}
