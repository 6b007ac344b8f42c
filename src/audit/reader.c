/*
 * The journal as one row of entries. A segment may start with entries that the
 * one before holds too: it was started after a crash, and then it is the one
 * that counts.
 */
#include "audit/reader.h"

#include "audit/folder.h"
#include "base/alloc.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

struct wd_reader {
	int folder;
	uint32_t number;
	struct wd_segment *segment;
	struct wd_segment *after; /* the one that follows, once there is one */
	uint64_t next;            /* index of the entry that comes next */
};

struct wd_reader *
wd_reader_close(struct wd_reader *r)
{
	if (r == NULL)
		return NULL;
	r->segment = wd_segment_close(r->segment);
	r->after = wd_segment_close(r->after);
	wd_fd_closep(&r->folder);
	return wd_free(r);
}

void
wd_reader_closep(struct wd_reader **r)
{
	*r = wd_reader_close(*r);
}

/* The last segment in [first, last] that starts at or before entry FROM. */
static int
find_segment(struct wd_reader *rd, uint32_t first, uint32_t last, uint64_t from,
    struct wd_diag *d)
{
	int r;

	while (first < last) {
		WD_AUTO(wd_segment_closep) struct wd_segment *s = NULL;
		uint32_t middle = last - (last - first) / 2;

		if ((r = wd_segment_open(rd->folder, middle, &s, d)) != 0)
			return r;
		if (wd_segment_first(s) <= from)
			first = middle;
		else
			last = middle - 1;
	}
	rd->number = first;
	return wd_segment_open(rd->folder, first, &rd->segment, d);
}

/* Passes over entries of the segment that come before the next one wanted. */
static int
pass_over(struct wd_reader *rd, struct wd_diag *d)
{
	struct wd_record record;
	int r;

	while (wd_segment_next_index(rd->segment) < rd->next) {
		r = wd_segment_skip(rd->segment, &record, d);
		if (r != 0)
			return r;
		if (record.entry.len == 0)
			return wd_reject(d, WD_R_TAMPERED,
			    "journal segment %" PRIu32
			    " ends before entry %" PRIu64,
			    rd->number, rd->next);
	}
	return 0;
}

static int
open_folder(struct wd_reader *rd, int dir, struct wd_diag *d)
{
	rd->folder = openat(dir, WD_JOURNAL_FOLDER,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (rd->folder >= 0)
		return 0;
	if (errno == ENOENT)
		return wd_reject(d, WD_R_NOT_FOUND, "there is no journal");
	return wd_fault_errno(d, "opening the journal");
}

int
wd_reader_open(
    int dir, uint64_t from, struct wd_reader **ret, struct wd_diag *d)
{
	WD_AUTO(wd_reader_closep)
	struct wd_reader *rd = wd_alloc(sizeof(*rd));
	uint32_t first, last;
	int r;

	if (rd == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for the journal");
	rd->next = from;
	if ((r = open_folder(rd, dir, d)) != 0 ||
	    (r = wd_folder_range(rd->folder, &first, &last, d)) != 0)
		return r;
	if (last == 0)
		return wd_reject(d, WD_R_NOT_FOUND, "the journal is empty");
	if ((r = find_segment(rd, first, last, from, d)) != 0)
		return r;
	if (wd_segment_first(rd->segment) > from)
		return wd_reject(d, WD_R_NOT_FOUND,
		    "the journal starts with entry %" PRIu64,
		    wd_segment_first(rd->segment));
	if ((r = pass_over(rd, d)) != 0)
		return r;
	*ret = WD_TAKE(rd);
	return 0;
}

uint64_t
wd_reader_index(const struct wd_reader *r)
{
	return r->next;
}

/* Opens the next segment if there is one. */
static int
find_after(struct wd_reader *rd, struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r = wd_segment_open(rd->folder, rd->number + 1, &rd->after, &why);

	if (r == WD_R_NOT_FOUND)
		return 0;
	if (r > 0)
		return wd_reject(d, WD_R_TAMPERED, "%s", why.detail);
	return r < 0 ? wd_fault(d, WD_F_SYSTEM, "%s", why.detail) : 0;
}

/* WHY the present segment gave no record counts only when the next one does not
 * have it either. */
static int
move_on(struct wd_reader *rd, const struct wd_diag *why, struct wd_diag *d)
{
	uint64_t first = wd_segment_first(rd->after);

	if (first > rd->next && why->result != 0)
		return wd_reject(d, WD_R_TAMPERED, "%s", why->detail);
	if (first > rd->next)
		return wd_reject(d, WD_R_TAMPERED,
		    "the journal lacks entries %" PRIu64 " to %" PRIu64,
		    rd->next, first - 1);
	rd->segment = wd_segment_close(rd->segment);
	rd->segment = WD_TAKE(rd->after);
	rd->number++;
	return pass_over(rd, d);
}

/*
 * The journal may be growing under this reader. So a segment that ends is
 * looked at once more after the next one was found to exist: only then it is
 * finished.
 */
int
wd_reader_next(struct wd_reader *rd, struct wd_record *ret, struct wd_diag *d)
{
	struct wd_record record;
	uint64_t torn;
	int r, damage;

	for (;;) {
		struct wd_diag why = { 0 };
		bool finished = rd->after != NULL;

		damage = wd_segment_next(rd->segment, &record, &why);
		if (damage < 0)
			return wd_fault(d, WD_F_SYSTEM, "%s", why.detail);
		if (damage == 0 && record.entry.len > 0)
			break;
		r = finished ? move_on(rd, &why, d) : find_after(rd, d);
		if (r != 0)
			return r;
		if (finished || rd->after != NULL)
			continue;
		/* The end, unless what lies there shows otherwise. */
		if (damage > 0 &&
		    (r = wd_segment_tail(rd->segment, &torn, d)) != 0)
			return r;
		*ret = (struct wd_record){ .index = rd->next };
		return 0;
	}
	rd->next = record.index + 1;
	*ret = record;
	return 0;
}

int
wd_reader_tail(struct wd_reader *rd, uint64_t *ret_torn, struct wd_diag *d)
{
	return wd_segment_tail(rd->segment, ret_torn, d);
}
