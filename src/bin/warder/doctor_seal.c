/*
 * The seal: what kind it is, whether what opens it can be reached, and whether
 * it opens. Only automatic seals are opened: nobody is asked for anything.
 */
#include "bin/warder/doctor.h"

#include "seal/keyring.h"
#include "seal/migrate.h"
#include "sys/credential.h"
#include "sys/file.h"

#include <unistd.h>

#include <fcntl.h>
#include <unistd.h>

static const char again[] = "warder restore makes a server of a backup";

/* ---- opening it */

static int
share_of(const struct doctor *dr, const struct wd_seal_row *row,
    struct wd_secret **ret, struct wd_diag *d)
{
	if (row->key_file == NULL)
		return 0;
	return wd_file_read_secret(
	    dr->x.state, row->key_file, row->share_max, ret, d);
}

static int
open_keyring(struct doctor *dr, const struct wd_seal_file *f,
    struct wd_span root, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	WD_AUTO(wd_keyring_done) struct wd_keyring k = { 0 };
	int r = wd_file_read(
	    dr->x.state, WD_KEYRING_FILE, WD_KEYRING_MAX, &sealed, d);

	if (r != 0)
		return r;
	r = wd_keyring_open(wd_bytes_span(sealed), root, &f->store_id, &k);
	if (r == 0) {
		dr->terms = k.n_terms;
		dr->newest_term = wd_keyring_newest(&k);
	}
	return r > 0 ? wd_reject(d, WD_R_TAMPERED,
			   "the keyring is damaged, or of another root key")
		     : r;
}

static int
open_it(struct doctor *dr, const struct wd_seal_row *row,
    const struct wd_seal_file *f, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *share = NULL, *root = NULL;
	struct wd_seal_device device = { 0 };
	struct wd_seal_use use = { .device = &device };
	int r;

	if (row->device &&
	    ((r = init_device_plan(dr->args, &dr->x, d)) != 0 ||
		(r = init_device_open(&dr->x, &device, d)) != 0))
		return r;
	if ((r = share_of(dr, row, &share, d)) != 0)
		return r;
	use.share = wd_secret_borrow(share);
	r = row->unwrap(wd_bytes_span(f->blob), &f->store_id, &use, &root, d);
	return r != 0 ? r : open_keyring(dr, f, wd_secret_borrow(root), d);
}

/* Another seal is half in place: nothing is lost, and a backup not needed. */
static bool
is_under_way(const struct doctor *dr, const struct wd_seal_row *row)
{
	char room[WD_NEXT_NAME];

	return faccessat(dr->x.state, WD_KEYRING_NEXT, F_OK, AT_EACCESS) == 0 ||
	    (row->key_file != NULL &&
		faccessat(dr->x.state, wd_migrate_next(row->key_file, room),
		    F_OK, AT_EACCESS) == 0);
}

/* A credential is there for the service alone, and while it runs. */
static bool
has_pin(struct doctor *dr)
{
	struct wd_hsm_uri uri;
	char path[WD_FILE_PATH_MAX];
	struct wd_diag why = { 0 };

	if (wd_hsm_uri_read(wd_span_text(dr->x.conf.pkcs11), &uri, &why) != 0 ||
	    !wd_credential_is(wd_span_text(uri.pin_file)) ||
	    (init_credential(wd_span_text(uri.pin_file), path, &why) == 0 &&
		access(path, F_OK) == 0))
		return true;
	doctor_say(dr, DOCTOR_WARNING,
	    "ask again while warderd runs as a service that loads it",
	    "pkcs11: it was not tried: its PIN is %s", uri.pin_file);
	return false;
}

static void
try_it(struct doctor *dr, const struct wd_seal_row *row,
    const struct wd_seal_file *f)
{
	struct wd_diag d = { 0 };
	int r;

	if (f->kind == WD_SEAL_PKCS11 && !has_pin(dr))
		return;
	r = open_it(dr, row, f, &d);

	init_device_close(&dr->x);
	if (r == 0)
		doctor_say(
		    dr, DOCTOR_OK, "", "%s: it opens by itself", row->name);
	else if (is_under_way(dr, row))
		doctor_say(dr, DOCTOR_FAILURE,
		    "start the server: it opens by the one or the other, and "
		    "puts the files in order",
		    "%s: a migration of the seal was interrupted, and it does "
		    "not open: %.120s",
		    row->name, d.detail);
	else
		doctor_say(dr, DOCTOR_FAILURE,
		    row->device ? "see to the device and its part of "
				  "warder.conf(5); warder-seal(8) has more"
				: again,
		    "%s: it does not open: %s", row->name,
		    d.detail[0] != '\0' ? d.detail
					: wd_reason_row(r)->sentence);
}

/* ---- looking at it */

static void
judge(struct doctor *dr, const struct wd_seal_file *f)
{
	const struct wd_seal_row *row = wd_seal_row(f->kind);

	dr->x.kind = f->kind;
	if (row->warning != NULL)
		doctor_say(dr, DOCTOR_WARNING,
		    "use another seal for anything but development", "%s",
		    row->warning);
	if (row->automatic)
		try_it(dr, row, f);
	else
		doctor_say(dr, DOCTOR_OK, "",
		    "%s: operators open it, so it was not tried", row->name);
}

void
doctor_seal(struct doctor *dr)
{
	WD_AUTO(wd_seal_file_done) struct wd_seal_file f = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_diag d = { 0 };
	int r;

	if (dr->x.state < 0) {
		doctor_say(dr, DOCTOR_WARNING, "run warder doctor as root",
		    "the state folder cannot be opened");
		return;
	}
	r = wd_file_read(
	    dr->x.state, WD_SEAL_FILE_NAME, WD_SEAL_FILE_MAX, &bytes, &d);
	if (r == WD_R_NOT_FOUND && wd_restore_unfinished(dr->x.state)) {
		doctor_say(dr, DOCTOR_FAILURE, "run warder restore again",
		    "the state folder is half restored");
		return;
	}
	if (r == WD_R_NOT_FOUND) {
		doctor_say(dr, DOCTOR_FAILURE, "warder init makes a server",
		    "there is no seal: no server was made here");
		return;
	}
	if (r == 0)
		r = wd_seal_file_read(wd_bytes_span(bytes), &f);
	if (r != 0)
		doctor_say(dr, DOCTOR_FAILURE, again,
		    "the seal cannot be read: %s",
		    d.detail[0] != '\0' ? d.detail
					: wd_reason_row(r)->sentence);
	else
		judge(dr, &f);
}
