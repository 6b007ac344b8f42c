/*
 * Requests of KMIP, byte by byte: messages that a real server has taken.
 */
#include "lib/t.h"

#include <string.h>

#include "codec/ttlv.h"
#include "kmip/message.h"
#include "lib/t_hex.h"

static const struct wd_kmip_version v12 = { 1, 2 }, v14 = { 1, 4 },
				    v20 = { 2, 0 };

/* A writer and a request begun in it. */
struct world {
	uint8_t buf[8192];
	struct wd_wr wr;
	struct wd_kmip_request q;
};

static void
begin(struct world *w, struct wd_kmip_version v, enum wd_kmip_op op)
{
	const struct wd_kmip_sender from = { .version = v };

	w->wr = wd_wr_fixed(w->buf, sizeof(w->buf));
	wd_kmip_begin(&w->q, &w->wr, &from, op);
}

static void
must_be(struct world *w, const char *hex)
{
	uint8_t want[4096];

	t_ok(wd_kmip_end(&w->q));
	t_ok(wd_ttlv_check(wd_wr_span(&w->wr)));
	t_span_equal(wd_wr_span(&w->wr), t_hex(hex, want));
}

#define HEAD_14                                                              \
	"42007701000000384200690100000020"                                   \
	"42006a0200000004000000010000000042006b0200000004000000040000000042" \
	"000d02000000040000000100000000"

static void
create_is_as_the_specification_has_it(void **state)
{
	const struct wd_kmip_spec spec = { .type = WD_KMIP_SYMMETRIC,
		.algorithm = WD_KMIP_AES,
		.bits = 256,
		.usage = 0x3c,
		.name = WD_SPAN_LIT("kbs-aes-1") };
	struct world w;

	(void)state;
	begin(&w, v14, WD_KMIP_CREATE);
	wd_kmip_put_create(&w.q, &spec);
	must_be(&w,
	    "4200780100000168" HEAD_14
	    "42000f010000012042005c05000000040000000100000000"
	    "4200790100000108"
	    "42005705000000040000000200000000"
	    "42009101000000f0"
	    "420008010000003042000a070000001743727970746f6772617068696320416c"
	    "676f726974686d0042000b05000000040000000300000000"
	    "420008010000003042000a070000001443727970746f67726170686963204c65"
	    "6e6774680000000042000b02000000040000010000000000"
	    "420008010000003042000a070000001843727970746f67726170686963205573"
	    "616765204d61736b42000b02000000040000003c00000000"
	    "420008010000004042000a07000000044e616d650000000042000b0100000028"
	    "42005507000000096b62732d6165732d31000000000000004200540500000004"
	    "0000000100000000");
}

static void
get_names_the_object(void **state)
{
	const struct wd_kmip_id id = { "1" };
	struct world w;

	(void)state;
	begin(&w, v14, WD_KMIP_GET);
	wd_kmip_put_get(&w.q, &id, NULL);
	must_be(&w,
	    "4200780100000070" HEAD_14
	    "42000f010000002842005c05000000040000000a00000000"
	    "420079010000001042009407000000013100000000000000");
}

static void
attributes_of_2_0_have_their_own_tags(void **state)
{
	const struct wd_kmip_spec spec = { .type = WD_KMIP_SYMMETRIC,
		.algorithm = WD_KMIP_AES,
		.bits = 128,
		.usage = 4,
		.name = WD_SPAN_LIT("n") };
	struct world w;

	(void)state;
	begin(&w, v20, WD_KMIP_CREATE);
	wd_kmip_put_create(&w.q, &spec);
	must_be(&w,
	    "42007801000000d0"
	    "42007701000000384200690100000020"
	    "42006a0200000004000000020000000042006b02000000040000000000000000"
	    "42000d02000000040000000100000000"
	    "42000f010000008842005c05000000040000000100000000"
	    "4200790100000070"
	    "42005705000000040000000200000000"
	    "4201250100000058"
	    "42002805000000040000000300000000"
	    "42002a02000000040000008000000000"
	    "42002c02000000040000000400000000"
	    "4200530100000020"
	    "42005507000000016e0000000000000042005405000000040000000100000000");
}

