/*
 * What the kernel has, and what it allows us.
 */
#include "bin/warder/doctor.h"

#include "sys/file.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void
doctor_kernel(struct doctor *dr)
{
	WD_AUTO(wd_fd_closep) int secret = -1;
	size_t before = dr->n;

#ifdef SYS_memfd_secret
	secret = (int)syscall(SYS_memfd_secret, 0);
#endif
	if (secret < 0)
		doctor_say(dr, DOCTOR_WARNING,
		    "boot with secretmem.enable=1, on Linux 5.14 or newer",
		    "no memfd_secret: keys lie in ordinary memory, locked "
		    "where that is allowed");
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
		doctor_say(dr, DOCTOR_WARNING,
		    "use a kernel with CONFIG_SECCOMP_FILTER",
		    "no seccomp: roles can make any system call");
	if (dr->n == before)
		doctor_say(
		    dr, DOCTOR_OK, "", "memfd_secret and seccomp are there");
}

void
doctor_limits(struct doctor *dr)
{
	enum { FILES = 1024 };
	static const rlim_t locked = (rlim_t)256 << 20;
	rlim_t files = FILES + dr->x.conf.max_connections;
	size_t before = dr->n;
	struct rlimit l;

	if (geteuid() == 0 && dr->x.conf.separate_users) {
		doctor_say(dr, DOCTOR_OK, "",
		    "the supervisor starts as root and sets them");
		return;
	}
	if (getrlimit(RLIMIT_MEMLOCK, &l) == 0 && l.rlim_max < locked &&
	    geteuid() != 0)
		doctor_say(dr, DOCTOR_WARNING,
		    "LimitMEMLOCK=256M in the unit, or ulimit -l",
		    "%llu KiB may be locked, the seal takes up to 256 MiB: "
		    "keys may be swapped out",
		    (unsigned long long)l.rlim_max >> 10);
	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_max < files)
		doctor_say(dr, DOCTOR_WARNING,
		    "LimitNOFILE= in the unit, or fewer max_connections",
		    "%llu files may be open, %llu are needed for all "
		    "connections",
		    (unsigned long long)l.rlim_max, (unsigned long long)files);
	if (dr->n == before)
		doctor_say(dr, DOCTOR_OK, "",
		    "enough memory may be locked and "
		    "enough files be open");
}
