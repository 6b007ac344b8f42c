#include "fixture.h"

#include "broker/secrets.h"
#include "codec/pem.h"
#include "crypto/rand.h"

#include <stdio.h>
#include <string.h>

static struct wd_msg_key_create
create(struct t_broker *f, enum wd_key_kind kind)
{
	return (struct wd_msg_key_create){ t_head(f), .kind = (uint8_t)kind };
}

static struct wd_msg_key_record
created(struct t_broker *f, const struct wd_msg_key_create *m)
{
	struct wd_msg_key_record key;

	t_ok(t_call(f, WD_CALL_KEY_CREATE, m));
	t_reply(f, WD_CALL_KEY_CREATE, &key);
	return key;
}

static int
refused(struct t_broker *f, const struct wd_msg_key_create *m)
{
	uint64_t before, after;
	int r;

	t_ok(wd_store_key_count(f->b->store, &before));
	r = t_call(f, WD_CALL_KEY_CREATE, m);
	t_ok(wd_store_key_count(f->b->store, &after));
	assert_int_equal(before, after);
	t_logged(f, "\"event\":\"key_create\"");
	t_logged(f, wd_reason_name(r));
	return r;
}

/* The bytes under which a key rests, opened. */
static struct wd_secret *
stored(struct t_broker *f, const struct wd_id *id)
{
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_secret *plain = NULL;

	t_ok(wd_store_version_get(f->b->store, id, 0, &v));
	t_ok(wd_secret_open_key(f->b, &v, NULL, &plain, NULL));
	return plain;
}

static struct wd_pkey *
pair_of(enum wd_pkey_alg alg)
{
	struct wd_pkey *k = NULL;

	t_ok(wd_pkey_generate(alg, &k));
	return k;
}

/* ---- generating */

static void
aes_keys_are_random_bytes_of_their_size(void **state)
{
	struct t_broker *f = *state;

	for (uint8_t kind = WD_KEY_AES128; kind <= WD_KEY_AES256; kind++) {
		struct wd_msg_key_create m = create(f, kind);
		struct wd_msg_key_record key = created(f, &m);
		WD_AUTO(wd_secret_freep)
		struct wd_secret *plain = stored(f, &key.id);

		assert_int_equal(key.kind, kind);
		assert_int_equal(key.version, 1);
		assert_int_equal(key.created, f->now);
		assert_true(wd_span_is(key.backend, "embedded"));
		assert_int_equal(key.spki.len, 0);
		assert_int_equal(key.chain.len, 0);
		assert_int_equal(
		    wd_secret_len(plain), wd_key_row(kind)->bits / 8);
		assert_false(wd_span_is_zero(wd_secret_borrow(plain)));
		t_not_logged(f, wd_secret_borrow(plain));
	}
}

static void
generate_pair(struct t_broker *f, enum wd_key_kind kind, enum wd_pkey_alg alg)
{
	struct wd_msg_key_create m = create(f, kind);
	struct wd_msg_key_record key = created(f, &m);
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = stored(f, &key.id);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *private = NULL;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *public = NULL;

	t_ok(wd_pkey_from_private(wd_secret_borrow(plain), &private));
	t_ok(wd_pkey_from_spki(key.spki, &public));
	assert_int_equal(wd_pkey_alg(private), alg);
	assert_true(wd_pkey_same_public(private, public));
	assert_int_equal(key.kind, kind);
}

static void
pairs_are_kept_as_pkcs8_beside_their_public_key(void **state)
{
	struct t_broker *f = *state;

	generate_pair(f, WD_KEY_RSA2048, WD_PKEY_RSA2048);
	generate_pair(f, WD_KEY_P256, WD_PKEY_P256);
	generate_pair(f, WD_KEY_P384, WD_PKEY_P384);
	generate_pair(f, WD_KEY_P521, WD_PKEY_P521);
	generate_pair(f, WD_KEY_ED25519, WD_PKEY_ED25519);
}

