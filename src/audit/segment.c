/*
 * Segments: the format and the walk. Files are ours, but an attacker may have
 * written to them: every length is checked, and nothing is believed that does
 * not have its hash.
 */
#include "audit/segment.h"

#include "audit/entry.h"
#include "audit/io.h"
#include "audit/tree.h"
#include "base/alloc.h"
#include "base/rd.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

enum {
	VERSION = 1,
	WINDOW = 256 << 10, /* read at once; many records */
	RECORD_MAX = WD_RECORD_HEAD + WD_ENTRY_MAX + 8,
	CHUNK = 4096,
};

#define MAGIC "WDJOURN" /* with its NUL: eight bytes */

struct wd_segment {
	int fd;
	uint32_t number;
	uint64_t first; /* index of the first record */
	uint64_t next;  /* index of the record that comes next */
	uint64_t batch; /* of the last record seen */
	uint64_t at;    /* where the next record starts */
	uint64_t window_at;
	size_t window_len;
	uint8_t window[WINDOW];
};

void
wd_segment_name(uint32_t number, char ret[WD_SEGMENT_NAME])
{
	(void)snprintf(ret, WD_SEGMENT_NAME, "%08" PRIu32, number);
}

void
wd_segment_head_write(struct wd_wr *wr, uint32_t number, uint64_t first)
{
	wd_wr_bytes(wr, WD_SPAN(MAGIC));
	wd_wr_le32(wr, VERSION);
	wd_wr_le32(wr, 0);
	wd_wr_le64(wr, number);
	wd_wr_le64(wr, first);
}

static size_t
padding(size_t len)
{
	return (8 - len % 8) % 8;
}

size_t
wd_record_len(size_t len)
{
	return WD_RECORD_HEAD + len + padding(len);
}

void
wd_record_write(struct wd_wr *wr, uint64_t index, uint64_t batch,
    const uint8_t leaf[32], struct wd_span entry)
{
	wd_wr_le32(wr, (uint32_t)entry.len);
	wd_wr_le32(wr, 0);
	wd_wr_le64(wr, index);
	wd_wr_le64(wr, batch);
	wd_wr_bytes(wr, wd_span(leaf, 32));
	wd_wr_bytes(wr, entry);
	wd_wr_zero(wr, padding(entry.len));
}

/* A view of up to LEN bytes at AT; shorter at the end of the file. */
static int
look(struct wd_segment *s, uint64_t at, size_t len, struct wd_span *ret,
    struct wd_diag *d)
{
	uint64_t end = s->window_at + s->window_len;
	int r;

	if (at < s->window_at || at + len > end) {
		r = wd_io_read_at(
		    s->fd, s->window, WINDOW, at, &s->window_len, d);
		if (r != 0) {
			s->window_len = 0;
			return r;
		}
		s->window_at = at;
		end = at + s->window_len;
	}
	if (at + len > end)
		len = (size_t)(end - at);
	*ret = wd_span(s->window + (at - s->window_at), len);
	return 0;
}

static int
read_head(struct wd_segment *s, struct wd_diag *d)
{
	struct wd_span head;
	struct wd_rd rd;
	bool good;
	int r = look(s, 0, WD_SEGMENT_HEAD, &head, d);

	if (r != 0)
		return r;
	rd = wd_rd(head);
	good = wd_span_equal(wd_rd_bytes(&rd, sizeof(MAGIC)), WD_SPAN(MAGIC));
	good = wd_rd_le32(&rd) == VERSION && good;
	wd_rd_zero(&rd, 4);
	good = wd_rd_le64(&rd) == s->number && good;
	s->first = wd_rd_le64(&rd);
	if (wd_rd_end(&rd) != 0 || !good)
		return wd_reject(d, WD_R_TAMPERED,
		    "the head of journal segment %" PRIu32 " is not one",
		    s->number);
	s->next = s->first;
	s->batch = UINT64_MAX; /* the first record starts a batch */
	s->at = WD_SEGMENT_HEAD;
	return 0;
}

