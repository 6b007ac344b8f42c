/*
 * The holder protocol: every message both ways, cut at every byte and with one
 * byte more, and each cap by exact number.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "proto/holder.h"

#define ID "3f0c1b52-6c1e-4c53-9d0a-0123456789ab"

static uint8_t buf[WD_HOLDER_MAX + 4096];
static uint8_t filler[WD_HOLDER_MAX];

static struct wd_id
some_id(void)
{
	struct wd_id id;

	assert_true(wd_id_parse(WD_SPAN_LIT(ID), &id));
	return id;
}

static struct wd_holder_key
rsa_key(void)
{
	struct wd_holder_key m = {
		.id = some_id(),
		.generation = 7,
		.kind = WD_HOLDER_RSA,
		.mechs = 1U << WD_HOLDER_PKCS1 | 1U << WD_HOLDER_PSS,
		.label = WD_SPAN_LIT("web"),
		.spki = wd_span(filler, 294),
		.n_or_x = wd_span(filler, 256),
		.e_or_y = WD_SPAN_LIT("\1\0\1"),
		.n_certs = 2,
	};

	m.certs[0] = wd_span(filler, 800);
	m.certs[1] = wd_span(filler, 900);
	return m;
}

/* Writes M and gives the bytes after the length of the entry. */
static struct wd_span
entry_of(const struct wd_holder_key *m)
{
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_span keys, entry;

	wd_holder_write_key(&wr, m);
	t_ok(wd_wr_end(&wr));
	keys = wd_wr_span(&wr);
	t_ok(wd_holder_next_key(&keys, &entry));
	assert_int_equal(keys.len, 0);
	return entry;
}

static void
header_goes_both_ways(void **state)
{
	const struct wd_holder_head head = { WD_HOLDER_VERSION, WD_HOLDER_LIST,
		true, 0x01020304, 0xa0b0c0d0 };
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_holder_head got;
	struct wd_span body;
	unsigned status;

	(void)state;
	wd_holder_start_reply(&wr, &head, WD_HOLDER_NO_KEY);
	wd_wr_text(&wr, "body");
	t_ok(wd_holder_finish(&wr));
	t_ok(wd_holder_open(wd_wr_span(&wr), &got, &body));
	assert_int_equal(got.op, WD_HOLDER_LIST);
	assert_true(got.reply);
	assert_int_equal(got.request, 0x01020304);
	assert_int_equal(got.epoch, 0xa0b0c0d0);
	t_ok(wd_holder_status(&body, &status));
	assert_int_equal(status, WD_HOLDER_NO_KEY);
	t_span_equal(body, WD_SPAN_LIT("body"));
}

static void
header_has_sixteen_bytes_little_endian(void **state)
{
	static const uint8_t want[] = { 1, 3, 0, 0, 4, 3, 2, 1, 8, 7, 6, 5, 2,
		0, 0, 0, 'h', 'i' };
	const struct wd_holder_head head = { WD_HOLDER_VERSION, WD_HOLDER_SIGN,
		false, 0x01020304, 0x05060708 };
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	(void)state;
	wd_holder_start(&wr, &head);
	wd_wr_text(&wr, "hi");
	t_ok(wd_holder_finish(&wr));
	t_span_equal(wd_wr_span(&wr), WD_SPAN(want));
}

static void
packet_of_another_length_is_refused(void **state)
{
	const struct wd_holder_head head = { WD_HOLDER_VERSION, WD_HOLDER_SIGN,
		false, 1, 0 };
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_holder_head got;
	struct wd_span body;

	(void)state;
	wd_holder_start(&wr, &head);
	wd_wr_text(&wr, "body");
	t_ok(wd_holder_finish(&wr));
	for (size_t i = 0; i < wr.len; i++)
		assert_int_equal(wd_holder_open(wd_span(buf, i), &got, &body),
		    WD_R_MALFORMED);
	assert_int_equal(wd_holder_open(wd_span(buf, wr.len + 1), &got, &body),
	    WD_R_MALFORMED);
	assert_int_equal(
	    wd_holder_open(wd_span(buf, WD_HOLDER_MAX + 1), &got, &body),
	    WD_R_TOO_LARGE);
}