static void
a_key_carries_label_usage_and_policy(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_AES128);
	struct wd_msg_key_record key;

	m.policy = t_add_policy(f, 3);
	m.label = WD_SPAN_LIT("Schl\xc3\xbcssel");
	m.usage = WD_SPAN_LIT("Country:US,State:CA");
	key = created(f, &m);
	assert_true(wd_span_is(key.label, "Schl\xc3\xbcssel"));
	assert_true(wd_span_is(key.usage, "Country:US,State:CA"));
	t_span_equal(wd_id_span(&key.policy), wd_id_span(&m.policy));
	t_logged(f, m.policy.s);
	t_logged(f, "aes-128, generated, label 'Schl\xc3\xbcssel'");
	t_logged(f, "\"version\":1");
}

static void
a_kind_that_is_none_is_out_of_range(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_NONE);

	assert_int_equal(refused(f, &m), WD_R_RANGE);
	m.kind = WD_KEY_OPAQUE + 1;
	assert_int_equal(refused(f, &m), WD_R_RANGE);
	m.material = WD_SPAN_LIT("0123456789abcdef");
	assert_int_equal(refused(f, &m), WD_R_RANGE);
	m.kind = 255;
	assert_int_equal(refused(f, &m), WD_R_RANGE);
}

static void
an_opaque_secret_cannot_be_generated(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_OPAQUE);

	assert_int_equal(refused(f, &m), WD_R_MALFORMED);
}

static void
a_policy_that_does_not_exist_is_not_found(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_AES128);

	m.policy = t_id(77);
	assert_int_equal(refused(f, &m), WD_R_NOT_FOUND);
	t_logged(f, "there is no such policy");
	t_logged(f, m.policy.s);
}

static void
there_is_no_backend_but_the_embedded_one(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_AES128);

	m.backend = WD_SPAN_LIT("kmip");
	assert_int_equal(refused(f, &m), WD_R_BACKEND_NOT_CONFIGURED);
	m.backend = wd_span(NULL, 0);
	m.attach = WD_SPAN_LIT("secret/data/app");
	assert_int_equal(refused(f, &m), WD_R_BACKEND_NOT_CONFIGURED);
	m.backend = WD_SPAN_LIT("embedded");
	assert_int_equal(refused(f, &m), WD_R_BACKEND_NOT_CONFIGURED);
	m.attach = wd_span(NULL, 0);
	(void)created(f, &m);
}

static void
texts_that_cannot_be_shown_are_malformed(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_AES128);

	m.label = WD_SPAN_LIT("a\xff");
	assert_int_equal(refused(f, &m), WD_R_MALFORMED);
	m.label = WD_SPAN_LIT("a\nb");
	assert_int_equal(refused(f, &m), WD_R_MALFORMED);
	m.label = WD_SPAN_LIT("a\0b");
	assert_int_equal(refused(f, &m), WD_R_MALFORMED);
	m.label = wd_span(NULL, 0);
	m.usage = WD_SPAN_LIT("\xc0\x80");
	assert_int_equal(refused(f, &m), WD_R_MALFORMED);
}

/* ---- bringing one's own */

static void
raw_bytes_are_kept_as_they_are(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_AES256);
	uint8_t bytes[32];
	struct wd_msg_key_record key;
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

	t_ok(wd_rand(bytes, sizeof(bytes)));
	m.material = WD_SPAN(bytes);
	key = created(f, &m);
	plain = stored(f, &key.id);
	t_span_equal(wd_secret_borrow(plain), WD_SPAN(bytes));
	t_logged(f, "aes-256, brought");
	t_not_logged(f, WD_SPAN(bytes));
}