static void
the_header_says_who_asks_and_how_much_is_taken(void **state)
{
	const struct wd_kmip_sender from = { .version = { 1, 2 },
		.max_response = 4096,
		.username = WD_SPAN_LIT("u"),
		.password = WD_SPAN_LIT("p") };
	struct world w;

	(void)state;
	w.wr = wd_wr_fixed(w.buf, sizeof(w.buf));
	wd_kmip_begin(&w.q, &w.wr, &from, WD_KMIP_LOCATE);
	wd_kmip_put_locate(&w.q, WD_SPAN_LIT("n"));
	must_be(&w,
	    "4200780100000108"
	    "42007701000000904200690100000020"
	    "42006a0200000004000000010000000042006b02000000040000000200000000"
	    "42005002000000040000100000000000"
	    "42000c01000000404200230100000038"
	    "42002405000000040000000100000000"
	    "4200250100000020"
	    "420099070000000175000000000000004200a107000000017000000000000000"
	    "42000d02000000040000000100000000"
	    "42000f010000006842005c05000000040000000800000000"
	    "420079010000005042004f02000000040000000200000000"
	    "4200080100000038"
	    "42000a07000000044e616d6500000000"
	    "42000b0100000020"
	    "42005507000000016e0000000000000042005405000000040000000100000000");
}

/* What comes after the header and the operation. */
static struct wd_rd
payload(struct world *w)
{
	struct wd_rd rd, in;

	t_ok(wd_kmip_end(&w->q));
	t_ok(wd_ttlv_check(wd_wr_span(&w->wr)));
	rd = wd_rd(wd_wr_span(&w->wr));
	in = wd_ttlv_enter(&rd, WD_TAG_REQUEST);
	t_ok(wd_rd_end(&rd));
	wd_ttlv_skip(&in);
	rd = wd_ttlv_enter(&in, WD_TAG_BATCH_ITEM);
	t_ok(wd_rd_end(&in));
	wd_ttlv_skip(&rd);
	in = wd_ttlv_enter(&rd, WD_TAG_REQUEST_PAYLOAD);
	t_ok(wd_rd_end(&rd));
	return in;
}

static void
wrapping_names_the_key_and_the_way(void **state)
{
	const struct wd_kmip_id id = { "1" };
	const struct wd_kmip_wrap wrap = { .id = { "kek" } };
	struct world w;
	struct wd_rd rd, in, key;

	(void)state;
	begin(&w, v12, WD_KMIP_GET);
	wd_kmip_put_get(&w.q, &id, &wrap);
	rd = payload(&w);
	t_span_equal(wd_ttlv_text(&rd, WD_TAG_ID, 9), WD_SPAN_LIT("1"));
	in = wd_ttlv_enter(&rd, WD_TAG_WRAPPING_SPECIFICATION);
	assert_int_equal(wd_ttlv_enum(&in, WD_TAG_WRAPPING_METHOD), 1);
	key = wd_ttlv_enter(&in, WD_TAG_ENCRYPTION_KEY);
	t_span_equal(wd_ttlv_text(&key, WD_TAG_ID, 9), WD_SPAN_LIT("kek"));
	key = wd_ttlv_enter(&key, WD_TAG_CRYPTO_PARAMETERS);
	assert_int_equal(wd_ttlv_enum(&key, WD_TAG_BLOCK_CIPHER_MODE), 13);
	assert_int_equal(wd_ttlv_enum(&in, WD_TAG_ENCODING_OPTION), 1);
	t_ok(wd_rd_end(&in));
	t_ok(wd_rd_end(&rd));
}

