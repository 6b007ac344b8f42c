/*
 * A backend's row on a line: a command on standard input, an answer on standard
 * output, from one backend opened as warder-backend opens it and inside of the
 * same sandbox. For tests alone: it prints keys.
 *
 *   row_tool KIND [deadline=MS] NAME=VALUE...
 *
 * Bytes are in hexadecimal, "-" for none. An answer, and the word "ready" or
 * why it is not, is a line: result, output and detail, with tabs between.
 */
#include "backend/conf.h"
#include "base/clock.h"
#include "base/num.h"
#include "codec/hex.h"
#include "crypto/init.h"
#include "crypto/memory.h"
#include "sys/arena.h"
#include "sys/harden.h"
#include "sys/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 8, OUT_MAX = 1 << 20, ARENA = 16 << 20 };

struct work {
	const struct wd_backend_row *row;
	void *x;
	int64_t ms;
	size_t n;
	const char *words[WORDS_MAX];
	struct wd_bytes *bytes[WORDS_MAX];
	struct wd_wr out;
	struct wd_diag d;
};

static struct wd_span
span(const struct work *w, size_t i)
{
	if (i >= w->n || strcmp(w->words[i], "-") == 0)
		return wd_span(NULL, 0);
	return wd_span_text(w->words[i]);
}

static uint32_t
number(const struct work *w, size_t i)
{
	uint64_t n = 0;

	if (!wd_num_parse(span(w, i), UINT32_MAX, &n))
		exit(2);
	return (uint32_t)n;
}

static struct wd_span
bytes(struct work *w, size_t i)
{
	struct wd_span text = span(w, i);

	if (text.len > 0 && wd_hex_decode(text, &w->bytes[i]) != 0)
		exit(2);
	return wd_bytes_span(w->bytes[i]);
}

static enum wd_key_kind
kind(const struct work *w, size_t i)
{
	const struct wd_key_row *row = wd_key_row_by_name(span(w, i));

	return row == NULL ? WD_KEY_NONE : row->kind;
}

static int64_t
deadline(const struct work *w)
{
	return wd_time_mono_ms() + w->ms;
}

/* ---- commands */

static int
none(struct work *w)
{
	return wd_reject(
	    &w->d, WD_R_UNSUPPORTED, "a backend of this kind cannot do that");
}

static int
check(struct work *w)
{
	return w->row->check(w->x, deadline(w), &w->out, &w->d);
}

/* deadline MS: of the commands that follow */
static int
set_deadline(struct work *w)
{
	w->ms = number(w, 1);
	return 0;
}

static int
keep(struct work *w)
{
	wd_wr_printf(&w->out, "%lld",
	    w->row->keep == NULL ? -1LL
				 : (long long)w->row->keep(w->x, deadline(w)));
	return 0;
}

static void
say_made(struct work *w, const struct wd_backend_made *m)
{
	wd_wr_printf(&w->out, "%s ", wd_key_row(m->kind)->name);
	wd_wr_text(&w->out, m->locator);
	wd_wr_printf(&w->out, " %d%d ", m->stays, m->leased);
	wd_hex_write(&w->out, wd_bytes_span(m->spki));
}

/* make ID VERSION KIND STAYS BYTES LABEL */
static int
make(struct work *w)
{
	WD_AUTO(wd_backend_made_done) struct wd_backend_made m = { 0 };
	struct wd_backend_make in = { .version = number(w, 2),
		.kind = kind(w, 3),
		.stays = number(w, 4) != 0,
		.bytes = bytes(w, 5),
		.label = span(w, 6) };
	int r;

	if (!wd_id_parse(span(w, 1), &in.id))
		exit(2);
	r = w->row->make(w->x, &in, deadline(w), &m, &w->d);
	if (r == 0)
		say_made(w, &m);
	return r;
}

static int
attach(struct work *w)
{
	WD_AUTO(wd_backend_made_done) struct wd_backend_made m = { 0 };
	int r = w->row->attach(w->x, span(w, 1), deadline(w), &m, &w->d);

	if (r == 0)
		say_made(w, &m);
	return r;
}

/* fetch LOCATOR KIND */
static int
fetch(struct work *w)
{
	WD_AUTO(wd_backend_got_done) struct wd_backend_got g = { 0 };
	int r =
	    w->row->fetch(w->x, span(w, 1), kind(w, 2), deadline(w), &g, &w->d);

	if (r != 0)
		return r;
	wd_hex_write(&w->out, wd_secret_borrow(g.bytes));
	wd_wr_printf(&w->out, " %u %d ", g.seconds, g.renewable);
	wd_wr_text(&w->out, g.lease);
	return 0;
}

/* wrap LOCATOR SPKI */
static int
wrap(struct work *w)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	bool sha1 = false;
	int r;

	if (w->row->wrap == NULL)
		return none(w);
	r = w->row->wrap(
	    w->x, span(w, 1), bytes(w, 2), deadline(w), &b, &sha1, &w->d);
	if (r != 0)
		return r;
	wd_hex_write(&w->out, wd_bytes_span(b));
	wd_wr_printf(&w->out, " %d", sha1);
	return 0;
}

