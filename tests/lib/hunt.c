/*
 * Looks for pieces of secrets in the memory of processes and in files: runs of
 * 16 bytes of any of them, wherever they begin, so that a partial copy is found
 * too. For tests, as root; it changes nothing where it looks.
 *
 *   needle NAME HEX     at least 8 bytes; before everything else
 *   process PID         every map that can be read
 *   file PATH
 *
 * Answers: "hit TARGET NAME LENGTH PLACE" for each needle that was found, the
 * longest piece of it and where that lies; then "seen TARGET BYTES SECRET
 * UNREAD", where SECRET is bytes of maps that nobody can read (memfd_secret),
 * and UNREAD of all others that could not be read; or "gone TARGET".
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/num.h"
#include "codec/hex.h"
#include "sys/file.h"

enum {
	BLOCK = 8, /* any run of 15 bytes has one whole block of its needle */
	RUN = 16,
	NEEDLES = 16384,
	SLOTS = 1 << 19,
	FILTER_BITS = 22,
	PIECE = 4 << 20,
	KEPT = 4096, /* of the piece before: what a run may reach back into */
	PAGE = 4096,
	PATHS = 1024,
};

struct needle {
	char name[160];
	struct wd_bytes *bytes;
	size_t longest;
	char place[PATHS];
};

struct slot {
	uint64_t block;
	uint32_t needle; /* plus one; 0: free */
	uint32_t at;
};

/* What is looked at, piece by piece. */
struct target {
	int fd;
	char what[64]; /* of the map */
	uint64_t seen, secret, unread;
};

static struct needle *needles;
static size_t n_needles;
static struct slot *slots;
static uint8_t *filter;
static uint8_t *piece; /* KEPT, then PIECE */

/* ---- needles */

static uint64_t
mix(uint64_t v)
{
	return v * 0x9e3779b97f4a7c15u;
}

static uint64_t
block_at(const uint8_t *p)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < BLOCK; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

/* Eight equal bytes are in every image. */
static bool
says_something(uint64_t v)
{
	return v != (v & 0xff) * 0x0101010101010101u;
}

static void
add_block(uint64_t v, size_t needle, size_t at)
{
	size_t i = mix(v) % SLOTS;
	uint64_t bit = mix(v) >> (64 - FILTER_BITS);

	if (!says_something(v))
		return;
	while (slots[i].needle != 0)
		i = (i + 1) % SLOTS;
	slots[i] = (struct slot){ v, (uint32_t)needle + 1, (uint32_t)at };
	filter[bit / 8] |= (uint8_t)(1u << bit % 8);
}

static bool
add_needle(char *words)
{
	char *hex = strchr(words, ' ');
	struct needle *n = &needles[n_needles];

	if (hex == NULL || n_needles == NEEDLES)
		return false;
	*hex++ = '\0';
	if (!wd_span_to_text(wd_span_text(words), n->name, sizeof(n->name)) ||
	    wd_hex_decode(wd_span_text(hex), &n->bytes) != 0 ||
	    n->bytes->len < BLOCK)
		return false;
	for (size_t at = 0; at + BLOCK <= n->bytes->len; at += BLOCK)
		add_block(block_at(n->bytes->p + at), n_needles, at);
	n_needles++;
	return true;
}

/* ---- looking */

/* How far HAY[AT] and the needle's byte IN agree around the block there. */
static size_t
run_at(const struct needle *n, size_t in, const uint8_t *hay, size_t len,
    size_t at)
{
	const struct wd_bytes *b = n->bytes;
	size_t before = 0, after = BLOCK;

	while (before < at && before < in &&
	    hay[at - before - 1] == b->p[in - before - 1])
		before++;
	while (at + after < len && in + after < b->len &&
	    hay[at + after] == b->p[in + after])
		after++;
	return before + after;
}

static void
note(const struct target *t, struct needle *n, size_t run, uint64_t address)
{
	size_t enough = n->bytes->len < RUN ? n->bytes->len : RUN;

	if (run < enough || run <= n->longest)
		return;
	n->longest = run;
	(void)snprintf(
	    n->place, sizeof(n->place), "%s+%#" PRIx64, t->what, address);
}

static void
look_up(const struct target *t, uint64_t v, const uint8_t *hay, size_t len,
    size_t at, uint64_t address)
{
	for (size_t i = mix(v) % SLOTS; slots[i].needle != 0;
	     i = (i + 1) % SLOTS) {
		struct needle *n = &needles[slots[i].needle - 1];

		if (slots[i].block == v)
			note(t, n, run_at(n, slots[i].at, hay, len, at),
			    address + at);
	}
}

