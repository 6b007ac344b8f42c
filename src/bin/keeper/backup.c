/*
 * The beginning of a backup: which files of the seal belong to which state of
 * the store, and how far the log was. The files are asked for before and after
 * the state is taken; when they differ, a rotation or another seal has come in
 * between, and it is begun again.
 */
#include "bin/keeper/keeper.h"

#include "base/clock.h"
#include "base/reason.h"
#include "broker/admin.h"
#include "broker/backup.h"

enum { TRIES = 5 };

static void
forget(struct keeper *k)
{
	wd_bytes_freep(&k->backup.seal);
	wd_bytes_freep(&k->backup.keyring);
	k->backup.tries = 0;
}

static void
ask_files(struct keeper *k)
{
	uint8_t none[1] = { 0 };

	keeper_admin_ask(
	    k, &k->seal, WD_CALL_SEAL_FILES, none, ADMIN_SEAL, KEEPER_SEAL_MS);
}

/* Whether this caller may begin one now; if not, running it says why. */
static bool
may_begin(struct keeper *k, struct wd_span token)
{
	struct wd_store_token who;
	struct wd_diag d = { 0 };

	return k->broker->open &&
	    wd_admin_allowed(k->broker, wd_admin_row(WD_CALL_BACKUP_BEGIN),
		token, wd_time_now(), &who, &d) == 0 &&
	    !wd_backup_is_anothers(k->broker, &who.id);
}

void
keeper_backup_begin(struct keeper *k)
{
	struct wd_msg_admin_ask m;

	forget(k);
	if (wd_msg_read(wd_bytes_span(k->turn->body), &wd_msg_admin_ask_type,
		&m) != 0 ||
	    !may_begin(k, m.token))
		keeper_admin_run(k, NULL);
	else
		ask_files(k);
}

static bool
are_same(const struct keeper *k, const struct wd_msg_seal_files *m)
{
	return k->backup.seal != NULL &&
	    wd_span_equal(wd_bytes_span(k->backup.seal), m->seal) &&
	    wd_span_equal(wd_bytes_span(k->backup.keyring), m->keyring);
}

/* Keeps the files and takes the state of the store that comes after them. */
static void
take_state(struct keeper *k, const struct wd_msg_seal_files *m)
{
	unsigned tries = k->backup.tries + 1;
	struct wd_diag d = { 0 };
	int r;

	forget(k);
	k->backup.tries = tries;
	k->backup.seal = wd_bytes_copy(m->seal);
	k->backup.keyring = wd_bytes_copy(m->keyring);
	if (k->backup.seal == NULL || k->backup.keyring == NULL)
		r = wd_fault(&d, WD_F_MEMORY, "no memory");
	else
		r = wd_backup_snapshot(k->broker, &d);
	if (r != 0)
		keeper_admin_refuse(k, r, d.detail);
	else
		ask_files(k);
}

static void
on_files(struct keeper *k, const struct wd_msg_seal_files *m)
{
	uint8_t none[1] = { 0 };

	if (are_same(k, m))
		keeper_admin_ask(k, &k->scribe, WD_CALL_LOG_NOTE, none,
		    ADMIN_TAIL, KEEPER_VERIFY_MS);
	else if (k->backup.tries >= TRIES)
		keeper_admin_refuse(k, WD_R_CONFLICT,
		    "the seal or the keyring is being changed; try again");
	else
		take_state(k, m);
}

bool
keeper_backup_files(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct wd_msg_seal_files m = { { NULL, 0 }, { NULL, 0 } };
	struct wd_span detail = { 0 };
	char text[232];
	int result = 0;

	if (wd_reply_read(f->body, row, &result, &detail, &m) != 0)
		return false;
	if (k->step != ADMIN_SEAL || k->turn->asked != f->request)
		return true; /* too late */
	if (result == 0) {
		on_files(k, &m);
		return true;
	}
	(void)wd_span_to_text(detail, text, sizeof(text)); /* or none */
	keeper_admin_refuse(k, result, text);
	return true;
}

bool
keeper_backup_note(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct wd_msg_log_note note = { 0 };
	struct wd_msg_seal_files files = { wd_bytes_span(k->backup.seal),
		wd_bytes_span(k->backup.keyring) };
	struct wd_admin_found found = { .files = &files, .note = &note };
	struct wd_span detail = { 0 };
	int result = 0;

	if (wd_reply_read(f->body, row, &result, &detail, &note) != 0)
		return false;
	if (k->step != ADMIN_TAIL || k->turn->asked != f->request)
		return true; /* too late */
	found.result = result;
	found.why = detail;
	keeper_admin_run(k, &found);
	forget(k);
	return true;
}
