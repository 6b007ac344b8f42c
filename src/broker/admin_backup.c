/*
 * Backups: begun, read piece by piece, ended with the manifest. Whoever has
 * begun one is alone to read it, and in order, so that what was hashed is what
 * was given away.
 */
#include "broker/admin_in.h"
#include "broker/backup.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "codec/hex.h"
#include "crypto/hash.h"
#include "crypto/rand.h"
#include "seal/backup.h"
#include "store/dump.h"

enum {
	PIECE = 512 << 10,
	IDLE_MS = 30000,
	MOST_MS = 3600000,
};

struct wd_backup {
	struct wd_dump *dump;
	bool taken;         /* a state of the store */
	bool active;        /* somebody reads it */
	bool whole;         /* to its end */
	struct wd_id owner; /* token */
	int64_t begun_ms, used_ms;
	struct wd_hasher *hasher; /* of the rows */
	struct wd_manifest manifest;
};

/* ---- life */

static void
end(struct wd_backup *k)
{
	wd_dump_end(k->dump);
	wd_hasher_freep(&k->hasher);
	k->taken = k->active = k->whole = false;
	k->owner = (struct wd_id){ 0 };
	k->manifest = (struct wd_manifest){ 0 };
}

struct wd_backup *
wd_backup_free(struct wd_backup *k)
{
	if (k == NULL)
		return NULL;
	end(k);
	wd_dump_closep(&k->dump);
	return wd_free(k);
}

