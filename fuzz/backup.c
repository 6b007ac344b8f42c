/*
 * Backups as files, from the archive to the rows: what is taken is what the
 * manifest says, byte by byte.
 */
#include "fuzz.h"

#include "bin/warder/backup_file.h"
#include "crypto/hash.h"
#include "crypto/init.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static int
take(void *ctx, struct wd_span record, struct wd_diag *d)
{
	uint64_t *sum = ctx;

	(void)d;
	must(record.len <= WD_DUMP_RECORD);
	fuzz_touch(record);
	*sum += record.len + 4;
	return 0;
}

/* The file that the manifest has, and no other. */
static void
check_file(const struct backup_file *f, enum wd_backup_file i)
{
	uint8_t sha256[32];

	must(f->file[i].there == f->manifest.file[i].there);
	must(f->file[i].there || !wd_backup_row(i)->required);
	if (!f->file[i].there || i == WD_BACKUP_ROWS)
		return;
	must(f->file[i].bytes->len == f->manifest.file[i].size);
	must(f->file[i].bytes->len <= wd_backup_row(i)->max);
	must(wd_hash(WD_SHA256, wd_bytes_span(f->file[i].bytes), sha256) == 0);
	must(wd_span_equal(
	    WD_SPAN(sha256), WD_SPAN(f->manifest.file[i].sha256)));
}

static void
try_archive(const char *path)
{
	WD_AUTO(backup_file_done) struct backup_file f = { .fd = -1 };
	struct wd_diag d = { 0 };
	uint64_t sum = 0;
	int r = backup_file_open(path, &f, &d);

	must(r == 0 || r == WD_R_MALFORMED || r == WD_R_VERSION ||
	    r == WD_R_TAMPERED);
	if (r != 0)
		return;
	for (int i = 0; i < WD_BACKUP_FILES; i++)
		check_file(&f, (enum wd_backup_file)i);
	must(wd_span_text(f.manifest.server_name).len > 0);
	r = backup_file_rows(&f, take, &sum, &d);
	must(r == 0 || r == WD_R_MALFORMED || r == WD_R_TAMPERED);
	if (r == 0) {
		fuzz_accepted = true;
		must(sum == f.manifest.file[WD_BACKUP_ROWS].size);
	}
}

/* A manifest alone, which is how a mutation gets past the digests; one that is
 * taken is written and read to the same. */
static void
try_manifest(struct wd_span text)
{
	struct wd_manifest m, again;
	char name[254], other[254], room[WD_BACKUP_MANIFEST_MAX];
	struct wd_wr wr = wd_wr_fixed(room, sizeof(room));
	struct wd_diag d = { 0 };

	if (backup_manifest_read(text, &m, name, &d) != 0)
		return;
	fuzz_accepted = true;
	wd_manifest_write(&wr, &m);
	must(wd_wr_end(&wr) == 0);
	must(backup_manifest_read(wd_wr_span(&wr), &again, other, &d) == 0);
	must(again.log_entries == m.log_entries && again.made == m.made);
}

static void
try_head(struct wd_span s)
{
	uint8_t block[WD_TAR_BLOCK], same[WD_TAR_BLOCK];
	struct wd_tar_head h;

	if (s.len != WD_TAR_BLOCK)
		return;
	wd_copy(block, s);
	if (wd_tar_head_read(block, &h) != 0)
		return;
	fuzz_accepted = true;
	must(h.size <= WD_TAR_SIZE_MAX);
	wd_tar_head_write(same, &h);
	must(wd_span_equal(WD_SPAN(same), s));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	char path[32];

	if (fd < 0) {
		must(wd_crypto_init(NULL) == 0);
		fd = memfd_create("backup", 0);
	}
	try_head(wd_span(data, size));
	try_manifest(wd_span(data, size));
	must(ftruncate(fd, 0) == 0);
	must(pwrite(fd, data, size, 0) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	try_archive(path);
	return 0;
}