static void
unknown_flags_and_versions_are_refused(void **state)
{
	const struct wd_holder_head head = { WD_HOLDER_VERSION, WD_HOLDER_SIGN,
		false, 9, 0 };
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_holder_head got;
	struct wd_span body;

	(void)state;
	wd_holder_start(&wr, &head);
	t_ok(wd_holder_finish(&wr));
	buf[2] = 2;
	assert_int_equal(
	    wd_holder_open(wd_wr_span(&wr), &got, &body), WD_R_MALFORMED);
	buf[2] = 0;
	buf[0] = 2;
	assert_int_equal(
	    wd_holder_open(wd_wr_span(&wr), &got, &body), WD_R_VERSION);
	assert_int_equal(got.version, 2);
	assert_int_equal(got.request, 9);
}

static void
message_over_the_cap_is_not_finished(void **state)
{
	const struct wd_holder_head head = { WD_HOLDER_VERSION, WD_HOLDER_LIST,
		true, 1, 1 };
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	(void)state;
	wd_holder_start(&wr, &head);
	wd_wr_zero(&wr, WD_HOLDER_MAX - WD_HOLDER_HEAD);
	t_ok(wd_holder_finish(&wr));
	wd_wr_u8(&wr, 0);
	assert_int_equal(wd_holder_finish(&wr), WD_R_TOO_LARGE);
	wr = wd_wr_fixed(buf, 20);
	wd_holder_start(&wr, &head);
	wd_wr_zero(&wr, 5);
	assert_int_equal(wd_holder_finish(&wr), WD_R_TOO_LARGE);
}

static void
status_needs_two_bytes(void **state)
{
	struct wd_span body = wd_span(filler, 1);
	unsigned status;

	(void)state;
	assert_int_equal(wd_holder_status(&body, &status), WD_R_MALFORMED);
	assert_int_equal(body.len, 1);
}

static void
every_status_has_a_sentence(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= WD_HOLDER_RECONNECT; i++)
		assert_ptr_not_equal(
		    wd_holder_status_text(i), wd_holder_status_text(9999));
	assert_non_null(wd_holder_status_text(9999));
}

static void
hello_goes_both_ways(void **state)
{
	const struct wd_holder_hello m = { WD_SPAN_LIT("warder"),
		WD_SPAN_LIT("0123456789abcdef") };
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_holder_hello got;

	(void)state;
	wd_holder_write_hello(&wr, &m);
	t_ok(wd_wr_end(&wr));
	t_ok(wd_holder_read_hello(wd_wr_span(&wr), &got));
	t_span_equal(got.label, m.label);
	t_span_equal(got.serial, m.serial);
	for (size_t i = 0; i < wr.len; i++)
		assert_int_equal(wd_holder_read_hello(wd_span(buf, i), &got),
		    WD_R_MALFORMED);
	assert_int_equal(wd_holder_read_hello(wd_span(buf, wr.len + 1), &got),
	    WD_R_MALFORMED);
}

static void
hello_fields_have_caps(void **state)
{
	struct wd_holder_hello m = { wd_span(filler, 33),
		WD_SPAN_LIT("0123456789abcdef") };
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_holder_hello got;

	(void)state;
	wd_holder_write_hello(&wr, &m);
	assert_int_not_equal(wd_wr_end(&wr), 0);
	wr = wd_wr_fixed(buf, sizeof(buf));
	m = (struct wd_holder_hello){ WD_SPAN_LIT("x"), WD_SPAN_LIT("short") };
	wd_holder_write_hello(&wr, &m);
	assert_int_not_equal(wd_wr_end(&wr), 0);

	wr = wd_wr_fixed(buf, sizeof(buf));
	wd_wr_zero(&wr, 16);
	wd_wr_u8(&wr, 33);
	wd_wr_zero(&wr, 33);
	assert_int_equal(
	    wd_holder_read_hello(wd_wr_span(&wr), &got), WD_R_MALFORMED);
}

