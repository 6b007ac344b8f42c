/*
 * What is read out of the holder: secrets and certificates, piece by piece.
 */
#include "proto/holder.h"

#include "base/reason.h"

void
wd_holder_write_get(struct wd_wr *wr, const struct wd_holder_get *m)
{
	if (m->name.len > WD_HOLDER_NAME_MAX)
		wd_wr_fail(wr);
	wd_wr_u8(wr, (uint8_t)m->part);
	wd_wr_le32(wr, m->from);
	wd_wr_u8(wr, (uint8_t)m->name.len);
	wd_wr_bytes(wr, m->name);
}

int
wd_holder_read_get(struct wd_span body, struct wd_holder_get *ret)
{
	struct wd_rd rd = wd_rd(body);
	struct wd_holder_get m;

	m.part = (enum wd_holder_part)wd_rd_u8(&rd);
	m.from = wd_rd_le32(&rd);
	m.name = wd_rd_bytes(&rd, wd_rd_u8(&rd));
	if (wd_rd_end(&rd) != 0 || m.name.len > WD_HOLDER_NAME_MAX ||
	    (m.part != WD_HOLDER_SECRET && m.part != WD_HOLDER_CHAIN))
		return WD_R_MALFORMED;
	*ret = m;
	return 0;
}

void
wd_holder_write_piece(struct wd_wr *wr, struct wd_span all, uint32_t from)
{
	size_t n = from < all.len ? all.len - from : 0;

	if (n > WD_HOLDER_PIECE_MAX)
		n = WD_HOLDER_PIECE_MAX;
	wd_wr_le32(wr, (uint32_t)all.len);
	wd_wr_le32(wr, (uint32_t)n);
	if (n > 0)
		wd_wr_bytes(wr, wd_span(all.p + from, n));
}

int
wd_holder_read_piece(struct wd_span body, struct wd_holder_piece *ret)
{
	struct wd_rd rd = wd_rd(body);
	struct wd_holder_piece m;

	m.total = wd_rd_le32(&rd);
	m.bytes = wd_rd_bytes(&rd, wd_rd_le32(&rd));
	if (wd_rd_end(&rd) != 0 || m.bytes.len > m.total)
		return WD_R_MALFORMED;
	*ret = m;
	return 0;
}
