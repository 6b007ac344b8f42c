/*
 * Encoding and decoding of messages by their tables.
 */
#include "proto/msg.h"

#include "base/reason.h"

#include <stddef.h>

/* One array of fields a message. */
#define WD_BEGIN(m) static const struct wd_field m##_fields[] = {
#define WD_F(m, type, name, cap) \
	{ #name, WD_FIELD_##type, offsetof(struct wd_msg_##m, name), cap },
#define WD_END(m)                                                      \
	}                                                              \
	;                                                              \
	const struct wd_msg_type wd_msg_##m##_type = { #m, m##_fields, \
		WD_N(m##_fields), sizeof(struct wd_msg_##m) };
#include "proto/messages.def"
#undef WD_BEGIN
#undef WD_F
#undef WD_END

const struct wd_msg_type wd_msg_none_type = { "none", NULL, 0, 0 };

static const struct wd_msg_type *const types[] = {
	&wd_msg_none_type,
#define WD_BEGIN(m)
#define WD_F(m, type, name, cap)
#define WD_END(m) &wd_msg_##m##_type,
#include "proto/messages.def"
#undef WD_BEGIN
#undef WD_F
#undef WD_END
};

const struct wd_msg_type *const *
wd_msg_types(size_t *ret_n)
{
	*ret_n = WD_N(types);
	return types;
}

static bool
is_text(struct wd_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static void
write_span(struct wd_wr *wr, const struct wd_field *f, struct wd_span s)
{
	if (s.len > f->cap || (f->type == WD_FIELD_TEXT && !is_text(s))) {
		wd_wr_fail(wr);
		return;
	}
	wd_wr_le32(wr, (uint32_t)s.len);
	wd_wr_bytes(wr, s);
}

static void
write_id(struct wd_wr *wr, const struct wd_id *id)
{
	struct wd_span s = wd_id_span(id);

	wd_wr_u8(wr, (uint8_t)s.len);
	wd_wr_bytes(wr, s);
}

static void
write_field(struct wd_wr *wr, const struct wd_field *f, const void *at)
{
	switch (f->type) {
	case WD_FIELD_U8:
		wd_wr_u8(wr, *(const uint8_t *)at);
		break;
	case WD_FIELD_U16:
		wd_wr_le16(wr, *(const uint16_t *)at);
		break;
	case WD_FIELD_U32:
		wd_wr_le32(wr, *(const uint32_t *)at);
		break;
	case WD_FIELD_U64:
		wd_wr_le64(wr, *(const uint64_t *)at);
		break;
	case WD_FIELD_I64:
		wd_wr_le64(wr, (uint64_t) * (const int64_t *)at);
		break;
	case WD_FIELD_BOOL:
		wd_wr_u8(wr, *(const bool *)at ? 1 : 0);
		break;
	case WD_FIELD_ID:
		write_id(wr, at);
		break;
	case WD_FIELD_FIX16:
		wd_wr_bytes(wr, wd_span(at, 16));
		break;
	case WD_FIELD_FIX32:
		wd_wr_bytes(wr, wd_span(at, 32));
		break;
	case WD_FIELD_TEXT:
	case WD_FIELD_BYTES:
	case WD_FIELD_SECRET:
	case WD_FIELD_LIST:
		write_span(wr, f, *(const struct wd_span *)at);
		break;
	}
}

void
wd_msg_write(struct wd_wr *wr, const struct wd_msg_type *type, const void *msg)
{
	for (size_t i = 0; i < type->n_fields; i++)
		write_field(wr, &type->fields[i],
		    (const uint8_t *)msg + type->fields[i].offset);
}

static size_t
field_len(const struct wd_field *f, const void *at)
{
	switch (f->type) {
	case WD_FIELD_U8:
	case WD_FIELD_BOOL:
		return 1;
	case WD_FIELD_U16:
		return 2;
	case WD_FIELD_U32:
		return 4;
	case WD_FIELD_U64:
	case WD_FIELD_I64:
		return 8;
	case WD_FIELD_ID:
		return 1 + wd_id_span(at).len;
	case WD_FIELD_FIX16:
		return 16;
	case WD_FIELD_FIX32:
		return 32;
	case WD_FIELD_TEXT:
	case WD_FIELD_BYTES:
	case WD_FIELD_SECRET:
	case WD_FIELD_LIST:
		break;
	}
	return 4 + ((const struct wd_span *)at)->len;
}

/* Spans lie in memory, so that their sum cannot wrap. */
size_t
wd_msg_len(const struct wd_msg_type *type, const void *msg)
{
	size_t len = 0;

	for (size_t i = 0; i < type->n_fields; i++)
		len += field_len(&type->fields[i],
		    (const uint8_t *)msg + type->fields[i].offset);
	return len;
}

static struct wd_span
read_span(struct wd_rd *rd, const struct wd_field *f)
{
	uint32_t len = wd_rd_le32(rd);
	struct wd_span s;

	if (len > f->cap) {
		wd_rd_fail(rd);
		return wd_span(NULL, 0);
	}
	s = wd_rd_bytes(rd, len);
	if (f->type == WD_FIELD_TEXT && !is_text(s)) {
		wd_rd_fail(rd);
		return wd_span(NULL, 0);
	}
	return s;
}

static void
read_id(struct wd_rd *rd, struct wd_id *id)
{
	uint8_t len = wd_rd_u8(rd);
	struct wd_span text;

	*id = (struct wd_id){ { 0 } };
	if (len == 0)
		return;
	text = wd_rd_bytes(rd, len);
	if (len != WD_ID_LEN || !wd_id_parse(text, id) ||
	    !wd_span_equal(text, wd_id_span(id))) /* upper case */
		wd_rd_fail(rd);
}

static bool
read_bool(struct wd_rd *rd)
{
	uint8_t v = wd_rd_u8(rd);

	if (v > 1)
		wd_rd_fail(rd);
	return v == 1;
}

static void
read_field(struct wd_rd *rd, const struct wd_field *f, void *at)
{
	switch (f->type) {
	case WD_FIELD_U8:
		*(uint8_t *)at = wd_rd_u8(rd);
		break;
	case WD_FIELD_U16:
		*(uint16_t *)at = wd_rd_le16(rd);
		break;
	case WD_FIELD_U32:
		*(uint32_t *)at = wd_rd_le32(rd);
		break;
	case WD_FIELD_U64:
		*(uint64_t *)at = wd_rd_le64(rd);
		break;
	case WD_FIELD_I64:
		*(int64_t *)at = (int64_t)wd_rd_le64(rd);
		break;
	case WD_FIELD_BOOL:
		*(bool *)at = read_bool(rd);
		break;
	case WD_FIELD_ID:
		read_id(rd, at);
		break;
	case WD_FIELD_FIX16:
		wd_rd_copy(rd, at, 16);
		break;
	case WD_FIELD_FIX32:
		wd_rd_copy(rd, at, 32);
		break;
	case WD_FIELD_TEXT:
	case WD_FIELD_BYTES:
	case WD_FIELD_SECRET:
	case WD_FIELD_LIST:
		*(struct wd_span *)at = read_span(rd, f);
		break;
	}
}

int
wd_msg_read(struct wd_span s, const struct wd_msg_type *type, void *ret_msg)
{
	struct wd_rd rd = wd_rd(s);
	int r;

	for (size_t i = 0; i < type->n_fields; i++)
		read_field(&rd, &type->fields[i],
		    (uint8_t *)ret_msg + type->fields[i].offset);
	r = wd_rd_end(&rd);
	if (r != 0)
		wd_wipe(ret_msg, type->size);
	return r;
}

void
wd_list_add(struct wd_wr *wr, const struct wd_msg_type *type, const void *msg)
{
	size_t at = wr->len;

	wd_wr_le32(wr, 0);
	wd_msg_write(wr, type, msg);
	if (!wr->bad)
		wd_wr_patch_le32(wr, at, (uint32_t)(wr->len - at - 4));
}

int
wd_list_next(struct wd_rd *rd, const struct wd_msg_type *type, void *ret_msg)
{
	uint32_t len = wd_rd_le32(rd);
	struct wd_span s = wd_rd_bytes(rd, len);
	int r = wd_rd_ok(rd);

	if (r != 0)
		return r;
	return wd_msg_read(s, type, ret_msg);
}
