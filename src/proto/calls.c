/*
 * The table of calls, and the form of replies.
 */
#include "proto/calls.h"

#include "base/diag.h"
#include "base/reason.h"

static const struct wd_call_row rows[] = {
#define WD_CALL(id, NAME, from, to, request, reply, max, flags)      \
	{ WD_CALL_##NAME, #NAME, from, to, &wd_msg_##request##_type, \
		&wd_msg_##reply##_type, max, flags },
#include "proto/calls.def"
#undef WD_CALL
};

/* Places in the table, and which call has which; 0: no such call. */
enum {
	NONE_AT,
#define WD_CALL(id, NAME, from, to, request, reply, max, flags) NAME##_AT,
#include "proto/calls.def"
#undef WD_CALL
};

static const uint8_t places[] = {
#define WD_CALL(id, NAME, from, to, request, reply, max, flags) \
	[id] = NAME##_AT,
#include "proto/calls.def"
#undef WD_CALL
};

const struct wd_call_row *
wd_call_rows(size_t *ret_n)
{
	*ret_n = WD_N(rows);
	return rows;
}

const struct wd_call_row *
wd_call_row(uint16_t id)
{
	uint8_t place = id < WD_N(places) ? places[id] : NONE_AT;

	return place == NONE_AT ? NULL : &rows[place - 1];
}

void
wd_reply_write(struct wd_wr *wr, const struct wd_call_row *call, int result,
    const char *detail, const void *msg)
{
	struct wd_span text = wd_span_text(detail);

	wd_wr_le32(wr, (uint32_t)result);
	if (result == 0) {
		wd_msg_write(wr, call->reply, msg);
		return;
	}
	wd_wr_le32(wr, (uint32_t)text.len);
	wd_wr_bytes(wr, text);
}

size_t
wd_reply_len(const struct wd_call_row *call, int result, const char *detail,
    const void *msg)
{
	return result == 0 ? 4 + wd_msg_len(call->reply, msg)
			   : 8 + wd_span_text(detail).len;
}

static int
read_refusal(struct wd_rd *rd, struct wd_span *ret_detail)
{
	uint32_t len = wd_rd_le32(rd);
	struct wd_span detail = wd_rd_bytes(rd, len);
	int r = wd_rd_end(rd);

	if (r != 0)
		return r;
	*ret_detail = detail;
	return 0;
}

int
wd_reply_read(struct wd_span body, const struct wd_call_row *call,
    int *ret_result, struct wd_span *ret_detail, void *ret_msg)
{
	struct wd_rd rd = wd_rd(body);
	int result = (int)wd_rd_le32(&rd);
	int r = wd_rd_ok(&rd);

	if (r == 0 && result == 0)
		r = wd_msg_read(wd_rd_rest(&rd), call->reply, ret_msg);
	else if (r == 0)
		r = read_refusal(&rd, ret_detail);
	if (r == 0)
		*ret_result = result;
	return r;
}
