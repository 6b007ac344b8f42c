/*
 * A file of the journal: every record that is given out has its place and its
 * hash, and what lies behind the last is judged without an end of it.
 */
#include "fuzz.h"

#include "audit/segment.h"
#include "audit/tree.h"
#include "base/reason.h"
#include "crypto/init.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/dev/shm/warder-fuzz-XXXXXX";
static int folder = -1;

static void
tidy(void)
{
	(void)unlinkat(folder, "00000001", 0);
	(void)rmdir(path);
}

static void
make_folder(void)
{
	struct wd_diag d = { 0 };

	if (folder >= 0)
		return;
	must(wd_crypto_init(&d) == 0);
	must(mkdtemp(path) != NULL);
	folder = open(path, O_RDONLY | O_DIRECTORY);
	must(folder >= 0);
	must(atexit(tidy) == 0);
}

static void
put(struct wd_span s)
{
	WD_AUTO(wd_fd_closep)
	int fd = openat(folder, "00000001", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0);
	must(write(fd, s.p, s.len) == (ssize_t)s.len);
}

static void
walk(struct wd_segment *s)
{
	uint64_t next = wd_segment_first(s), torn = 0;
	struct wd_diag d = { 0 };
	struct wd_record record;
	uint8_t leaf[32];
	int r;

	while ((r = wd_segment_next(s, &record, &d)) == 0 &&
	    record.entry.len > 0) {
		fuzz_accepted = true;
		fuzz_touch(record.entry);
		must(record.index == next++ && record.batch <= record.index);
		must(wd_leaf_hash(record.entry, leaf) == 0);
		must(wd_span_equal(WD_SPAN(leaf), WD_SPAN(record.leaf)));
	}
	must(r == 0 || r == WD_R_TAMPERED);
	must(wd_segment_next_index(s) == next);
	r = wd_segment_tail(s, &torn, &d);
	must(r == 0 || r == WD_R_TAMPERED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WD_AUTO(wd_segment_closep) struct wd_segment *s = NULL;
	struct wd_diag d = { 0 };
	int r;

	make_folder();
	put(wd_span(data, size));
	r = wd_segment_open(folder, 1, &s, &d);
	must(r == 0 || r == WD_R_TAMPERED);
	if (r == 0)
		walk(s);
	return 0;
}