static void
list_goes_both_ways(void **state)
{
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_span keys;
	uint32_t n;
	size_t at;

	(void)state;
	wd_holder_write_list_ask(&wr, 12);
	t_ok(wd_holder_read_list_ask(wd_wr_span(&wr), &n));
	assert_int_equal(n, 12);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(wd_holder_read_list_ask(wd_span(buf, i), &n),
		    WD_R_MALFORMED);
	assert_int_equal(
	    wd_holder_read_list_ask(wd_span(buf, 5), &n), WD_R_MALFORMED);

	wr = wd_wr_fixed(buf, sizeof(buf));
	at = wd_holder_write_list(&wr);
	wd_wr_text(&wr, "keys");
	wd_wr_patch_le32(&wr, at, 3);
	t_ok(wd_holder_read_list(wd_wr_span(&wr), &n, &keys));
	assert_int_equal(n, 3);
	t_span_equal(keys, WD_SPAN_LIT("keys"));
	assert_int_equal(
	    wd_holder_read_list(wd_span(buf, 3), &n, &keys), WD_R_MALFORMED);
}

static void
key_goes_both_ways(void **state)
{
	struct wd_holder_key m = rsa_key(), got;
	struct wd_span entry = entry_of(&m);

	(void)state;
	t_ok(wd_holder_read_key(entry, &got));
	assert_string_equal(got.id.s, ID);
	assert_int_equal(got.generation, 7);
	assert_int_equal(got.kind, WD_HOLDER_RSA);
	assert_int_equal(got.mechs, m.mechs);
	t_span_equal(got.label, m.label);
	t_span_equal(got.spki, m.spki);
	t_span_equal(got.n_or_x, m.n_or_x);
	t_span_equal(got.e_or_y, m.e_or_y);
	assert_int_equal(got.n_certs, 2);
	t_span_equal(got.certs[0], m.certs[0]);
	t_span_equal(got.certs[1], m.certs[1]);
}

static void
key_cut_anywhere_is_refused(void **state)
{
	struct wd_holder_key m = rsa_key(), got;
	struct wd_span entry = entry_of(&m), keys, one;

	(void)state;
	for (size_t i = 0; i < entry.len; i++)
		assert_int_equal(wd_holder_read_key(wd_span(entry.p, i), &got),
		    WD_R_MALFORMED);
	assert_int_equal(
	    wd_holder_read_key(wd_span(entry.p, entry.len + 1), &got),
	    WD_R_MALFORMED);
	for (size_t i = 0; i < entry.len + 4; i++) {
		keys = wd_span(buf, i);
		assert_int_equal(
		    wd_holder_next_key(&keys, &one), WD_R_MALFORMED);
	}
}

static void
key_of_every_kind_has_parts_of_its_size(void **state)
{
	static const struct {
		enum wd_holder_kind kind;
		size_t x, y;
		int want;
	} rows[] = {
		{ WD_HOLDER_P256, 32, 32, 0 },
		{ WD_HOLDER_P256, 32, 31, WD_R_MALFORMED },
		{ WD_HOLDER_P256, 33, 32, WD_R_MALFORMED },
		{ WD_HOLDER_P384, 48, 48, 0 },
		{ WD_HOLDER_P384, 32, 32, WD_R_MALFORMED },
		{ WD_HOLDER_P521, 66, 66, 0 },
		{ WD_HOLDER_P521, 65, 66, WD_R_MALFORMED },
		{ WD_HOLDER_ED25519, 32, 0, 0 },
		{ WD_HOLDER_ED25519, 32, 32, WD_R_MALFORMED },
		{ WD_HOLDER_RSA, 255, 3, WD_R_MALFORMED },
		{ WD_HOLDER_RSA, 256, 0, WD_R_MALFORMED },
		{ WD_HOLDER_RSA, 513, 3, WD_R_MALFORMED },
		{ WD_HOLDER_RSA, 512, 3, 0 },
	};
	struct wd_holder_key m = rsa_key(), got;

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
		struct wd_span keys, entry;

		m.kind = rows[i].kind;
		m.n_or_x = wd_span(filler, rows[i].x);
		m.e_or_y = wd_span(filler, rows[i].y);
		wd_holder_write_key(&wr, &m);
		if (rows[i].x > WD_HOLDER_PART_MAX) {
			assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
			continue;
		}
		keys = wd_wr_span(&wr);
		t_ok(wd_holder_next_key(&keys, &entry));
		assert_int_equal(wd_holder_read_key(entry, &got), rows[i].want);
	}
}

