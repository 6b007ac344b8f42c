/*
 * The container of a backup: a tar archive (POSIX.1-1988 ustar), so that other
 * tools can look into one. Of all that tar can say only one thing is read:
 * a plain file with a short name, mode 0600, of nobody. Whatever else a header
 * holds, paths, links, devices, owners, extensions, is refused.
 */
#pragma once

#include "base/diag.h"
#include "base/span.h"

enum { WD_TAR_BLOCK = 512, WD_TAR_NAME = 100 };

/* The largest file: eleven octal digits. */
#define WD_TAR_SIZE_MAX (((uint64_t)8 << 30) - 1)

struct wd_tar_head {
	char name[WD_TAR_NAME + 1];
	uint64_t size;  /* up to WD_TAR_SIZE_MAX */
	uint64_t mtime; /* likewise */
};

/* The header's block. The name fits. */
void wd_tar_head_write(
    uint8_t ret_block[WD_TAR_BLOCK], const struct wd_tar_head *h);

/* WD_R_MALFORMED unless wd_tar_head_write() makes the same block of what was
 * read. */
int wd_tar_head_read(const uint8_t block[WD_TAR_BLOCK], struct wd_tar_head *ret)
    WD_MUST_USE;

/* Bytes from the end of a file of that size to the next block. */
static inline size_t
wd_tar_padding(uint64_t size)
{
	return (WD_TAR_BLOCK - size % WD_TAR_BLOCK) % WD_TAR_BLOCK;
}