static void
pairs_have_usages_of_their_own(void **state)
{
	const struct wd_kmip_spec spec = { .type = WD_KMIP_PRIVATE,
		.algorithm = WD_KMIP_EC,
		.bits = 256,
		.curve = WD_KMIP_P256,
		.usage = WD_KMIP_SIGN,
		.usage_public = WD_KMIP_VERIFY,
		.name = WD_SPAN_LIT("pair") };
	static const uint32_t tags[] = { WD_TAG_COMMON_TEMPLATE,
		WD_TAG_PRIVATE_TEMPLATE, WD_TAG_PUBLIC_TEMPLATE },
			      tags_2[] = { WD_TAG_COMMON_ATTRIBUTES,
				      WD_TAG_PRIVATE_ATTRIBUTES,
				      WD_TAG_PUBLIC_ATTRIBUTES };
	struct world w;
	struct wd_rd rd, in;

	(void)state;
	begin(&w, v12, WD_KMIP_CREATE_PAIR);
	wd_kmip_put_create_pair(&w.q, &spec);
	rd = payload(&w);
	for (size_t i = 0; i < WD_N(tags); i++)
		(void)wd_ttlv_enter(&rd, tags[i]);
	t_ok(wd_rd_end(&rd));
	begin(&w, v20, WD_KMIP_CREATE_PAIR);
	wd_kmip_put_create_pair(&w.q, &spec);
	rd = payload(&w);
	(void)wd_ttlv_enter(&rd, tags_2[0]);
	in = wd_ttlv_enter(&rd, tags_2[1]);
	assert_int_equal(wd_ttlv_int(&in, WD_TAG_USAGE_MASK), WD_KMIP_SIGN);
	in = wd_ttlv_enter(&rd, tags_2[2]);
	assert_int_equal(wd_ttlv_int(&in, WD_TAG_USAGE_MASK), WD_KMIP_VERIFY);
	in = wd_ttlv_enter(&in, WD_TAG_NAME);
	t_span_equal(wd_ttlv_text(&in, WD_TAG_NAME_VALUE, 99),
	    WD_SPAN_LIT("pair-public"));
	t_ok(wd_rd_end(&rd));
}

static void
what_is_registered_is_in_a_key_block(void **state)
{
	const struct wd_kmip_spec spec = { .type = WD_KMIP_SECRET_DATA,
		.usage = WD_KMIP_EXPORT,
		.name = WD_SPAN_LIT("s") };
	struct world w;
	struct wd_rd rd, in;

	(void)state;
	begin(&w, v14, WD_KMIP_REGISTER);
	wd_kmip_put_register(
	    &w.q, &spec, WD_KMIP_FORMAT_OPAQUE, WD_SPAN_LIT("bytes"));
	rd = payload(&w);
	assert_int_equal(
	    wd_ttlv_enum(&rd, WD_TAG_OBJECT_TYPE), WD_KMIP_SECRET_DATA);
	wd_ttlv_skip(&rd);
	in = wd_ttlv_enter(&rd, WD_TAG_SECRET_DATA);
	assert_int_equal(wd_ttlv_enum(&in, WD_TAG_SECRET_DATA_TYPE), 2);
	in = wd_ttlv_enter(&in, WD_TAG_KEY_BLOCK);
	assert_int_equal(wd_ttlv_enum(&in, WD_TAG_KEY_FORMAT), 2);
	in = wd_ttlv_enter(&in, WD_TAG_KEY_VALUE);
	t_span_equal(
	    wd_ttlv_bytes(&in, WD_TAG_KEY_MATERIAL, 9), WD_SPAN_LIT("bytes"));
	t_ok(wd_rd_end(&rd));
}

static void
what_cannot_be_registered_poisons_the_writer(void **state)
{
	const struct wd_kmip_spec spec = { .type = WD_KMIP_CERTIFICATE,
		.name = WD_SPAN_LIT("s") };
	struct world w;

	(void)state;
	begin(&w, v14, WD_KMIP_REGISTER);
	wd_kmip_put_register(&w.q, &spec, WD_KMIP_RAW, WD_SPAN_LIT("x"));
	assert_int_equal(wd_kmip_end(&w.q), WD_R_TOO_LARGE);
}

