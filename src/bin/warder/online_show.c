/*
 * Answers for people: an object as lines, a list as a table. Columns name
 * members; what a server adds later does not disturb.
 */
#include "bin/warder/online.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

enum { CELL_MAX = 512, PAGE = 100 /* as the server has it */ };

/* Texts of an array with commas between them. */
static void
write_array(struct wd_wr *wr, const struct wd_jval *v)
{
	for (size_t i = 0; i < wd_jval_count(v); i++) {
		const struct wd_jval *x = wd_jval_at(v, i);
		struct wd_span text;

		if (i > 0)
			wd_wr_text(wr, ", ");
		if (wd_jval_text(x, &text))
			wd_wr_bytes(wr, text);
		else
			wd_wr_text(wr, "…");
	}
}

static void
write_value(struct wd_wr *wr, const struct wd_jval *v)
{
	struct wd_span text;
	int64_t number;
	bool truth;

	if (wd_jval_text(v, &text))
		wd_wr_bytes(wr, text);
	else if (wd_jval_int(v, &number))
		wd_wr_printf(wr, "%lld", (long long)number);
	else if (wd_jval_bool(v, &truth))
		wd_wr_text(wr, truth ? "yes" : "no");
	else if (wd_jval_type(v) == WD_JARRAY)
		write_array(wr, v);
	else
		wd_wr_text(wr, "-");
}

/* "log.size": a member of a member. */
static const struct wd_jval *
member(const struct wd_jval *v, const char *path)
{
	char name[64];
	const char *dot = strchr(path, '.');

	if (dot == NULL)
		return wd_jval_get(v, path);
	if (!wd_span_to_text(
		wd_span(path, (size_t)(dot - path)), name, sizeof(name)))
		return NULL;
	return wd_jval_get(wd_jval_get(v, name), dot + 1);
}

/* Control bytes of a server must not reach a terminal. */
static void
print_cell(const struct wd_jval *v, int width)
{
	char text[CELL_MAX];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text) - 1);

	write_value(&wr, v);
	text[wr.len] = '\0';
	for (size_t i = 0; i < wr.len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 127)
			text[i] = '?';
	(void)printf("%-*s", width, text);
}

static enum cli_exit
print_json(const struct cli_online *o)
{
	struct wd_span body = wd_bytes_span(o->answer.body);

	(void)printf("%.*s\n", (int)body.len, (const char *)body.p);
	return CLI_OK;
}

static void
print_line(const char *head, int width, const struct wd_jval *v)
{
	(void)printf("%-*s ", width, head);
	print_cell(v, 0);
	(void)printf("\n");
}

/* A list is told item by item: its items are sentences, or many. */
static void
print_member(const char *head, int width, const struct wd_jval *v)
{
	size_t n = wd_jval_count(v);

	if (wd_jval_type(v) != WD_JARRAY || n == 0) {
		print_line(head, width, v);
		return;
	}
	for (size_t i = 0; i < n; i++)
		print_line(i == 0 ? head : "", width, wd_jval_at(v, i));
}

static bool
is_nothing(const struct wd_jval *v)
{
	int64_t number;

	return wd_jval_type(v) == WD_JNULL ||
	    (wd_jval_int(v, &number) && number == 0);
}

/* NULL: it is not there, or not worth a line. */
static const struct wd_jval *
shown(const struct wd_jval *root, const struct cli_column *c)
{
	const struct wd_jval *v = member(root, c->member);

	return v != NULL && c->width == CLI_RARE && is_nothing(v) ? NULL : v;
}

/* Of the heads of what is shown. */
static int
widest(const struct wd_jval *root, const struct cli_column *c, size_t n)
{
	size_t width = 14; /* what most have alike */

	for (size_t i = 0; i < n; i++)
		if (shown(root, &c[i]) != NULL && strlen(c[i].head) > width)
			width = strlen(c[i].head);
	return (int)width;
}

enum cli_exit
cli_show(const struct cli_online *o, const struct cli_column *c, size_t n)
{
	const struct wd_jval *root = wd_json_root(o->doc);
	int width = widest(root, c, n);

	if (cli_has(o->args, "json"))
		return print_json(o);
	for (size_t i = 0; i < n; i++) {
		const struct wd_jval *v = shown(root, &c[i]);

		if (v != NULL)
			print_member(c[i].head, width, v);
	}
	return CLI_OK;
}

static void
print_rows(const struct wd_jval *items, const struct cli_column *c, size_t n)
{
	for (size_t row = 0; row < wd_jval_count(items); row++) {
		for (size_t i = 0; i < n; i++) {
			print_cell(member(wd_jval_at(items, row), c[i].member),
			    i + 1 < n ? c[i].width : 0);
			(void)printf("%s", i + 1 < n ? " " : "\n");
		}
	}
}

