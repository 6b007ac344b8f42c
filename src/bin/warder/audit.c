/*
 * Opening a log for the verbs that check it.
 */
#include "bin/warder/audit.h"

#include "audit/create.h"
#include "base/reason.h"
#include "crypto/init.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

void
audit_log_done(struct audit_log *l)
{
	wd_fd_closep(&l->dir);
	wd_note_key_done(&l->key);
}

static int
load_key(struct audit_log *l, const char *file, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
	const char *name = l->pinned ? file : WD_CHECKPOINT_PUB_FILE;
	struct wd_diag why = { 0 };
	int r = wd_file_read(
	    l->pinned ? AT_FDCWD : l->dir, name, WD_NOTE_KEY_FILE, &text, &why);

	if (r != 0) /* says nothing about the log */
		return wd_fault(d, WD_F_SYSTEM, "%s", why.detail);
	r = wd_note_key_read_public(wd_bytes_span(text), &l->key);
	if (r > 0)
		return wd_fault(
		    d, WD_F_SYSTEM, "%.150s is no public key of a log", name);
	return r < 0 ? wd_fault(d, WD_F_CRYPTO, "cannot load the key") : 0;
}

int
audit_log_open(
    const struct cli_args *args, struct audit_log *ret, struct wd_diag *d)
{
	WD_AUTO(audit_log_done) struct audit_log l = { .dir = -1 };
	const char *folder = cli_value(args, "log");
	const char *key = cli_value(args, "key");
	int r = wd_crypto_init(d);

	if (r != 0)
		return r;
	l.pinned = key != NULL;
	l.dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l.dir < 0)
		return wd_fault_errno(d, "%.150s", folder);
	if ((r = load_key(&l, key, d)) != 0)
		return r;
	*ret = l;
	l = (struct audit_log){ .dir = -1 };
	return 0;
}

int
audit_checkpoint_read(const struct audit_log *l, int dir, const char *file,
    struct wd_bytes **ret_note, struct wd_checkpoint *ret, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *note = NULL;
	int r = wd_file_read(dir, file, WD_CHECKPOINT_MAX, &note, d);

	if (r != 0)
		return r;
	r = wd_checkpoint_read(wd_bytes_span(note), &l->key, ret, d);
	if (r == 0)
		*ret_note = WD_TAKE(note);
	return r;
}

enum cli_exit
audit_complain(int result, const struct wd_diag *d)
{
	(void)fprintf(stderr, "warder: %s\n", d->detail);
	return result < 0 ? CLI_FAULT : CLI_REJECTED;
}