int
wd_segment_open(
    int folder, uint32_t number, struct wd_segment **ret, struct wd_diag *d)
{
	WD_AUTO(wd_segment_closep)
	struct wd_segment *s = wd_alloc(sizeof(*s));
	char name[WD_SEGMENT_NAME];
	int r;

	if (s == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for the journal");
	s->number = number;
	wd_segment_name(number, name);
	s->fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (s->fd < 0 && errno == ENOENT)
		return wd_reject(
		    d, WD_R_NOT_FOUND, "there is no journal segment %s", name);
	if (s->fd < 0)
		return wd_fault_errno(d, "opening journal segment %s", name);
	if ((r = read_head(s, d)) != 0)
		return r;
	*ret = WD_TAKE(s);
	return 0;
}

struct wd_segment *
wd_segment_close(struct wd_segment *s)
{
	if (s == NULL)
		return NULL;
	wd_fd_closep(&s->fd);
	return wd_free(s);
}

void
wd_segment_closep(struct wd_segment **s)
{
	*s = wd_segment_close(*s);
}

uint64_t
wd_segment_first(const struct wd_segment *s)
{
	return s->first;
}

uint64_t
wd_segment_next_index(const struct wd_segment *s)
{
	return s->next;
}

uint64_t
wd_segment_at(const struct wd_segment *s)
{
	return s->at;
}

/* Takes a record off BYTES; false when they hold none. */
static bool
parse(struct wd_span bytes, struct wd_record *ret)
{
	struct wd_rd rd = wd_rd(bytes);
	uint32_t len = wd_rd_le32(&rd);

	wd_rd_zero(&rd, 4);
	ret->index = wd_rd_le64(&rd);
	ret->batch = wd_rd_le64(&rd);
	wd_rd_copy(&rd, ret->leaf, sizeof(ret->leaf));
	if (len == 0 || len > WD_ENTRY_MAX)
		return false;
	ret->entry = wd_rd_bytes(&rd, len);
	wd_rd_zero(&rd, padding(len));
	return wd_rd_ok(&rd) == 0;
}

/* Whether the entry has its hash; a fault of the library is none of its. */
static int
check_leaf(const struct wd_record *record, bool *ret_good)
{
	uint8_t leaf[32];
	int r = wd_leaf_hash(record->entry, leaf);

	if (r == 0)
		*ret_good = wd_span_equal(WD_SPAN(leaf), WD_SPAN(record->leaf));
	return r;
}

static bool
fits(const struct wd_segment *s, const struct wd_record *record)
{
	return record->index == s->next &&
	    (record->batch == s->next || record->batch == s->batch);
}

/* What lies at the present place: a whole record; none, when zeros do or the
 * file ends; or not good. */
static int
look_at_record(struct wd_segment *s, bool hashed, struct wd_record *ret,
    bool *ret_good, struct wd_diag *d)
{
	struct wd_record record = { .at = s->at };
	struct wd_span bytes, head;
	int r = look(s, s->at, RECORD_MAX, &bytes, d);

	if (r != 0)
		return r;
	head = bytes;
	if (head.len > WD_RECORD_HEAD)
		head.len = WD_RECORD_HEAD;
	*ret_good = wd_span_is_zero(head) ||
	    (parse(bytes, &record) && fits(s, &record));
	if (*ret_good && record.entry.len > 0 && hashed &&
	    (r = check_leaf(&record, ret_good)) != 0)
		return r;
	*ret = record;
	return 0;
}

/* The file may have grown since the window was read, so anything but a record
 * is looked at again. */
static int
next(
    struct wd_segment *s, bool hashed, struct wd_record *ret, struct wd_diag *d)
{
	struct wd_record record;
	bool good;
	int r = look_at_record(s, hashed, &record, &good, d);

	if (r == 0 && (!good || record.entry.len == 0)) {
		s->window_len = 0;
		r = look_at_record(s, hashed, &record, &good, d);
	}
	if (r != 0)
		return r;
	if (!good)
		return wd_reject(d, WD_R_TAMPERED,
		    "journal segment %" PRIu32 ": entry %" PRIu64
		    " at byte %" PRIu64 " is damaged",
		    s->number, s->next, s->at);
	if (record.entry.len > 0) {
		s->at += wd_record_len(record.entry.len);
		s->batch = record.batch;
		s->next++;
	}
	*ret = record;
	return 0;
}

int
wd_segment_next(struct wd_segment *s, struct wd_record *ret, struct wd_diag *d)
{
	return next(s, true, ret, d);
}

int
wd_segment_skip(struct wd_segment *s, struct wd_record *ret, struct wd_diag *d)
{
	return next(s, false, ret, d);
}

/* A record at the start of BYTES that was written after entry s->next had been
 * made durable. */
static int
is_later(const struct wd_segment *s, struct wd_span bytes, bool *ret)
{
	struct wd_record record;

	*ret = false;
	if (!parse(bytes, &record) || record.batch <= s->next ||
	    record.batch > record.index)
		return 0;
	return check_leaf(&record, ret);
}

/* How far one can go on: a chunk or a word of zeros; 0 when there is none. */
static size_t
zeros(struct wd_span bytes)
{
	if (!wd_span_is_zero(wd_span(bytes.p, bytes.len < 8 ? bytes.len : 8)))
		return 0;
	if (bytes.len < CHUNK || !wd_span_is_zero(wd_span(bytes.p, CHUNK)))
		return 8;
	return CHUNK;
}

int
wd_segment_tail(struct wd_segment *s, uint64_t *ret_torn, struct wd_diag *d)
{
	uint64_t end = s->at;
	struct wd_span bytes;
	bool later = false;
	size_t step;
	int r;

	for (uint64_t at = s->at;; at += step) {
		if ((r = look(s, at, RECORD_MAX, &bytes, d)) != 0)
			return r;
		if (bytes.len == 0)
			break;
		step = zeros(bytes);
		if (step > 0)
			continue;
		step = 8;
		end = at + step;
		if ((r = is_later(s, bytes, &later)) != 0)
			return r;
		if (later)
			return wd_reject(d, WD_R_TAMPERED,
			    "journal segment %" PRIu32 ": entry %" PRIu64
			    " at byte %" PRIu64 " is damaged or gone",
			    s->number, s->next, s->at);
	}
	*ret_torn = end - s->at;
	return 0;
}
