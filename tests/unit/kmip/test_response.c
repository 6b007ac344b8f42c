/*
 * Responses of KMIP: what is taken, and everything that is not.
 */
#include "lib/t.h"

#include <string.h>

#include "codec/ttlv.h"
#include "kmip/message.h"

/* A response being made; tests write the payload, or break something. */
struct world {
	uint8_t buf[4096];
	struct wd_wr wr;
	size_t message, item, payload;
	struct wd_diag d;
};

static void
put_header(struct wd_wr *wr, int32_t major, int32_t minor, int32_t count)
{
	size_t header = wd_ttlv_open(wr, WD_TAG_RESPONSE_HEADER);
	size_t version = wd_ttlv_open(wr, WD_TAG_VERSION);

	wd_ttlv_write_int(wr, WD_TAG_VERSION_MAJOR, major);
	wd_ttlv_write_int(wr, WD_TAG_VERSION_MINOR, minor);
	wd_ttlv_close(wr, version);
	wd_ttlv_write_time(wr, 0x420092, 1700000000); /* time stamp */
	wd_ttlv_write_int(wr, WD_TAG_BATCH_COUNT, count);
	wd_ttlv_close(wr, header);
}

static void
begin(struct world *w)
{
	*w = (struct world){ .wr = wd_wr_fixed(w->buf, sizeof(w->buf)) };
	w->message = wd_ttlv_open(&w->wr, WD_TAG_RESPONSE);
	put_header(&w->wr, 1, 4, 1);
	w->item = wd_ttlv_open(&w->wr, WD_TAG_BATCH_ITEM);
}

static void
open_payload(struct world *w, enum wd_kmip_op op)
{
	begin(w);
	wd_ttlv_write_enum(&w->wr, WD_TAG_OPERATION, op);
	wd_ttlv_write_enum(&w->wr, WD_TAG_RESULT_STATUS, 0);
	w->payload = wd_ttlv_open(&w->wr, WD_TAG_RESPONSE_PAYLOAD);
}

static struct wd_span
end(struct world *w)
{
	wd_ttlv_close(&w->wr, w->item);
	wd_ttlv_close(&w->wr, w->message);
	t_ok(wd_wr_end(&w->wr));
	return wd_wr_span(&w->wr);
}

/* The payload as the client gets it. */
static struct wd_rd
taken(struct world *w, enum wd_kmip_op op)
{
	struct wd_rd payload = { 0 };

	wd_ttlv_close(&w->wr, w->payload);
	t_ok(wd_kmip_answer(end(w), op, &payload, &w->d));
	return payload;
}

static void
put_text(struct world *w, uint32_t tag, const char *text)
{
	wd_ttlv_write_text(&w->wr, tag, wd_span_text(text));
}

/* ---- around the payload */

static void
an_answer_gives_its_payload(void **state)
{
	struct wd_kmip_id id = { 0 };
	struct wd_rd payload;
	struct world w;

	(void)state;
	open_payload(&w, WD_KMIP_CREATE);
	wd_ttlv_write_enum(&w.wr, WD_TAG_OBJECT_TYPE, WD_KMIP_SYMMETRIC);
	put_text(&w, WD_TAG_ID, "0b1f");
	payload = taken(&w, WD_KMIP_CREATE);
	t_ok(wd_kmip_take_id(&payload, &id, &w.d));
	assert_string_equal(id.s, "0b1f");
}

static void
refuse(struct world *w, enum wd_kmip_op op)
{
	struct wd_rd payload = { 0 };

	assert_int_equal(
	    wd_kmip_answer(end(w), op, &payload, &w->d), WD_R_BACKEND_ANSWER);
	assert_int_equal(payload.left, 0);
	assert_true(w->d.detail[0] != '\0');
}

static void
answers_to_another_operation_are_refused(void **state)
{
	struct world w;

	(void)state;
	open_payload(&w, WD_KMIP_CREATE);
	wd_ttlv_close(&w.wr, w.payload);
	refuse(&w, WD_KMIP_GET);
	begin(&w); /* and those to none */
	wd_ttlv_write_enum(&w.wr, WD_TAG_RESULT_STATUS, 0);
	refuse(&w, WD_KMIP_GET);
}

