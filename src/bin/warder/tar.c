/*
 * Headers of tar. Reading takes three fields and compares the whole block with
 * the one that writing makes of them, so there is one form and no other.
 *
 * POSIX.1-1988, ustar: name 100, mode 8, uid 8, gid 8, size 12, mtime 12,
 * checksum 8, type 1, linkname 100, magic 6, version 2, uname 32, gname 32,
 * devmajor 8, devminor 8, prefix 155, padding 12.
 */
#include "bin/warder/tar.h"

#include "base/rd.h"
#include "base/wr.h"

enum { CHECKSUM_AT = 148 };

/* DIGITS octal digits and a NUL. */
static void
put_octal(struct wd_wr *wr, uint64_t v, unsigned digits)
{
	for (unsigned i = digits; i > 0; i--)
		wd_wr_u8(wr, (uint8_t)('0' + ((v >> (3 * (i - 1))) & 7)));
	wd_wr_u8(wr, 0);
}

/* Of all bytes, with spaces where it will stand: six digits, NUL, space. */
static void
put_checksum(uint8_t block[WD_TAR_BLOCK])
{
	struct wd_wr wr = wd_wr_fixed(block + CHECKSUM_AT, 8);
	uint64_t sum = 0;

	for (size_t i = 0; i < WD_TAR_BLOCK; i++)
		sum += block[i];
	put_octal(&wr, sum, 6);
	wd_wr_u8(&wr, ' ');
}

void
wd_tar_head_write(uint8_t ret_block[WD_TAR_BLOCK], const struct wd_tar_head *h)
{
	struct wd_wr wr = wd_wr_fixed(ret_block, WD_TAR_BLOCK);
	struct wd_span name = wd_span_text(h->name);

	wd_wr_bytes(&wr, name);
	wd_wr_zero(&wr, WD_TAR_NAME - name.len);
	put_octal(&wr, 0600, 7);
	put_octal(&wr, 0, 7);
	put_octal(&wr, 0, 7);
	put_octal(&wr, h->size, 11);
	put_octal(&wr, h->mtime, 11);
	wd_wr_text(&wr, "        "); /* the checksum */
	wd_wr_text(&wr, "0");        /* a plain file */
	wd_wr_zero(&wr, 100);
	wd_wr_text(&wr, "ustar");
	wd_wr_u8(&wr, 0);
	wd_wr_text(&wr, "00");
	wd_wr_zero(&wr, 64); /* names of owner and group */
	put_octal(&wr, 0, 7);
	put_octal(&wr, 0, 7);
	wd_wr_zero(&wr, WD_TAR_BLOCK - wr.len);
	put_checksum(ret_block);
}

static uint64_t
read_octal(struct wd_rd *rd, unsigned digits)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < digits; i++) {
		uint8_t c = wd_rd_u8(rd);

		if (c < '0' || c > '7')
			wd_rd_fail(rd);
		v = v << 3 | (c & 7);
	}
	wd_rd_skip(rd, 1); /* compared with the rest */
	return v;
}

/* Letters, digits, dots and lines: nothing that leads anywhere. */
static bool
is_plain(const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if ((*c < 'a' || *c > 'z') && (*c < '0' || *c > '9') &&
		    *c != '.' && *c != '-' && *c != '_')
			return false;
	return name[0] != '\0' && name[0] != '.';
}

int
wd_tar_head_read(const uint8_t block[WD_TAR_BLOCK], struct wd_tar_head *ret)
{
	struct wd_rd rd = wd_rd(wd_span(block, WD_TAR_BLOCK));
	struct wd_tar_head h = { 0 };
	uint8_t same[WD_TAR_BLOCK];
	int r;

	wd_rd_copy(&rd, h.name, WD_TAR_NAME);
	wd_rd_skip(&rd, 24); /* mode, uid, gid */
	h.size = read_octal(&rd, 11);
	h.mtime = read_octal(&rd, 11);
	if ((r = wd_rd_ok(&rd)) != 0)
		return r;
	if (!is_plain(h.name))
		return WD_R_MALFORMED;
	wd_tar_head_write(same, &h);
	if (!wd_span_equal(WD_SPAN(same), wd_span(block, WD_TAR_BLOCK)))
		return WD_R_MALFORMED;
	*ret = h;
	return 0;
}
