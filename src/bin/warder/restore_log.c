/*
 * The log of a server that is restored. One that is still there has to be what
 * was signed when the backup was made, and tells what the store has lost since;
 * without one a new log begins by saying what came before it.
 */
#include "bin/warder/restore.h"

#include "audit/create.h"
#include "audit/folder.h"
#include "audit/reader.h"
#include "audit/verify.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "crypto/hash.h"
#include "sys/file.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

/* Events that change the store: their effect is lost when they came after the
 * backup. */
static const char *const changes[] = { "collateral_put", "key_chain",
	"key_create", "key_delete", "key_policy", "key_rotate", "key_unwrap",
	"key_seal_wrap", "keyring_rotate", "seal_migrated", "policy_add",
	"policy_bind", "policy_delete", "reference_delete", "reference_put",
	"revoke", "secret_delete", "secret_put", "secret_seal_wrap",
	"token_create", "token_revoke", "tpm_add", "tpm_remove" };

static bool
is_change(struct wd_span event)
{
	for (size_t i = 0; i < WD_N(changes); i++)
		if (wd_span_is(event, changes[i]))
			return true;
	return false;
}

/* ---- what came after */

static struct wd_span
text_of(const struct wd_jval *root, const char *name)
{
	struct wd_span s = { NULL, 0 };

	/* None is shown as nothing. */
	(void)wd_jval_text(wd_jval_get(root, name), &s);
	return s;
}

static void
fill_lost(struct restore_lost *l, const struct wd_jval *root)
{
	static const char *const members[] = { "key", "policy", "path",
		"detail" };
	struct wd_wr wr = wd_wr_fixed(l->detail, sizeof(l->detail) - 1);

	(void)wd_span_to_text(text_of(root, "event"), l->event,
	    sizeof(l->event)); /* all of them fit */
	/* One that cannot be read has none. */
	(void)wd_time_parse(text_of(root, "time"), &l->time);
	for (size_t i = 0; i < WD_N(members); i++) {
		struct wd_span s = text_of(root, members[i]);

		if (s.len == 0 || s.len + wr.len + 1 >= sizeof(l->detail))
			continue;
		if (wr.len > 0)
			wd_wr_u8(&wr, ' ');
		wd_wr_bytes(&wr, s);
	}
}

/* What is no JSON was not written by a keeper: the log's check has said so. */
static void
note_entry(struct restore *x, uint64_t index, struct wd_span entry)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	const struct wd_jval *root;

	if (wd_json_parse(entry, NULL, &doc) != 0)
		return;
	root = wd_json_root(doc);
	if (!is_change(text_of(root, "event")) ||
	    !wd_span_is(text_of(root, "result"), "allow"))
		return;
	if (x->n_lost < RESTORE_LOST) {
		x->lost[x->n_lost].entry = index;
		fill_lost(&x->lost[x->n_lost], root);
	}
	x->n_lost++;
}

static int
read_on(struct restore *x, struct wd_diag *d)
{
	WD_AUTO(wd_reader_closep) struct wd_reader *reader = NULL;
	uint64_t from = x->f.manifest.log_entries;
	struct wd_record record;
	int r;

	if (from == x->entries)
		return 0;
	x->lost = wd_alloc_array(RESTORE_LOST, sizeof(*x->lost));
	if (x->lost == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	r = wd_reader_open(x->x->log, from, &reader, d);
	for (uint64_t i = from; r == 0; i++) {
		r = wd_reader_next(reader, &record, d);
		if (r != 0 || record.entry.len == 0)
			break;
		note_entry(x, i, record.entry);
	}
	return r;
}

/* ---- the log that is there */

static void
found(void *ctx, const struct wd_log_finding *f)
{
	struct wd_log_finding *first = ctx;

	if (first->text[0] == '\0')
		*first = *f;
}

/* The checkpoint that goes with the backup. */
static int
remembered(const struct restore *x, const struct wd_note_key *key,
    struct wd_checkpoint *room, const struct wd_checkpoint **ret,
    struct wd_diag *d)
{
	const struct wd_bytes *note = x->f.file[WD_BACKUP_CHECKPOINT].bytes;
	int r;

	*ret = NULL;
	if (note == NULL)
		return 0;
	r = wd_checkpoint_read(wd_bytes_span(note), key, room, d);
	if (r == 0)
		*ret = room;
	return r;
}

static int
verify(struct restore *x, const struct wd_note_key *key, struct wd_diag *d)
{
	struct wd_log_finding first = { .text = "" };
	struct wd_checkpoint then;
	struct wd_log_check c = { .key = key, .found = found, .ctx = &first };
	int r;

	if ((r = remembered(x, key, &then, &c.remembered, d)) != 0 ||
	    (r = wd_log_verify(x->x->log, &c, d)) != 0)
		return r;
	if (c.n_findings > 0)
		return wd_reject(d, WD_R_TAMPERED,
		    "the log is not what was signed when the backup was made: "
		    "%.150s",
		    first.text);
	if (c.entries < x->f.manifest.log_entries)
		return wd_reject(d, WD_R_TAMPERED,
		    "the log was cut: it has %llu entries, the backup was made "
		    "after %llu",
		    (unsigned long long)c.entries,
		    (unsigned long long)x->f.manifest.log_entries);
	x->entries = c.entries;
	return 0;
}

static int
look_at_ours(struct restore *x, struct wd_span public_key, struct wd_diag *d)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key key = { 0 };
	int r = wd_note_key_read_public(public_key, &key);

	if (r != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "the log's key in the backup cannot be read");
	x->same_log = true;
	r = verify(x, &key, d);
	return r != 0 ? r : read_on(x, d);
}