static void
key_with_impossible_fields_is_refused(void **state)
{
	struct wd_holder_key m = rsa_key(), got;

	(void)state;
	m.kind = 0;
	assert_int_equal(
	    wd_holder_read_key(entry_of(&m), &got), WD_R_MALFORMED);
	m.kind = 6;
	assert_int_equal(
	    wd_holder_read_key(entry_of(&m), &got), WD_R_MALFORMED);
	m = rsa_key();
	m.mechs = 1;
	assert_int_equal(
	    wd_holder_read_key(entry_of(&m), &got), WD_R_MALFORMED);
	m.mechs = 1U << 5;
	assert_int_equal(
	    wd_holder_read_key(entry_of(&m), &got), WD_R_MALFORMED);
	m = rsa_key();
	m.n_or_x = wd_span(buf + sizeof(buf) - 256, 256);
	assert_int_equal(
	    wd_holder_read_key(entry_of(&m), &got), WD_R_MALFORMED);
	m = rsa_key();
	m.certs[1] = wd_span(NULL, 0);
	assert_int_equal(
	    wd_holder_read_key(entry_of(&m), &got), WD_R_MALFORMED);
}

static void
key_fields_have_caps(void **state)
{
	struct wd_holder_key m[5];

	(void)state;
	for (size_t i = 0; i < WD_N(m); i++)
		m[i] = rsa_key();
	m[0].label = wd_span(filler, WD_HOLDER_LABEL_MAX + 1);
	m[1].spki = wd_span(filler, WD_HOLDER_SPKI_MAX + 1);
	m[2].e_or_y = wd_span(filler, WD_HOLDER_PART_MAX + 1);
	m[3].n_certs = WD_HOLDER_CHAIN_MAX + 1;
	m[4].certs[1] = wd_span(filler, WD_HOLDER_CHAIN_BYTES - 799);
	for (size_t i = 0; i < WD_N(m); i++) {
		struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

		wd_holder_write_key(&wr, &m[i]);
		assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
	}
}

static void
too_many_certificate_bytes_are_refused(void **state)
{
	struct wd_holder_key m = rsa_key(), got;
	struct wd_span entry;

	(void)state;
	m.certs[0] = wd_span(filler, WD_HOLDER_CHAIN_BYTES - 900);
	entry = entry_of(&m);
	t_ok(wd_holder_read_key(entry, &got));
	/* The second certificate, one byte longer by its length field. */
	buf[4 + entry.len - 902]++;
	assert_int_equal(
	    wd_holder_read_key(wd_span(entry.p, entry.len + 1), &got),
	    WD_R_MALFORMED);
}

static void
sign_goes_both_ways(void **state)
{
	const struct wd_holder_sign m = { some_id(), 3, WD_HOLDER_PSS,
		WD_HOLDER_SHA256, WD_HOLDER_SHA384, 48, wd_span(filler, 32) };
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_holder_sign got;

	(void)state;
	wd_holder_write_sign(&wr, &m);
	t_ok(wd_wr_end(&wr));
	t_ok(wd_holder_read_sign(wd_wr_span(&wr), &got));
	assert_string_equal(got.id.s, ID);
	assert_int_equal(got.generation, 3);
	assert_int_equal(got.mech, WD_HOLDER_PSS);
	assert_int_equal(got.hash, WD_HOLDER_SHA256);
	assert_int_equal(got.mgf, WD_HOLDER_SHA384);
	assert_int_equal(got.salt_len, 48);
	t_span_equal(got.data, m.data);
	for (size_t i = 0; i < wr.len; i++)
		assert_int_equal(
		    wd_holder_read_sign(wd_span(buf, i), &got), WD_R_MALFORMED);
	assert_int_equal(wd_holder_read_sign(wd_span(buf, wr.len + 1), &got),
	    WD_R_MALFORMED);
}

