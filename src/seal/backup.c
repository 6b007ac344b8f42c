/*
 * The manifest of a backup, as it is written and authenticated.
 */
#include "seal/backup.h"

#include "codec/jtext.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

#include <stddef.h>

/* What fits into the container, which counts in 33 bits. */
static const uint64_t rows_max = ((uint64_t)8 << 30) - 1;

static const struct wd_backup_row rows[WD_BACKUP_FILES] = {
	[WD_BACKUP_ROWS] = { "rows", rows_max, true },
	[WD_BACKUP_SEAL] = { "seal", WD_SEAL_FILE_MAX, true },
	[WD_BACKUP_KEYRING] = { "keyring", WD_KEYRING_MAX, true },
	[WD_BACKUP_CHECKPOINT] = { "log.checkpoint", 16384, false },
	[WD_BACKUP_LOG_KEY] = { "log.pub", 384, false },
	[WD_BACKUP_CONFIGURATION] = { "warder.conf", 65536, false },
	[WD_BACKUP_CERTIFICATE] = { "certificate.pem", 65536, false },
};

const struct wd_backup_row *
wd_backup_row(enum wd_backup_file file)
{
	return &rows[file];
}

enum wd_backup_file
wd_backup_named(struct wd_span name)
{
	for (int i = 0; i < WD_BACKUP_FILES; i++)
		if (wd_span_is(name, rows[i].name))
			return (enum wd_backup_file)i;
	return WD_BACKUP_FILES;
}

static void
write_files(struct wd_jtext *j, const struct wd_manifest *m)
{
	wd_jtext_key(j, "files");
	wd_jtext_array(j);
	for (size_t i = 0; i < WD_BACKUP_FILES; i++) {
		if (!m->file[i].there)
			continue;
		wd_jtext_object(j);
		wd_jtext_key_text(j, "name", rows[i].name);
		wd_jtext_key(j, "sha256");
		wd_jtext_hex(j, WD_SPAN(m->file[i].sha256));
		wd_jtext_key_uint(j, "size", m->file[i].size);
		wd_jtext_end(j);
	}
	wd_jtext_end(j);
}

void
wd_manifest_write(struct wd_wr *wr, const struct wd_manifest *m)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "backup", m->backup.s);
	write_files(&j, m);
	wd_jtext_key_uint(&j, "format", WD_BACKUP_FORMAT);
	wd_jtext_key_uint(&j, "log_entries", m->log_entries);
	wd_jtext_key(&j, "made");
	wd_jtext_time(&j, m->made);
	wd_jtext_key_text(&j, "server_name", m->server_name);
	wd_jtext_key_text(&j, "store", m->store.s);
	wd_jtext_end(&j);
}

/* The challenge key is itself derived from the root key and the store's id; it
 * stays when data keys are rotated and when the seal is another. */
int
wd_manifest_mac(
    const struct wd_keyring *k, struct wd_span manifest, uint8_t ret_mac[32])
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	int r = wd_hkdf(wd_secret_borrow(k->challenge_key), "warder/1/backup",
	    wd_id_span(&k->store_id), 32, &key);

	if (r != 0)
		return r;
	return wd_hmac_sha256(wd_secret_borrow(key), &manifest, 1, ret_mac);
}
