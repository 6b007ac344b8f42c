/*
 * The files at rest, for a backup. What is in them is encrypted; no key is
 * looked at here. They are read in one go, so that both are of one state.
 */
#include "bin/seal/seal.h"

#include "seal/keyring.h"
#include "sys/file.h"

static int
read_both(const struct seal *s, struct wd_bytes **ret_seal,
    struct wd_bytes **ret_keyring, struct wd_diag *d)
{
	int r = wd_file_read(
	    s->box.dir, WD_SEAL_FILE_NAME, WD_SEAL_FILE_MAX, ret_seal, d);

	if (r == 0)
		r = wd_file_read(s->box.dir, WD_KEYRING_FILE, WD_KEYRING_MAX,
		    ret_keyring, d);
	return r;
}

void
seal_files_tell(struct seal *s, struct seal_keeper *k, uint32_t request,
    const struct wd_msg_unseal *none)
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
