/*
 * The verbs of warder-agent: what is asked of the agent that runs. A secret
 * goes to standard output and nowhere else.
 */
#include "bin/agent/agent.h"

#include "base/alloc.h"
#include "bin/agent/client.h"
#include "codec/jtext.h"
#include "sys/harden.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	STATUS_MAX = 1 << 20, /* in JSON */
	ROTATE_TRIES = 150,
	ROTATE_EVERY_MS = 200,
};

struct words {
	const char *name; /* of a key */
	const char *config, *socket;
	bool json, chain, help;
};

struct verb {
	const char *name;
	bool names_key, has_json, has_chain;
	const char *usage, *help;
	int (*run)(struct agent_client *c, const struct words *w);
};

static int
complain(int result, const struct wd_diag *d)
{
	(void)fprintf(stderr, "warder-agent: %s\n",
	    d->detail); /* nowhere else to complain */
	return result > 0 ? AGENT_EXIT_REFUSED : AGENT_EXIT_FAULT;
}

static int
finish_output(void)
{
	return fflush(stdout) == 0 ? 0 : AGENT_EXIT_FAULT;
}

/* ---- status */

static void
print_line(const struct wd_holder_line *line)
{
	(void)printf("%-24.*s %.*s\n", (int)line->name.len,
	    (const char *)line->name.p, (int)line->value.len,
	    (const char *)line->value.p); /* fflush() tells */
}

static void
json_line(struct wd_jtext *j, const struct wd_holder_line *line)
{
	wd_jtext_object(j);
	wd_jtext_key(j, "name");
	wd_jtext_string(j, line->name);
	wd_jtext_key(j, "value");
	wd_jtext_string(j, line->value);
	wd_jtext_end(j);
}

static int
print_json(struct wd_span body)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(STATUS_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	struct wd_holder_line line;

	wd_jtext_array(&j);
	while (body.len > 0 && wd_holder_next_line(&body, &line) == 0)
		json_line(&j, &line);
	wd_jtext_end(&j);
	wd_wr_text(&wr, "\n");
	if (wd_wr_end(&wr) != 0)
		return AGENT_EXIT_FAULT;
	(void)fwrite(wr.p, 1, wr.len, stdout); /* fflush() tells */
	return finish_output();
}

static int
run_status(struct agent_client *c, const struct words *w)
{
	struct wd_holder_line line;
	struct wd_diag d = { 0 };
	struct wd_span body;
	int r =
	    agent_client_ask(c, WD_HOLDER_STATUS, wd_span(NULL, 0), &body, &d);

	if (r != 0)
		return complain(r, &d);
	if (w->json)
		return print_json(body);
	while (body.len > 0 && wd_holder_next_line(&body, &line) == 0)
		print_line(&line);
	return finish_output();
}

/* ---- get */

static bool
write_all(struct wd_span s)
{
	while (s.len > 0) {
		ssize_t n = write(STDOUT_FILENO, s.p, s.len);

		if (n <= 0)
			return false;
		s = wd_span(s.p + n, s.len - (size_t)n);
	}
	return true;
}

static int
get_piece(struct agent_client *c, const struct wd_holder_get *ask,
    struct wd_holder_piece *ret, struct wd_diag *d)
{
	uint8_t buf[128];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_span body;
	int r;

	wd_holder_write_get(&wr, ask);
	if (wd_wr_end(&wr) != 0)
		return wd_reject(d, WD_R_RANGE, "the name is too long");
	r = agent_client_ask(c, WD_HOLDER_GET, wd_wr_span(&wr), &body, d);
	if (r != 0)
		return r;
	return wd_holder_read_piece(body, ret) == 0
	    ? 0
	    : wd_fault(d, WD_F_PEER, "the agent's answer is not understood");
}

/* A key that changes between two pieces would give bytes of both. */
static int
run_get(struct agent_client *c, const struct words *w)
{
	struct wd_holder_get ask = { .name = wd_span_text(w->name),
		.part = w->chain ? WD_HOLDER_CHAIN : WD_HOLDER_SECRET };
	struct wd_holder_piece piece;
	struct wd_diag d = { 0 };
	uint32_t total = 0;

	do {
		int r = get_piece(c, &ask, &piece, &d);

		if (r == 0 && ask.from > 0 && piece.total != total)
			r = wd_fault(&d, WD_F_PEER, "it has just changed");
		if (r != 0)
			return complain(r, &d);
		if (!write_all(piece.bytes))
			return AGENT_EXIT_FAULT;
		total = piece.total;
		ask.from += (uint32_t)piece.bytes.len;
	} while (piece.bytes.len > 0 && ask.from < total);
	return 0;
}

/* ---- rotate */

/* How many rounds the agent has come through, as text. */
static int
count_rounds(struct agent_client *c, char ret[24], struct wd_diag *d)
{
	struct wd_holder_line line;
	struct wd_span body;
	int r =
	    agent_client_ask(c, WD_HOLDER_STATUS, wd_span(NULL, 0), &body, d);

	if (r != 0)
		return r;
	while (body.len > 0 && wd_holder_next_line(&body, &line) == 0)
		if (wd_span_is(line.name, "rounds") &&
		    wd_span_to_text(line.value, ret, 24))
			return 0;
	return wd_fault(d, WD_F_PEER, "the agent's answer is not understood");
}