static void
print_heads(const struct cli_column *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)printf("%-*s%s", i + 1 < n ? c[i].width : 0, c[i].head,
		    i + 1 < n ? " " : "\n");
}

enum cli_exit
cli_show_member(const struct cli_online *o, const char *name,
    const struct cli_column *c, size_t n)
{
	print_heads(c, n);
	print_rows(wd_jval_get(wd_json_root(o->doc), name), c, n);
	return CLI_OK;
}

enum cli_exit
cli_show_document(const struct cli_online *o, const char *name)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
	const struct wd_jval *v = wd_jval_get(wd_json_root(o->doc), name);

	if (cli_has(o->args, "json"))
		return CLI_OK; /* it was in the answer */
	if (v == NULL || wd_json_canonical(v, &text) != 0)
		return CLI_FAULT;
	(void)printf("\n%.*s\n", (int)text->len, (const char *)text->p);
	return CLI_OK;
}

enum cli_exit
cli_show_list(const struct cli_online *o, const struct cli_column *c, size_t n)
{
	return cli_has(o->args, "json") ? print_json(o)
					: cli_show_member(o, "items", c, n);
}

/* Where a list goes on, and how many of it are still wanted. */
struct pages {
	const char *path, *query;
	char after[CLI_PATH_MAX];
	uint64_t left;
};

static bool
start_pages(const struct cli_online *o, struct pages *p)
{
	const char *limit = cli_value(o->args, "limit");
	const char *after = cli_value(o->args, "after");

	p->left = UINT64_MAX;
	if (limit != NULL &&
	    (!wd_num_parse(wd_span_text(limit), UINT32_MAX, &p->left) ||
		p->left == 0)) {
		(void)fprintf(stderr, "warder: --limit takes a number\n");
		return false;
	}
	return after == NULL || cli_path(p->after, "", after, "");
}

static bool
add_word(char *dst, const char *name, const char *value)
{
	size_t len = strlen(dst);

	return snprintf(dst + len, CLI_PATH_MAX - len, "%c%s%s",
		   strchr(dst, '?') == NULL ? '?' : '&', name,
		   value) < (int)(CLI_PATH_MAX - len);
}

/* The path of the page that is next; false: it does not fit. */
static bool
page_path(const struct pages *p, char *dst)
{
	char limit[24];

	dst[0] = '\0';
	if (snprintf(dst, CLI_PATH_MAX, "%s", p->path) >= CLI_PATH_MAX)
		return false;
	(void)snprintf(limit, sizeof(limit), "%llu",
	    (unsigned long long)p->left); /* fits */
	return (p->query[0] == '\0' || add_word(dst, "", p->query)) &&
	    (p->after[0] == '\0' || add_word(dst, "after=", p->after)) &&
	    (p->left >= PAGE || add_word(dst, "limit=", limit));
}

/* False: this page was the last, or nothing more is wanted. */
static bool
next_page(const struct cli_online *o, struct pages *p)
{
	const struct wd_jval *doc = wd_json_root(o->doc);
	size_t n = wd_jval_count(wd_jval_get(doc, "items"));
	struct wd_span next;

	if (!wd_jval_text(wd_jval_get(doc, "next"), &next) ||
	    !wd_span_to_text(next, p->after, sizeof(p->after)))
		return false;
	p->left -= p->left == UINT64_MAX ? 0 : n < p->left ? n : p->left;
	if (p->left == 0 && !cli_has(o->args, "json"))
		(void)printf("more: --after %s\n", p->after);
	return p->left > 0;
}

/* As JSON one document a page. */
static void
print_page(const struct cli_online *o, const struct cli_column *c, size_t n,
    bool first)
{
	if (cli_has(o->args, "json")) {
		(void)print_json(o);
		return;
	}
	if (first)
		print_heads(c, n);
	print_rows(wd_jval_get(wd_json_root(o->doc), "items"), c, n);
}

enum cli_exit
cli_list(struct cli_online *o, const char *path, const char *query,
    const struct cli_column *c, size_t n)
{
	struct pages p = { .path = path, .query = query };
	char page[CLI_PATH_MAX];
	bool more = true;

	if (!start_pages(o, &p))
		return CLI_USAGE;
	for (bool first = true; more && page_path(&p, page); first = false) {
		enum cli_exit e = cli_online_send(o, "GET", page, NULL);

		if (e != CLI_OK)
			return e;
		print_page(o, c, n, first);
		more = next_page(o, &p);
	}
	return CLI_OK;
}

enum cli_exit
cli_print_body(const struct cli_online *o)
{
	struct wd_span body = wd_bytes_span(o->answer.body);

	if (fwrite(body.p, 1, body.len, stdout) != body.len ||
	    fflush(stdout) != 0) {
		(void)fprintf(stderr, "warder: cannot write the answer\n");
		return CLI_FAULT;
	}
	return CLI_OK;
}
