/*
 * Messages between roles: structs whose fields are listed in
 * proto/messages.def, encoded flat and in order, little endian. One table
 * drives both directions, so a message has no code of its own to get wrong.
 *
 * On the wire: U8 to U64 as they are; BOOL one byte, 0 or 1; ID one byte 0 or
 * 36, then the text; FIX16/FIX32 their bytes; TEXT, BYTES, SECRET and LIST a
 * u32 length and that many bytes, at most the row's cap. TEXT is UTF-8 without
 * control bytes. A LIST holds records, each u32 length and a message.
 */
#pragma once

#include "base/id.h"
#include "base/rd.h"
#include "base/wr.h"

enum wd_field_type {
	WD_FIELD_U8,
	WD_FIELD_U16,
	WD_FIELD_U32,
	WD_FIELD_U64,
	WD_FIELD_I64,
	WD_FIELD_BOOL,
	WD_FIELD_ID,
	WD_FIELD_FIX16,
	WD_FIELD_FIX32,
	WD_FIELD_TEXT,
	WD_FIELD_BYTES,
	WD_FIELD_SECRET, /* as BYTES; never logged, buffers are wiped */
	WD_FIELD_LIST,
};

struct wd_field {
	const char *name;
	enum wd_field_type type;
	size_t offset; /* in the struct */
	size_t cap;    /* most bytes of TEXT, BYTES, SECRET, LIST */
};

struct wd_msg_type {
	const char *name;
	const struct wd_field *fields;
	size_t n_fields;
	size_t size; /* of the struct */
};

/* The C type of each field. */
#define WD_CTYPE_U8 uint8_t
#define WD_CTYPE_U16 uint16_t
#define WD_CTYPE_U32 uint32_t
#define WD_CTYPE_U64 uint64_t
#define WD_CTYPE_I64 int64_t
#define WD_CTYPE_BOOL bool
#define WD_CTYPE_ID struct wd_id
#define WD_CTYPE_TEXT struct wd_span
#define WD_CTYPE_BYTES struct wd_span
#define WD_CTYPE_SECRET struct wd_span
#define WD_CTYPE_LIST struct wd_span
struct wd_fix16 {
	uint8_t b[16];
};
struct wd_fix32 {
	uint8_t b[32];
};
#define WD_CTYPE_FIX16 struct wd_fix16
#define WD_CTYPE_FIX32 struct wd_fix32

/* struct wd_msg_<name> for every message; spans view the frame they came in. */
#define WD_BEGIN(m) struct wd_msg_##m {
#define WD_F(m, type, name, cap) WD_CTYPE_##type name;
#define WD_END(m) \
	}         \
	;         \
	extern const struct wd_msg_type wd_msg_##m##_type;
#include "proto/messages.def"
#undef WD_BEGIN
#undef WD_F
#undef WD_END

/* The message without fields. */
extern const struct wd_msg_type wd_msg_none_type;

/* Appends MSG. A field over its cap poisons the writer: our own bug. */
void wd_msg_write(
    struct wd_wr *wr, const struct wd_msg_type *type, const void *msg);

/* How many bytes wd_msg_write() appends. */
size_t wd_msg_len(const struct wd_msg_type *type, const void *msg);

/*
 * Fills MSG (of type->size bytes) from all of S. Spans view S. Zeros and
 * WD_R_MALFORMED on anything that is not exactly one message.
 */
int wd_msg_read(struct wd_span s, const struct wd_msg_type *type, void *ret_msg)
    WD_MUST_USE;

/* Appends one record to a LIST under construction. */
void wd_list_add(
    struct wd_wr *wr, const struct wd_msg_type *type, const void *msg);

/* Takes the next record off a LIST cursor. WD_R_MALFORMED. */
int wd_list_next(struct wd_rd *rd, const struct wd_msg_type *type,
    void *ret_msg) WD_MUST_USE;

/* Every message type, for tests and fuzzing. */
const struct wd_msg_type *const *wd_msg_types(size_t *ret_n);