static void
an_aes_key_has_exactly_its_length(void **state)
{
	struct t_broker *f = *state;
	static const uint8_t bytes[64] = { 1 };

	for (size_t i = 0; i < 3; i++) {
		size_t right = 16 + 8 * i;
		struct wd_msg_key_create m =
		    create(f, (enum wd_key_kind)(WD_KEY_AES128 + i));

		for (size_t len = 1; len < sizeof(bytes); len++) {
			m.material = wd_span(bytes, len);
			if (len != right)
				assert_int_equal(
				    refused(f, &m), WD_R_KEY_INVALID);
		}
		m.material = wd_span(bytes, right);
		(void)created(f, &m);
	}
}

static void
an_opaque_secret_may_be_anything_up_to_64_kib(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_OPAQUE);
	static uint8_t bytes[65537];
	struct wd_msg_key_record key;
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

	bytes[9] = 9;
	m.material = wd_span(bytes, 65536);
	key = created(f, &m);
	plain = stored(f, &key.id);
	t_span_equal(wd_secret_borrow(plain), m.material);
	m.material = wd_span(bytes, 65537);
	assert_int_equal(refused(f, &m), WD_R_TOO_LARGE);
}

static void
bring(struct t_broker *f, const struct wd_pkey *pair, struct wd_span material,
    enum wd_key_kind said, enum wd_key_kind kind)
{
	struct wd_msg_key_create m = create(f, said);
	struct wd_msg_key_record key;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *public = NULL;

	m.material = material;
	key = created(f, &m);
	assert_int_equal(key.kind, kind);
	t_ok(wd_pkey_from_spki(key.spki, &public));
	assert_true(wd_pkey_same_public(pair, public));
	t_not_logged(f, WD_SPAN_LIT("PRIVATE"));
}

static void
a_private_key_says_its_kind_itself(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = pair_of(WD_PKEY_P384);
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr pem = wd_wr_growing(4096);

	t_ok(wd_pkey_to_pkcs8(pair, &der));
	wd_pem_write(&pem, "PRIVATE KEY", wd_secret_borrow(der));
	bring(f, pair, wd_secret_borrow(der), WD_KEY_NONE, WD_KEY_P384);
	bring(f, pair, wd_secret_borrow(der), WD_KEY_P384, WD_KEY_P384);
	bring(f, pair, wd_wr_span(&pem), WD_KEY_NONE, WD_KEY_P384);
	bring(f, pair, wd_wr_span(&pem), WD_KEY_P384, WD_KEY_P384);
}

static void
a_private_key_of_another_kind_is_a_mismatch(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = pair_of(WD_PKEY_P384);
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	struct wd_msg_key_create m = create(f, WD_KEY_NONE);

	t_ok(wd_pkey_to_pkcs8(pair, &der));
	m.material = wd_secret_borrow(der);
	for (uint8_t kind = WD_KEY_RSA2048; kind <= WD_KEY_ED25519; kind++) {
		m.kind = kind;
		if (kind != WD_KEY_P384)
			assert_int_equal(refused(f, &m), WD_R_MISMATCH);
	}
	m.kind = WD_KEY_AES256;
	assert_int_equal(refused(f, &m), WD_R_KEY_INVALID);
}

static void
a_private_key_of_none_of_the_kinds_is_a_mismatch(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = pair_of(WD_PKEY_P384);
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	struct wd_msg_key_create m = create(f, WD_KEY_NONE);

	t_ok(wd_pkey_to_pkcs8(pair, &der));
	m.material = wd_secret_borrow(der);
	m.kinds = 1u << WD_KEY_RSA2048 | 1u << WD_KEY_P256;
	assert_int_equal(refused(f, &m), WD_R_MISMATCH);
	m.kinds |= 1u << WD_KEY_P384;
	assert_int_equal(created(f, &m).kind, WD_KEY_P384);
}