static int
wait_for_round(struct agent_client *c, const char *before, struct wd_diag *d)
{
	for (int i = 0; i < ROTATE_TRIES; i++) {
		char now[24];
		int r;

		(void)poll(NULL, 0, ROTATE_EVERY_MS); /* a pause */
		if ((r = count_rounds(c, now, d)) != 0)
			return r;
		if (strcmp(before, now) != 0)
			return 0;
	}
	return wd_fault(d, WD_F_TIMEOUT,
	    "the server has not answered; `warder-agent status` says more");
}

static int
run_rotate(struct agent_client *c, const struct words *w)
{
	struct wd_diag d = { 0 };
	struct wd_span body;
	char before[24];
	int r = count_rounds(c, before, &d);

	if (r == 0)
		r = agent_client_ask(
		    c, WD_HOLDER_ROTATE, wd_span(NULL, 0), &body, &d);
	if (r == 0)
		r = wait_for_round(c, before, &d);
	return r != 0 ? complain(r, &d) : run_status(c, w);
}

/* ---- which */

static const struct verb verbs[] = {
	{ "status", .has_json = true,
	    .usage = "warder-agent status [--json] [--config FILE | --socket "
		     "PATH]",
	    .help = "Prints what the running agent holds and what it lacks.",
	    .run = run_status },
	{ "get", .names_key = true, .has_chain = true,
	    .usage = "warder-agent get NAME [--chain] [--config FILE | "
		     "--socket PATH]",
	    .help = "Writes a secret to standard output, or with --chain a "
		    "key's certificates.\nA key that signs is never given "
		    "out.",
	    .run = run_get },
	{ "rotate", .has_json = true,
	    .usage = "warder-agent rotate [--json] [--config FILE | --socket "
		     "PATH]",
	    .help = "Asks the server for every key again, now, and prints "
		    "the status after that.",
	    .run = run_rotate },
};

/* The value of an option that takes one; NULL: it is another word. */
static const char *
value_of(int n, char **words, int *i, const char *name)
{
	size_t len = strlen(name);

	if (strcmp(words[*i], name) == 0 && *i + 1 < n)
		return words[++*i];
	if (strncmp(words[*i], name, len) == 0 && words[*i][len] == '=')
		return words[*i] + len + 1;
	return NULL;
}

static bool
read_words(const struct verb *v, int n, char **words, struct words *ret)
{
	*ret = (struct words){ 0 };
	for (int i = 1; i < n; i++) {
		const char *value;

		if ((value = value_of(n, words, &i, "--config")) != NULL)
			ret->config = value;
		else if ((value = value_of(n, words, &i, "--socket")) != NULL)
			ret->socket = value;
		else if (v->has_json && strcmp(words[i], "--json") == 0)
			ret->json = true;
		else if (v->has_chain && strcmp(words[i], "--chain") == 0)
			ret->chain = true;
		else if (strcmp(words[i], "--help") == 0)
			ret->help = true;
		else if (v->names_key && ret->name == NULL &&
		    words[i][0] != '-')
			ret->name = words[i];
		else
			return false;
	}
	return ret->help || v->names_key == (ret->name != NULL);
}

/* What the configuration says, where this user may read it. */
static int
find_socket(const struct words *w, char ret[AGENT_SOCKET], struct wd_diag *d)
{
	static struct agent_conf conf; /* large */
	const char *socket = "/run/warder-agent/holder.sock";
	int r = 0;

	if (w->socket != NULL)
		socket = w->socket;
	else if ((r = agent_conf_read(
		      w->config != NULL ? w->config : AGENT_CONF_FILE, &conf,
		      d)) == 0)
		socket = conf.socket;
	else if (w->config != NULL)
		return r;
	wd_diag_clear(d);
	return wd_span_to_text(wd_span_text(socket), ret, AGENT_SOCKET)
	    ? 0
	    : wd_reject(d, WD_R_RANGE, "the path of the socket is too long");
}

static int
talk(const struct verb *v, const struct words *w)
{
	static struct agent_client c; /* large */
	char socket[AGENT_SOCKET];
	struct wd_diag d = { 0 };
	int r = wd_harden_process(&d);
	int status;

	if (r == 0)
		r = find_socket(w, socket, &d);
	if (r == 0)
		r = agent_client_open(&c, socket, &d);
	status = r == 0 ? v->run(&c, w) : complain(r, &d);
	agent_client_close(&c);
	return status;
}

int
agent_verb(int n, char **words)
{
	struct words w;

	for (size_t i = 0; i < WD_N(verbs); i++) {
		const struct verb *v = &verbs[i];

		if (n < 1 || strcmp(words[0], v->name) != 0)
			continue;
		if (!read_words(v, n, words, &w)) {
			(void)fprintf(stderr, "usage: %s\n",
			    v->usage); /* nowhere else to complain */
			return AGENT_EXIT_USAGE;
		}
		if (!w.help)
			return talk(v, &w);
		(void)printf("usage: %s\n\n%s\n", v->usage, v->help);
		return finish_output();
	}
	return -1;
}
