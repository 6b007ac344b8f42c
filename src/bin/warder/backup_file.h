/*
 * A backup as a file: who makes one and who reads one. What is read is taken
 * for whatever somebody may have put there, until its MAC was found to be right
 * (backup_open.h), and after that for nothing but what its digests say.
 */
#pragma once

#include "base/bytes.h"
#include "bin/warder/tar.h"
#include "seal/backup.h"
#include "store/dump.h"

/* ---- writing: into a file that is open, from its start */

struct backup_out {
	int fd;
	uint64_t at, start; /* bytes written; where the file under way began */
	struct wd_tar_head head;
};

/* One file: its name, its bytes, its end. A fault, of a full disk for one. */
int backup_out_begin(struct backup_out *o, const char *name, int64_t mtime,
    struct wd_diag *d) WD_MUST_USE;
int backup_out_bytes(struct backup_out *o, struct wd_span s, struct wd_diag *d)
    WD_MUST_USE;
int backup_out_end(struct backup_out *o, struct wd_diag *d) WD_MUST_USE;

/* All of a file that lies in memory. */
int backup_out_file(struct backup_out *o, const char *name, int64_t mtime,
    struct wd_span s, struct wd_diag *d) WD_MUST_USE;

/* The end of the archive, and all of it on the disk. */
int backup_out_close(struct backup_out *o, struct wd_diag *d) WD_MUST_USE;

/* ---- reading */

struct backup_file {
	int fd; /* -1: none */
	struct {
		bool there;
		uint64_t at, size;
		struct wd_bytes *bytes; /* all but of the rows */
	} file[WD_BACKUP_FILES];
	struct wd_bytes *text; /* of the manifest */
	uint8_t mac[32];
	struct wd_manifest manifest;
	char server_name[254];
};
void backup_file_done(struct backup_file *f);

/*
 * Opens the file at PATH and reads all of it but the rows; they, and they
 * alone, are what the manifest says. That this server made it is not looked at.
 * WD_R_NOT_FOUND, WD_R_MALFORMED, WD_R_VERSION, WD_R_TAMPERED: a file in it is
 * not the manifest's.
 */
int backup_file_open(
    const char *path, struct backup_file *ret, struct wd_diag *d) WD_MUST_USE;

/*
 * Gives each record of the rows to TAKE, and finds out at the end whether these
 * were the bytes of the manifest: nothing that was made of them counts before.
 * TAKE may be NULL. WD_R_MALFORMED, WD_R_TAMPERED, and what TAKE returns.
 */
int backup_file_rows(const struct backup_file *f,
    int (*take)(void *ctx, struct wd_span record, struct wd_diag *d), void *ctx,
    struct wd_diag *d) WD_MUST_USE;

/* The manifest's text. WD_R_MALFORMED, WD_R_VERSION. NAME gets the server's.
 * The manifest views NAME. */
int backup_manifest_read(struct wd_span text, struct wd_manifest *ret,
    char name[254], struct wd_diag *d) WD_MUST_USE;