/* HAY begins at ADDRESS. */
static void
look(const struct target *t, const uint8_t *hay, size_t len, uint64_t address)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++) {
		uint64_t bit;

		v = v >> 8 | (uint64_t)hay[i] << 56;
		bit = mix(v) >> (64 - FILTER_BITS);
		if (i + 1 >= BLOCK && (filter[bit / 8] >> bit % 8 & 1) != 0)
			look_up(t, v, hay, len, i + 1 - BLOCK, address);
	}
}

/* From START to END, or as far as it can be read. */
static void
look_through(struct target *t, uint64_t start, uint64_t end)
{
	size_t kept = 0;

	while (start < end) {
		size_t want =
		    end - start < PIECE ? (size_t)(end - start) : PIECE;
		ssize_t n = pread(t->fd, piece + KEPT, want, (off_t)start);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			t->unread += want < PAGE ? want : PAGE;
			start += PAGE;
			kept = 0;
			continue;
		}
		look(t, piece + KEPT - kept, kept + (size_t)n, start - kept);
		t->seen += (uint64_t)n;
		start += (uint64_t)n;
		kept = (size_t)n < KEPT ? 0 : KEPT;
		if (kept > 0)
			wd_copy(piece, wd_span(piece + n, KEPT));
	}
}

/* ---- targets */

/* One line of maps; GUARD is where the last map without rights ended. */
static void
look_at_map(struct target *t, const char *line, uint64_t *guard)
{
	uint64_t start, end;
	char rights[8];
	int path = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %*s %n", &start,
		&end, rights, &path) < 3)
		return;
	if (rights[0] != 'r') {
		*guard = end;
		return;
	}
	if (strstr(line, "secretmem") != NULL) {
		t->secret += end - start;
		return;
	}
	(void)snprintf(t->what, sizeof(t->what), "%s%.40s",
	    start == *guard ? "guarded" : "", line + path);
	if (start == *guard)
		*guard = end; /* maps of one arena */
	if (strncmp(line + path, "[v", 2) != 0)
		look_through(t, start, end);
}

static bool
open_process(struct target *t, const char *pid, FILE **ret_maps)
{
	char path[PATHS];

	(void)snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	t->fd = open(path, O_RDONLY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	*ret_maps = fopen(path, "re");
	return t->fd >= 0 && *ret_maps != NULL;
}

static bool
look_at_process(struct target *t, const char *pid)
{
	WD_AUTO(wd_libc_freep) char *line = NULL;
	uint64_t guard = 0;
	size_t size = 0;
	FILE *maps = NULL;
	bool there = open_process(t, pid, &maps);

	while (there && getline(&line, &size, maps) > 0) {
		line[strcspn(line, "\n")] = '\0';
		look_at_map(t, line, &guard);
	}
	if (maps != NULL)
		(void)fclose(maps); /* read only */
	return there && t->seen > 0;
}

static bool
look_at_file(struct target *t, const char *path)
{
	off_t end;

	t->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	end = t->fd < 0 ? -1 : lseek(t->fd, 0, SEEK_END);
	if (end < 0)
		return false;
	look_through(t, 0, (uint64_t)end);
	return true;
}

static void
report(const struct target *t, const char *name, bool there)
{
	for (size_t i = 0; i < n_needles; i++) {
		struct needle *n = &needles[i];

		if (n->longest > 0)
			(void)printf("hit\t%s\t%s\t%zu\t%s\n", name, n->name,
			    n->longest, n->place);
		n->longest = 0;
	}
	if (there)
		(void)printf("seen\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
			     "\n",
		    name, t->seen, t->secret, t->unread);
	else
		(void)printf("gone\t%s\n", name);
	(void)fflush(stdout); /* who reads it sees what is missing */
}

static bool
order(char *line)
{
	char *rest = strchr(line, ' ');
	struct target t = { .fd = -1 };
	bool is_process;

	if (rest == NULL)
		return false;
	*rest++ = '\0';
	if (strcmp(line, "needle") == 0)
		return add_needle(rest);
	is_process = strcmp(line, "process") == 0;
	if (!is_process && strcmp(line, "file") != 0)
		return false;
	report(&t, rest,
	    is_process ? look_at_process(&t, rest) : look_at_file(&t, rest));
	wd_fd_closep(&t.fd);
	return true;
}

int
main(void)
{
	WD_AUTO(wd_libc_freep) char *line = NULL;
	size_t size = 0;

	needles = wd_alloc_array(NEEDLES, sizeof(*needles));
	slots = wd_alloc_array(SLOTS, sizeof(*slots));
	filter = wd_alloc((size_t)1 << (FILTER_BITS - 3));
	piece = wd_alloc(KEPT + PIECE);
	if (needles == NULL || slots == NULL || filter == NULL || piece == NULL)
		return 1;
	while (getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!order(line)) {
			(void)fprintf(stderr, "not understood: %.40s\n", line);
			return 2;
		}
	}
	return 0;
}
