/*
 * Another seal in place of this one, while the server runs. Keepers stay open:
 * their keyring is the same, only what it rests under is new.
 */
#include "bin/seal/seal.h"

#include "base/reason.h"
#include "codec/base64.h"
#include "sys/log.h"

/* The key of shares comes as base64, as shares do. */
static int
read_share(const struct wd_seal_row *row, struct wd_span text,
    struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *key = wd_secret_new(WD_SHARE_KEY);

	if (row->split_of == NULL && !row->device) {
		*ret = wd_secret_copy(text);
		return *ret != NULL ? 0 : WD_F_MEMORY;
	}
	if (key == NULL)
		return WD_F_MEMORY;
	if (wd_b64_decode_exact(text, wd_secret_bytes(key), WD_SHARE_KEY) != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "the key of the shares is %d bytes as base64",
		    WD_SHARE_KEY);
	*ret = WD_TAKE(key);
	return 0;
}

static int
require_state(const struct seal *s, struct wd_diag *d)
{
	if (s->doing != SEAL_NOTHING)
		return wd_reject(d, WD_R_OVERLOADED,
		    "the server is being sealed or unsealed; try again");
	if (s->box.keyring == NULL)
		return wd_reject(
		    d, WD_R_SEALED, "the seal is to be opened first");
	return 0;
}

/* What the HSM of the seal has wrapped for keepers, only its key opens. */
static int
keeps_wrapped(const struct seal *s, const struct wd_seal_row *row, bool wrapped,
    struct wd_diag *d)
{
	struct wd_diag why = { 0 };

	if (!wrapped)
		return 0;
	if (row->kind != WD_SEAL_PKCS11)
		return wd_reject(d, WD_R_CONFLICT,
		    "keys or secrets are wrapped by the HSM of this seal, and "
		    "would be lost without it: have all of them unwrapped "
		    "first, with 'seal-wrap --off'");
	if (s->box.row->kind != WD_SEAL_PKCS11 ||
	    seal_box_probe(&s->box, &why) == 0)
		return 0;
	return wd_reject(d, WD_R_CONFLICT,
	    "keys or secrets are wrapped by the HSM of this seal, and this HSM "
	    "does not open it: %.100s",
	    why.detail);
}

static int
migrate(struct seal *s, const struct wd_seal_row *row,
    const struct wd_msg_seal_migrate *m, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *share = NULL;
	struct wd_seal_use use = { .split = { m->shares, m->threshold } };
	int r;

	if (m->generate && row->kind != WD_SEAL_PKCS11)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "only in an HSM a key can be made first");
	if ((r = require_state(s, d)) != 0 ||
	    (r = keeps_wrapped(s, row, m->wrapped, d)) != 0)
		return r;
	if ((!row->device || m->shares > 0) &&
	    (r = read_share(row, m->share, &share, d)) != 0)
		return r;
	use.share = wd_secret_borrow(share);
	if (m->generate && (r = seal_device_generate(s, d)) != 0)
		return r;
	return seal_box_migrate(&s->box, row, &use, m->drop_break_glass, d);
}

int
seal_migrate(
    struct seal *s, const struct wd_msg_seal_migrate *m, struct wd_diag *d)
{
	const struct wd_seal_row *row = wd_seal_by_name(m->kind);
	const char *before = s->box.row == NULL ? "" : s->box.row->name;
	int r = row == NULL
	    ? wd_reject(d, WD_R_UNSUPPORTED, "there is no such seal")
	    : migrate(s, row, m, d);

	if (r != 0) {
		wd_log_result("seal_not_migrated", r, d);
		return r;
	}
	s->probe_good = s->probe_failing = 0;
	if (row->device) /* it was opened to prove it */
		seal_probe_note(s, 0);
	wd_log(WD_LOG_INFO, "seal_migrated", "from", before, "kind", row->name,
	    "request", m->request.s, NULL);
	if (row->warning != NULL)
		wd_log(WD_LOG_WARNING, "DEVELOPMENT", "detail", row->warning,
		    NULL);
	return 0;
}
