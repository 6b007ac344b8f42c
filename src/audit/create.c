/*
 * Making a log, and writing to one without scribe. It is the one place that
 * removes anything of one, and only what it has just made.
 */
#include "audit/create.h"

#include "audit/folder.h"
#include "audit/journal.h"
#include "base/reason.h"
#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int
give_away(int dir, const char *name, struct wd_diag *d)
{
	struct stat st;

	if (fstat(dir, &st) != 0)
		return wd_fault_errno(d, "looking at the log folder");
	if (geteuid() == 0 && st.st_uid != 0 &&
	    fchownat(dir, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
		return wd_fault_errno(d, "giving %s away", name);
	return 0;
}

static int
write_file(int dir, const char *name, struct wd_span bytes, unsigned mode,
    struct wd_diag *d)
{
	int r = wd_file_write(dir, name, bytes, mode, true, d);

	if (r != 0)
		return r;
	r = give_away(dir, name, d);
	if (r != 0)
		(void)unlinkat(dir, name, 0); /* just made */
	return r;
}

static int
generate(struct wd_span server_name, struct wd_note_key *ret, struct wd_diag *d)
{
	char name[WD_NOTE_NAME];
	struct wd_wr wr = wd_wr_fixed(name, sizeof(name));
	int r;

	wd_wr_bytes(&wr, server_name);
	wd_wr_text(&wr, "/log");
	r = wd_wr_end(&wr) != 0 ? WD_R_RANGE
				: wd_note_key_generate(wd_wr_span(&wr), ret);
	if (r > 0)
		return wd_reject(d, WD_R_RANGE,
		    "the server's name cannot be the name of a log");
	return r < 0 ? wd_fault(d, WD_F_CRYPTO, "cannot make a key") : 0;
}

int
wd_checkpoint_key_make(int dir, struct wd_span server_name,
    char ret_public[WD_NOTE_KEY_TEXT], struct wd_diag *d)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *private_text = NULL;
	char text[WD_NOTE_KEY_TEXT];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text) - 1);
	int r = generate(server_name, &k, d);

	if (r != 0)
		return r;
	if (wd_note_key_to_private(&k, &private_text) != 0 ||
	    wd_note_key_write_public(&wr, &k) != 0 || wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot write a key");
	text[wr.len] = '\n';
	if ((r = write_file(dir, WD_CHECKPOINT_KEY_FILE,
		 wd_secret_borrow(private_text), 0600, d)) != 0)
		return r;
	r = write_file(
	    dir, WD_CHECKPOINT_PUB_FILE, wd_span(text, wr.len + 1), 0644, d);
	if (r != 0) {
		(void)unlinkat(dir, WD_CHECKPOINT_KEY_FILE, 0); /* just made */
		return r;
	}
	text[wr.len] = '\0';
	wd_copy(ret_public, wd_span(text, wr.len + 1));
	return 0;
}

int
wd_checkpoint_key_load(int dir, struct wd_note_key *ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *text = NULL;
	int r = wd_file_read_secret(
	    dir, WD_CHECKPOINT_KEY_FILE, WD_NOTE_KEY_FILE, &text, d);

	if (r != 0)
		return r == WD_R_TOO_LARGE ? WD_R_MALFORMED : r;
	r = wd_note_key_read_private(wd_secret_borrow(text), ret);
	if (r > 0)
		return wd_reject(
		    d, WD_R_MALFORMED, WD_CHECKPOINT_KEY_FILE " is no key");
	return r < 0 ? wd_fault(d, WD_F_CRYPTO, "cannot load a key") : 0;
}

static int
write_entry(struct wd_journal *j, const struct wd_entry *e, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_ENTRY_MAX);

	wd_entry_write(&wr, e);
	if (wd_wr_end(&wr) != 0 || wd_journal_add(j, wd_wr_span(&wr)) != 0)
		return wd_fault(d, WD_F_BUG, "the entry does not fit");
	return wd_journal_commit(j, d);
}

static int
write_first(int dir, const struct wd_entry *first, struct wd_diag *d)
{
	WD_AUTO(wd_journal_closep) struct wd_journal *j = NULL;
	int r = wd_journal_open(dir, NULL, &j, d);

	if (r != 0)
		return r;
	if (wd_journal_size(j) > 0)
		return wd_reject(d, WD_R_EXISTS, "there is a journal already");
	return write_entry(j, first, d);
}

int
wd_log_create(int dir, struct wd_span server_name, const struct wd_entry *first,
    char ret_public[WD_NOTE_KEY_TEXT], struct wd_diag *d)
{
	int r;

	if (faccessat(dir, WD_JOURNAL_FOLDER, F_OK, 0) == 0)
		return wd_reject(d, WD_R_EXISTS, "there is a journal already");
	r = wd_checkpoint_key_make(dir, server_name, ret_public, d);
	if (r != 0)
		return r;
	r = write_first(dir, first, d);
	if (r != 0)
		wd_log_discard(dir);
	return r;
}

int
wd_log_append(int dir, const struct wd_entry *e, struct wd_diag *d)
{
	WD_AUTO(wd_journal_closep) struct wd_journal *j = NULL;
	int r;

	if (faccessat(dir, WD_JOURNAL_FOLDER, F_OK, 0) != 0)
		return wd_reject(d, WD_R_NOT_FOUND, "there is no journal");
	r = wd_journal_open(dir, NULL, &j, d);
	return r != 0 ? r : write_entry(j, e, d);
}

static void
closedirp(DIR **dir)
{
	if (*dir != NULL)
		(void)closedir(*dir); /* nothing was written through it */
}

void
wd_log_discard(int dir)
{
	int folder = openat(dir, WD_JOURNAL_FOLDER,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	WD_AUTO(closedirp) DIR *list = folder < 0 ? NULL : fdopendir(folder);
	struct dirent *entry;

	while (list != NULL && (entry = readdir(list)) != NULL)
		/* "." and ".." are no files and stay. */
		(void)unlinkat(folder, entry->d_name, 0);
	(void)unlinkat(dir, WD_JOURNAL_FOLDER, AT_REMOVEDIR);
	(void)unlinkat(dir, WD_CHECKPOINT_KEY_FILE, 0);
	(void)unlinkat(dir, WD_CHECKPOINT_PUB_FILE, 0);
	wd_file_clean(dir, WD_CHECKPOINT_KEY_FILE);
	wd_file_clean(dir, WD_CHECKPOINT_PUB_FILE);
}
