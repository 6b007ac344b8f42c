/*
 * Each configured backend, by its row: opened and asked in a process of its
 * own, since what it loads is foreign code and may hang. That process is what
 * the server's is: the same user for good, whoever asks, and no environment.
 */
#include "bin/warder/doctor.h"

#include "backend/backend.h"
#include "base/clock.h"
#include "sys/credential.h"
#include "sys/file.h"
#include "sys/harden.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ASK_MS = 10000, GRACE_MS = 3000, WORDS_MAX = 300 };

/* ---- in the other process */

static int
check(const struct wd_backend_conf *c, struct wd_wr *words, struct wd_diag *d)
{
	const struct wd_backend_row *row = wd_backend_row(c->form->kind);
	void *x = NULL;
	int r;

	if (row == NULL)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "this program was built without %s", c->form->name);
	if ((r = row->open(c, &x, d)) != 0)
		return r;
	r = row->check(x, wd_time_mono_ms() + ASK_MS, words, d);
	row->close(x);
	return r;
}

static int
become(const struct doctor *dr, struct wd_diag *d)
{
	const struct wd_conf *c = &dr->x.conf;
	int r = wd_harden_process(d);

	if (r != 0 || getuid() != 0 || !c->separate_users)
		return r;
	return wd_harden_become(c->user_backend, d);
}

/* First byte: the level; then the words. */
static void
answer(const struct doctor *dr, const struct wd_backend_conf *c, int fd)
{
	char words[WORDS_MAX];
	struct wd_wr wr = wd_wr_fixed(words, sizeof(words));
	struct wd_diag d = { 0 };
	uint8_t level;
	int r = become(dr, &d);

	if (r == 0)
		r = check(c, &wr, &d);
	level = r == 0 ? DOCTOR_OK : DOCTOR_FAILURE;
	if (r != 0) {
		wr = wd_wr_fixed(words, sizeof(words));
		wd_wr_text(&wr, d.detail);
	}
	if (write(fd, &level, 1) != 1 || write(fd, words, wr.len) < 0)
		_exit(1);
	_exit(0);
}

/* ---- in this one */

/* What has come until the end, or the time is up; bytes of it. */
static size_t
collect(int fd, uint8_t *dst, size_t size)
{
	int64_t end = wd_time_mono_ms() + ASK_MS + GRACE_MS;
	size_t len = 0;

	while (len < size) {
		struct pollfd p = { fd, POLLIN, 0 };
		int64_t left = end - wd_time_mono_ms();
		int ready = left <= 0 ? 0 : poll(&p, 1, (int)left);
		ssize_t n;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			break;
		n = read(fd, dst + len, size - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	return len;
}

static void
ask_one(struct doctor *dr, const struct wd_backend_conf *c)
{
	uint8_t said[WORDS_MAX + 1];
	WD_AUTO(wd_fd_closep) int ours = -1;
	int ends[2];
	size_t len;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
	ours = ends[0];
	pid = fork();
	if (pid == 0)
		answer(dr, c, ends[1]);
	(void)close(ends[1]); /* the other process has it */
	len = pid < 0 ? 0 : collect(ours, said, sizeof(said));
	if (pid > 0) {
		(void)kill(pid, SIGKILL); /* it has ended, or hangs */
		(void)waitpid(pid, NULL, 0);
	}
	if (len == 0)
		doctor_say(dr, DOCTOR_FAILURE,
		    "what it loads, or its server, hangs or has ended it",
		    "%s (%s) did not say anything in time", c->name,
		    c->form->name);
	else
		doctor_say(dr,
		    said[0] == DOCTOR_OK ? DOCTOR_OK : DOCTOR_FAILURE,
		    said[0] == DOCTOR_OK
			? ""
			: "see to that server and to its section in "
			  "warder.conf(5)",
		    "%s (%s): %.*s", c->name, c->form->name, (int)(len - 1),
		    (const char *)said + 1);
}

/* ---- credentials: where the server that runs has put them */

static bool
find_credential(const struct doctor *dr, char value[WD_BACKEND_VALUE_MAX + 1])
{
	char run[WD_CONF_PATH + 16], path[WD_FILE_PATH_MAX];
	struct wd_span text = wd_span_text(value);
	struct wd_diag why = { 0 };

	(void)snprintf(run, sizeof(run), "%s/credentials", dr->x.conf.run_dir);
	if (wd_credential_path(text, run, path, &why) != 0)
		return false;
	if (access(path, F_OK) != 0 &&
	    (init_credential(text, path, &why) != 0 || access(path, F_OK) != 0))
		return false;
	text = wd_span_text(path);
	return wd_span_to_text(text, value, WD_BACKEND_VALUE_MAX + 1);
}

static bool
find_credentials(struct doctor *dr, struct wd_backend_conf *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->at[i].key->type == WD_BACKEND_IS_PATH &&
		    wd_credential_is(wd_span_text(c->at[i].value)) &&
		    !find_credential(dr, c->at[i].value)) {
			doctor_say(dr, DOCTOR_WARNING,
			    "ask again while warderd runs as a service that "
			    "loads it",
			    "%s (%s) was not tried: %s is %s", c->name,
			    c->form->name, c->at[i].key->name, c->at[i].value);
			return false;
		}
	return true;
}

void
doctor_backends(struct doctor *dr)
{
	struct wd_conf *c = &dr->x.conf;

	if (c->n_backends == 0)
		doctor_say(dr, DOCTOR_OK, "",
		    "none is configured: keys rest "
		    "in the store");
	for (size_t i = 0; i < c->n_backends; i++)
		if (find_credentials(dr, &c->backends[i].conf))
			ask_one(dr, &c->backends[i].conf);
}