static void
what_is_no_private_key_is_malformed(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = pair_of(WD_PKEY_P256);
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *public = NULL;
	struct wd_msg_key_create m = create(f, WD_KEY_NONE);

	t_ok(wd_pkey_to_pkcs8(pair, &der));
	t_ok(wd_pkey_to_spki(pair, &public));
	m.material = WD_SPAN_LIT("-----BEGIN PRIVATE KEY-----\n");
	assert_int_equal(refused(f, &m), WD_R_MALFORMED);
	m.material = wd_bytes_span(public);
	assert_int_equal(refused(f, &m), WD_R_MALFORMED);
	m.kind = WD_KEY_P256;
	for (size_t len = 1; len < wd_secret_len(der); len++) {
		m.material = wd_span(wd_secret_bytes(der), len);
		assert_int_equal(refused(f, &m), WD_R_MALFORMED);
	}
}

static void
a_key_that_does_not_fit_together_is_invalid(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = pair_of(WD_PKEY_P256);
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	struct wd_msg_key_create m = create(f, WD_KEY_P256);

	t_ok(wd_pkey_to_pkcs8(pair, &der));
	/* PKCS#8 of libcrypto: the private number stands at 36 */
	wd_secret_bytes(der)[40] ^= 1;
	m.material = wd_secret_borrow(der);
	assert_int_equal(refused(f, &m), WD_R_KEY_INVALID);
}

/* ---- showing, listing */

static void
a_key_is_shown_with_its_chain_and_without_its_secret(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_P256);
	struct wd_msg_key_record key, shown;
	struct wd_msg_key_ask ask = { t_head(f) };
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

	m.subject = WD_SPAN_LIT("CN=a.example,DNS=a.example");
	m.policy = t_add_policy(f, 5);
	key = created(f, &m);
	ask.id = key.id;
	plain = stored(f, &key.id);
	t_ok(t_call(f, WD_CALL_KEY_SHOW, &ask));
	t_reply(f, WD_CALL_KEY_SHOW, &shown);
	t_span_equal(wd_id_span(&shown.id), wd_id_span(&ask.id));
	assert_true(shown.chain.len > 100);
	assert_true(shown.spki.len > 0);
	assert_null(memmem(f->out.reply->p, f->out.reply->len,
	    wd_secret_bytes(plain) + 36, 32));
	t_logged(f, "\"event\":\"key_show\"");
	t_logged(f, m.policy.s);
	ask.id = t_id(66);
	assert_int_equal(t_call(f, WD_CALL_KEY_SHOW, &ask), WD_R_NOT_FOUND);
}

static size_t
list(struct t_broker *f, const struct wd_msg_key_list_ask *m, bool *ret_more,
    struct wd_id *ret_last)
{
	struct wd_msg_key_list answer;
	struct wd_msg_key_record key;
	struct wd_rd rd;
	size_t n = 0;

	t_ok(t_call(f, WD_CALL_KEY_LIST, m));
	t_reply(f, WD_CALL_KEY_LIST, &answer);
	for (rd = wd_rd(answer.keys); wd_rd_more(&rd); n++) {
		t_ok(wd_list_next(&rd, &wd_msg_key_record_type, &key));
		assert_int_equal(key.chain.len, 0);
		*ret_last = key.id;
	}
	t_ok(wd_rd_end(&rd));
	*ret_more = answer.more;
	return n;
}

static void
make_some(struct t_broker *f, const struct wd_id *policy)
{
	static const enum wd_key_kind kinds[] = { WD_KEY_AES128, WD_KEY_AES256,
		WD_KEY_P256, WD_KEY_P384, WD_KEY_ED25519 };

	for (size_t i = 0; i < WD_N(kinds); i++) {
		struct wd_msg_key_create m = create(f, kinds[i]);

		if (i % 2 == 0)
			m.policy = *policy;
		(void)created(f, &m);
	}
}

