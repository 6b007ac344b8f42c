/*
 * A program that uses the JSON library itself while libwarder-verify does, and
 * judges evidence as examples/appraise.c, whose main() it calls:
 *
 *   host plain WORD...    values and texts of the heap
 *   host own WORD...      of an allocator of its own, which knows its blocks
 *   host failing WORD...  that has no more memory from the first block on,
 *                         from the second on, and so forth
 *   host before WORD...   of one that it has put before what was there
 *   host half WORD...     of which another thread has changed just one half
 *
 * The exit status is that of the last judgement; SIGABRT tells of a block that
 * went where it does not belong, or never came back.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int appraise(int argc, char **argv);

static const char document[] = "{\"a\": [1, \"a text that is a little long\"]}";

struct block {
	const struct block *self;
	max_align_t bytes[];
};

static long blocks, left = -1; /* how many there are, and may still be made */

static void
must(int truth)
{
	if (!truth)
		abort();
}

static void *
own_alloc(size_t len)
{
	struct block *b = left == 0 ? NULL : malloc(sizeof(*b) + len);

	if (b == NULL)
		return NULL;
	left -= left > 0;
	blocks++;
	b->self = b;
	return b->bytes;
}

static void
own_free(void *p)
{
	struct block *b =
	    (struct block *)((char *)p - offsetof(struct block, bytes));

	must(b->self == b);
	b->self = NULL;
	blocks--;
	free(b);
}

/* Its text, which is freed as the manual of the library says. */
static void
look_at(const json_t *value, void (*give_back)(void *))
{
	char *text = json_dumps(value, 0);

	must(text != NULL && strcmp(text, document) == 0);
	give_back(text);
}

static int
between(int argc, char **argv, void (*give_back)(void *))
{
	json_t *before = json_loads(document, 0, NULL), *after;
	int r = appraise(argc, argv);

	look_at(before, give_back);
	after = json_loads(document, 0, NULL);
	look_at(after, give_back);
	json_decref(before);
	json_decref(after);
	return r;
}

/* Until there is enough. */
static int
failing(int argc, char **argv)
{
	int r = EXIT_FAILURE;

	for (long n = 0; r == EXIT_FAILURE; n++) {
		left = n;
		r = appraise(argc, argv);
		left = -1;
		must(blocks == 0);
	}
	return r;
}

/* ---- before what was there */

static json_malloc_t old_alloc;
static json_free_t old_free;

static void *
counting_alloc(size_t len)
{
	void *p = old_alloc(len);

	blocks += p != NULL;
	return p;
}

static void
counting_free(void *p)
{
	blocks--;
	old_free(p);
}

static int
before(int argc, char **argv)
{
	must(appraise(argc, argv) == 0);
	json_get_alloc_funcs(&old_alloc, &old_free);
	json_set_alloc_funcs(counting_alloc, counting_free);
	return appraise(argc, argv);
}

/* ---- what a thread sees while another one sets both */

static int half;

void
json_get_alloc_funcs(json_malloc_t *ret_alloc, json_free_t *ret_free)
{
	void (*real)(json_malloc_t *, json_free_t *);

	*(void **)&real = dlsym(RTLD_NEXT, "json_get_alloc_funcs");
	must(real != NULL);
	real(ret_alloc, ret_free);
	if (half)
		*ret_alloc = malloc;
}

static int
halfway(int argc, char **argv)
{
	must(appraise(argc, argv) == 0);
	half = 1;
	return appraise(argc, argv);
}

int
main(int argc, char **argv)
{
	int r;

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "plain") == 0)
		return between(argc - 1, argv + 1, free);
	if (strcmp(argv[1], "before") == 0)
		return before(argc - 1, argv + 1);
	if (strcmp(argv[1], "half") == 0)
		return halfway(argc - 1, argv + 1);
	json_set_alloc_funcs(own_alloc, own_free);
	r = strcmp(argv[1], "own") == 0 ? between(argc - 1, argv + 1, own_free)
					: failing(argc - 1, argv + 1);
	must(blocks == 0);
	return r;
}