static void
answers_without_a_status_are_refused(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	wd_ttlv_write_enum(&w.wr, WD_TAG_OPERATION, WD_KMIP_GET);
	refuse(&w, WD_KMIP_GET);
}

static void
answers_that_put_off_are_refused(void **state)
{
	struct world w;

	(void)state;
	for (uint32_t status = 2; status < 5; status++) {
		begin(&w);
		wd_ttlv_write_enum(&w.wr, WD_TAG_OPERATION, WD_KMIP_GET);
		wd_ttlv_write_enum(&w.wr, WD_TAG_RESULT_STATUS, status);
		refuse(&w, WD_KMIP_GET);
	}
}

static void
parts_that_come_twice_are_refused(void **state)
{
	static const uint32_t tags[] = { WD_TAG_OPERATION, WD_TAG_RESULT_STATUS,
		WD_TAG_RESULT_REASON };
	struct world w;

	(void)state;
	for (size_t i = 0; i < WD_N(tags); i++) {
		begin(&w);
		wd_ttlv_write_enum(&w.wr, WD_TAG_OPERATION, WD_KMIP_GET);
		wd_ttlv_write_enum(&w.wr, WD_TAG_RESULT_STATUS, 0);
		wd_ttlv_write_enum(&w.wr, WD_TAG_RESULT_REASON, 1);
		wd_ttlv_write_enum(&w.wr, tags[i], 0);
		refuse(&w, WD_KMIP_GET);
	}
}

static void
headers_must_be_whole(void **state)
{
	static const struct {
		int32_t major, minor, count;
	} bad[] = { { 3, 0, 1 }, { 0, 0, 1 }, { 1, 5, 1 }, { 1, -1, 1 },
		{ 1, 4, 0 }, { 1, 4, 2 }, { -1, 0, 1 } };

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		struct world w = { .wr = wd_wr_fixed(w.buf, sizeof(w.buf)) };

		w.message = wd_ttlv_open(&w.wr, WD_TAG_RESPONSE);
		put_header(&w.wr, bad[i].major, bad[i].minor, bad[i].count);
		w.item = wd_ttlv_open(&w.wr, WD_TAG_BATCH_ITEM);
		wd_ttlv_write_enum(&w.wr, WD_TAG_OPERATION, WD_KMIP_GET);
		wd_ttlv_write_enum(&w.wr, WD_TAG_RESULT_STATUS, 0);
		refuse(&w, WD_KMIP_GET);
	}
}

static void
a_second_item_is_refused(void **state)
{
	struct world w;
	size_t more;

	(void)state;
	begin(&w);
	wd_ttlv_write_enum(&w.wr, WD_TAG_OPERATION, WD_KMIP_GET);
	wd_ttlv_write_enum(&w.wr, WD_TAG_RESULT_STATUS, 0);
	wd_ttlv_close(&w.wr, w.item);
	more = wd_ttlv_open(&w.wr, WD_TAG_BATCH_ITEM);
	w.item = more;
	refuse(&w, WD_KMIP_GET);
}

static void
what_is_no_ttlv_is_refused(void **state)
{
	struct wd_diag d = { 0 };
	struct wd_rd payload;

	(void)state;
	assert_int_equal(wd_kmip_answer(WD_SPAN_LIT("HTTP/1.1 400 Bad"),
			     WD_KMIP_GET, &payload, &d),
	    WD_R_BACKEND_ANSWER);
}