static void
a_list_is_filtered_by_kind_family_and_policy(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_list_ask m = { t_head(f), .limit = 100 };
	struct wd_id policy = t_add_policy(f, 5), last;
	bool more;

	make_some(f, &policy);
	assert_int_equal(list(f, &m, &more, &last), 5);
	assert_false(more);
	m.kind = WD_KEY_P384;
	assert_int_equal(list(f, &m, &more, &last), 1);
	m.family = WD_FAMILY_EC;
	assert_int_equal(list(f, &m, &more, &last), 1);
	m.family = WD_FAMILY_AES; /* which P-384 is not */
	assert_int_equal(list(f, &m, &more, &last), 0);
	m.kind = 0;
	assert_int_equal(list(f, &m, &more, &last), 2);
	m.family = WD_FAMILY_EC;
	assert_int_equal(list(f, &m, &more, &last), 2);
	m.policy = policy;
	assert_int_equal(list(f, &m, &more, &last), 1);
	m.family = 0;
	assert_int_equal(list(f, &m, &more, &last), 3);
	m.policy = t_id(99);
	assert_int_equal(list(f, &m, &more, &last), 0);
}

static void
a_list_goes_on_where_it_ended(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_list_ask m = { t_head(f), .limit = 2 };
	struct wd_id policy = t_add_policy(f, 5), last;
	bool more;

	make_some(f, &policy);
	assert_int_equal(list(f, &m, &more, &last), 2);
	assert_true(more);
	m.after = last;
	assert_int_equal(list(f, &m, &more, &last), 2);
	assert_true(more);
	m.after = last;
	assert_int_equal(list(f, &m, &more, &last), 1);
	assert_false(more);
	m.after = last;
	assert_int_equal(list(f, &m, &more, &last), 0);
	assert_false(more);
}

static void
a_list_out_of_range_is_refused(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_list_ask m = { t_head(f), .limit = 0 };

	assert_int_equal(t_call(f, WD_CALL_KEY_LIST, &m), WD_R_RANGE);
	m.limit = 101;
	assert_int_equal(t_call(f, WD_CALL_KEY_LIST, &m), WD_R_RANGE);
	m.limit = UINT32_MAX;
	assert_int_equal(t_call(f, WD_CALL_KEY_LIST, &m), WD_R_RANGE);
	m.limit = 100;
	m.kind = WD_KEY_OPAQUE + 1;
	assert_int_equal(t_call(f, WD_CALL_KEY_LIST, &m), WD_R_RANGE);
	m.kind = 0;
	m.family = WD_FAMILY_OPAQUE + 1;
	assert_int_equal(t_call(f, WD_CALL_KEY_LIST, &m), WD_R_RANGE);
}

static void
a_hundred_of_the_longest_rows_fit(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_list_ask m = { t_head(f), .limit = 100 };
	struct wd_store_key key = { .kind = WD_KEY_RSA4096,
		.version = 1,
		.backend = "embedded",
		.created = 1 };
	WD_AUTO(wd_store_version_done)
	struct wd_store_version v = { .version = 1 };
	struct wd_id last;
	bool more;

	memset(key.attach, 'a', WD_PATH_MAX);
	memset(key.label, 'b', WD_LABEL_MAX);
	memset(key.usage, 'c', WD_USAGE_MAX);
	v.wrapped = wd_bytes_new(100);
	v.spki = wd_bytes_new(1024);
	v.chain = wd_bytes_new(32768);
	for (uint8_t i = 0; i < 101; i++) {
		key.id = v.key = t_id(i);
		t_ok(wd_store_key_add(f->b->store, &key, &v));
	}
	assert_int_equal(list(f, &m, &more, &last), 100);
	assert_true(more);
}

/* ---- changing */

static void
a_deleted_key_is_gone(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_AES128);
	struct wd_msg_key_ask ask = { t_head(f) };

	ask.id = created(f, &m).id;
	t_ok(t_call(f, WD_CALL_KEY_DELETE, &ask));
	t_logged(f, "\"event\":\"key_delete\"");
	t_logged(f, ask.id.s);
	assert_int_equal(t_call(f, WD_CALL_KEY_SHOW, &ask), WD_R_NOT_FOUND);
	assert_int_equal(t_call(f, WD_CALL_KEY_DELETE, &ask), WD_R_NOT_FOUND);
	t_logged(f, "\"event\":\"key_delete\"");
	t_logged(f, "\"result\":\"deny\"");
}

