/*
 * The writer against the cursor: what a run of operations wrote reads as what
 * it was, in a buffer of any room, and without memory nothing is half there.
 *
 * {u8 kind, u8 room, u8 allocation that fails}, then {u8 operation, value}.
 */
#include "fuzz.h"

#include "base/alloc.h"
#include "base/rd.h"
#include "base/reason.h"
#include "base/wr.h"

enum { OPS_MAX = 256, ROOM = 2048 };

/* One operation and its value. */
struct op {
	unsigned what;
	uint64_t n;
	struct wd_span bytes;
};

static struct op
next_op(struct wd_rd *rd)
{
	struct op op = { .what = wd_rd_u8(rd) % 12 };

	op.n = wd_rd_le64(rd);
	op.bytes = wd_rd_bytes(rd, wd_rd_u8(rd));
	return op;
}

static void
write_op(struct wd_wr *wr, const struct op *op)
{
	switch (op->what) {
	case 0:
		wd_wr_u8(wr, (uint8_t)op->n);
		break;
	case 1:
		wd_wr_le16(wr, (uint16_t)op->n);
		break;
	case 2:
		wd_wr_le32(wr, (uint32_t)op->n);
		break;
	case 3:
		wd_wr_le64(wr, op->n);
		break;
	case 4:
		wd_wr_be16(wr, (uint16_t)op->n);
		break;
	case 5:
		wd_wr_be32(wr, (uint32_t)op->n);
		break;
	case 6:
		wd_wr_be64(wr, op->n);
		break;
	case 7:
		wd_wr_zero(wr, (size_t)(op->n % 600));
		break;
	case 8:
		wd_wr_decimal(wr, op->n);
		wd_wr_text(wr, ";");
		break;
	case 9:
		wd_wr_printf(wr, "%0*d", (int)(op->n % 600), 7);
		break;
	case 10:
		wd_wr_patch_le32(wr, (size_t)(op->n % 4096), 0);
		break;
	default:
		wd_wr_bytes(wr, op->bytes);
	}
}

/* Whether RD goes on with what OP wrote. */
static bool
reads_as(struct wd_rd *rd, const struct op *op)
{
	switch (op->what) {
	case 0:
		return wd_rd_u8(rd) == (uint8_t)op->n;
	case 1:
		return wd_rd_le16(rd) == (uint16_t)op->n;
	case 2:
		return wd_rd_le32(rd) == (uint32_t)op->n;
	case 3:
		return wd_rd_le64(rd) == op->n;
	case 4:
		return wd_rd_be16(rd) == (uint16_t)op->n;
	case 5:
		return wd_rd_be32(rd) == (uint32_t)op->n;
	case 6:
		return wd_rd_be64(rd) == op->n;
	case 7:
		wd_rd_zero(rd, (size_t)(op->n % 600));
		return true;
	case 8:
		while (wd_rd_more(rd) && wd_rd_u8(rd) != ';')
			;
		return true;
	case 9:
		wd_rd_skip(rd, op->n % 600 == 0 ? 1 : (size_t)(op->n % 600));
		return true;
	case 10:
		return true;
	default:
		return wd_span_equal(wd_rd_bytes(rd, op->bytes.len), op->bytes);
	}
}

static void
read_again(struct wd_span ops, struct wd_span written)
{
	struct wd_rd script = wd_rd(ops), rd = wd_rd(written);

	for (int i = 0; i < OPS_MAX && wd_rd_more(&script); i++) {
		struct op op = next_op(&script);

		if (!script.bad)
			must(reads_as(&rd, &op));
	}
	fuzz_accepted = true;
	must(wd_rd_end(&rd) == 0);
}

/* False when a patch may have changed what was written before. */
static bool
run(struct wd_wr *wr, struct wd_span ops)
{
	struct wd_rd script = wd_rd(ops);
	bool plain = true;

	for (int i = 0; i < OPS_MAX && wd_rd_more(&script); i++) {
		struct op op = next_op(&script);

		if (!script.bad)
			write_op(wr, &op);
		plain = plain && op.what != 10;
	}
	return plain;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_rd rd = wd_rd(wd_span(data, size));
	uint8_t buf[ROOM], kind = wd_rd_u8(&rd);
	size_t room = (size_t)wd_rd_u8(&rd) * 8;
	unsigned fail_at = wd_rd_u8(&rd);
	struct wd_wr wr = (kind & 1) != 0 ? wd_wr_growing(room * 64 + 1)
					  : wd_wr_fixed(buf, room);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_span ops = wd_rd_rest(&rd);
	bool plain;
	int r;

	(void)wd_alloc_fail_at(fail_at);
	plain = run(&wr, ops);
	if ((kind & 2) != 0)
		wd_wr_fail(&wr);
	r = wd_wr_take(&wr, &bytes);
	(void)wd_alloc_fail_at(0);
	must(r == 0 || r == WD_R_TOO_LARGE ||
	    (r == WD_F_MEMORY && fail_at != 0));
	must((r == 0) == (bytes != NULL));
	if (r == 0 && plain)
		read_again(ops, wd_bytes_span(bytes));
	wd_wr_done(&wr);
	return 0;
}
