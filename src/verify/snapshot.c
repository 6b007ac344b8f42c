/*
 * Collateral as a keeper handles it: which document may replace which, and the
 * snapshot, a block that a keeper writes and verify reads in place. Nothing
 * here judges a document.
 */
#include "verify/snapshot.h"

enum { VERSION = 2 };

int
wd_doc_may_replace(
    const struct wd_doc_info *kept, const struct wd_doc_info *fresh)
{
	if (fresh->evaluation_number != kept->evaluation_number)
		return fresh->evaluation_number < kept->evaluation_number
		    ? WD_R_ROLLBACK
		    : 0;
	return fresh->issue_date < kept->issue_date ? WD_R_ROLLBACK : 0;
}

void
wd_snapshot_begin(struct wd_wr *wr)
{
	wd_wr_le32(wr, VERSION);
}

void
wd_snapshot_add(
    struct wd_wr *wr, const struct wd_doc_info *info, struct wd_span doc)
{
	if (doc.len > wd_part_max(info->id.role)) {
		wd_wr_fail(wr);
		return;
	}
	wd_wr_u8(wr, (uint8_t)info->id.role);
	wd_wr_u8(wr, (uint8_t)info->id.tee);
	wd_wr_u8(wr, (uint8_t)info->id.update_class);
	wd_wr_u8(wr, info->software);
	wd_wr_bytes(wr, WD_SPAN(info->id.scope));
	wd_wr_le64(wr, (uint64_t)info->issue_date);
	wd_wr_le32(wr, info->evaluation_number);
	wd_wr_le32(wr, (uint32_t)doc.len);
	wd_wr_bytes(wr, doc);
}

struct wd_snapshot_row
wd_snapshot_next(struct wd_rd *rd)
{
	struct wd_snapshot_row row;

	row.role = wd_rd_u8(rd);
	row.tee = wd_rd_u8(rd);
	row.update_class = wd_rd_u8(rd);
	row.software = wd_rd_u8(rd);
	row.scope = wd_rd_bytes(rd, 8);
	row.issue_date = (int64_t)wd_rd_le64(rd);
	row.evaluation_number = wd_rd_le32(rd);
	row.doc = wd_rd_bytes(rd, wd_rd_le32(rd));
	return row;
}

static bool
row_is_fine(const struct wd_snapshot_row *row)
{
	return row->role < WD_IN_COUNT &&
	    wd_part_is_collateral((enum wd_part)row->role) &&
	    wd_tee_is_number(row->tee) && row->software <= 1 &&
	    (row->update_class == 's' || row->update_class == 'e') &&
	    row->doc.len <= wd_part_max((enum wd_part)row->role);
}

int
wd_snapshot_check(struct wd_span snapshot)
{
	struct wd_rd rd = wd_rd(snapshot);

	if (wd_rd_le32(&rd) != VERSION)
		return WD_R_MALFORMED;
	while (wd_rd_more(&rd)) {
		struct wd_snapshot_row row = wd_snapshot_next(&rd);

		if (!row_is_fine(&row))
			return WD_R_MALFORMED;
	}
	return wd_rd_end(&rd);
}
