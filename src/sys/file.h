/*
 * Files: read whole under a cap, written so that a crash leaves the old or the
 * new one. Folders are given as descriptors.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "base/secret.h"

/* An owned descriptor for WD_AUTO: closes unless -1. */
void wd_fd_closep(int *fd);

enum { WD_FILE_PATH_MAX = 4096 };

/* The absolute path of the folder that the file at PATH is in. */
int wd_file_folder(const char *path, char ret[WD_FILE_PATH_MAX],
    struct wd_diag *d) WD_MUST_USE;

/* The whole file, at most MAX bytes (WD_R_TOO_LARGE); WD_R_NOT_FOUND. */
int wd_file_read(int dir, const char *name, size_t max, struct wd_bytes **ret,
    struct wd_diag *d) WD_MUST_USE;
int wd_file_read_secret(int dir, const char *name, size_t max,
    struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;

/* What an open descriptor gives up to its end, a pipe's too. WD_R_TOO_LARGE. */
int wd_fd_read_secret(
    int fd, size_t max, struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;

/* A file that is open already, from its start; its position, which others may
 * share, is left alone. At most MAX bytes (WD_R_TOO_LARGE). */
int wd_file_read_shared(
    int fd, size_t max, struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;

/* Temporary file in the same folder, fsync, rename, fsync of the folder. With
 * EXCLUSIVE an existing file is WD_R_EXISTS, and no failure leaves one. */
int wd_file_write(int dir, const char *name, struct wd_span bytes,
    unsigned mode, bool exclusive, struct wd_diag *d) WD_MUST_USE;

/* Removes the temporary files that killed processes left of NAME. Not while
 * another process may be writing it. */
void wd_file_clean(int dir, const char *name);

/* A sealed memfd with these bytes, for passing to another process. */
int wd_memfd_sealed(const char *name, struct wd_span bytes, int *ret_fd,
    struct wd_diag *d) WD_MUST_USE;

/* Maps a sealed memfd (seals are checked) for reading; unmap with
 * wd_memfd_unmap. WD_R_MALFORMED when it is not sealed or not of SIZE. */
int wd_memfd_map(int fd, size_t size, struct wd_span *ret, struct wd_diag *d)
    WD_MUST_USE;
void wd_memfd_unmap(struct wd_span map);