static void
refusals_have_a_result_and_words(void **state)
{
	static const struct {
		uint32_t number;
		enum wd_reason reason;
	} rows[] = {
		{ 0x01, WD_R_NOT_FOUND },
		{ 0x02, WD_R_UNSUPPORTED },
		{ 0x03, WD_R_PERMISSION },
		{ 0x04, WD_R_UNSUPPORTED },
		{ 0x05, WD_R_UNSUPPORTED },
		{ 0x0b, WD_R_CONFLICT },
		{ 0x0c, WD_R_PERMISSION },
		{ 0x0d, WD_R_CONFLICT },
		{ 0x13, WD_R_MAY_NOT_LEAVE },
		{ 0x16, WD_R_MAY_NOT_LEAVE },
		{ 0x17, WD_R_MAY_NOT_LEAVE },
		{ 0x18, WD_R_EXISTS },
		{ 0x2a, WD_R_UNAVAILABLE },
		{ 0x35, WD_R_EXISTS },
		{ 0x36, WD_R_NOT_FOUND },
		{ 0x37, WD_R_NOT_FOUND },
		{ 0x39, WD_R_PERMISSION },
		{ 0x3a, WD_R_UNAVAILABLE },
		{ 0x43, WD_R_CONFLICT },
		{ 0x44, WD_R_UNAVAILABLE },
		{ 0x100, WD_R_UNAVAILABLE },
		{ 0, WD_R_UNSUPPORTED },
		{ 0xffffffff, WD_R_UNSUPPORTED },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_rd payload = { 0 };
		struct world w;

		begin(&w); /* servers leave the operation out */
		wd_ttlv_write_enum(&w.wr, WD_TAG_RESULT_STATUS, 1);
		wd_ttlv_write_enum(&w.wr, WD_TAG_RESULT_REASON, rows[i].number);
		put_text(&w, WD_TAG_RESULT_MESSAGE, "in\ntheir words");
		assert_int_equal(
		    wd_kmip_answer(end(&w), WD_KMIP_GET, &payload, &w.d),
		    rows[i].reason);
		assert_non_null(strstr(w.d.detail, "(in?their words)"));
	}
}

static void
long_words_are_cut(void **state)
{
	char words[1000];
	struct wd_rd payload;
	struct world w;

	(void)state;
	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	begin(&w);
	wd_ttlv_write_enum(&w.wr, WD_TAG_RESULT_STATUS, 1);
	put_text(&w, WD_TAG_RESULT_MESSAGE, words);
	assert_int_equal(wd_kmip_answer(end(&w), WD_KMIP_GET, &payload, &w.d),
	    WD_R_UNSUPPORTED);
	assert_true(strlen(w.d.detail) < 200);
}

/* ---- identifiers */

static void
identifiers_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = { "", "a b", "a\n", "\xc3\xa4" };
	char too_long[WD_KMIP_ID_MAX + 2];
	struct wd_kmip_id id = { 0 };
	struct wd_rd payload;
	struct world w;

	(void)state;
	memset(too_long, 'i', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	for (size_t i = 0; i <= WD_N(bad); i++) {
		open_payload(&w, WD_KMIP_CREATE);
		put_text(&w, WD_TAG_ID, i < WD_N(bad) ? bad[i] : too_long);
		payload = taken(&w, WD_KMIP_CREATE);
		assert_int_equal(
		    wd_kmip_take_id(&payload, &id, &w.d), WD_R_BACKEND_ANSWER);
	}
	open_payload(&w, WD_KMIP_CREATE); /* none at all */
	payload = taken(&w, WD_KMIP_CREATE);
	assert_int_equal(
	    wd_kmip_take_id(&payload, &id, &w.d), WD_R_BACKEND_ANSWER);
	open_payload(&w, WD_KMIP_CREATE); /* two */
	put_text(&w, WD_TAG_ID, "1");
	put_text(&w, WD_TAG_ID, "2");
	payload = taken(&w, WD_KMIP_CREATE);
	assert_int_equal(
	    wd_kmip_take_id(&payload, &id, &w.d), WD_R_BACKEND_ANSWER);
	assert_string_equal(id.s, "");
}

