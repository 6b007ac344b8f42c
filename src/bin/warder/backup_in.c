/*
 * Reading the archive of a backup: every name once and of the list, nothing
 * between the files and nothing behind the end, all bytes those of the
 * manifest.
 */
#include "bin/warder/backup_file.h"

#include "base/alloc.h"
#include "base/rd.h"
#include "codec/hex.h"
#include "crypto/hash.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MEMBERS_MAX = WD_BACKUP_FILES + 2, MAC_TEXT = 64 };

void
backup_file_done(struct backup_file *f)
{
	for (size_t i = 0; i < WD_BACKUP_FILES; i++)
		wd_bytes_freep(&f->file[i].bytes);
	wd_bytes_freep(&f->text);
	wd_fd_closep(&f->fd);
	f->fd = -1;
}

static int
malformed(struct wd_diag *d, const char *what)
{
	return wd_reject(d, WD_R_MALFORMED, "not a backup: %s", what);
}

/* Exactly LEN bytes. */
static int
read_at(int fd, uint64_t at, void *dst, size_t len, struct wd_diag *d)
{
	uint8_t *p = dst;

	while (len > 0) {
		ssize_t n = pread(fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wd_fault_errno(d, "cannot read the backup");
		if (n == 0)
			return malformed(d, "it is cut short");
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int
read_bytes(int fd, uint64_t at, uint64_t size, struct wd_bytes **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = wd_bytes_new((size_t)size);
	int r;

	if (b == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if ((r = read_at(fd, at, b->p, b->len, d)) == 0)
		*ret = WD_TAKE(b);
	return r;
}

/* ---- the archive */

/* Where reading is, and what was found beside the files of the table. */
struct walk {
	uint64_t at, end;
	struct wd_bytes *mac;
};

static void
walk_done(struct walk *w)
{
	wd_bytes_freep(&w->mac);
}

/* Reads a small file once; a second of its name has no place to go to. */
static int
take_small(const struct backup_file *f, const struct walk *w, uint64_t size,
    uint64_t max, struct wd_bytes **ret, struct wd_diag *d)
{
	if (*ret != NULL)
		return malformed(d, "a file comes twice");
	if (size > max)
		return malformed(d, "a file is too large");
	return read_bytes(f->fd, w->at, size, ret, d);
}

static int
take_file(struct backup_file *f, const struct walk *w,
    const struct wd_tar_head *h, struct wd_diag *d)
{
	enum wd_backup_file file = wd_backup_named(wd_span_text(h->name));

	if (file == WD_BACKUP_FILES)
		return malformed(d, "a file that no backup has");
	if (f->file[file].there)
		return malformed(d, "a file comes twice");
	if (h->size > wd_backup_row(file)->max)
		return malformed(d, "a file is too large");
	f->file[file].there = true;
	f->file[file].at = w->at;
	f->file[file].size = h->size;
	if (file == WD_BACKUP_ROWS)
		return 0;
	return read_bytes(f->fd, w->at, h->size, &f->file[file].bytes, d);
}

static int
take_member(struct backup_file *f, struct walk *w, const struct wd_tar_head *h,
    struct wd_diag *d)
{
	struct wd_span name = wd_span_text(h->name);

	if (wd_span_is(name, WD_BACKUP_MANIFEST))
		return take_small(
		    f, w, h->size, WD_BACKUP_MANIFEST_MAX, &f->text, d);
	if (wd_span_is(name, WD_BACKUP_MAC))
		return take_small(f, w, h->size, MAC_TEXT, &w->mac, d);
	return take_file(f, w, h, d);
}

/* The zeros behind a file, up to the next block. */
static int
skip_padding(
    const struct backup_file *f, struct walk *w, size_t n, struct wd_diag *d)
{
	uint8_t zeros[WD_TAR_BLOCK];
	int r = read_at(f->fd, w->at, zeros, n, d);

	if (r != 0)
		return r;
	w->at += n;
	return wd_span_is_zero(wd_span(zeros, n))
	    ? 0
	    : malformed(d, "something stands between its files");
}

/* *RET_END: the block was zero, which ends the archive. */
static int
next_member(
    struct backup_file *f, struct walk *w, bool *ret_end, struct wd_diag *d)
{
	uint8_t block[WD_TAR_BLOCK];
	struct wd_tar_head h;
	int r = read_at(f->fd, w->at, block, sizeof(block), d);

	if (r != 0)
		return r;
	w->at += WD_TAR_BLOCK;
	*ret_end = wd_span_is_zero(WD_SPAN(block));
	if (*ret_end)
		return 0;
	if (wd_tar_head_read(block, &h) != 0)
		return malformed(
		    d, "a header says more, or other, than a backup's does");
	if (h.size > w->end - w->at)
		return malformed(d, "it is cut short");
	if ((r = take_member(f, w, &h, d)) != 0)
		return r;
	w->at += h.size;
	return skip_padding(f, w, wd_tar_padding(h.size), d);
}

static int
walk_all(struct backup_file *f, struct walk *w, struct wd_diag *d)
{
	bool end = false;
	int r = 0;

	for (int i = 0; r == 0 && !end && i <= MEMBERS_MAX; i++)
		r = next_member(f, w, &end, d);
	if (r != 0)
		return r;
	if (!end || f->text == NULL || w->mac == NULL)
		return malformed(d, "files are missing, or too many");
	if ((r = skip_padding(f, w, WD_TAR_BLOCK, d)) != 0)
		return r;
	if (w->at != w->end)
		return malformed(d, "something stands behind its end");
	if (wd_hex_decode_exact(
		wd_bytes_span(w->mac), f->mac, sizeof(f->mac)) != 0)
		return malformed(d, "its MAC is none");
	return 0;
}

/* ---- the files as the manifest has them */

static int
tampered(struct wd_diag *d, const char *name)
{
	return wd_reject(d, WD_R_TAMPERED,
	    "the backup is damaged: %s is not what its manifest says", name);
}

static int
check_file(
    const struct backup_file *f, enum wd_backup_file file, struct wd_diag *d)
{
	const char *name = wd_backup_row(file)->name;
	uint8_t sha256[32];

	if (f->file[file].there != f->manifest.file[file].there ||
	    f->file[file].size != f->manifest.file[file].size)
		return tampered(d, name);
	if (!f->file[file].there || file == WD_BACKUP_ROWS)
		return 0;
	if (wd_hash(WD_SHA256, wd_bytes_span(f->file[file].bytes), sha256) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	return wd_span_equal(
		   WD_SPAN(sha256), WD_SPAN(f->manifest.file[file].sha256))
	    ? 0
	    : tampered(d, name);
}

static int
open_plain(const char *path, struct backup_file *f, uint64_t *ret_size,
    struct wd_diag *d)
{
	struct stat st;

	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (f->fd < 0 && errno == ENOENT)
		return wd_reject(d, WD_R_NOT_FOUND, "there is no %.200s", path);
	if (f->fd < 0 || fstat(f->fd, &st) != 0)
		return wd_fault_errno(d, "%.200s", path);
	if (!S_ISREG(st.st_mode))
		return malformed(d, "no plain file");
	*ret_size = (uint64_t)st.st_size;
	return 0;
}

int
backup_file_open(const char *path, struct backup_file *ret, struct wd_diag *d)
{
	WD_AUTO(backup_file_done) struct backup_file f = { .fd = -1 };
	WD_AUTO(walk_done) struct walk w = { 0 };
	int r;

	if ((r = open_plain(path, &f, &w.end, d)) != 0 ||
	    (r = walk_all(&f, &w, d)) != 0 ||
	    (r = backup_manifest_read(
		 wd_bytes_span(f.text), &f.manifest, f.server_name, d)) != 0)
		return r;
	for (int i = 0; i < WD_BACKUP_FILES; i++)
		if ((r = check_file(&f, (enum wd_backup_file)i, d)) != 0)
			return r;
	*ret = f;
	ret->manifest.server_name = ret->server_name;
	f = (struct backup_file){ .fd = -1 };
	return 0;
}

/* ---- rows */

struct rows {
	const struct backup_file *f;
	uint64_t at, left;
	struct wd_hasher *hasher;
	uint8_t *buffer;
};

static void
rows_done(struct rows *x)
{
	wd_hasher_freep(&x->hasher);
	wd_freep(&x->buffer);
}

/* LEN bytes into the buffer, and the digest. */
static int
pull(struct rows *x, size_t len, struct wd_diag *d)
{
	int r;

	if (len > x->left)
		return malformed(d, "its rows are cut short");
	if ((r = read_at(x->f->fd, x->at, x->buffer, len, d)) != 0)
		return r;
	x->at += len;
	x->left -= len;
	return wd_hasher_add(x->hasher, wd_span(x->buffer, len)) == 0
	    ? 0
	    : wd_fault(d, WD_F_CRYPTO, "cannot hash");
}

static int
next_record(struct rows *x, struct wd_span *ret, struct wd_diag *d)
{
	struct wd_rd rd;
	size_t len;
	int r = pull(x, 4, d);

	if (r != 0)
		return r;
	rd = wd_rd(wd_span(x->buffer, 4));
	len = wd_rd_le32(&rd);
	if (len > WD_DUMP_RECORD)
		return malformed(d, "a row is too large");
	if ((r = pull(x, len, d)) == 0)
		*ret = wd_span(x->buffer, len);
	return r;
}

static int
check_digest(struct rows *x, struct wd_diag *d)
{
	uint8_t sha256[32];

	if (wd_hasher_end(x->hasher, sha256) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	return wd_span_equal(WD_SPAN(sha256),
		   WD_SPAN(x->f->manifest.file[WD_BACKUP_ROWS].sha256))
	    ? 0
	    : tampered(d, wd_backup_row(WD_BACKUP_ROWS)->name);
}

int
backup_file_rows(const struct backup_file *f,
    int (*take)(void *ctx, struct wd_span record, struct wd_diag *d), void *ctx,
    struct wd_diag *d)
{
	WD_AUTO(rows_done)
	struct rows x = { .f = f,
		.at = f->file[WD_BACKUP_ROWS].at,
		.left = f->file[WD_BACKUP_ROWS].size,
		.hasher = wd_hasher_new(WD_SHA256),
		.buffer = wd_alloc(WD_DUMP_RECORD) };
	struct wd_span record = { NULL, 0 };
	int r = 0;

	if (x.hasher == NULL || x.buffer == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	while (r == 0 && x.left > 0) {
		r = next_record(&x, &record, d);
		if (r == 0 && take != NULL)
			r = take(ctx, record, d);
	}
	return r != 0 ? r : check_digest(&x, d);
}
