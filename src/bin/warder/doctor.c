/*
 * warder doctor: looks at all that a server needs and says in words what is
 * wrong and what to do.
 */
#include "bin/warder/doctor.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "bin/warder/online.h"
#include "bin/warder/verbs.h"
#include "codec/json.h"
#include "codec/jtext.h"
#include "crypto/init.h"
#include "sys/file.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

enum { JSON_MAX = 1 << 18 };

static const struct cli_option options[] = {
	{ "config", "FILE", "the configuration (default " WD_CONF_FILE ")",
	    false },
	{ "agent-config", "FILE",
	    "the agent's (default /etc/warder/agent.conf, where it is there)",
	    false },
	{ "json", NULL, "answer with one JSON object", false },
};

/* The configuration first: the others are told by it where things are. */
static const struct doctor_check checks[] = {
	{ "configuration", doctor_configuration, false,
	    "whether it can be read" },
	{ "users", doctor_users, true, "users and group of the roles" },
	{ "files", doctor_files, true, "owner and mode of each file" },
	{ "space", doctor_space, true, "room on the disk of store and log" },
	{ "store", doctor_store, true,
	    "the database, its format, the clock, and collateral" },
	{ "seal", doctor_seal, true,
	    "what kind it is, its HSM or TPM, whether it opens" },
	{ "tls", doctor_tls, true, "key and certificate, names and dates" },
	{ "log", doctor_log, true, "entries, tiles and the signed checkpoint" },
	{ "kernel", doctor_kernel, false, "features that protect memory" },
	{ "limits", doctor_limits, true, "locked memory and open files" },
	{ "backends", doctor_backends, true,
	    "whether each can be reached and lets us in" },
	{ "server", doctor_server, true, "the one that runs, if one does" },
	/* By what both have found out before. */
	{ "keyring", doctor_keyring, true,
	    "its terms, how often and how long the newest has encrypted" },
	{ "agent", doctor_agent, false, "the agent's configuration" },
};

const struct doctor_check *
doctor_checks(size_t *ret_n)
{
	*ret_n = WD_N(checks);
	return checks;
}

void
doctor_say(struct doctor *dr, enum doctor_level level, const char *advice,
    const char *fmt, ...)
{
	struct doctor_finding *f;
	va_list args;

	if (dr->n == DOCTOR_FINDINGS)
		return; /* enough to do */
	f = &dr->found[dr->n++];
	f->check = dr->check;
	f->level = level;
	va_start(args, fmt);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, args); /* may be cut */
	va_end(args);
	(void)snprintf(
	    f->advice, sizeof(f->advice), "%s", advice); /* likewise */
}

static const char *
level_name(enum doctor_level level)
{
	static const char *const names[] = { "ok", "warning", "failure" };

	return names[level];
}

static enum doctor_level
worst(const struct doctor *dr)
{
	enum doctor_level level = DOCTOR_OK;

	for (size_t i = 0; i < dr->n; i++)
		if (dr->found[i].level > level)
			level = dr->found[i].level;
	return level;
}

/* ---- what is said */

static bool
say(const struct doctor *dr)
{
	for (size_t i = 0; i < dr->n; i++) {
		const struct doctor_finding *f = &dr->found[i];

		(void)printf(
		    "%-8s %-14s %s\n", level_name(f->level), f->check, f->text);
		if (f->advice[0] != '\0')
			(void)printf("%-8s %-14s -> %s\n", "", "", f->advice);
	}
	(void)printf("%s\n", level_name(worst(dr)));
	return fflush(stdout) == 0;
}

static bool
put(const struct doctor *dr)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(JSON_MAX);
	struct wd_jtext j = wd_jtext(&wr);

	wd_jtext_object(&j);
	wd_jtext_key(&j, "findings");
	wd_jtext_array(&j);
	for (size_t i = 0; i < dr->n; i++) {
		wd_jtext_object(&j);
		wd_jtext_key_text(&j, "advice", dr->found[i].advice);
		wd_jtext_key_text(&j, "check", dr->found[i].check);
		wd_jtext_key_text(&j, "level", level_name(dr->found[i].level));
		wd_jtext_key_text(&j, "text", dr->found[i].text);
		wd_jtext_end(&j);
	}
	wd_jtext_end(&j);
	wd_jtext_key_text(&j, "verdict", level_name(worst(dr)));
	wd_jtext_end(&j);
	wd_wr_u8(&wr, '\n');
	return wd_wr_end(&wr) == 0 &&
	    fwrite(wr.p, 1, wr.len, stdout) == wr.len && fflush(stdout) == 0;
}

/* ---- the verb */

static void
doctor_done(struct doctor *dr)
{
	init_device_close(&dr->x);
	wd_secret_freep(&dr->x.pin);
	dr->status = wd_json_free(dr->status);
	wd_fd_closep(&dr->x.log);
	wd_fd_closep(&dr->x.state);
	dr->found = wd_free(dr->found);
}

static void
look(struct doctor *dr)
{
	for (size_t i = 0; i < WD_N(checks); i++) {
		size_t before = dr->n;

		dr->check = checks[i].name;
		if (checks[i].needs_conf && !dr->has_conf)
			continue;
		checks[i].run(dr);
		if (dr->n == before)
			doctor_say(dr, DOCTOR_OK, "", "%s", checks[i].manual);
	}
}

static enum cli_exit
run(const struct cli_args *args)
{
	WD_AUTO(doctor_done)
	struct doctor dr = { .args = args,
		.now = wd_time_now(),
		.x = { .state = -1, .lock = -1, .log = -1 },
		.found = wd_alloc_array(
		    DOCTOR_FINDINGS, sizeof(struct doctor_finding)) };
	struct wd_diag d = { 0 };
	bool said;

	if (dr.found == NULL || wd_crypto_init(&d) != 0) {
		(void)fprintf(stderr, "warder doctor: %s\n",
		    dr.found == NULL ? "no memory" : d.detail);
		return CLI_FAULT;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	look(&dr);
	said = cli_has(args, "json") ? put(&dr) : say(&dr);
	return said && worst(&dr) != DOCTOR_FAILURE ? CLI_OK : CLI_FAULT;
}

const struct cli_verb cli_verb_doctor = {
	.name = "doctor",
	.summary = "look at all that a server needs, and say what is wrong and "
		   "what to do",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder doctor",
	.run = run,
};
