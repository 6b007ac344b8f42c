/*
 * A backend's row on a line: a command on standard input, an answer on standard
 * output, from one backend opened as warder-backend opens it and inside of the
 * same sandbox. For tests alone: it prints keys.
 *
 *   row_tool KIND NAME=VALUE...
 *
 *   deadline MS                     check
 *   make KIND ID VERSION [HEX]      attach NAME
 *   fetch KIND LOCATOR              destroy LOCATOR
 */
#include <stdio.h>
#include <string.h>

#include "backend/conf.h"
#include "base/clock.h"
#include "base/num.h"
#include "codec/hex.h"
#include "crypto/init.h"
#include "crypto/memory.h"
#include "sys/arena.h"
#include "sys/harden.h"
#include "sys/sandbox.h"

enum { WORDS = 8, LINE = 1 << 18, ARENA = 16 << 20 };

static const struct wd_backend_row *row;
static void *opened;
static int64_t patience = 10000; /* milliseconds a call */

struct line {
	size_t n;
	char *words[WORDS];
};

static struct wd_span
word(const struct line *l, size_t i)
{
	return wd_span_text(i < l->n ? l->words[i] : "");
}

static int64_t
until(void)
{
	return wd_time_mono_ms() + patience;
}

static void
print_hex(struct wd_span s)
{
	for (size_t i = 0; i < s.len; i++)
		printf("%02x", s.p[i]);
}

static enum wd_key_kind
kind_of(struct wd_span name)
{
	const struct wd_key_row *k = wd_key_row_by_name(name);

	return k == NULL ? WD_KEY_NONE : k->kind;
}

/* ---- commands: what they return is told by answer() */

static int
do_deadline(const struct line *l, struct wd_diag *d)
{
	uint64_t ms = 0;

	(void)d;
	(void)wd_num_parse(word(l, 1), UINT32_MAX, &ms); /* else 0 */
	patience = (int64_t)ms;
	printf("ok\n");
	return 0;
}

static int
do_check(const struct line *l, struct wd_diag *d)
{
	char text[512] = { 0 };
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text) - 1);
	int r = row->check(opened, until(), &wr, d);

	(void)l;
	if (r == 0)
		printf("ok %s\n", text);
	return r;
}

static int
print_made(int r, struct wd_backend_made *m)
{
	if (r == 0) {
		printf("ok %s %s ", wd_key_row(m->kind)->name, m->locator);
		print_hex(wd_bytes_span(m->spki));
		printf("\n");
	}
	wd_backend_made_done(m);
	return r;
}

static int
do_make(const struct line *l, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_backend_make in = { .kind = kind_of(word(l, 1)) };
	struct wd_backend_made m = { 0 };
	uint64_t version = 1;

	if (!wd_id_parse(word(l, 2), &in.id) ||
	    !wd_num_parse(word(l, 3), UINT32_MAX, &version) ||
	    wd_hex_decode(word(l, 4), &bytes) != 0)
		return wd_reject(d, WD_R_MALFORMED, "usage");
	in.version = (uint32_t)version;
	in.bytes = wd_bytes_span(bytes);
	return print_made(row->make(opened, &in, until(), &m, d), &m);
}

static int
do_attach(const struct line *l, struct wd_diag *d)
{
	struct wd_backend_made m = { 0 };

	return print_made(row->attach(opened, word(l, 1), until(), &m, d), &m);
}

static int
do_fetch(const struct line *l, struct wd_diag *d)
{
	WD_AUTO(wd_backend_got_done) struct wd_backend_got g = { 0 };
	int r =
	    row->fetch(opened, word(l, 2), kind_of(word(l, 1)), until(), &g, d);

	if (r != 0)
		return r;
	printf("ok ");
	print_hex(wd_secret_borrow(g.bytes));
	printf("\n");
	return 0;
}

static int
do_destroy(const struct line *l, struct wd_diag *d)
{
	int r = row->destroy(opened, word(l, 1), until(), d);

	if (r == 0)
		printf("ok\n");
	return r;
}

static const struct {
	const char *name;
	int (*run)(const struct line *l, struct wd_diag *d);
} commands[] = {
	{ "deadline", do_deadline },
	{ "check", do_check },
	{ "make", do_make },
	{ "attach", do_attach },
	{ "fetch", do_fetch },
	{ "destroy", do_destroy },
};

/* ---- start and loop */

static void
answer(char *text)
{
	struct line l = { 0 };
	struct wd_diag d = { 0 };
	char *rest = NULL;
	int r = WD_R_UNSUPPORTED;

	for (char *w = strtok_r(text, " \n", &rest); w != NULL && l.n < WORDS;
	     w = strtok_r(NULL, " \n", &rest))
		l.words[l.n++] = w;
	for (size_t i = 0; i < WD_N(commands); i++)
		if (wd_span_is(word(&l, 0), commands[i].name))
			r = commands[i].run(&l, &d);
	/* What the row said must be what its sentence says. */
	if (r != 0 && d.result != r)
		printf("unexplained %d %d %s\n", r, d.result, d.detail);
	else if (r != 0)
		printf("%s %s\n", wd_reason_name(r), d.detail);
	fflush(stdout);
}

static int
set(struct wd_backend_conf *c, char *setting, struct wd_diag *d)
{
	char *value = strchr(setting, '=');

	if (value == NULL)
		return wd_reject(d, WD_R_MALFORMED, "usage");
	*value = '\0';
	return wd_backend_conf_set(c, setting, wd_span_text(value + 1), "/", d);
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
start(int n, char **settings, struct wd_diag *d)
{
	static struct wd_backend_conf c = { .name = "tried" };
	int r = become_role(d);

	c.form = wd_backend_form_by_name(wd_span_text(settings[0]));
	if (r != 0 || c.form == NULL)
		return r != 0 ? r : wd_reject(d, WD_R_MALFORMED, "no kind");
	row = wd_backend_row(c.form->kind);
	for (int i = 1; i < n; i++)
		if ((r = set(&c, settings[i], d)) != 0)
			return r;
	if ((r = wd_backend_conf_complete(&c, d)) != 0)
		return r;
	if ((r = row->open(&c, &opened, d)) != 0)
		return r;
	return wd_sandbox_enter(WD_SANDBOX_BACKEND, d);
}

int
main(int argc, char **argv)
{
	static char text[LINE];
	struct wd_diag d = { 0 };
	int r;

	if (argc < 2)
		return 2;
	r = start(argc - 1, argv + 1, &d);
	if (r != 0)
		printf("%s %s\n", wd_reason_name(r), d.detail);
	else
		printf("ready\n");
	fflush(stdout);
	while (r == 0 && fgets(text, sizeof(text), stdin) != NULL)
		answer(text);
	if (r == 0)
		row->close(opened);
	return r == 0 ? 0 : 1;
}
