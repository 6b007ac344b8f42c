/*
 * The row of one kind of backend on standard input and output: the kind and the
 * keys of its section as NAME=VALUE, then a command a line, as vault_peer has
 * them. An answer is a line: result, output and detail, with tabs between.
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
check(struct work *w)
{
	return w->row->check(w->x, deadline(w), &w->out, &w->d);
}

static int
keep(struct work *w)
{
	wd_wr_printf(
	    &w->out, "%lld", (long long)w->row->keep(w->x, deadline(w)));
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

/* make ID VERSION KIND STAYS BYTES */
static int
make(struct work *w)
{
	WD_AUTO(wd_backend_made_done) struct wd_backend_made m = { 0 };
	struct wd_backend_make in = { .version = number(w, 2),
		.kind = kind(w, 3),
		.stays = number(w, 4) != 0,
		.bytes = bytes(w, 5) };
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
	int r = w->row->use(w->x, &in, deadline(w), &s, &w->d);

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
	int r = w->row->renew(
	    w->x, span(w, 1), number(w, 2), deadline(w), &seconds, &w->d);

	wd_wr_decimal(&w->out, seconds);
	return r;
}

static int
revoke(struct work *w)
{
	return w->row->revoke(w->x, span(w, 1), deadline(w), &w->d);
}

static const struct {
	const char *name;
	int (*run)(struct work *w);
} commands[] = {
	{ "check", check },
	{ "keep", keep },
	{ "make", make },
	{ "attach", attach },
	{ "fetch", fetch },
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
	printf("%s\t%s\t%s\n",
	    r == 0      ? "ok"
		: r > 0 ? wd_reason_name(r)
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
static void
set(struct work *w, struct wd_backend_conf *c, char *arg, struct wd_diag *d)
{
	char *value = strchr(arg, '=');
	uint64_t ms;

	if (value == NULL)
		exit(2);
	*value++ = '\0';
	if (strcmp(arg, "deadline") == 0) {
		if (!wd_num_parse(wd_span_text(value), UINT32_MAX, &ms))
			exit(2);
		w->ms = (int64_t)ms;
	} else if (wd_backend_conf_set(c, arg, wd_span_text(value), "", d) !=
	    0) {
		(void)fprintf(stderr, "%s\n", d->detail);
		exit(2);
	}
}

static void
open_row(struct work *w, char **args)
{
	static struct wd_backend_conf c;
	struct wd_diag d = { 0 };

	c.form = wd_backend_form_by_name(wd_span_text(args[0]));
	if (c.form == NULL)
		exit(2);
	for (args++; *args != NULL; args++)
		set(w, &c, *args, &d);
	w->row = wd_backend_row(c.form->kind);
	if (w->row == NULL || wd_backend_conf_complete(&c, &d) != 0 ||
	    w->row->open(&c, &w->x, &d) != 0) {
		(void)fprintf(stderr, "%s\n", d.detail);
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	struct work w = { .ms = 40000 };
	char *line = NULL;
	size_t size = 0;

	if (argc < 2 || wd_harden_process(NULL) != 0 ||
	    wd_arena_install(ARENA, NULL) != 0 ||
	    wd_crypto_use_memory(
		wd_arena_alloc, wd_arena_realloc, wd_arena_free, NULL) != 0 ||
	    wd_crypto_init(NULL) != 0)
		return 2;
	open_row(&w, argv + 1);
	if (wd_sandbox_enter(WD_SANDBOX_BACKEND, NULL) != 0)
		return 2;
	while (getline(&line, &size, stdin) > 0)
		run(&w, line);
	free(line);
	w.row->close(w.x);
	return 0;
}