static void
sign_with_impossible_parameters_is_refused(void **state)
{
	static const struct wd_holder_sign rows[] = {
		{ .mech = 0 },
		{ .mech = 5 },
		{ .mech = WD_HOLDER_PSS, .hash = WD_HOLDER_SHA256 },
		{ .mech = WD_HOLDER_PSS, .mgf = WD_HOLDER_SHA256 },
		{ .mech = WD_HOLDER_PSS, .hash = 4, .mgf = 1 },
		{ .mech = WD_HOLDER_PSS, .hash = 1, .mgf = 4 },
		{ .mech = WD_HOLDER_ECDSA, .hash = WD_HOLDER_SHA256 },
		{ .mech = WD_HOLDER_PKCS1, .mgf = WD_HOLDER_SHA256 },
		{ .mech = WD_HOLDER_EDDSA, .salt_len = 1 },
	};
	struct wd_holder_sign got;

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
		struct wd_holder_sign m = rows[i];

		m.id = some_id();
		wd_holder_write_sign(&wr, &m);
		t_ok(wd_wr_end(&wr));
		assert_int_equal(
		    wd_holder_read_sign(wd_wr_span(&wr), &got), WD_R_MALFORMED);
	}
}

static void
sign_with_a_foreign_id_or_reserved_byte_is_refused(void **state)
{
	const struct wd_holder_sign m = { .id = some_id(),
		.mech = WD_HOLDER_ECDSA };
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_holder_sign got;

	(void)state;
	wd_holder_write_sign(&wr, &m);
	t_ok(wd_holder_read_sign(wd_wr_span(&wr), &got));
	buf[43] = 1;
	assert_int_equal(
	    wd_holder_read_sign(wd_wr_span(&wr), &got), WD_R_MALFORMED);
	buf[43] = 0;
	buf[0] = 'x';
	assert_int_equal(
	    wd_holder_read_sign(wd_wr_span(&wr), &got), WD_R_MALFORMED);
}

static void
sign_data_has_a_cap(void **state)
{
	struct wd_holder_sign m = { .id = some_id(),
		.mech = WD_HOLDER_EDDSA,
		.data = wd_span(filler, WD_HOLDER_DATA_MAX) };
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_holder_sign got;

	(void)state;
	wd_holder_write_sign(&wr, &m);
	t_ok(wd_holder_read_sign(wd_wr_span(&wr), &got));
	m.data.len++;
	wr = wd_wr_fixed(buf, sizeof(buf));
	wd_holder_write_sign(&wr, &m);
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
}

static void
signature_goes_both_ways(void **state)
{
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_span got;

	(void)state;
	wd_holder_write_signature(&wr, wd_span(filler, 64));
	t_ok(wd_holder_read_signature(wd_wr_span(&wr), &got));
	t_span_equal(got, wd_span(filler, 64));
	for (size_t i = 0; i < wr.len; i++)
		assert_int_equal(
		    wd_holder_read_signature(wd_span(buf, i), &got),
		    WD_R_MALFORMED);
	assert_int_equal(
	    wd_holder_read_signature(wd_span(buf, wr.len + 1), &got),
	    WD_R_MALFORMED);
}

static void
signature_is_neither_empty_nor_too_long(void **state)
{
	static const uint8_t empty[2], over[2 + 513] = { 1, 2 };
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_span got;

	(void)state;
	wd_holder_write_signature(&wr, wd_span(NULL, 0));
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
	wr = wd_wr_fixed(buf, sizeof(buf));
	wd_holder_write_signature(&wr, wd_span(filler, 513));
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
	assert_int_equal(
	    wd_holder_read_signature(WD_SPAN(empty), &got), WD_R_MALFORMED);
	assert_int_equal(
	    wd_holder_read_signature(WD_SPAN(over), &got), WD_R_MALFORMED);
}

static void
status_lines_go_both_ways(void **state)
{
	const struct wd_holder_line a = { WD_SPAN_LIT("keys"),
		WD_SPAN_LIT("2") };
	const struct wd_holder_line b = { WD_SPAN_LIT("memory"),
		WD_SPAN_LIT("") };
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_holder_line got;
	struct wd_span body;

	(void)state;
	wd_holder_write_line(&wr, &a);
	wd_holder_write_line(&wr, &b);
	t_ok(wd_wr_end(&wr));
	body = wd_wr_span(&wr);
	t_ok(wd_holder_next_line(&body, &got));
	t_span_equal(got.name, a.name);
	t_span_equal(got.value, a.value);
	t_ok(wd_holder_next_line(&body, &got));
	t_span_equal(got.name, b.name);
	assert_int_equal(body.len, 0);
	assert_int_equal(wd_holder_next_line(&body, &got), WD_R_MALFORMED);
	body = wd_span(buf, 6);
	assert_int_equal(wd_holder_next_line(&body, &got), WD_R_MALFORMED);
}

