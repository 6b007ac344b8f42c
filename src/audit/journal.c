/*
 * Writing the journal. What a sync that failed has left on disk is unknown, so
 * after one nothing is tried again here: the role ends, and the next one starts
 * a new file with what it can read of this one.
 */
#include "audit/journal.h"

#include "audit/entry.h"
#include "audit/folder.h"
#include "audit/io.h"
#include "audit/recover.h"
#include "audit/segment.h"
#include "audit/spares.h"
#include "audit/tree.h"
#include "base/alloc.h"
#include "sys/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTERING "new" /* a segment that is not yet one of the journal */

enum { LEAST_SEGMENT = 20 << 10 };

struct wd_journal {
	int folder; /* owned; locked */
	int fd;     /* the newest segment */
	uint32_t number;
	uint64_t used; /* bytes of it that are taken */
	uint64_t room; /* bytes it has */
	uint64_t size; /* durable entries */
	uint64_t torn;
	struct wd_spares spares;
	struct wd_wr batch;
	unsigned n_batch;
	bool dead;
};

struct wd_journal *
wd_journal_close(struct wd_journal *j)
{
	if (j == NULL)
		return NULL;
	wd_wr_done(&j->batch);
	wd_spares_done(&j->spares);
	wd_fd_closep(&j->fd);
	wd_fd_closep(&j->folder); /* and with it the lock */
	return wd_free(j);
}

void
wd_journal_closep(struct wd_journal **j)
{
	*j = wd_journal_close(*j);
}

