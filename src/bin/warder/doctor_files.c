/*
 * Configuration, users, files and room.
 */
#include "bin/warder/doctor.h"

#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* ---- configuration */

void
doctor_configuration(struct doctor *dr)
{
	struct wd_diag d = { 0 };
	int r = init_plan_standing(dr->args, &dr->x, &d);

	dr->has_conf = r == 0;
	if (r == WD_R_NOT_FOUND)
		doctor_say(dr, DOCTOR_FAILURE,
		    "warder init makes one; --config names another", "%s",
		    d.detail);
	else if (r != 0)
		doctor_say(dr, DOCTOR_FAILURE,
		    "correct that line; warder.conf(5) has every key",
		    "%s cannot be used: %s", dr->x.config, d.detail);
	else
		doctor_say(dr, DOCTOR_OK, "", "%s, server %s", dr->x.config,
		    dr->x.conf.name);
	if (r == 0) /* closed to us, or not there: `files` says so */
		dr->x.state = open(
		    dr->x.conf.state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* ---- users */

static void
look_for(struct doctor *dr, const char *user)
{
	if (getpwnam(user) == NULL)
		doctor_say(dr, DOCTOR_FAILURE,
		    "systemd-sysusers makes the users of the roles",
		    "there is no user %s", user);
}

void
doctor_users(struct doctor *dr)
{
	const struct wd_conf *c = &dr->x.conf;
	const char *const users[] = { c->user_front, c->user_verify,
		c->user_keeper, c->user_seal, c->user_device, c->user_scribe };

	if (!c->separate_users) {
		doctor_say(dr, DOCTOR_WARNING,
		    "set separate = yes in [users] and start as root",
		    "all roles run as one user, so that they can get at each "
		    "other's files");
		return;
	}
	for (size_t i = 0; i < WD_N(users); i++)
		look_for(dr, users[i]);
	if (c->admin_group[0] != '\0' && getgrnam(c->admin_group) == NULL)
		doctor_say(dr, DOCTOR_FAILURE,
		    "systemd-sysusers makes it; its members may speak to the "
		    "admin socket",
		    "there is no group %s", c->admin_group);
}

/* ---- files */

enum base { OF_CONFIG, OF_STATE, OF_LOG };

struct place {
	enum base base;
	size_t at;        /* OF_CONFIG: a path in struct init */
	const char *name; /* else in the folder; "." is the folder */
	mode_t not ;      /* bits that no one may have */
	size_t owner;     /* user's name in struct wd_conf; 0: the caller */
	bool must;
};

#define CONF(member) offsetof(struct init, conf.member)
#define USER(member) offsetof(struct wd_conf, member)

static const struct place places[] = {
	{ OF_CONFIG, offsetof(struct init, config), NULL, 022, 0, true },
	{ OF_CONFIG, CONF(tls_key), NULL, 077, 0, true },
	{ OF_CONFIG, CONF(tls_certificate), NULL, 022, 0, true },
	{ OF_CONFIG, offsetof(struct init, token), NULL, 077, 0, false },
	{ OF_STATE, 0, ".", 077, USER(user_keeper), true },
	{ OF_STATE, 0, "store.db", 077, USER(user_keeper), true },
	{ OF_STATE, 0, "sessions.db", 077, USER(user_keeper), false },
	{ OF_STATE, 0, "upstream.db", 077, USER(user_keeper), false },
	{ OF_STATE, 0, "seal", 077, USER(user_keeper), true },
	{ OF_STATE, 0, "keyring", 077, USER(user_keeper), true },
	{ OF_STATE, 0, "seal.key", 077, USER(user_keeper), false },
	{ OF_LOG, 0, ".", 077, USER(user_scribe), true },
	{ OF_LOG, 0, "journal", 077, USER(user_scribe), true },
	{ OF_LOG, 0, "checkpoint.key", 077, USER(user_scribe), true },
};

static void
name_place(
    const struct doctor *dr, const struct place *p, char *ret, size_t size)
{
	const char *state = dr->x.conf.state_dir;

	if (p->base == OF_CONFIG)
		(void)snprintf(
		    ret, size, "%s", (const char *)&dr->x + p->at); /* fits */
	else
		(void)snprintf(ret, size, "%s%s%s%s", state,
		    p->base == OF_LOG ? "/log" : "",
		    strcmp(p->name, ".") == 0 ? "" : "/",
		    strcmp(p->name, ".") == 0 ? "" : p->name); /* likewise */
}

/* Whose it has to be; false when there is no such user. */
static bool
owner_of(const struct doctor *dr, const struct place *p, uid_t *ret)
{
	const struct wd_conf *c = &dr->x.conf;
	const struct passwd *pw;

	*ret = geteuid();
	if (p->owner == 0 || !c->separate_users || getuid() != 0)
		return true;
	pw = getpwnam((const char *)c + p->owner);
	if (pw != NULL)
		*ret = pw->pw_uid;
	return pw != NULL;
}

static void
judge(struct doctor *dr, const struct place *p, const char *path,
    const struct stat *st)
{
	char advice[240];
	uid_t owner;

	if ((st->st_mode & p->not ) != 0) {
		(void)snprintf(advice, sizeof(advice), "chmod %o %.200s",
		    (unsigned)(st->st_mode & 0777 & ~p->not ), path);
		doctor_say(dr, DOCTOR_FAILURE, advice,
		    "%s has mode %04o: others can get at it", path,
		    (unsigned)(st->st_mode & 07777));
	}
	/* What is the caller's may be root's as well. */
	if (!owner_of(dr, p, &owner) || st->st_uid == owner ||
	    (p->owner == 0 && st->st_uid == 0))
		return;
	(void)snprintf(
	    advice, sizeof(advice), "chown %u %.200s", (unsigned)owner, path);
	doctor_say(dr, DOCTOR_FAILURE, advice,
	    "%s belongs to the user %u, and not to who has to use it", path,
	    (unsigned)st->st_uid);
}

static void
look_at(struct doctor *dr, const struct place *p)
{
	char path[2 * WD_CONF_PATH];
	struct stat st;

	name_place(dr, p, path, sizeof(path));
	if (lstat(path, &st) == 0)
		judge(dr, p, path, &st);
	else if (errno == EACCES)
		doctor_say(dr, DOCTOR_WARNING, "run warder doctor as root",
		    "%s cannot be looked at", path);
	else if (p->must)
		doctor_say(dr, DOCTOR_FAILURE,
		    "warder init makes it, and warder restore out of a backup",
		    "%s is not there", path);
}

void
doctor_files(struct doctor *dr)
{
	size_t before = dr->n;

	for (size_t i = 0; i < WD_N(places); i++)
		look_at(dr, &places[i]);
	if (dr->n == before)
		doctor_say(dr, DOCTOR_OK, "",
		    "owners and modes are as they "
		    "have to be");
}

/* ---- room */

void
doctor_space(struct doctor *dr)
{
	enum { KEPT_MIB = 64, LITTLE_MIB = 512 };
	const char *advice = "make room: a log that cannot be written stops "
			     "all releases";
	struct statvfs v;
	unsigned long long mib;

	if (statvfs(dr->x.conf.state_dir, &v) != 0) {
		doctor_say(dr, DOCTOR_FAILURE, "warder init makes it", "%s: %s",
		    dr->x.conf.state_dir, strerror(errno));
		return;
	}
	mib = (unsigned long long)v.f_bavail * v.f_frsize >> 20;
	if (mib < KEPT_MIB || v.f_favail == 0)
		doctor_say(dr, DOCTOR_FAILURE, advice,
		    "%llu MiB are free for store and log, less than the %d "
		    "that are kept back so that a full disk can be logged",
		    mib, KEPT_MIB);
	else if (mib < LITTLE_MIB)
		doctor_say(dr, DOCTOR_WARNING, advice,
		    "only %llu MiB are free for store and log", mib);
	else
		doctor_say(dr, DOCTOR_OK, "", "%llu MiB are free", mib);
}