static void
a_key_goes_to_another_policy_or_to_none(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_AES128);
	struct wd_msg_key_policy change = { t_head(f) };
	struct wd_msg_key_record key;

	m.policy = t_add_policy(f, 1);
	change.id = created(f, &m).id;
	change.policy = t_add_policy(f, 2);
	t_ok(t_call(f, WD_CALL_KEY_POLICY, &change));
	t_reply(f, WD_CALL_KEY_POLICY, &key);
	t_span_equal(wd_id_span(&key.policy), wd_id_span(&change.policy));
	t_logged(f, "\"event\":\"key_policy\"");
	t_logged(f, change.policy.s);
	change.policy = (struct wd_id){ { 0 } };
	t_ok(t_call(f, WD_CALL_KEY_POLICY, &change));
	t_reply(f, WD_CALL_KEY_POLICY, &key);
	assert_true(wd_id_is_none(&key.policy));
}

static void
a_key_goes_only_to_what_there_is(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_AES128);
	struct wd_msg_key_policy change = { t_head(f) };

	change.id = created(f, &m).id;
	change.policy = t_id(50);
	assert_int_equal(
	    t_call(f, WD_CALL_KEY_POLICY, &change), WD_R_NOT_FOUND);
	t_logged(f, "there is no such policy");
	change.policy = t_add_policy(f, 2);
	change.id = t_id(51);
	assert_int_equal(
	    t_call(f, WD_CALL_KEY_POLICY, &change), WD_R_NOT_FOUND);
	t_logged(f, "there is no such key");
}

static void
without_memory_keys_stay_as_they_are(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_P256);
	struct wd_msg_key_list_ask all = { t_head(f), .limit = 100 };
	struct wd_msg_key_policy change = { t_head(f) };
	struct wd_msg_key_ask ask = { t_head(f) };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = pair_of(WD_PKEY_P256);
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;

	m.policy = t_add_policy(f, 1);
	m.subject = WD_SPAN_LIT("CN=a.example,DNS=a.example");
	t_torture(f, WD_CALL_KEY_CREATE, &m, NULL);
	t_ok(wd_pkey_to_pkcs8(pair, &der));
	m.material = wd_secret_borrow(der);
	t_torture(f, WD_CALL_KEY_CREATE, &m, NULL);
	change.id = ask.id = created(f, &m).id;
	change.policy = t_add_policy(f, 2);
	t_torture(f, WD_CALL_KEY_POLICY, &change, NULL);
	t_torture(f, WD_CALL_KEY_SHOW, &ask, NULL);
	t_torture(f, WD_CALL_KEY_LIST, &all, NULL);
	t_torture(f, WD_CALL_KEY_DELETE, &ask, NULL);
}

static int
rotate(struct t_broker *f, const struct wd_id *id, const char *subject,
    struct wd_msg_key_record *ret)
{
	struct wd_msg_key_csr_ask m = { t_head(f), .id = *id,
		.subject = wd_span_text(subject) };
	int r = t_call(f, WD_CALL_KEY_ROTATE, &m);

	t_logged(f, "\"event\":\"key_rotate\"");
	if (r == 0)
		t_reply(f, WD_CALL_KEY_ROTATE, ret);
	return r;
}

static void
a_key_gets_versions_and_keeps_the_older(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_P256);
	WD_AUTO(wd_secret_freep) struct wd_secret *newest = NULL;
	WD_AUTO(wd_store_version_done) struct wd_store_version old = { 0 };
	struct wd_msg_key_record key;
	struct wd_id id;

	m.label = WD_SPAN_LIT("web");
	id = created(f, &m).id;
	t_ok(rotate(f, &id, "", &key));
	assert_int_equal(key.version, 2);
	assert_int_equal(key.kind, WD_KEY_P256);
	t_span_equal(key.label, WD_SPAN_LIT("web"));
	assert_int_equal(key.chain.len, 0);
	t_ok(wd_store_version_get(f->b->store, &id, 1, &old));
	assert_false(wd_span_equal(wd_bytes_span(old.spki), key.spki));
	t_ok(rotate(f, &id, "CN=web.example", &key));
	assert_int_equal(key.version, 3);
	assert_true(key.chain.len > 0);
	t_logged(f, "\"version\":3");
	newest = stored(f, &id); /* opens as version 3 */
	assert_non_null(newest);
}

