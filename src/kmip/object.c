/*
 * Objects in responses: the key block, plain or wrapped. Must never take
 * wrapped material for plain.
 */
#include "kmip/message.h"

#include "codec/ttlv.h"
#include "kmip/message_in.h"

enum { METHOD_ENCRYPT = 1, TTLV_ENCODING = 2 };

/* A key block as it is read; FOREIGN: of a form that is none of ours. */
struct block {
	unsigned seen;
	bool foreign;
	uint32_t method, encoding; /* of wrapping */
	struct wd_kmip_object object;
};

enum part {
	HAS_FORMAT = 1 << 0,
	HAS_COMPRESSION = 1 << 1,
	HAS_VALUE = 1 << 2,
	HAS_ALGORITHM = 1 << 3,
	HAS_LENGTH = 1 << 4,
	HAS_WRAPPING = 1 << 5,
};

/* KMIP 1.4, 2.1.3: which structure the material of transparent keys is; one of
 * them is only the bytes of a symmetric key. */
static void
take_material(struct wd_rd *rd, struct block *b)
{
	struct wd_rd in;

	if (wd_ttlv_peek_type(rd) != WD_TTLV_STRUCTURE) {
		b->object.material =
		    wd_ttlv_bytes(rd, WD_TAG_KEY_MATERIAL, SIZE_MAX);
		return;
	}
	in = wd_ttlv_enter(rd, WD_TAG_KEY_MATERIAL);
	if (wd_ttlv_peek(&in) != WD_TAG_KEY) {
		b->foreign = true;
		return;
	}
	b->object.material = wd_ttlv_bytes(&in, WD_TAG_KEY, SIZE_MAX);
	if (wd_rd_end(&in) != 0)
		wd_rd_fail(rd);
}

/* The material comes first; attributes may follow. */
static void
take_value(struct wd_rd *rd, struct block *b)
{
	struct wd_rd in;

	if (wd_ttlv_peek_type(rd) == WD_TTLV_BYTES) {
		b->object.encoded = true;
		b->object.material =
		    wd_ttlv_bytes(rd, WD_TAG_KEY_VALUE, SIZE_MAX);
		return;
	}
	in = wd_ttlv_enter(rd, WD_TAG_KEY_VALUE);
	take_material(&in, b);
	while (wd_rd_more(&in))
		wd_ttlv_skip(&in);
	if (wd_rd_end(&in) != 0)
		wd_rd_fail(rd);
}

/* A number that comes once and is not 0. */
static void
take_once(struct wd_rd *rd, uint32_t tag, uint32_t *to)
{
	if (*to != 0)
		wd_rd_fail(rd);
	*to = wd_ttlv_enum(rd, tag);
}

static void
take_wrapping(struct wd_rd *rd, struct block *b)
{
	struct wd_rd in = wd_ttlv_enter(rd, WD_TAG_WRAPPING_DATA);

	b->object.wrapped = true;
	while (wd_rd_more(&in)) {
		switch (wd_ttlv_peek(&in)) {
		case WD_TAG_WRAPPING_METHOD:
			take_once(&in, WD_TAG_WRAPPING_METHOD, &b->method);
			break;
		case WD_TAG_ENCODING_OPTION:
			take_once(&in, WD_TAG_ENCODING_OPTION, &b->encoding);
			break;
		default:
			wd_ttlv_skip(&in);
		}
	}
	if (b->encoding == 0) /* what it is when nothing is said (2.1.5) */
		b->encoding = TTLV_ENCODING;
	if (wd_rd_end(&in) != 0)
		wd_rd_fail(rd);
}

static enum part
part_of(uint32_t tag)
{
	switch (tag) {
	case WD_TAG_KEY_FORMAT:
		return HAS_FORMAT;
	case WD_TAG_KEY_COMPRESSION:
		return HAS_COMPRESSION;
	case WD_TAG_KEY_VALUE:
		return HAS_VALUE;
	case WD_TAG_ALGORITHM:
		return HAS_ALGORITHM;
	case WD_TAG_LENGTH:
		return HAS_LENGTH;
	case WD_TAG_WRAPPING_DATA:
		return HAS_WRAPPING;
	default:
		return 0;
	}
}

static void
take_part(struct wd_rd *rd, struct block *b)
{
	enum part part = part_of(wd_ttlv_peek(rd));

	if ((b->seen & part) != 0)
		wd_rd_fail(rd);
	b->seen |= part;
	switch (part) {
	case HAS_FORMAT:
		b->object.format = wd_ttlv_enum(rd, WD_TAG_KEY_FORMAT);
		break;
	case HAS_COMPRESSION: /* uncompressed, or a form of points */
		(void)wd_ttlv_enum(rd, WD_TAG_KEY_COMPRESSION);
		break;
	case HAS_VALUE:
		take_value(rd, b);
		break;
	case HAS_ALGORITHM:
		b->object.algorithm = wd_ttlv_enum(rd, WD_TAG_ALGORITHM);
		break;
	case HAS_LENGTH:
		b->object.bits = (uint32_t)wd_ttlv_int(rd, WD_TAG_LENGTH);
		break;
	case HAS_WRAPPING:
		take_wrapping(rd, b);
		break;
	default:
		wd_ttlv_skip(rd);
	}
}

