/*
 * Runs a target over its seeds, and over what becomes of them when bytes are
 * cut, changed and moved: the normal test run's share of fuzzing, with any
 * compiler. The same inputs in every run. Inputs of a corpus are tried as they
 * are.
 *
 *   replay_NAME [--changes N] FOLDER [CORPUS]
 */
#include "fuzz.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/num.h"
#include "base/rd.h"
#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

enum {
	SEEDS_MAX = 128,
	SEED_BYTES = 1 << 16,
	CORPUS_BYTES = 1 << 22,
	CUTS_MAX = 2048,
	CHANGED = 1500,
};

static uint64_t changes = CHANGED;

struct seeds {
	struct wd_bytes *seed[SEEDS_MAX];
	char name[SEEDS_MAX][64];
	size_t n;
};

static void
seeds_done(struct seeds *s)
{
	for (size_t i = 0; i < s->n; i++)
		wd_bytes_freep(&s->seed[i]);
}

/* xorshift32 */
static uint32_t
number(uint32_t below)
{
	static uint32_t x = 2463534242U;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % below;
}

/* A copy of its own size on the heap: a sanitizer sees one byte too many. */
static void
try_one(struct wd_span s)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = wd_bytes_copy(s);

	must(b != NULL);
	(void)LLVMFuzzerTestOneInput(b->p, b->len); /* always 0 */
}

static void
try_cuts(struct wd_span s)
{
	for (size_t n = 0; n < s.len && n < CUTS_MAX; n++)
		try_one(wd_span(s.p, n));
}

/* A run of bytes of OTHER in the place of one of B's. */
static void
move_run(struct wd_bytes *b, struct wd_span other)
{
	size_t from = number((uint32_t)other.len);
	size_t to = number((uint32_t)b->len);
	size_t n = 1 + number(32);

	n = n < other.len - from ? n : other.len - from;
	n = n < b->len - to ? n : b->len - to;
	wd_copy(b->p + to, wd_span(other.p + from, n));
}

static void
change(struct wd_bytes *b, struct wd_span other)
{
	size_t at = number((uint32_t)b->len);

	switch (number(4)) {
	case 0:
		b->p[at] ^= (uint8_t)(1U << number(8));
		break;
	case 1:
		b->p[at] = (uint8_t)number(256);
		break;
	case 2:
		b->p[at] = number(2) == 0 ? 0 : 0xff;
		break;
	default:
		move_run(b, other);
	}
}

static void
try_changes(const struct seeds *s, struct wd_span seed)
{
	for (uint64_t i = 0; i < changes && seed.len > 0; i++) {
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *b = wd_bytes_copy(seed);
		const struct wd_bytes *other = s->seed[number((uint32_t)s->n)];

		must(b != NULL);
		for (uint32_t k = 1 + number(4); k > 0; k--)
			change(
			    b, other->len == 0 ? seed : wd_bytes_span(other));
		if (number(4) == 0)
			b->len = number((uint32_t)b->len);
		try_one(wd_bytes_span(b));
	}
}

static bool
load(const char *path, struct seeds *ret)
{
	DIR *dir = opendir(path);
	struct wd_diag d = { 0 };
	struct dirent *e;
	int r = 0;

	if (dir == NULL)
		return false;
	while (r == 0 && ret->n < SEEDS_MAX && (e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		must(wd_span_to_text(wd_span_text(e->d_name), ret->name[ret->n],
		    sizeof(ret->name[0])));
		r = wd_file_read(
		    dirfd(dir), e->d_name, SEED_BYTES, &ret->seed[ret->n], &d);
		ret->n += r == 0;
	}
	(void)closedir(dir); /* only read from */
	if (r != 0)
		(void)fprintf(stderr, "%s\n", d.detail);
	return r == 0 && ret->n > 0;
}

/* False when a seed is not taken any more. */
static bool
try_seeds(const struct seeds *s)
{
	try_one(wd_span(NULL, 0));
	for (size_t i = 0; i < s->n; i++) {
		struct wd_span seed = wd_bytes_span(s->seed[i]);

		fuzz_accepted = false;
		try_one(seed);
		if (!fuzz_accepted) {
			(void)fprintf(stderr, "%s: refused\n", s->name[i]);
			return false;
		}
		if (changes == 0)
			continue;
		try_cuts(seed);
		try_changes(s, seed);
	}
	return true;
}

/* {u32 length, bytes} each: see fuzz/pack. */
static bool
try_corpus(const char *path, size_t *ret_n)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	struct wd_diag d = { 0 };
	struct wd_rd rd;

	if (wd_file_read(AT_FDCWD, path, CORPUS_BYTES, &b, &d) != 0) {
		(void)fprintf(stderr, "%s\n", d.detail);
		return false;
	}
	rd = wd_rd(wd_bytes_span(b));
	for (*ret_n = 0; wd_rd_more(&rd); (*ret_n)++)
		try_one(wd_rd_bytes(&rd, wd_rd_le32(&rd)));
	return wd_rd_end(&rd) == 0;
}

int
main(int argc, char **argv)
{
	WD_AUTO(seeds_done) struct seeds s = { .n = 0 };
	size_t n_corpus = 0;
	int i = 1;

	if (argc > 2 && wd_span_is(wd_span_text(argv[1]), "--changes") &&
	    wd_num_parse(wd_span_text(argv[2]), CHANGED, &changes))
		i = 3;
	if (argc < i + 1 || argc > i + 2 || !load(argv[i], &s)) {
		(void)fprintf(stderr,
		    "usage: replay [--changes N] FOLDER [CORPUS], with "
		    "seeds\n");
		return 2;
	}
	if (!try_seeds(&s))
		return 1;
	if (argc == i + 2 && !try_corpus(argv[i + 1], &n_corpus))
		return 1;
	(void)printf("%zu seeds, %zu inputs\n", s.n, n_corpus);
	return 0;
}