static void
get_goes_both_ways(void **state)
{
	struct wd_holder_get m = { WD_SPAN_LIT("name"), WD_HOLDER_CHAIN,
		70000 };
	struct wd_holder_get got;
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	size_t len;

	(void)state;
	wd_holder_write_get(&wr, &m);
	t_ok(wd_wr_end(&wr));
	len = wr.len;
	t_ok(wd_holder_read_get(wd_span(buf, len), &got));
	t_span_equal(got.name, m.name);
	assert_int_equal(got.part, WD_HOLDER_CHAIN);
	assert_int_equal(got.from, 70000);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(
		    wd_holder_read_get(wd_span(buf, i), &got), WD_R_MALFORMED);
	assert_int_equal(
	    wd_holder_read_get(wd_span(buf, len + 1), &got), WD_R_MALFORMED);
	buf[0] = 3; /* no such part */
	assert_int_equal(
	    wd_holder_read_get(wd_span(buf, len), &got), WD_R_MALFORMED);
}

static void
name_over_its_cap_is_not_written(void **state)
{
	static const uint8_t name[WD_HOLDER_NAME_MAX + 1];
	struct wd_holder_get m = { WD_SPAN(name), WD_HOLDER_CHAIN, 0 };
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	(void)state;
	wd_holder_write_get(&wr, &m);
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
}

static void
pieces_go_both_ways(void **state)
{
	struct wd_holder_piece got;
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	(void)state;
	wd_holder_write_piece(&wr, WD_SPAN_LIT("secret"), 2);
	t_ok(wd_holder_read_piece(wd_wr_span(&wr), &got));
	assert_int_equal(got.total, 6);
	t_span_equal(got.bytes, WD_SPAN_LIT("cret"));
	for (size_t i = 0; i < wr.len; i++)
		assert_int_equal(wd_holder_read_piece(wd_span(buf, i), &got),
		    WD_R_MALFORMED);
	buf[0] = 3; /* more than the whole */
	assert_int_equal(
	    wd_holder_read_piece(wd_wr_span(&wr), &got), WD_R_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_goes_both_ways),
		cmocka_unit_test(header_has_sixteen_bytes_little_endian),
		cmocka_unit_test(packet_of_another_length_is_refused),
		cmocka_unit_test(unknown_flags_and_versions_are_refused),
		cmocka_unit_test(message_over_the_cap_is_not_finished),
		cmocka_unit_test(status_needs_two_bytes),
		cmocka_unit_test(every_status_has_a_sentence),
		cmocka_unit_test(hello_goes_both_ways),
		cmocka_unit_test(hello_fields_have_caps),
		cmocka_unit_test(list_goes_both_ways),
		cmocka_unit_test(key_goes_both_ways),
		cmocka_unit_test(key_cut_anywhere_is_refused),
		cmocka_unit_test(key_of_every_kind_has_parts_of_its_size),
		cmocka_unit_test(key_with_impossible_fields_is_refused),
		cmocka_unit_test(key_fields_have_caps),
		cmocka_unit_test(too_many_certificate_bytes_are_refused),
		cmocka_unit_test(sign_goes_both_ways),
		cmocka_unit_test(sign_with_impossible_parameters_is_refused),
		cmocka_unit_test(
		    sign_with_a_foreign_id_or_reserved_byte_is_refused),
		cmocka_unit_test(sign_data_has_a_cap),
		cmocka_unit_test(signature_goes_both_ways),
		cmocka_unit_test(signature_is_neither_empty_nor_too_long),
		cmocka_unit_test(status_lines_go_both_ways),
		cmocka_unit_test(get_goes_both_ways),
		cmocka_unit_test(name_over_its_cap_is_not_written),
		cmocka_unit_test(pieces_go_both_ways),
	};

	for (size_t i = 0; i < sizeof(filler); i++)
		filler[i] = (uint8_t)(i % 251 + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