static void
pairs_need_both_identifiers(void **state)
{
	struct wd_kmip_id priv = { 0 }, pub = { 0 };
	struct wd_rd payload;
	struct world w;

	(void)state;
	open_payload(&w, WD_KMIP_CREATE_PAIR);
	put_text(&w, WD_TAG_PRIVATE_ID, "1");
	put_text(&w, WD_TAG_PUBLIC_ID, "2");
	payload = taken(&w, WD_KMIP_CREATE_PAIR);
	t_ok(wd_kmip_take_pair(&payload, &priv, &pub, &w.d));
	assert_string_equal(priv.s, "1");
	assert_string_equal(pub.s, "2");
	open_payload(&w, WD_KMIP_CREATE_PAIR);
	put_text(&w, WD_TAG_PRIVATE_ID, "1");
	payload = taken(&w, WD_KMIP_CREATE_PAIR);
	assert_int_equal(wd_kmip_take_pair(&payload, &priv, &pub, &w.d),
	    WD_R_BACKEND_ANSWER);
}

static void
what_was_found_has_a_bound(void **state)
{
	struct wd_kmip_found found = { 0 };
	struct wd_rd payload;
	struct world w;

	(void)state;
	open_payload(&w, WD_KMIP_LOCATE);
	wd_ttlv_write_int(&w.wr, 0x4200d5, 9); /* located items */
	for (size_t i = 0; i < 9; i++)
		put_text(&w, WD_TAG_ID, "x");
	payload = taken(&w, WD_KMIP_LOCATE);
	t_ok(wd_kmip_take_found(&payload, &found, &w.d));
	assert_int_equal(found.n, WD_KMIP_FOUND_MAX);
	open_payload(&w, WD_KMIP_LOCATE);
	payload = taken(&w, WD_KMIP_LOCATE);
	t_ok(wd_kmip_take_found(&payload, &found, &w.d));
	assert_int_equal(found.n, 0);
	open_payload(&w, WD_KMIP_LOCATE);
	put_text(&w, WD_TAG_ID, "a b");
	payload = taken(&w, WD_KMIP_LOCATE);
	assert_int_equal(
	    wd_kmip_take_found(&payload, &found, &w.d), WD_R_BACKEND_ANSWER);
}

/* ---- what the server is */

static void
put_version(struct world *w, int32_t major, int32_t minor)
{
	size_t at = wd_ttlv_open(&w->wr, WD_TAG_VERSION);

	wd_ttlv_write_int(&w->wr, WD_TAG_VERSION_MAJOR, major);
	wd_ttlv_write_int(&w->wr, WD_TAG_VERSION_MINOR, minor);
	wd_ttlv_close(&w->wr, at);
}

static void
the_best_common_version_is_taken(void **state)
{
	struct wd_kmip_version v = { 0 };
	struct wd_rd payload;
	struct world w;

	(void)state;
	open_payload(&w, WD_KMIP_DISCOVER);
	put_version(&w, 1, 2);
	put_version(&w, 3, 0);
	put_version(&w, 1, 3);
	put_version(&w, 1, 0);
	payload = taken(&w, WD_KMIP_DISCOVER);
	t_ok(wd_kmip_take_versions(&payload, &v, &w.d));
	assert_int_equal(v.major, 1);
	assert_int_equal(v.minor, 3);
	open_payload(&w, WD_KMIP_DISCOVER);
	put_version(&w, 1, 1);
	put_version(&w, 2, 1);
	put_version(&w, 258, 0); /* 2 in eight bits */
	payload = taken(&w, WD_KMIP_DISCOVER);
	assert_int_equal(
	    wd_kmip_take_versions(&payload, &v, &w.d), WD_R_UNSUPPORTED);
	open_payload(&w, WD_KMIP_DISCOVER);
	wd_ttlv_write_int(&w.wr, WD_TAG_VERSION, 1);
	payload = taken(&w, WD_KMIP_DISCOVER);
	wd_diag_clear(&w.d);
	assert_int_equal(
	    wd_kmip_take_versions(&payload, &v, &w.d), WD_R_BACKEND_ANSWER);
}

