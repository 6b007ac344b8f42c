/*
 * Writing the archive of a backup. The size of a file stands before it and is
 * put there when the file has ended.
 */
#include "bin/warder/backup_file.h"

#include <errno.h>
#include <unistd.h>

static int
put(struct backup_out *o, struct wd_span s, uint64_t at, struct wd_diag *d)
{
	while (s.len > 0) {
		ssize_t n = pwrite(o->fd, s.p, s.len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wd_fault_errno(d, "cannot write the backup");
		s = wd_span(s.p + n, s.len - (size_t)n);
		at += (uint64_t)n;
	}
	return 0;
}

int
backup_out_bytes(struct backup_out *o, struct wd_span s, struct wd_diag *d)
{
	int r = put(o, s, o->at, d);

	if (r == 0)
		o->at += s.len;
	return r;
}

int
backup_out_begin(
    struct backup_out *o, const char *name, int64_t mtime, struct wd_diag *d)
{
	static const uint8_t room[WD_TAR_BLOCK];

	o->head = (struct wd_tar_head){
		.mtime = mtime < 0 ? 0 : (uint64_t)mtime & WD_TAR_SIZE_MAX
	};
	if (!wd_span_to_text(
		wd_span_text(name), o->head.name, sizeof(o->head.name)))
		return wd_fault(d, WD_F_BUG, "a name that is too long");
	o->start = o->at;
	return backup_out_bytes(o, WD_SPAN(room), d);
}

int
backup_out_end(struct backup_out *o, struct wd_diag *d)
{
	static const uint8_t padding[WD_TAR_BLOCK];
	uint8_t block[WD_TAR_BLOCK];
	int r;

	o->head.size = o->at - o->start - WD_TAR_BLOCK;
	if (o->head.size > WD_TAR_SIZE_MAX)
		return wd_fault(
		    d, WD_F_SYSTEM, "the store is too large for a backup");
	r = backup_out_bytes(
	    o, wd_span(padding, wd_tar_padding(o->head.size)), d);
	if (r != 0)
		return r;
	wd_tar_head_write(block, &o->head);
	return put(o, WD_SPAN(block), o->start, d);
}

int
backup_out_file(struct backup_out *o, const char *name, int64_t mtime,
    struct wd_span s, struct wd_diag *d)
{
	int r = backup_out_begin(o, name, mtime, d);

	if (r == 0)
		r = backup_out_bytes(o, s, d);
	return r != 0 ? r : backup_out_end(o, d);
}

int
backup_out_close(struct backup_out *o, struct wd_diag *d)
{
	static const uint8_t end[2 * WD_TAR_BLOCK];
	int r = backup_out_bytes(o, WD_SPAN(end), d);

	if (r != 0)
		return r;
	return fsync(o->fd) == 0
	    ? 0
	    : wd_fault_errno(d, "cannot have the backup on the disk");
}
