/*
 * A holder of keys without a server: what warder-agent holds and serves, with
 * keys from files that a test has made. Arguments: the path of the socket, then
 * options and keys.
 *
 *   token=LABEL          what the token is called
 *   rate=N               signatures of a user a second
 *   skc=FILE             a keys.txt; a key is held only if a line names its id
 *   key=ID,NAME=VALUE,.. version= label= file= chain= see= use= lease=
 *                        users are numbers, groups @numbers, "." between them
 *
 * Prints "ready" when programs can connect, and then does what lines on its
 * standard input say ("drop ID", "ready 0", "ready 1"), until that ends.
 */
#include "base/clock.h"
#include "base/num.h"
#include "bin/agent/serve.h"
#include "bin/agent/skc.h"
#include "crypto/init.h"
#include "crypto/memory.h"
#include "sys/arena.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, ARENA = 4 << 20, LINE = 256 };

static struct wd_diag diag;

/* One key as the arguments say it. */
struct key {
	struct wd_id id;
	uint64_t version, lease;
	char label[WD_HOLDER_LABEL_MAX + 1];
	char file[256], chain[256];
	struct wd_hold_rights rights;
};

static int
fail(const char *what)
{
	(void)fprintf(stderr, "holder_peer: %s %s\n", what, diag.detail);
	return 1;
}

/* Takes what is in front of STOP, or all, off S. */
static struct wd_span
cut(struct wd_span *s, char stop)
{
	const uint8_t *at = s->len > 0 ? memchr(s->p, stop, s->len) : NULL;
	struct wd_span head =
	    wd_span(s->p, at == NULL ? s->len : (size_t)(at - s->p));

	*s = at == NULL ? wd_span(NULL, 0)
			: wd_span(at + 1, s->len - head.len - 1);
	return head;
}

static bool
read_grants(struct wd_span s, struct wd_hold_grant *grants, size_t *n)
{
	while (s.len > 0 && *n < WD_HOLD_GRANTS_MAX) {
		struct wd_span one = cut(&s, '.');
		struct wd_hold_grant *g = &grants[(*n)++];
		uint64_t id;

		g->is_group = one.len > 0 && one.p[0] == '@';
		if (g->is_group)
			one = wd_span(one.p + 1, one.len - 1);
		if (!wd_num_parse(one, UINT32_MAX, &id))
			return false;
		g->id = (uint32_t)id;
	}
	return s.len == 0;
}

static bool
read_member(struct wd_span name, struct wd_span value, struct key *k)
{
	struct wd_hold_rights *r = &k->rights;

	if (wd_span_is(name, "version"))
		return wd_num_parse(value, UINT32_MAX, &k->version);
	if (wd_span_is(name, "lease"))
		return wd_num_parse(value, 1 << 20, &k->lease);
	if (wd_span_is(name, "label"))
		return wd_span_to_text(value, k->label, sizeof(k->label));
	if (wd_span_is(name, "file"))
		return wd_span_to_text(value, k->file, sizeof(k->file));
	if (wd_span_is(name, "chain"))
		return wd_span_to_text(value, k->chain, sizeof(k->chain));
	if (wd_span_is(name, "see"))
		return read_grants(value, r->see, &r->n_see);
	return wd_span_is(name, "use") && read_grants(value, r->use, &r->n_use);
}

static bool
read_key(struct wd_span s, struct key *k)
{
	*k = (struct key){ .version = 1, .lease = 3600 };
	if (!wd_id_parse(cut(&s, ','), &k->id))
		return false;
	while (s.len > 0) {
		struct wd_span value = cut(&s, ',');
		struct wd_span name = cut(&value, '=');

		if (!read_member(name, value, k))
			return false;
	}
	return true;
}

/* Lines of a keys.txt say which keys and what they are called. */
static bool
is_named(struct wd_span skc, struct key *k)
{
	struct wd_skc_key line;

	while (wd_skc_next(&skc, &line, &diag) == 0) {
		if (!wd_span_equal(wd_id_span(&line.id), wd_id_span(&k->id)))
			continue;
		wd_copy(k->label, WD_SPAN(line.label));
		return true;
	}
	return false;
}