/* Opens the folder, or makes it, for its owner. */
static int
open_folder(struct wd_journal *j, int dir, struct wd_diag *d)
{
	struct stat st;
	bool fresh = mkdirat(dir, WD_JOURNAL_FOLDER, 0700) == 0;

	if (!fresh && errno != EEXIST)
		return wd_io_failed(d, "making the journal's folder");
	j->folder = openat(dir, WD_JOURNAL_FOLDER,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (j->folder < 0 || fstat(dir, &st) != 0)
		return wd_fault_errno(d, "opening the journal's folder");
	j->spares.give = geteuid() == 0 && st.st_uid != 0;
	j->spares.uid = st.st_uid;
	j->spares.gid = st.st_gid;
	if (j->spares.give && fchown(j->folder, st.st_uid, st.st_gid) != 0)
		return wd_fault_errno(d, "giving the journal's folder away");
	if (fresh && fsync(dir) != 0)
		return wd_io_failed(d, "making the journal's folder");
	if (flock(j->folder, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return wd_reject(
		    d, WD_R_IN_USE, "another process is writing the journal");
	return wd_fault_errno(d, "locking the journal");
}

/*
 * Makes a spare the newest segment, number NUMBER, with RAW in it, which starts
 * with entry FIRST. Until the rename nothing has changed.
 */
static int
enter_segment(struct wd_journal *j, uint32_t number, uint64_t first,
    struct wd_span raw, struct wd_diag *d)
{
	uint8_t head[WD_SEGMENT_HEAD];
	struct wd_wr wr = wd_wr_fixed(head, sizeof(head));
	WD_AUTO(wd_fd_closep) int fd = -1;
	char name[WD_SEGMENT_NAME];
	uint64_t room;
	int r;

	wd_segment_name(number, name);
	wd_segment_head_write(&wr, number, first);
	if ((r = wd_spares_take(&j->spares, ENTERING, sizeof(head) + raw.len,
		 &fd, &room, d)) != 0 ||
	    (r = wd_io_write_at(fd, wd_wr_span(&wr), 0, d)) != 0 ||
	    (r = wd_io_write_at(fd, raw, sizeof(head), d)) != 0)
		return r;
	if (fdatasync(fd) != 0 ||
	    renameat(j->folder, ENTERING, j->folder, name) != 0 ||
	    fsync(j->folder) != 0)
		return wd_io_failed(d, "starting a journal segment");
	wd_fd_closep(&j->fd);
	j->fd = fd;
	fd = -1;
	j->number = number;
	j->used = sizeof(head) + raw.len;
	j->room = room;
	return 0;
}

/* Cuts the segment before to what counts of it; it only saves room. */
static void
cut(int folder, uint32_t number, uint64_t len)
{
	WD_AUTO(wd_fd_closep) int fd = -1;
	char name[WD_SEGMENT_NAME];

	wd_segment_name(number, name);
	fd = openat(folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || ftruncate(fd, (off_t)len) != 0)
		return; /* readers stop there anyway */
}

/* The last batch of segment LAST moves to a new segment. When that leaves
 * nothing behind, the new one takes the place of the old. */
static int
carry_over(struct wd_journal *j, uint32_t last,
    const struct wd_recovered *found, struct wd_diag *d)
{
	bool emptied = found->batch == found->first;
	int r = enter_segment(j, emptied ? last : last + 1, found->batch,
	    wd_bytes_span(found->raw), d);

	if (r != 0)
		return r;
	if (!emptied)
		cut(j->folder, last, found->batch_at);
	j->size = found->size;
	j->torn = found->torn;
	return 0;
}

static int
start(struct wd_journal *j, struct wd_diag *d)
{
	WD_AUTO(wd_recovered_done) struct wd_recovered found = { 0 };
	uint32_t first, last;
	int r;

	(void)unlinkat(j->folder, ENTERING, 0); /* only after a crash */
	wd_spares_open(&j->spares);
	if ((r = wd_folder_range(j->folder, &first, &last, d)) != 0)
		return r;
	if (last == 0)
		return enter_segment(j, 1, 0, wd_span(NULL, 0), d);
	if ((r = wd_recover(j->folder, last, &found, d)) != 0)
		return r;
	return carry_over(j, last, &found, d);
}

int
wd_journal_open(int dir, const struct wd_journal_sizes *sizes,
    struct wd_journal **ret, struct wd_diag *d)
{
	static const struct wd_journal_sizes usual = { WD_JOURNAL_SEGMENT,
		WD_JOURNAL_RESERVE / WD_JOURNAL_SEGMENT };
	WD_AUTO(wd_journal_closep)
	struct wd_journal *j = wd_alloc(sizeof(*j));
	int r;

	if (j == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for the journal");
	if (sizes == NULL)
		sizes = &usual;
	assert(sizes->segment >= LEAST_SEGMENT);
	j->folder = -1;
	j->fd = -1;
	j->spares.making = -1;
	j->batch = wd_wr_growing((size_t)sizes->segment - WD_SEGMENT_HEAD);
	if ((r = open_folder(j, dir, d)) != 0)
		return r;
	j->spares.folder = j->folder;
	j->spares.segment = sizes->segment;
	j->spares.want = sizes->reserve + 1;
	if ((r = start(j, d)) != 0)
		return r;
	*ret = WD_TAKE(j);
	return 0;
}

uint64_t
wd_journal_size(const struct wd_journal *j)
{
	return j->size;
}

uint64_t
wd_journal_torn(const struct wd_journal *j)
{
	return j->torn;
}

unsigned
wd_journal_pending(const struct wd_journal *j)
{
	return j->n_batch;
}

int
wd_journal_add(struct wd_journal *j, struct wd_span entry)
{
	uint8_t leaf[32];
	int r;

	if (entry.len == 0 || entry.len > WD_ENTRY_MAX)
		return WD_R_RANGE;
	if (j->n_batch == WD_JOURNAL_BATCH ||
	    j->batch.len + wd_record_len(entry.len) > j->batch.max)
		return WD_R_TOO_LARGE;
	if ((r = wd_leaf_hash(entry, leaf)) != 0)
		return r;
	wd_record_write(&j->batch, j->size + j->n_batch, j->size, leaf, entry);
	if (wd_wr_end(&j->batch) != 0)
		return WD_F_MEMORY;
	j->n_batch++;
	return 0;
}

/* The file is still the one of the folder and as long as it was made. What is
 * written to another would be lost without any error. */
static int
check_file(const struct wd_journal *j, struct wd_diag *d)
{
	struct stat st;

	if (fstat(j->fd, &st) != 0)
		return wd_fault_errno(d, "looking at the journal");
	if (st.st_nlink == 0 || (uint64_t)st.st_size < j->used)
		return wd_reject(d, WD_R_TAMPERED,
		    "the journal was cut or removed while it was written");
	return 0;
}

static int
write_batch(struct wd_journal *j, struct wd_diag *d)
{
	struct wd_span raw = wd_wr_span(&j->batch);
	uint64_t used = j->used;
	int r = check_file(j, d);

	if (r != 0)
		return r;
	if (used + raw.len > j->room) {
		r = enter_segment(j, j->number + 1, j->size, raw, d);
		if (r == 0)
			cut(j->folder, j->number - 1, used);
		return r;
	}
	if ((r = wd_io_write_at(j->fd, raw, used, d)) != 0)
		return r;
	if (fdatasync(j->fd) != 0)
		return wd_io_failed(d, "syncing the journal");
	j->used += raw.len;
	return 0;
}

int
wd_journal_commit(struct wd_journal *j, struct wd_diag *d)
{
	int r;

	if (j->dead)
		return wd_fault(d, WD_F_STORE, "the journal failed before");
	if (j->n_batch == 0)
		return 0;
	r = write_batch(j, d);
	if (r != 0) {
		j->dead = true;
		return r;
	}
	j->size += j->n_batch;
	j->n_batch = 0;
	/* The buffer is kept for the next batch. */
	j->batch.len = 0;
	return 0;
}

bool
wd_journal_wants_work(const struct wd_journal *j)
{
	return wd_spares_missing(&j->spares);
}

bool
wd_journal_is_short(const struct wd_journal *j)
{
	return j->spares.have + 1 < j->spares.want;
}

int
wd_journal_prepare(struct wd_journal *j, struct wd_diag *d)
{
	return wd_spares_work(&j->spares, d);
}