int
restore_log_look(struct restore *r, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *key = NULL;
	struct wd_span theirs =
	    wd_bytes_span(r->f.file[WD_BACKUP_LOG_KEY].bytes);
	int q;

	r->has_log =
	    faccessat(r->x->log, WD_JOURNAL_FOLDER, F_OK, AT_EACCESS) == 0;
	if (!r->has_log)
		return 0;
	q = wd_file_read(
	    r->x->log, WD_CHECKPOINT_PUB_FILE, WD_NOTE_KEY_TEXT, &key, d);
	if (q == 0 && theirs.len > 0 &&
	    wd_span_equal(wd_bytes_span(key), theirs))
		return look_at_ours(r, theirs, d);
	if (q == 0 && r->x->unfinished)
		return 0; /* made by the restore that was killed */
	if (q < 0)
		return q;
	return wd_reject(d, WD_R_CONFLICT,
	    "the log in %.120s is not the one of this backup: move it away, "
	    "and keep it",
	    r->x->conf.state_dir);
}

/* ---- what it says from now on */

static void
write_detail(const struct restore *x, struct wd_wr *wr)
{
	char made[WD_TIME_TEXT], hex[65];
	uint8_t root[32];
	const struct wd_bytes *note = x->f.file[WD_BACKUP_CHECKPOINT].bytes;

	wd_time_format(x->f.manifest.made, made);
	wd_wr_printf(wr,
	    "store %s from backup %s of %s, after %llu entries of the log",
	    x->f.manifest.store.s, x->f.manifest.backup.s, made,
	    (unsigned long long)x->f.manifest.log_entries);
	if (x->same_log || note == NULL)
		return;
	if (wd_hash(WD_SHA256, wd_bytes_span(note), root) != 0)
		return; /* it says enough */
	wd_hex_format(WD_SPAN(root), hex);
	wd_wr_printf(wr, ", which is not here; its checkpoint %s", hex);
}

static int
write_entry(struct restore *x, struct wd_diag *d)
{
	const struct passwd *pw = getpwuid(getuid());
	char detail[512] = "";
	struct wd_wr wr = wd_wr_fixed(detail, sizeof(detail) - 1);
	struct wd_entry e = { .event = WD_EV_RESTORE,
		.time = x->x->now,
		.actor = pw == NULL ? NULL : pw->pw_name,
		.detail = detail };
	int r;

	write_detail(x, &wr);
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_BUG, "the entry is too long");
	if (x->has_log)
		return wd_log_append(x->x->log, &e, d);
	if (x->x->unfinished)
		wd_log_discard(x->x->log); /* a key without entries */
	r = wd_log_create(
	    x->x->log, wd_span_text(x->x->conf.name), &e, x->x->log_key, d);
	x->x->made_log = r == 0;
	return r;
}

int
restore_log_write(struct restore *r, struct wd_diag *d)
{
	int q = init_owner_enter(r->x, r->x->conf.user_scribe, d);

	if (q == 0)
		q = write_entry(r, d);
	init_owner_leave();
	return q;
}