static int
put(struct wd_hold *hold, const struct key *k)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *pkcs8 = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *chain = NULL;
	struct wd_hold_record m = {
		.id = k->id,
		.version = (uint32_t)k->version,
		.label = wd_span_text(k->label),
		.rights = &k->rights,
		.deadline = wd_time_boot() + (int64_t)k->lease,
	};

	if (wd_file_read_secret(AT_FDCWD, k->file, FILE_MAX, &pkcs8, &diag) !=
		0 ||
	    (k->chain[0] != '\0' &&
		wd_file_read(AT_FDCWD, k->chain, FILE_MAX, &chain, &diag) != 0))
		return 1;
	m.pkcs8 = wd_secret_borrow(pkcs8);
	m.chain_pem = wd_bytes_span(chain);
	return wd_hold_put(hold, &m, &diag);
}

/* ---- the arguments */

struct args {
	const char *token;
	uint64_t rate;
	struct wd_bytes *skc;
};

static int
take_argument(struct wd_hold *hold, struct args *a, const char *text)
{
	struct wd_span value = wd_span_text(text);
	struct wd_span name = cut(&value, '=');
	struct key k;

	if (wd_span_is(name, "token")) {
		a->token = (const char *)value.p;
		return 0;
	}
	if (wd_span_is(name, "rate"))
		return wd_num_parse(value, 1 << 20, &a->rate) ? 0 : 1;
	if (wd_span_is(name, "skc"))
		return wd_file_read(
		    AT_FDCWD, (const char *)value.p, FILE_MAX, &a->skc, &diag);
	if (!wd_span_is(name, "key") || !read_key(value, &k))
		return 1;
	if (a->skc != NULL && !is_named(wd_bytes_span(a->skc), &k))
		return 0;
	return put(hold, &k);
}

/* ---- the loop */

static void
obey(struct wd_hold *hold, struct wd_span line)
{
	struct wd_span verb = cut(&line, ' ');
	struct wd_id id;

	if (wd_span_is(verb, "drop") && wd_id_parse(line, &id))
		(void)wd_hold_drop(hold, &id, wd_time_boot());
	if (wd_span_is(verb, "ready"))
		wd_hold_set_ready(hold, wd_span_is(line, "1"));
	(void)printf("done\n"); /* the test waits for it */
	(void)fflush(stdout);
}

/* False at the end of standard input. */
static bool
hear(struct wd_hold *hold)
{
	char line[LINE];
	ssize_t n = read(STDIN_FILENO, line, sizeof(line));

	if (n <= 0)
		return false;
	obey(hold, wd_span(line, (size_t)n - 1));
	return true;
}

static void
loop(struct wd_hold *hold, struct wd_serve *serve)
{
	struct pollfd own = { STDIN_FILENO, POLLIN, 0 };
	struct wd_diag d = { 0 };
	bool going = true;

	while (going && wd_serve_wait(serve, &own, 1, 1000, &d) == 0) {
		(void)wd_hold_expire(hold, wd_time_boot());
		if (own.revents != 0)
			going = hear(hold);
	}
}

static int
run(const char *path, char **arguments, int n)
{
	WD_AUTO(wd_hold_freep) struct wd_hold *hold = wd_hold_new();
	WD_AUTO(wd_serve_freep) struct wd_serve *serve = NULL;
	struct wd_serve_options options = { .serial = "00112233445566ff" };
	struct args a = { .token = "warder" };
	int fd = -1;

	for (int i = 0; i < n; i++)
		if (hold == NULL || take_argument(hold, &a, arguments[i]) != 0)
			return fail(arguments[i]);
	wd_bytes_freep(&a.skc);
	options.label = a.token;
	options.rate = (unsigned)a.rate;
	wd_hold_set_ready(hold, true);
	if (wd_serve_listen(path, &fd, &diag) != 0 ||
	    wd_serve_new(hold, fd, &options, &serve, &diag) != 0)
		return fail(path);
	(void)printf("ready\n"); /* the test waits for it */
	(void)fflush(stdout);
	loop(hold, serve);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return fail("no path of a socket");
	if (wd_arena_install(ARENA, &diag) != 0 ||
	    wd_crypto_use_memory(
		wd_arena_alloc, wd_arena_realloc, wd_arena_free, &diag) != 0 ||
	    wd_crypto_init(&diag) != 0)
		return fail("cannot start:");
	return run(argv[1], argv + 2, argc - 2);
}
