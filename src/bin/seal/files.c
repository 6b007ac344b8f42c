/*
 * The files at rest, for a backup. What is in them is encrypted; no key is
 * looked at here. They are read in one go, so that both are of one state.
 */
#include "bin/seal/seal.h"

#include "seal/keyring.h"
#include "seal/migrate.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/stat.h>

/* While another seal is half in place, the two files may be of two of them. */
static int
require_order(const struct seal *s, struct wd_diag *d)
{
	struct stat st;

	if (fstatat(s->box.dir, WD_KEYRING_NEXT, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return 0;
	return wd_reject(d, WD_R_CONFLICT,
	    "the files of the seal are not in order: seal and unseal first");
}

static int
read_both(const struct seal *s, struct wd_bytes **ret_seal,
    struct wd_bytes **ret_keyring, struct wd_diag *d)
{
	int r = require_order(s, d);

	if (r == 0)
		r = wd_file_read(s->box.dir, WD_SEAL_FILE_NAME,
		    WD_SEAL_FILE_MAX, ret_seal, d);
	if (r == 0)
		r = wd_file_read(s->box.dir, WD_KEYRING_FILE, WD_KEYRING_MAX,
		    ret_keyring, d);
	return r;
}

void
seal_files_tell(
    struct seal *s, struct seal_keeper *k, uint32_t request, const void *none)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *seal = NULL, *keyring = NULL;
	struct wd_msg_seal_files m = { { NULL, 0 }, { NULL, 0 } };
	struct wd_diag d = { 0 };
	int r = read_both(s, &seal, &keyring, &d);

	(void)none;
	m.seal = wd_bytes_span(seal);
	m.keyring = wd_bytes_span(keyring);
	if (wd_peer_reply(&k->base.peer, WD_CALL_SEAL_FILES, request, r,
		d.detail, &m) != 0)
		seal_keeper_condemn(s, k, "does not take answers");
}