int
wd_backup_enable(struct wd_broker *b, const char *state_dir, struct wd_diag *d)
{
	struct wd_backup *k = wd_alloc(sizeof(*k));
	int r;

	if (k == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if ((r = wd_dump_open(state_dir, &k->dump, d)) != 0) {
		k = wd_backup_free(k);
		return r < 0 ? r
			     : wd_fault(d, WD_F_STORE,
				   "the store cannot be opened twice");
	}
	b->backup = k;
	return 0;
}

static bool
is_active(const struct wd_broker *b)
{
	return b->backup != NULL && b->backup->active;
}

static bool
is_of(const struct wd_backup *k, const struct wd_id *token)
{
	return wd_span_equal(wd_id_span(&k->owner), wd_id_span(token));
}

bool
wd_backup_is_taken(const struct wd_broker *b)
{
	return b->backup != NULL && b->backup->taken;
}

bool
wd_backup_is_anothers(const struct wd_broker *b, const struct wd_id *token)
{
	return is_active(b) && !is_of(b->backup, token);
}

int
wd_backup_snapshot(struct wd_broker *b, struct wd_diag *d)
{
	struct wd_backup *k = b->backup;
	int r;

	if (k == NULL)
		return wd_fault(d, WD_F_BUG, "no backup can begin");
	end(k);
	if ((r = wd_dump_begin(k->dump, d)) != 0)
		return r < 0 ? r : WD_F_STORE;
	k->taken = true;
	k->begun_ms = k->used_ms = wd_time_mono_ms();
	return 0;
}

void
wd_backup_tick(struct wd_broker *b, int64_t now_ms)
{
	struct wd_backup *k = b->backup;

	if (k == NULL || !k->taken)
		return;
	if (now_ms - k->used_ms > IDLE_MS || now_ms - k->begun_ms > MOST_MS)
		end(k);
}

/* ---- begin */

static int
add_file(struct wd_manifest *m, enum wd_backup_file file, struct wd_span bytes)
{
	m->file[file].there = bytes.len > 0;
	m->file[file].size = bytes.len;
	return wd_hash(WD_SHA256, bytes, m->file[file].sha256);
}

static int
start_manifest(struct wd_admin *a, struct wd_backup *k)
{
	const struct wd_msg_seal_files *files = a->found->files;
	const struct wd_msg_log_note *note = a->found->note;
	struct wd_manifest *m = &k->manifest;
	int r;

	*m = (struct wd_manifest){ .store = wd_store_id(a->b->store),
		.made = a->now,
		.log_entries = note->size,
		.server_name = a->b->server_name };
	if ((r = wd_rand_id(&m->backup)) != 0 ||
	    (r = add_file(m, WD_BACKUP_SEAL, files->seal)) != 0 ||
	    (r = add_file(m, WD_BACKUP_KEYRING, files->keyring)) != 0 ||
	    (r = add_file(m, WD_BACKUP_CHECKPOINT, note->checkpoint)) != 0 ||
	    (r = add_file(m, WD_BACKUP_LOG_KEY, note->key)) != 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot hash");
	k->hasher = wd_hasher_new(WD_SHA256);
	if (k->hasher == NULL)
		return wd_fault(a->d, WD_F_MEMORY, "no memory");
	return 0;
}

static int
answer_begun(struct wd_admin *a, const struct wd_manifest *m)
{
	struct wd_msg_backup_begun answer = { .backup = m->backup,
		.made = m->made,
		.log_entries = m->log_entries,
		.seal = a->found->files->seal,
		.keyring = a->found->files->keyring,
		.checkpoint = a->found->note->checkpoint,
		.log_key = a->found->note->key };

	return wd_admin_answer(a, &answer);
}

int
wd_admin_backup_begin(struct wd_admin *a, const void *msg)
{
	struct wd_backup *k = a->b->backup;
	int r;

	(void)msg;
	if (is_active(a->b))
		return wd_reject(a->d, WD_R_CONFLICT,
		    "a backup is being made; try again when it has ended");
	if (k == NULL || !k->taken || a->found == NULL ||
	    a->found->files == NULL || a->found->note == NULL)
		return wd_fault(a->d, WD_F_BUG, "a backup of nothing");
	if ((r = start_manifest(a, k)) == 0)
		r = answer_begun(a, &k->manifest);
	if (r != 0) {
		end(k);
		return r;
	}
	k->owner = a->who.id;
	k->active = true;
	wd_admin_say(a, "backup %s after %llu entries of the log",
	    k->manifest.backup.s, (unsigned long long)k->manifest.log_entries);
	return 0;
}

/* ---- rows */

static int
find(struct wd_admin *a, const struct wd_id *id, struct wd_backup **ret)
{
	struct wd_backup *k = a->b->backup;

	if (!is_active(a->b) ||
	    !wd_span_equal(wd_id_span(&k->manifest.backup), wd_id_span(id)) ||
	    !is_of(k, &a->who.id))
		return wd_reject(a->d, WD_R_NOT_FOUND,
		    "there is no such backup under way, or nobody has read "
		    "from it for too long");
	*ret = k;
	return 0;
}

static int
next_piece(struct wd_backup *k, struct wd_wr *wr, struct wd_diag *d)
{
	bool more = false;
	int r = 0;

	if (!k->whole)
		r = wd_dump_next(k->dump, PIECE, wr, &more, d);
	if (r == 0 && wd_hasher_add(k->hasher, wd_wr_span(wr)) != 0)
		r = wd_fault(d, WD_F_CRYPTO, "cannot hash");
	if (r != 0)
		return r;
	k->whole = !more;
	k->manifest.file[WD_BACKUP_ROWS].size += wr->len;
	return 0;
}

int
wd_admin_backup_rows(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_backup_rows_ask *m = msg;
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(PIECE + WD_DUMP_RECORD + 16);
	struct wd_backup *k = NULL;
	struct wd_msg_backup_rows answer;
	int r = find(a, &m->id, &k);

	if (r != 0)
		return r;
	k->used_ms = wd_time_mono_ms();
	if (m->offset != k->manifest.file[WD_BACKUP_ROWS].size)
		return wd_reject(a->d, WD_R_CONFLICT,
		    "the rows are read in order, and once");
	if ((r = next_piece(k, &wr, a->d)) != 0) {
		end(k);
		return r;
	}
	answer.rows = wd_wr_span(&wr);
	return wd_admin_answer(a, &answer);
}

/* ---- end */

static void
add_callers(struct wd_manifest *m, enum wd_backup_file file, uint32_t size,
    const struct wd_fix32 *sha256)
{
	m->file[file].there = size > 0;
	m->file[file].size = size;
	wd_copy(m->file[file].sha256, WD_SPAN(sha256->b));
}

static int
finish_manifest(struct wd_admin *a, struct wd_backup *k,
    const struct wd_msg_backup_end_ask *m)
{
	struct wd_manifest *x = &k->manifest;

	if (m->configuration_size >
		wd_backup_row(WD_BACKUP_CONFIGURATION)->max ||
	    m->certificate_size > wd_backup_row(WD_BACKUP_CERTIFICATE)->max)
		return wd_reject(
		    a->d, WD_R_RANGE, "a file that no backup can hold");
	if (x->file[WD_BACKUP_ROWS].size > wd_backup_row(WD_BACKUP_ROWS)->max)
		return wd_reject(a->d, WD_R_TOO_LARGE,
		    "the store is too large for a backup");
	add_callers(x, WD_BACKUP_CONFIGURATION, m->configuration_size,
	    &m->configuration_sha256);
	add_callers(x, WD_BACKUP_CERTIFICATE, m->certificate_size,
	    &m->certificate_sha256);
	x->file[WD_BACKUP_ROWS].there = true;
	if (wd_hasher_end(k->hasher, x->file[WD_BACKUP_ROWS].sha256) != 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot hash");
	return 0;
}

/* What the log then has is what says which backups there are. */
static int
answer_manifest(struct wd_admin *a, const struct wd_manifest *m)
{
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(WD_BACKUP_MANIFEST_MAX);
	struct wd_msg_backup_manifest answer = { { NULL, 0 }, { { 0 } } };
	uint8_t digest[32];
	char hex[65];

	wd_manifest_write(&wr, m);
	if (wd_wr_end(&wr) != 0)
		return wd_fault(a->d, WD_F_MEMORY, "no room for the manifest");
	answer.manifest = wd_wr_span(&wr);
	if (wd_manifest_mac(&a->b->ring, answer.manifest, answer.mac.b) != 0 ||
	    wd_hash(WD_SHA256, answer.manifest, digest) != 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot sign");
	wd_hex_format(WD_SPAN(digest), hex);
	wd_admin_say(a, "backup %s, manifest %s", m->backup.s, hex);
	return wd_admin_answer(a, &answer);
}

int
wd_admin_backup_end(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_backup_end_ask *m = msg;
	struct wd_backup *k = NULL;
	int r = find(a, &m->id, &k);

	if (r != 0)
		return r;
	if (!k->whole)
		return wd_reject(
		    a->d, WD_R_CONFLICT, "there are rows that were not read");
	if ((r = finish_manifest(a, k, m)) == 0)
		r = answer_manifest(a, &k->manifest);
	end(k);
	return r;
}
