/*
 * The agent's side, where this machine has one.
 */
#include "bin/warder/doctor.h"

#include "bin/agent/conf.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void
look_at(struct doctor *dr, const char *path, mode_t not, const char *what)
{
	char advice[240];
	struct stat st;

	if (path[0] == '\0')
		return;
	if (stat(path, &st) != 0) {
		doctor_say(dr, DOCTOR_FAILURE,
		    "put it there, or name another in agent.conf(5)",
		    "%s, %.200s: %s", what, path, strerror(errno));
		return;
	}
	if ((st.st_mode & not ) == 0)
		return;
	(void)snprintf(advice, sizeof(advice), "chmod %o %.200s",
	    (unsigned)(st.st_mode & 0777 & ~not ), path);
	doctor_say(dr, DOCTOR_FAILURE, advice,
	    "%s, %.200s, has mode %04o: others can change it", what, path,
	    (unsigned)(st.st_mode & 07777));
}

static void
judge(struct doctor *dr, const char *path, const struct agent_conf *c)
{
	size_t before = dr->n;
	struct stat st;

	look_at(dr, path, 022, "its configuration");
	look_at(dr, c->ca, 022, "the root of its server");
	if (c->separate_users && getpwnam(c->user) == NULL)
		doctor_say(dr, DOCTOR_FAILURE,
		    "systemd-sysusers makes the users of the agent",
		    "there is no user %s", c->user);
	if (c->separate_users && getpwnam(c->link_user) == NULL)
		doctor_say(dr, DOCTOR_FAILURE,
		    "systemd-sysusers makes the users of the agent",
		    "there is no user %s", c->link_user);
	if (c->n_keys == 0)
		doctor_say(dr, DOCTOR_WARNING,
		    "give a section [key NAME] for each in agent.conf(5)",
		    "it is to hold no key");
	if (stat(c->socket, &st) != 0)
		doctor_say(dr, DOCTOR_WARNING, "start warder-agent",
		    "it does not run: there is no %s", c->socket);
	if (dr->n == before)
		doctor_say(dr, DOCTOR_OK, "", "%s, attests by %s to %s", path,
		    c->attester, c->host);
}

void
doctor_agent(struct doctor *dr)
{
	static struct agent_conf c; /* large */
	const char *given = cli_value(dr->args, "agent-config");
	const char *path = given == NULL ? "/etc/warder/agent.conf" : given;
	struct wd_diag d = { 0 };
	struct stat st;
	int r;

	if (given == NULL && stat(path, &st) != 0) {
		doctor_say(dr, DOCTOR_OK, "", "there is none on this machine");
		return;
	}
	r = agent_conf_read(path, &c, &d);
	if (r != 0)
		doctor_say(dr, DOCTOR_FAILURE,
		    "correct that line; agent.conf(5) has every key",
		    "%s cannot be used: %s", path, d.detail);
	else
		judge(dr, path, &c);
}
