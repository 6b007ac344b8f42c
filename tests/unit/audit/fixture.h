/*
 * A log folder of its own for each test, and journals of small segments in it.
 */
#pragma once

#include "lib/t.h"

#include "audit/folder.h"
#include "audit/journal.h"
#include "audit/reader.h"
#include "base/alloc.h"
#include "base/reason.h"
#include "crypto/init.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct log {
	char path[64];
	int fd;
};

static const struct wd_journal_sizes small = { 20 << 10, 2 };

static inline int
log_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline int
log_setup(void **state)
{
	struct log *l = wd_alloc(sizeof(*l));
	struct wd_diag d = { 0 };

	if (l == NULL)
		return -1;
	t_ok(wd_crypto_init(&d));
	/* In memory where that is possible: some tests sync a lot. */
	(void)snprintf(l->path, sizeof(l->path), "/dev/shm/warder-log-XXXXXX");
	if (mkdtemp(l->path) == NULL) {
		(void)snprintf(
		    l->path, sizeof(l->path), "/tmp/warder-log-XXXXXX");
		assert_non_null(mkdtemp(l->path));
	}
	l->fd = open(l->path, O_RDONLY | O_DIRECTORY);
	assert_true(l->fd >= 0);
	*state = l;
	return 0;
}

static inline int
log_teardown(void **state)
{
	struct log *l = *state;

	(void)close(l->fd);
	(void)nftw(l->path, log_remove, 8, FTW_DEPTH | FTW_PHYS);
	l = wd_free(l);
	return 0;
}

/* The text of entry N; its length depends on N. */
static inline struct wd_span
log_entry(uint64_t n, char text[600])
{
	static const char dots[] = "....................................."
				   ".....................................";
	int len = snprintf(text, 600,
	    "{\"event\":\"test\",\"n\":%llu,\"x\":"
	    "\"%.*s\"}",
	    (unsigned long long)n, (int)(n * 7 % 74), dots);

	return wd_span(text, (size_t)len);
}

static inline struct wd_journal *
log_open(const struct log *l)
{
	struct wd_journal *j = NULL;
	struct wd_diag d = { 0 };
	int r = wd_journal_open(l->fd, &small, &j, &d);

	if (r != 0)
		print_message("%s\n", d.detail);
	t_ok(r);
	return j;
}

/* What opening returns when it is not to succeed. */
static inline int
log_refusal(const struct log *l)
{
	struct wd_journal *j = NULL;
	struct wd_diag d = { 0 };
	int r = wd_journal_open(l->fd, &small, &j, &d);

	assert_int_not_equal(r, 0);
	assert_null(j);
	assert_true(d.detail[0] != '\0');
	return r;
}

/* One batch of N entries, numbered on from what there is. */
static inline void
log_batch(struct wd_journal *j, unsigned n)
{
	uint64_t first = wd_journal_size(j);
	struct wd_diag d = { 0 };
	char text[600];

	for (unsigned i = 0; i < n; i++)
		t_ok(wd_journal_add(j, log_entry(first + i, text)));
	t_ok(wd_journal_commit(j, &d));
	assert_int_equal(wd_journal_size(j), first + n);
}

/* Reads from entry FROM to the end: what reading returns, and where it was. */
static inline int
log_read(const struct log *l, uint64_t from, uint64_t *ret_next)
{
	WD_AUTO(wd_reader_closep) struct wd_reader *rd = NULL;
	struct wd_diag d = { 0 };
	struct wd_record record;
	char text[600];
	int r = wd_reader_open(l->fd, from, &rd, &d);

	for (*ret_next = from; r == 0; (*ret_next)++) {
		r = wd_reader_next(rd, &record, &d);
		if (r != 0 || record.entry.len == 0)
			break;
		assert_int_equal(record.index, *ret_next);
		t_span_equal(record.entry, log_entry(*ret_next, text));
	}
	return r;
}

/* The journal holds exactly SIZE entries, in order and as they were. */
static inline void
log_holds(const struct log *l, uint64_t size)
{
	uint64_t next;

	t_ok(log_read(l, 0, &next));
	assert_int_equal(next, size);
}

static inline void
log_name(uint32_t segment, char name[48])
{
	(void)snprintf(name, 48, WD_JOURNAL_FOLDER "/%08u", segment);
}

static inline struct wd_bytes *
log_load(const struct log *l, uint32_t segment)
{
	struct wd_bytes *b = NULL;
	struct wd_diag d = { 0 };
	char name[48];

	log_name(segment, name);
	t_ok(wd_file_read(l->fd, name, 1 << 20, &b, &d));
	return b;
}

/* Makes the file of a segment hold exactly these bytes. */
static inline void
log_store(const struct log *l, uint32_t segment, struct wd_span bytes)
{
	char name[48];
	int fd;

	log_name(segment, name);
	fd = openat(l->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.len), bytes.len);
	(void)close(fd);
}

/* Changes one byte of the file of a segment. */
static inline void
log_flip(const struct log *l, uint32_t segment, uint64_t at)
{
	uint8_t byte;
	char name[48];
	int fd;

	log_name(segment, name);
	fd = openat(l->fd, name, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	(void)close(fd);
}
