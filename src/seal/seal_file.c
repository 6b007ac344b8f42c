/*
 * The seal file: 4 bytes "WDSL", u16 version, u16 kind, 36 bytes of store id,
 * u16 length of the blob, the blob; version 2 then has u16 length of the
 * break-glass blob and that, version 1 has none. Little endian.
 */
#include "seal/seal.h"

#include "base/rd.h"
#include "base/wr.h"

enum { VERSION = 1, WITH_BREAK_GLASS = 2 };

static const uint8_t magic[4] = { 'W', 'D', 'S', 'L' };

void
wd_seal_file_done(struct wd_seal_file *f)
{
	f->blob = wd_bytes_free(f->blob);
	f->break_glass = wd_bytes_free(f->break_glass);
	*f = (struct wd_seal_file){ 0 };
}

int
wd_seal_file_make(const struct wd_seal_file *f, struct wd_bytes **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_SEAL_FILE_MAX);
	int r;

	wd_wr_bytes(&wr, WD_SPAN(magic));
	wd_wr_le16(&wr, f->break_glass == NULL ? VERSION : WITH_BREAK_GLASS);
	wd_wr_le16(&wr, (uint16_t)f->kind);
	wd_wr_bytes(&wr, wd_id_span(&f->store_id));
	wd_wr_le16(&wr, (uint16_t)f->blob->len);
	wd_wr_bytes(&wr, wd_bytes_span(f->blob));
	if (f->break_glass != NULL) {
		wd_wr_le16(&wr, (uint16_t)f->break_glass->len);
		wd_wr_bytes(&wr, wd_bytes_span(f->break_glass));
	}
	r = wd_wr_take(&wr, ret);
	return r > 0 ? WD_F_BUG : r; /* no seal has a blob that long */
}

static void
read_id(struct wd_rd *rd, struct wd_id *ret)
{
	struct wd_span text = wd_rd_bytes(rd, WD_ID_LEN);

	/* Upper case would be the same id in other bytes: not our writing. */
	if (!wd_id_parse(text, ret) || !wd_span_equal(wd_id_span(ret), text))
		wd_rd_fail(rd);
}

static int
keep(struct wd_span blob, struct wd_span break_glass, struct wd_seal_file *f)
{
	f->blob = wd_bytes_copy(blob);
	if (break_glass.len > 0)
		f->break_glass = wd_bytes_copy(break_glass);
	if (f->blob != NULL && (break_glass.len == 0 || f->break_glass != NULL))
		return 0;
	wd_seal_file_done(f);
	return WD_F_MEMORY;
}

int
wd_seal_file_read(struct wd_span bytes, struct wd_seal_file *ret)
{
	struct wd_rd rd = wd_rd(bytes);
	struct wd_span m = wd_rd_bytes(&rd, sizeof(magic)), blob, spare = { 0 };
	uint16_t version = wd_rd_le16(&rd);
	struct wd_seal_file f = { 0 };
	int r;

	if (wd_rd_ok(&rd) != 0 || !wd_span_equal(m, WD_SPAN(magic)))
		return WD_R_MALFORMED;
	if (version != VERSION && version != WITH_BREAK_GLASS)
		return WD_R_VERSION;
	f.kind = wd_rd_le16(&rd);
	read_id(&rd, &f.store_id);
	blob = wd_rd_bytes(&rd, wd_rd_le16(&rd));
	if (version == WITH_BREAK_GLASS) {
		spare = wd_rd_bytes(&rd, wd_rd_le16(&rd));
		if (spare.len == 0)
			wd_rd_fail(&rd);
	}
	if ((r = wd_rd_end(&rd)) != 0)
		return r;
	if (wd_seal_row(f.kind) == NULL)
		return WD_R_MALFORMED;
	if ((r = keep(blob, spare, &f)) == 0)
		*ret = f;
	return r;
}
