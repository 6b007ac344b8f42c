/*
 * The table of calls between roles (proto/calls.def): who may call whom with
 * what, and how large it may be. Anything else ends the sender.
 */
#pragma once

#include "proto/msg.h"
#include "proto/role.h"

enum { WD_RPC_VERSION = 1 };

enum wd_call {
#define WD_CALL(id, NAME, from, to, request, reply, max, flags) \
	WD_CALL_##NAME = id,
#include "proto/calls.def"
#undef WD_CALL
};

/* Flags of a row. */
enum {
	WD_CALL_ONE_WAY = 1,    /* no reply */
	WD_CALL_WITH_FD = 2,    /* the request carries one descriptor */
	WD_CALL_NO_TOKEN = 4,   /* admin door: needs no token */
	WD_CALL_WHEN_SEALED = 8 /* keeper serves it while sealed */
};

struct wd_call_row {
	enum wd_call id;
	const char *name;
	unsigned from, to; /* bits of roles */
	const struct wd_msg_type *request, *reply;
	size_t max; /* most bytes of a request's or reply's body */
	unsigned flags;
};

/* NULL when there is no such call. */
const struct wd_call_row *wd_call_row(uint16_t id);

const struct wd_call_row *wd_call_rows(size_t *ret_n);

/*
 * A reply's body starts with what the call returned: i32 result, and for a
 * rejection or fault one sentence; on 0 the reply message follows.
 */
void wd_reply_write(struct wd_wr *wr, const struct wd_call_row *call,
    int result, const char *detail, const void *msg);

/* How many bytes that appends. */
size_t wd_reply_len(const struct wd_call_row *call, int result,
    const char *detail, const void *msg);

/* WD_R_MALFORMED when the frame is none. On 0 *ret_result says how it went,
 * RET_DETAIL views the sentence, and MSG is filled when the result is 0. */
int wd_reply_read(struct wd_span body, const struct wd_call_row *call,
    int *ret_result, struct wd_span *ret_detail, void *ret_msg) WD_MUST_USE;