/* use USE ALG KIND LOCATOR INPUT AAD SIGNATURE */
static int
use(struct work *w)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;
	struct wd_backend_work in = { .use = (enum wd_backend_use)number(w, 1),
		.alg = (enum wd_backend_alg)number(w, 2),
		.kind = kind(w, 3),
		.locator = span(w, 4),
		.input = bytes(w, 5),
		.aad = bytes(w, 6),
		.signature = bytes(w, 7) };
	int r;

	if (w->row->use == NULL)
		return none(w);
	r = w->row->use(w->x, &in, deadline(w), &s, &w->d);
	wd_hex_write(&w->out, wd_secret_borrow(s));
	return r;
}

static int
destroy(struct work *w)
{
	return w->row->destroy(w->x, span(w, 1), deadline(w), &w->d);
}

static int
renew(struct work *w)
{
	uint32_t seconds = 0;
	int r;

	if (w->row->renew == NULL)
		return none(w);
	r = w->row->renew(
	    w->x, span(w, 1), number(w, 2), deadline(w), &seconds, &w->d);
	wd_wr_decimal(&w->out, seconds);
	return r;
}

static int
revoke(struct work *w)
{
	if (w->row->revoke == NULL)
		return none(w);
	return w->row->revoke(w->x, span(w, 1), deadline(w), &w->d);
}

static const struct {
	const char *name;
	int (*run)(struct work *w);
} commands[] = {
	{ "deadline", set_deadline },
	{ "check", check },
	{ "keep", keep },
	{ "make", make },
	{ "attach", attach },
	{ "fetch", fetch },
	{ "wrap", wrap },
	{ "use", use },
	{ "destroy", destroy },
	{ "renew", renew },
	{ "revoke", revoke },
};

/* ---- lines */

static void
split(struct work *w, char *line)
{
	char *at = line;

	line[strcspn(line, "\n")] = '\0';
	w->n = 0;
	while (w->n < WORDS_MAX && at != NULL) {
		char *next = strchr(at, ' ');

		if (next != NULL)
			*next++ = '\0';
		w->words[w->n++] = at;
		at = next;
	}
}

static void
answer(struct work *w, int r)
{
	wd_wr_u8(&w->out, 0);
	if (wd_wr_end(&w->out) != 0)
		exit(2);
	/* What the row said must be what its sentence says. */
	printf("%s\t%s\t%s\n",
	    r == 0                 ? "ok"
		: w->d.result != r ? "unexplained"
		: r > 0            ? wd_reason_name(r)
				   : "fault",
	    (const char *)w->out.p, r == 0 ? "" : w->d.detail);
	(void)fflush(stdout);
}

static void
run(struct work *w, char *line)
{
	split(w, line);
	w->out = wd_wr_growing(OUT_MAX);
	w->d = (struct wd_diag){ 0 };
	for (size_t i = 0; i < WD_N(commands); i++)
		if (strcmp(commands[i].name, w->words[0]) == 0) {
			answer(w, commands[i].run(w));
			for (size_t k = 0; k < WORDS_MAX; k++)
				wd_bytes_freep(&w->bytes[k]);
			wd_wr_done(&w->out);
			return;
		}
	exit(2);
}

/* "deadline" is ours, the rest the section's. */
static int
set(struct work *w, struct wd_backend_conf *c, char *arg, struct wd_diag *d)
{
	char *value = strchr(arg, '=');
	uint64_t ms;

	if (value == NULL)
		exit(2);
	*value++ = '\0';
	if (strcmp(arg, "deadline") != 0)
		return wd_backend_conf_set(c, arg, wd_span_text(value), "/", d);
	if (!wd_num_parse(wd_span_text(value), UINT32_MAX, &ms))
		exit(2);
	w->ms = (int64_t)ms;
	return 0;
}

/* As bin/common/role.c does. */
static int
become_role(struct wd_diag *d)
{
	int r = wd_harden_process(d);

	if (r != 0 || (r = wd_arena_install(ARENA, d)) != 0)
		return r;
	r = wd_crypto_use_memory(
	    wd_arena_alloc, wd_arena_realloc, wd_arena_free, d);
	return r != 0 ? r : wd_crypto_init(d);
}

static int
open_row(struct work *w, char **args, struct wd_diag *d)
{
	static struct wd_backend_conf c = { .name = "tried" };
	int r = become_role(d);

	c.form = wd_backend_form_by_name(wd_span_text(args[0]));
	if (c.form == NULL)
		exit(2);
	for (args++; r == 0 && *args != NULL; args++)
		r = set(w, &c, *args, d);
	if (r != 0 || (r = wd_backend_conf_complete(&c, d)) != 0)
		return r;
	w->row = wd_backend_row(c.form->kind);
	if (w->row == NULL)
		exit(2);
	if ((r = w->row->open(&c, &w->x, d)) != 0)
		return r;
	return wd_sandbox_enter(WD_SANDBOX_BACKEND, d);
}

int
main(int argc, char **argv)
{
	struct work w = { .ms = 40000 };
	struct wd_diag d = { 0 };
	char *line = NULL;
	size_t size = 0;
	int r;

	if (argc < 2)
		return 2;
	r = open_row(&w, argv + 1, &d);
	printf("%s\t\t%s\n",
	    r == 0      ? "ready"
		: r > 0 ? wd_reason_name(r)
			: "fault",
	    d.detail);
	(void)fflush(stdout);
	if (r != 0)
		return 1;
	while (getline(&line, &size, stdin) > 0)
		run(&w, line);
	free(line);
	w.row->close(w.x);
	return 0;
}