static void
operations_and_the_vendor_are_remembered(void **state)
{
	struct wd_kmip_server server = { 0 };
	struct wd_rd payload;
	struct world w;

	(void)state;
	open_payload(&w, WD_KMIP_QUERY);
	wd_ttlv_write_enum(&w.wr, WD_TAG_OPERATION, WD_KMIP_GET);
	wd_ttlv_write_enum(&w.wr, WD_TAG_OPERATION, WD_KMIP_CREATE);
	wd_ttlv_write_enum(&w.wr, WD_TAG_OPERATION, 0x80000001);
	put_text(&w, WD_TAG_VENDOR, "Schl\xc3\xbcssel 1");
	payload = taken(&w, WD_KMIP_QUERY);
	t_ok(wd_kmip_take_query(&payload, &server, &w.d));
	assert_int_equal(server.ops, 1 << WD_KMIP_GET | 1 << WD_KMIP_CREATE);
	assert_string_equal(server.vendor, "Schl??ssel 1");
}

/* ---- attributes */

static const struct wd_kmip_id one = { "1" };

static void
put_attribute(struct world *w, const char *name, uint32_t v, bool is_int)
{
	size_t at = wd_ttlv_open(&w->wr, WD_TAG_ATTRIBUTE);

	put_text(w, WD_TAG_ATTRIBUTE_NAME, name);
	wd_ttlv_write_int(&w->wr, WD_TAG_ATTRIBUTE_INDEX, 0);
	if (is_int)
		wd_ttlv_write_int(&w->wr, WD_TAG_ATTRIBUTE_VALUE, (int32_t)v);
	else
		wd_ttlv_write_enum(&w->wr, WD_TAG_ATTRIBUTE_VALUE, v);
	wd_ttlv_close(&w->wr, at);
}

static void
attributes_of_1_x_are_read_by_name(void **state)
{
	struct wd_kmip_attributes a = { 0 };
	struct wd_rd payload;
	struct world w;

	(void)state;
	open_payload(&w, WD_KMIP_GET_ATTRIBUTES);
	put_text(&w, WD_TAG_ID, "1");
	put_attribute(&w, "Object Type", WD_KMIP_SYMMETRIC, false);
	put_attribute(&w, "Cryptographic Length", 256, true);
	put_attribute(&w, "x-vendor", 9, false);
	put_attribute(&w, "State", WD_KMIP_ACTIVE, false);
	payload = taken(&w, WD_KMIP_GET_ATTRIBUTES);
	t_ok(wd_kmip_take_attributes(&payload, &one, &a, &w.d));
	assert_int_equal(a.type, WD_KMIP_SYMMETRIC);
	assert_int_equal(a.algorithm, 0);
	assert_int_equal(a.bits, 256);
	assert_int_equal(a.state, WD_KMIP_ACTIVE);
}

static void
attributes_of_2_0_are_read_by_tag(void **state)
{
	struct wd_kmip_attributes a = { 0 };
	struct wd_rd payload;
	struct world w;
	size_t at;

	(void)state;
	open_payload(&w, WD_KMIP_GET_ATTRIBUTES);
	put_text(&w, WD_TAG_ID, "1");
	at = wd_ttlv_open(&w.wr, WD_TAG_ATTRIBUTES);
	wd_ttlv_write_enum(&w.wr, WD_TAG_ALGORITHM, WD_KMIP_RSA);
	wd_ttlv_write_enum(&w.wr, WD_TAG_STATE, WD_KMIP_COMPROMISED);
	wd_ttlv_write_bool(&w.wr, 0x420120, true); /* sensitive */
	wd_ttlv_close(&w.wr, at);
	payload = taken(&w, WD_KMIP_GET_ATTRIBUTES);
	t_ok(wd_kmip_take_attributes(&payload, &one, &a, &w.d));
	assert_int_equal(a.algorithm, WD_KMIP_RSA);
	assert_int_equal(a.state, WD_KMIP_COMPROMISED);
}

