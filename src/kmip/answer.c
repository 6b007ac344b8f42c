/*
 * Responses: what is around the payload, and what a refusal means for us. Must
 * never give a payload of another operation, or of one that failed.
 */
#include "kmip/message.h"

#include "codec/ttlv.h"
#include "kmip/message_in.h"

enum { WORDS = 120 }; /* of a server's message that are shown */

enum { STATUS_OK = 0, STATUS_FAILED = 1 };

/* KMIP 1.4, 9.1.3.2.29; 2.0, 11.48. What is not listed is that the server does
 * not do what was asked. */
static const struct {
	uint32_t number;
	enum wd_reason reason;
	const char *words;
} reasons[] = {
	{ 0x01, WD_R_NOT_FOUND, "no such object" },
	{ 0x02, WD_R_UNSUPPORTED, "the answer would be too large" },
	{ 0x03, WD_R_PERMISSION, "it does not accept who we are" },
	{ 0x04, WD_R_UNSUPPORTED, "it takes our message for invalid" },
	{ 0x05, WD_R_UNSUPPORTED, "it has no such operation" },
	{ 0x06, WD_R_UNSUPPORTED, "it misses something" },
	{ 0x07, WD_R_UNSUPPORTED, "it does not take a field" },
	{ 0x08, WD_R_UNSUPPORTED, "it has no such feature" },
	{ 0x09, WD_R_UNAVAILABLE, "cancelled" },
	{ 0x0a, WD_R_UNSUPPORTED, "its cryptography failed" },
	{ 0x0b, WD_R_CONFLICT, "the object's state does not allow it" },
	{ 0x0c, WD_R_PERMISSION, "permission denied" },
	{ 0x0d, WD_R_CONFLICT, "the object is archived" },
	{ 0x10, WD_R_UNSUPPORTED, "it does not have the key in that form" },
	{ 0x12, WD_R_UNSUPPORTED, "it does not wrap that way" },
	{ 0x13, WD_R_MAY_NOT_LEAVE, "it does not have the key itself" },
	{ 0x14, WD_R_PERMISSION, "it wants attestation" },
	{ 0x15, WD_R_PERMISSION, "it does not accept our attestation" },
	{ 0x16, WD_R_MAY_NOT_LEAVE, "the key leaves it wrapped alone" },
	{ 0x17, WD_R_MAY_NOT_LEAVE, "the key may not leave it" },
	{ 0x18, WD_R_EXISTS, "there is such an object" },
	{ 0x1a, WD_R_PERMISSION, "the key has been used up" },
	{ 0x25, WD_R_PERMISSION, "it does not accept our password" },
	{ 0x26, WD_R_UNSUPPORTED, "it cannot read our message" },
	{ 0x29, WD_R_PERMISSION, "the key is not for that" },
	{ 0x2a, WD_R_UNAVAILABLE, "an error of its own" },
	{ 0x35, WD_R_EXISTS, "there is an object of that name" },
	{ 0x36, WD_R_NOT_FOUND, "the object is destroyed" },
	{ 0x37, WD_R_NOT_FOUND, "no such object" },
	{ 0x39, WD_R_PERMISSION, "permission denied" },
	{ 0x3a, WD_R_UNAVAILABLE, "it has reached a limit" },
	{ 0x3b, WD_R_UNSUPPORTED, "it does not know a value" },
	{ 0x3d, WD_R_UNSUPPORTED, "it does not know a tag" },
	{ 0x3f, WD_R_UNSUPPORTED, "it does not speak this version" },
	{ 0x40, WD_R_CONFLICT, "the wrapping key is archived" },
	{ 0x41, WD_R_CONFLICT, "the wrapping key is destroyed" },
	{ 0x42, WD_R_CONFLICT, "the wrapping key is not there" },
	{ 0x43, WD_R_CONFLICT, "the object's state does not allow it" },
	{ 0x44, WD_R_UNAVAILABLE, "its storage is away" },
	{ 0x100, WD_R_UNAVAILABLE, "a general failure" },
};

int
wd_kmip_malformed(struct wd_diag *d, const char *what)
{
	return wd_reject(d, WD_R_BACKEND_ANSWER,
	    "the KMIP server's answer is malformed: %s", what);
}

/* ---- the header */

static bool
is_known(int32_t major, int32_t minor)
{
	return (major == 1 && minor >= 0 && minor <= 4) ||
	    (major == 2 && minor >= 0 && minor <= 1);
}

static void
take_version(struct wd_rd *header)
{
	struct wd_rd v = wd_ttlv_enter(header, WD_TAG_VERSION);
	int32_t major = wd_ttlv_int(&v, WD_TAG_VERSION_MAJOR);
	int32_t minor = wd_ttlv_int(&v, WD_TAG_VERSION_MINOR);

	if (wd_rd_end(&v) != 0 || !is_known(major, minor))
		wd_rd_fail(header);
}