static void
names_have_a_bound(void **state)
{
	uint8_t long_name[WD_KMIP_NAME_MAX + 17];
	const struct wd_kmip_spec spec = { .type = WD_KMIP_SYMMETRIC,
		.name = wd_span(long_name, sizeof(long_name)) };
	struct world w;

	(void)state;
	memset(long_name, 'n', sizeof(long_name));
	begin(&w, v14, WD_KMIP_CREATE);
	wd_kmip_put_create(&w.q, &spec);
	assert_int_equal(wd_kmip_end(&w.q), WD_R_TOO_LARGE);
}

static void
the_other_operations_name_their_object(void **state)
{
	const struct wd_kmip_id id = { "7" };
	struct world w;
	struct wd_rd rd, in;

	(void)state;
	begin(&w, v14, WD_KMIP_REVOKE);
	wd_kmip_put_revoke(&w.q, &id, WD_KMIP_KEY_COMPROMISE);
	rd = payload(&w);
	t_span_equal(wd_ttlv_text(&rd, WD_TAG_ID, 9), WD_SPAN_LIT("7"));
	in = wd_ttlv_enter(&rd, WD_TAG_REVOCATION_REASON);
	assert_int_equal(wd_ttlv_enum(&in, WD_TAG_REVOCATION_CODE), 2);
	t_ok(wd_rd_end(&in));
	t_ok(wd_rd_end(&rd));
	begin(&w, v14, WD_KMIP_DESTROY);
	wd_kmip_put_id(&w.q, &id);
	rd = payload(&w);
	t_span_equal(wd_ttlv_text(&rd, WD_TAG_ID, 9), WD_SPAN_LIT("7"));
	t_ok(wd_rd_end(&rd));
	begin(&w, v20, WD_KMIP_GET_ATTRIBUTES);
	wd_kmip_put_get_attributes(&w.q, &id);
	rd = payload(&w);
	wd_ttlv_skip(&rd);
	assert_int_equal(
	    wd_ttlv_enum(&rd, WD_TAG_ATTRIBUTE_REFERENCE), WD_TAG_OBJECT_TYPE);
}

static void
versions_are_offered_best_first(void **state)
{
	static const uint8_t minors[] = { 0, 4, 3, 2 };
	struct world w;
	struct wd_rd rd;

	(void)state;
	begin(&w, v12, WD_KMIP_DISCOVER);
	wd_kmip_put_versions(&w.q);
	rd = payload(&w);
	for (size_t i = 0; i < WD_N(minors); i++) {
		struct wd_rd v = wd_ttlv_enter(&rd, WD_TAG_VERSION);

		assert_int_equal(
		    wd_ttlv_int(&v, WD_TAG_VERSION_MAJOR), i == 0 ? 2 : 1);
		assert_int_equal(
		    wd_ttlv_int(&v, WD_TAG_VERSION_MINOR), minors[i]);
	}
	t_ok(wd_rd_end(&rd));
	begin(&w, v12, WD_KMIP_QUERY);
	wd_kmip_put_query(&w.q);
	rd = payload(&w);
	assert_int_equal(wd_ttlv_enum(&rd, WD_TAG_QUERY_FUNCTION), 1);
	assert_int_equal(wd_ttlv_enum(&rd, WD_TAG_QUERY_FUNCTION), 3);
	t_ok(wd_rd_end(&rd));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create_is_as_the_specification_has_it),
		cmocka_unit_test(get_names_the_object),
		cmocka_unit_test(attributes_of_2_0_have_their_own_tags),
		cmocka_unit_test(
		    the_header_says_who_asks_and_how_much_is_taken),
		cmocka_unit_test(wrapping_names_the_key_and_the_way),
		cmocka_unit_test(pairs_have_usages_of_their_own),
		cmocka_unit_test(what_is_registered_is_in_a_key_block),
		cmocka_unit_test(what_cannot_be_registered_poisons_the_writer),
		cmocka_unit_test(names_have_a_bound),
		cmocka_unit_test(the_other_operations_name_their_object),
		cmocka_unit_test(versions_are_offered_best_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