static void
attributes_that_come_twice_are_refused(void **state)
{
	struct wd_kmip_attributes a = { 0 };
	struct wd_rd payload;
	struct world w;

	(void)state;
	open_payload(&w, WD_KMIP_GET_ATTRIBUTES);
	put_text(&w, WD_TAG_ID, "1");
	put_attribute(&w, "State", WD_KMIP_COMPROMISED, false);
	put_attribute(&w, "State", WD_KMIP_ACTIVE, false);
	payload = taken(&w, WD_KMIP_GET_ATTRIBUTES);
	assert_int_equal(wd_kmip_take_attributes(&payload, &one, &a, &w.d),
	    WD_R_BACKEND_ANSWER);
	open_payload(&w, WD_KMIP_GET_ATTRIBUTES); /* of another type */
	put_text(&w, WD_TAG_ID, "1");
	put_attribute(&w, "State", WD_KMIP_ACTIVE, true);
	payload = taken(&w, WD_KMIP_GET_ATTRIBUTES);
	assert_int_equal(wd_kmip_take_attributes(&payload, &one, &a, &w.d),
	    WD_R_BACKEND_ANSWER);
}

/* A key that is compromised is not in use because another one is. */
static void
attributes_of_another_object_are_refused(void **state)
{
	static const char *const others[] = { "2", "11", NULL };
	struct wd_kmip_attributes a = { 0 };
	struct wd_rd payload;
	struct world w;

	(void)state;
	for (size_t i = 0; i < WD_N(others); i++) {
		open_payload(&w, WD_KMIP_GET_ATTRIBUTES);
		if (others[i] != NULL) /* or of nobody knows which */
			put_text(&w, WD_TAG_ID, others[i]);
		put_attribute(&w, "State", WD_KMIP_ACTIVE, false);
		payload = taken(&w, WD_KMIP_GET_ATTRIBUTES);
		assert_int_equal(
		    wd_kmip_take_attributes(&payload, &one, &a, &w.d),
		    WD_R_BACKEND_ANSWER);
		assert_int_equal(a.state, 0);
	}
}

/* ---- objects */

enum how {
	PLAIN,
	WRAPPED,        /* bytes under the KEK */
	ENCODED,        /* the whole value */
	SAID_ENCODED,   /* but it is not */
	SAID_PLAIN,     /* but it is encoded */
	MACED,          /* a method that is not encryption */
	TRANSPARENT,    /* the material is a structure with the key */
	TRANSPARENT_EC, /* or with something else */
	EMPTY,
	TWO_VALUES,
	NO_FORMAT,
};

static void
put_value(struct world *w, enum how how)
{
	size_t at, in;

	if (how == ENCODED || how == SAID_PLAIN) {
		wd_ttlv_write_bytes(
		    &w->wr, WD_TAG_KEY_VALUE, WD_SPAN_LIT("wrapped"));
		return;
	}
	at = wd_ttlv_open(&w->wr, WD_TAG_KEY_VALUE);
	if (how == TRANSPARENT || how == TRANSPARENT_EC) {
		in = wd_ttlv_open(&w->wr, WD_TAG_KEY_MATERIAL);
		if (how == TRANSPARENT)
			wd_ttlv_write_bytes(
			    &w->wr, WD_TAG_KEY, WD_SPAN_LIT("material"));
		else
			wd_ttlv_write_enum(&w->wr, WD_TAG_CURVE, 7);
		wd_ttlv_close(&w->wr, in);
	} else {
		wd_ttlv_write_bytes(&w->wr, WD_TAG_KEY_MATERIAL,
		    how == EMPTY ? wd_span(NULL, 0) : WD_SPAN_LIT("material"));
	}
	wd_ttlv_close(&w->wr, at);
}

static void
put_wrapping(struct world *w, enum how how)
{
	size_t at;

	if (how != WRAPPED && how != ENCODED && how != SAID_ENCODED &&
	    how != MACED)
		return;
	at = wd_ttlv_open(&w->wr, WD_TAG_WRAPPING_DATA);
	wd_ttlv_write_enum(
	    &w->wr, WD_TAG_WRAPPING_METHOD, how == MACED ? 2 : 1);
	if (how == WRAPPED || how == MACED)
		wd_ttlv_write_enum(&w->wr, WD_TAG_ENCODING_OPTION, 1);
	wd_ttlv_close(&w->wr, at);
}