static void
what_has_no_next_version_is_refused(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = create(f, WD_KEY_OPAQUE);
	struct wd_msg_key_record key;
	struct wd_id id = t_id(9);

	assert_int_equal(rotate(f, &id, "", &key), WD_R_NOT_FOUND);
	m.material = WD_SPAN_LIT("bytes");
	id = created(f, &m).id;
	assert_int_equal(rotate(f, &id, "", &key), WD_R_MALFORMED);
	m = create(f, WD_KEY_AES256);
	id = created(f, &m).id;
	assert_int_equal(rotate(f, &id, "CN=x", &key), WD_R_UNSUPPORTED);
	t_ok(rotate(f, &id, "", &key));
	wd_broker_seal(f->b);
	assert_int_equal(rotate(f, &id, "", &key), WD_R_SEALED);
}

/* Making a key may take seconds, in which others may want to write. */
static void
a_key_is_made_before_the_store_is_locked(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_store_closep) struct wd_store *other = NULL;
	struct wd_msg_key_create m = create(f, WD_KEY_RSA2048);
	struct wd_msg_key_record key;

	t_ok(wd_store_open(f->dir, &other, NULL));
	t_ok(wd_store_begin(other));
	m.material = WD_SPAN_LIT("no key");
	/* Refused for what it is, not for the lock. */
	assert_int_equal(refused(f, &m), WD_R_MALFORMED);
	m.material = wd_span(NULL, 0);
	assert_int_equal(t_call(f, WD_CALL_KEY_CREATE, &m), WD_F_STORE);
	wd_store_rollback(other);
	key = created(f, &m);
	assert_int_equal(key.kind, WD_KEY_RSA2048);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(aes_keys_are_random_bytes_of_their_size),
		with_broker(a_key_is_made_before_the_store_is_locked),
		with_broker(a_key_gets_versions_and_keeps_the_older),
		with_broker(what_has_no_next_version_is_refused),
		with_broker(pairs_are_kept_as_pkcs8_beside_their_public_key),
		with_broker(a_key_carries_label_usage_and_policy),
		with_broker(a_kind_that_is_none_is_out_of_range),
		with_broker(an_opaque_secret_cannot_be_generated),
		with_broker(a_policy_that_does_not_exist_is_not_found),
		with_broker(there_is_no_backend_but_the_embedded_one),
		with_broker(texts_that_cannot_be_shown_are_malformed),
		with_broker(raw_bytes_are_kept_as_they_are),
		with_broker(an_aes_key_has_exactly_its_length),
		with_broker(an_opaque_secret_may_be_anything_up_to_64_kib),
		with_broker(a_private_key_says_its_kind_itself),
		with_broker(a_private_key_of_another_kind_is_a_mismatch),
		with_broker(a_private_key_of_none_of_the_kinds_is_a_mismatch),
		with_broker(what_is_no_private_key_is_malformed),
		with_broker(a_key_that_does_not_fit_together_is_invalid),
		with_broker(
		    a_key_is_shown_with_its_chain_and_without_its_secret),
		with_broker(a_list_is_filtered_by_kind_family_and_policy),
		with_broker(a_list_goes_on_where_it_ended),
		with_broker(a_list_out_of_range_is_refused),
		with_broker(a_hundred_of_the_longest_rows_fit),
		with_broker(a_deleted_key_is_gone),
		with_broker(a_key_goes_to_another_policy_or_to_none),
		with_broker(a_key_goes_only_to_what_there_is),
		with_broker(without_memory_keys_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
