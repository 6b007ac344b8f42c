/*
 * What a backup consists of, and what says that it is whole and this server's:
 * the manifest, with a MAC under a key that comes from the root key. The list
 * of names is closed; no file of a backup has another.
 */
#pragma once

#include "seal/keyring.h"
#include "seal/seal.h"

#include "base/wr.h"

enum wd_backup_file {
	WD_BACKUP_ROWS, /* of store.db, see store/dump.h */
	WD_BACKUP_SEAL,
	WD_BACKUP_KEYRING,
	WD_BACKUP_CHECKPOINT, /* the log's last, a signed note */
	WD_BACKUP_LOG_KEY,    /* the key it is signed with, public */
	WD_BACKUP_CONFIGURATION,
	WD_BACKUP_CERTIFICATE, /* of TLS, without its key */
	WD_BACKUP_FILES
};

struct wd_backup_row {
	const char *name;
	uint64_t max; /* bytes */
	bool required;
};

const struct wd_backup_row *wd_backup_row(enum wd_backup_file file);

/* WD_BACKUP_FILES: none is called that. */
enum wd_backup_file wd_backup_named(struct wd_span name);

#define WD_BACKUP_MANIFEST "manifest.json"
#define WD_BACKUP_MAC "manifest.mac"

enum { WD_BACKUP_MANIFEST_MAX = 4096, WD_BACKUP_FORMAT = 1 };

struct wd_manifest {
	struct wd_id backup, store;
	int64_t made;
	uint64_t log_entries; /* that had been written when it was made */
	const char *server_name;
	struct {
		bool there;
		uint64_t size;
		uint8_t sha256[32];
	} file[WD_BACKUP_FILES];
};

/* Appends it as canonical JSON. */
void wd_manifest_write(struct wd_wr *wr, const struct wd_manifest *m);

/* 0 or a fault. */
int wd_manifest_mac(const struct wd_keyring *k, struct wd_span manifest,
    uint8_t ret_mac[32]) WD_MUST_USE;