static struct wd_rd
object(struct world *w, enum how how)
{
	size_t key, block;

	open_payload(w, WD_KMIP_GET);
	wd_ttlv_write_enum(&w->wr, WD_TAG_OBJECT_TYPE, WD_KMIP_SYMMETRIC);
	put_text(w, WD_TAG_ID, "1");
	key = wd_ttlv_open(&w->wr, WD_TAG_SYMMETRIC_KEY);
	block = wd_ttlv_open(&w->wr, WD_TAG_KEY_BLOCK);
	if (how != NO_FORMAT)
		wd_ttlv_write_enum(&w->wr, WD_TAG_KEY_FORMAT, WD_KMIP_RAW);
	put_value(w, how);
	if (how == TWO_VALUES)
		put_value(w, how);
	wd_ttlv_write_enum(&w->wr, WD_TAG_ALGORITHM, WD_KMIP_AES);
	wd_ttlv_write_int(&w->wr, WD_TAG_LENGTH, 64);
	put_wrapping(w, how);
	wd_ttlv_close(&w->wr, block);
	wd_ttlv_close(&w->wr, key);
	return taken(w, WD_KMIP_GET);
}

static void
objects_are_taken(void **state)
{
	static const struct wd_kmip_id id = { "1" };
	static const enum how hows[] = { PLAIN, WRAPPED, TRANSPARENT, ENCODED };

	(void)state;
	for (size_t i = 0; i < WD_N(hows); i++) {
		struct wd_kmip_object o = { 0 };
		struct world w;
		struct wd_rd payload = object(&w, hows[i]);
		bool wrapped = hows[i] == WRAPPED || hows[i] == ENCODED;

		t_ok(wd_kmip_take_object(&payload, &id, &o, &w.d));
		assert_int_equal(o.type, WD_KMIP_SYMMETRIC);
		assert_int_equal(o.format, WD_KMIP_RAW);
		assert_int_equal(o.algorithm, WD_KMIP_AES);
		assert_int_equal(o.bits, 64);
		assert_int_equal(o.wrapped, wrapped);
		assert_int_equal(o.encoded, hows[i] == ENCODED);
		t_span_equal(o.material,
		    hows[i] == ENCODED ? WD_SPAN_LIT("wrapped")
				       : WD_SPAN_LIT("material"));
	}
}

static void
objects_that_are_none_are_refused(void **state)
{
	static const struct wd_kmip_id id = { "1" };
	static const struct {
		enum how how;
		int result;
	} rows[] = {
		{ SAID_ENCODED, WD_R_BACKEND_ANSWER },
		{ SAID_PLAIN, WD_R_BACKEND_ANSWER },
		{ MACED, WD_R_UNSUPPORTED },
		{ TRANSPARENT_EC, WD_R_UNSUPPORTED },
		{ EMPTY, WD_R_BACKEND_ANSWER },
		{ TWO_VALUES, WD_R_BACKEND_ANSWER },
		{ NO_FORMAT, WD_R_BACKEND_ANSWER },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_kmip_object o = { 0 };
		struct world w;
		struct wd_rd payload = object(&w, rows[i].how);

		assert_int_equal(wd_kmip_take_object(&payload, &id, &o, &w.d),
		    rows[i].result);
		assert_int_equal(o.material.len, 0);
	}
}

static void
another_object_is_refused(void **state)
{
	static const struct wd_kmip_id id = { "2" };
	struct wd_kmip_object o = { 0 };
	struct world w;
	struct wd_rd payload = object(&w, PLAIN);

	(void)state;
	assert_int_equal(
	    wd_kmip_take_object(&payload, &id, &o, &w.d), WD_R_BACKEND_ANSWER);
}