/* The version first, the number of items somewhere: it must be one. */
static int
take_header(struct wd_rd *message)
{
	struct wd_rd header = wd_ttlv_enter(message, WD_TAG_RESPONSE_HEADER);
	unsigned counts = 0;

	take_version(&header);
	while (wd_rd_more(&header)) {
		if (wd_ttlv_peek(&header) != WD_TAG_BATCH_COUNT) {
			wd_ttlv_skip(&header);
			continue;
		}
		if (wd_ttlv_int(&header, WD_TAG_BATCH_COUNT) != 1 ||
		    counts++ > 0)
			wd_rd_fail(&header);
	}
	return counts == 1 ? wd_rd_end(&header) : WD_R_MALFORMED;
}

/* ---- the item */

struct item {
	unsigned seen; /* bits of enum part */
	uint32_t op, status, reason;
	struct wd_span words;
	struct wd_rd payload;
};

enum part {
	HAS_OP = 1 << 0,
	HAS_STATUS = 1 << 1,
	HAS_REASON = 1 << 2,
	HAS_WORDS = 1 << 3,
	HAS_PAYLOAD = 1 << 4,
};

static enum part
part_of(uint32_t tag)
{
	switch (tag) {
	case WD_TAG_OPERATION:
		return HAS_OP;
	case WD_TAG_RESULT_STATUS:
		return HAS_STATUS;
	case WD_TAG_RESULT_REASON:
		return HAS_REASON;
	case WD_TAG_RESULT_MESSAGE:
		return HAS_WORDS;
	case WD_TAG_RESPONSE_PAYLOAD:
		return HAS_PAYLOAD;
	default:
		return 0;
	}
}

static void
take_part(struct wd_rd *rd, struct item *item)
{
	enum part part = part_of(wd_ttlv_peek(rd));

	if (part != 0 && (item->seen & part) != 0)
		wd_rd_fail(rd);
	item->seen |= part;
	switch (part) {
	case HAS_OP:
		item->op = wd_ttlv_enum(rd, WD_TAG_OPERATION);
		return;
	case HAS_STATUS:
		item->status = wd_ttlv_enum(rd, WD_TAG_RESULT_STATUS);
		return;
	case HAS_REASON:
		item->reason = wd_ttlv_enum(rd, WD_TAG_RESULT_REASON);
		return;
	case HAS_WORDS:
		item->words = wd_ttlv_text(rd, WD_TAG_RESULT_MESSAGE, SIZE_MAX);
		return;
	case HAS_PAYLOAD:
		item->payload = wd_ttlv_enter(rd, WD_TAG_RESPONSE_PAYLOAD);
		return;
	}
	wd_ttlv_skip(rd);
}

static int
take_item(struct wd_rd *message, struct item *ret)
{
	struct wd_rd rd = wd_ttlv_enter(message, WD_TAG_BATCH_ITEM);
	struct item item = { 0 };

	while (wd_rd_more(&rd))
		take_part(&rd, &item);
	if ((item.seen & HAS_STATUS) == 0)
		wd_rd_fail(&rd);
	*ret = item;
	return wd_rd_end(&rd);
}

/* ---- what it means */

static int
refused(const struct item *item, struct wd_diag *d)
{
	enum wd_reason reason = WD_R_UNSUPPORTED;
	const char *words = "it refuses";
	struct wd_span theirs = item->words;

	for (size_t i = 0; i < WD_N(reasons); i++)
		if (reasons[i].number == item->reason) {
			reason = reasons[i].reason;
			words = reasons[i].words;
		}
	if (theirs.len > WORDS)
		theirs.len = WORDS;
	if (theirs.len == 0)
		return wd_reject(d, reason, "the KMIP server says: %s", words);
	return wd_reject(d, reason, "the KMIP server says: %s (%.*s)", words,
	    (int)theirs.len, (const char *)theirs.p);
}

int
wd_kmip_answer(struct wd_span message, enum wd_kmip_op op,
    struct wd_rd *ret_payload, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(message), in;
	struct item item = { 0 };

	if (wd_ttlv_check(message) != 0)
		return wd_kmip_malformed(d, "no TTLV");
	in = wd_ttlv_enter(&rd, WD_TAG_RESPONSE);
	if (take_header(&in) != 0)
		return wd_kmip_malformed(d, "the header");
	if (take_item(&in, &item) != 0 || wd_rd_end(&in) != 0 ||
	    wd_rd_end(&rd) != 0)
		return wd_kmip_malformed(d, "the item");
	if (item.status == STATUS_FAILED)
		return refused(&item, d);
	if (item.status != STATUS_OK)
		return wd_kmip_malformed(d, "it puts us off");
	if ((item.seen & HAS_OP) == 0 || item.op != (uint32_t)op)
		return wd_kmip_malformed(d, "another operation");
	*ret_payload = item.payload;
	return 0;
}