static void
take_block(struct wd_rd *rd, struct block *b)
{
	struct wd_rd in = wd_ttlv_enter(rd, WD_TAG_KEY_BLOCK);

	while (wd_rd_more(&in))
		take_part(&in, b);
	if (wd_rd_end(&in) != 0 || (b->seen & HAS_FORMAT) == 0 ||
	    (b->seen & HAS_VALUE) == 0)
		wd_rd_fail(rd);
}

/* ---- objects */

/* Structures of objects that have a key block, some behind a type. */
static const struct {
	uint32_t type, tag, before;
} kinds[] = {
	{ WD_KMIP_SYMMETRIC, WD_TAG_SYMMETRIC_KEY, 0 },
	{ WD_KMIP_PUBLIC, WD_TAG_PUBLIC_KEY, 0 },
	{ WD_KMIP_PRIVATE, WD_TAG_PRIVATE_KEY, 0 },
	{ WD_KMIP_SECRET_DATA, WD_TAG_SECRET_DATA, WD_TAG_SECRET_DATA_TYPE },
	{ WD_KMIP_OPAQUE, WD_TAG_OPAQUE_OBJECT, WD_TAG_OPAQUE_TYPE },
};

static void
take_inside(struct wd_rd *in, uint32_t type, uint32_t before, struct block *b)
{
	if (before != 0)
		(void)wd_ttlv_enum(in, before);
	if (type != WD_KMIP_OPAQUE) {
		take_block(in, b);
		return;
	}
	b->object.format = WD_KMIP_FORMAT_OPAQUE;
	b->object.material = wd_ttlv_bytes(in, WD_TAG_OPAQUE_VALUE, SIZE_MAX);
}

static void
take_structure(struct wd_rd *payload, struct block *b)
{
	for (size_t i = 0; i < WD_N(kinds); i++) {
		struct wd_rd in;

		if (kinds[i].type != b->object.type)
			continue;
		in = wd_ttlv_enter(payload, kinds[i].tag);
		take_inside(&in, kinds[i].type, kinds[i].before, b);
		if (wd_rd_end(&in) != 0)
			wd_rd_fail(payload);
		return;
	}
	b->foreign = true;
	wd_ttlv_skip(payload);
}

/* That what was wrapped is said to be so, and the other way round. */
static int
judge(const struct block *b, struct wd_diag *d)
{
	const struct wd_kmip_object *o = &b->object;

	if (b->foreign)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "the KMIP server has it in a form that is not read here");
	if (o->material.len == 0)
		return wd_kmip_malformed(d, "an object without bytes");
	if (o->wrapped && b->method != METHOD_ENCRYPT)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "the KMIP server wraps in a way that is not read here");
	if (o->encoded != (o->wrapped && b->encoding == TTLV_ENCODING))
		return wd_kmip_malformed(d, "how it is wrapped");
	return 0;
}

/* Payload { type, identifier, object }, in this order (4.11). */
int
wd_kmip_take_object(struct wd_rd *payload, const struct wd_kmip_id *id,
    struct wd_kmip_object *ret, struct wd_diag *d)
{
	struct block b = { 0 };
	struct wd_span got;
	int r;

	b.object.type = wd_ttlv_enum(payload, WD_TAG_OBJECT_TYPE);
	got = wd_ttlv_text(payload, WD_TAG_ID, WD_KMIP_ID_MAX);
	take_structure(payload, &b);
	if (wd_rd_end(payload) != 0)
		return wd_kmip_malformed(d, "an object");
	if (!wd_span_is(got, id->s))
		return wd_kmip_malformed(d, "another object");
	if ((r = judge(&b, d)) != 0)
		return r;
	*ret = b.object;
	return 0;
}

int
wd_kmip_read_value(struct wd_span value, struct wd_span *ret, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(value);
	struct block b = { 0 };

	if (wd_ttlv_check(value) != 0 ||
	    wd_ttlv_peek_type(&rd) != WD_TTLV_STRUCTURE)
		return wd_kmip_malformed(d, "an unwrapped key");
	take_value(&rd, &b);
	if (wd_rd_end(&rd) != 0 || b.foreign || b.object.material.len == 0)
		return wd_kmip_malformed(d, "an unwrapped key");
	*ret = b.object.material;
	return 0;
}