static void
secret_data_opaque_objects_and_others(void **state)
{
	static const struct wd_kmip_id id = { "1" };
	static const struct {
		uint32_t type, tag;
		int result;
	} rows[] = {
		{ WD_KMIP_OPAQUE, WD_TAG_OPAQUE_OBJECT, 0 },
		{ WD_KMIP_CERTIFICATE, 0x420013, WD_R_UNSUPPORTED },
		{ WD_KMIP_OPAQUE, WD_TAG_SECRET_DATA, WD_R_BACKEND_ANSWER },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_kmip_object o = { 0 };
		struct wd_rd payload;
		struct world w;
		size_t at;

		open_payload(&w, WD_KMIP_GET);
		wd_ttlv_write_enum(&w.wr, WD_TAG_OBJECT_TYPE, rows[i].type);
		put_text(&w, WD_TAG_ID, "1");
		at = wd_ttlv_open(&w.wr, rows[i].tag);
		wd_ttlv_write_enum(&w.wr, WD_TAG_OPAQUE_TYPE, 0x80000001);
		wd_ttlv_write_bytes(
		    &w.wr, WD_TAG_OPAQUE_VALUE, WD_SPAN_LIT("o"));
		wd_ttlv_close(&w.wr, at);
		payload = taken(&w, WD_KMIP_GET);
		assert_int_equal(wd_kmip_take_object(&payload, &id, &o, &w.d),
		    rows[i].result);
	}
}

static void
unwrapped_values_give_their_material(void **state)
{
	uint8_t buf[128];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	size_t at = wd_ttlv_open(&wr, WD_TAG_KEY_VALUE);
	struct wd_diag d = { 0 };
	struct wd_span s = wd_span(NULL, 0);

	(void)state;
	wd_ttlv_write_bytes(&wr, WD_TAG_KEY_MATERIAL, WD_SPAN_LIT("inside"));
	wd_ttlv_close(&wr, at);
	t_ok(wd_kmip_read_value(wd_wr_span(&wr), &s, &d));
	t_span_equal(s, WD_SPAN_LIT("inside"));
	assert_int_equal(
	    wd_kmip_read_value(WD_SPAN_LIT("0123456789abcdef"), &s, &d),
	    WD_R_BACKEND_ANSWER);
	for (size_t n = 0; n < wr.len; n++)
		assert_int_equal(wd_kmip_read_value(wd_span(buf, n), &s, &d),
		    WD_R_BACKEND_ANSWER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_gives_its_payload),
		cmocka_unit_test(answers_to_another_operation_are_refused),
		cmocka_unit_test(answers_without_a_status_are_refused),
		cmocka_unit_test(answers_that_put_off_are_refused),
		cmocka_unit_test(parts_that_come_twice_are_refused),
		cmocka_unit_test(headers_must_be_whole),
		cmocka_unit_test(a_second_item_is_refused),
		cmocka_unit_test(what_is_no_ttlv_is_refused),
		cmocka_unit_test(refusals_have_a_result_and_words),
		cmocka_unit_test(long_words_are_cut),
		cmocka_unit_test(identifiers_that_are_none_are_refused),
		cmocka_unit_test(pairs_need_both_identifiers),
		cmocka_unit_test(what_was_found_has_a_bound),
		cmocka_unit_test(the_best_common_version_is_taken),
		cmocka_unit_test(operations_and_the_vendor_are_remembered),
		cmocka_unit_test(attributes_of_1_x_are_read_by_name),
		cmocka_unit_test(attributes_of_2_0_are_read_by_tag),
		cmocka_unit_test(attributes_that_come_twice_are_refused),
		cmocka_unit_test(attributes_of_another_object_are_refused),
		cmocka_unit_test(objects_are_taken),
		cmocka_unit_test(objects_that_are_none_are_refused),
		cmocka_unit_test(another_object_is_refused),
		cmocka_unit_test(secret_data_opaque_objects_and_others),
		cmocka_unit_test(unwrapped_values_give_their_material),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
