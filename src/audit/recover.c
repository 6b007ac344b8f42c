/*
 * Recovery: where the journal ends, and the batch that has to be copied because
 * only the process that synced it knew how that went.
 */
#include "audit/recover.h"

#include "audit/io.h"
#include "audit/segment.h"
#include "sys/file.h"

#include <fcntl.h>
#include <unistd.h>

void
wd_recovered_done(struct wd_recovered *r)
{
	r->raw = wd_bytes_free(r->raw);
}

static int
walk(struct wd_segment *s, struct wd_recovered *found, struct wd_diag *d)
{
	struct wd_diag damage = { 0 };
	struct wd_record record;
	int r;

	found->first = wd_segment_first(s);
	found->batch = found->first;
	found->batch_at = wd_segment_at(s);
	while ((r = wd_segment_next(s, &record, &damage)) == 0 &&
	    record.entry.len > 0) {
		if (record.batch != record.index)
			continue;
		found->batch = record.index;
		found->batch_at = record.at;
	}
	found->size = wd_segment_next_index(s);
	/* Damage and zeros alike: the tail tells what it means. */
	if (r == 0 || r == WD_R_TAMPERED)
		return wd_segment_tail(s, &found->torn, d);
	return wd_fault(d, WD_F_SYSTEM, "%s", damage.detail);
}

static int
read_raw(int folder, uint32_t number, uint64_t at, uint64_t end,
    struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *raw = wd_bytes_new((size_t)(end - at));
	WD_AUTO(wd_fd_closep) int fd = -1;
	char name[WD_SEGMENT_NAME];
	size_t got;
	int r;

	if (raw == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for the journal");
	wd_segment_name(number, name);
	fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return wd_fault_errno(d, "opening journal segment %s", name);
	if ((r = wd_io_read_at(fd, raw->p, raw->len, at, &got, d)) != 0)
		return r;
	if (got != raw->len)
		return wd_fault(d, WD_F_STORE, "the journal shrank");
	*ret = WD_TAKE(raw);
	return 0;
}

int
wd_recover(
    int folder, uint32_t number, struct wd_recovered *ret, struct wd_diag *d)
{
	WD_AUTO(wd_segment_closep) struct wd_segment *s = NULL;
	struct wd_recovered found = { 0 };
	int r = wd_segment_open(folder, number, &s, d);

	if (r == 0)
		r = walk(s, &found, d);
	if (r == 0)
		r = read_raw(folder, number, found.batch_at, wd_segment_at(s),
		    &found.raw, d);
	if (r == 0)
		*ret = found;
	return r;
}
