/*
 * References to keys in backends: what they are bound to, and what a backend
 * may give for one.
 */
#include "fixture.h"

#include "broker/admin_remote.h"
#include "broker/remote.h"
#include "broker/secrets.h"
#include "crypto/pkey.h"
#include "crypto/sig.h"

#include <string.h>

static struct wd_remote
somewhere(void)
{
	struct wd_remote x = { .backend = "here",
		.kind = WD_BACKEND_VAULT,
		.locator = "a/b:1",
		.made = true,
		.leased = true };

	return x;
}

static struct wd_store_key
row_of(uint8_t id, const char *backend)
{
	struct wd_store_key key = { .id = t_id(id), .kind = WD_KEY_AES256 };

	wd_copy(key.backend, wd_span_text(backend));
	return key;
}

/* The reference that was sealed for key 1, version 3, looked at as another. */
static int
open_as(struct t_broker *f, uint8_t id, uint32_t version, const char *backend,
    struct wd_remote *ret)
{
	struct wd_remote x = somewhere();
	struct wd_id one = t_id(1);
	struct wd_store_key key = row_of(id, backend);
	WD_AUTO(wd_store_version_done)
	struct wd_store_version v = { .key = t_id(id), .version = version };
	struct wd_diag d = { 0 };

	t_ok(wd_remote_seal(f->b, &one, 3, &x, &v.wrapped, NULL));
	return wd_remote_open(f->b, &key, &v, ret, &d);
}

static void
a_reference_opens_where_it_was_put(void **state)
{
	struct wd_remote x;

	t_ok(open_as(*state, 1, 3, "here", &x));
	assert_string_equal(x.backend, "here");
	assert_string_equal(x.locator, "a/b:1");
	assert_int_equal(x.kind, WD_BACKEND_VAULT);
	assert_true(x.made);
	assert_true(x.leased);
	assert_false(x.stays);
	assert_false(x.wrapped_only);
	assert_false(x.broker_may_unwrap);
}

static void
how_it_may_leave_is_part_of_a_reference(void **state)
{
	struct t_broker *f = *state;
	struct wd_remote x = somewhere(), back = { 0 };
	struct wd_store_key key = row_of(1, "here");
	WD_AUTO(wd_store_version_done)
	struct wd_store_version v = { .key = t_id(1), .version = 1 };
	struct wd_diag d = { 0 };

	for (unsigned i = 0; i < 8; i++) {
		x.wrapped_only = (i & 1) != 0;
		x.broker_may_unwrap = (i & 2) != 0;
		x.stays = (i & 4) != 0;
		v.wrapped = wd_bytes_free(v.wrapped);
		t_ok(wd_remote_seal(f->b, &key.id, 1, &x, &v.wrapped, NULL));
		t_ok(wd_remote_open(f->b, &key, &v, &back, &d));
		assert_int_equal(back.wrapped_only, x.wrapped_only);
		assert_int_equal(back.broker_may_unwrap, x.broker_may_unwrap);
		assert_int_equal(back.stays, x.stays);
	}
}

/* What a later version may have put there could be what forbids something. */
static void
unknown_flags_are_refused(void **state)
{
	static const uint8_t record[] = { 1, WD_BACKEND_VAULT, 0x80, 4, 'h',
		'e', 'r', 'e', 1, 0, 'k' };
	struct t_broker *f = *state;
	struct wd_store_key key = row_of(1, "here");
	struct wd_rest place = wd_rest_of_reference(&key.id, 1);
	WD_AUTO(wd_store_version_done)
	struct wd_store_version v = { .key = t_id(1), .version = 1 };
	struct wd_remote x;
	struct wd_diag d = { 0 };

	t_ok(wd_keyring_encrypt(
	    &f->b->ring, &place, WD_SPAN(record), &v.wrapped));
	assert_int_equal(wd_remote_open(f->b, &key, &v, &x, &d), WD_R_TAMPERED);
}

static int
how(const struct wd_remote *x, bool asks, const struct wd_pkey *client)
{
	enum wd_fetch_how ret = WD_FETCH_PLAIN;
	struct wd_diag d = { 0 };
	int r = wd_remote_how(x, asks, client, &ret, &d);

	return r != 0 ? r : (int)ret;
}

static void
how_a_key_leaves_is_its_own_and_its_clients_matter(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *rsa = NULL, *ec = NULL;
	struct wd_remote x = { 0 };

	(void)state;
	t_ok(wd_pkey_generate(WD_PKEY_RSA2048, &rsa));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &ec));
	assert_int_equal(how(&x, false, ec), WD_FETCH_PLAIN);
	assert_int_equal(how(&x, true, rsa), WD_FETCH_PLAIN);
	x.wrapped_only = true;
	assert_int_equal(how(&x, true, rsa), WD_FETCH_WRAPPED);
	assert_int_equal(how(&x, true, ec), WD_R_MAY_NOT_LEAVE);
	assert_int_equal(how(&x, false, rsa), WD_R_MAY_NOT_LEAVE);
	assert_int_equal(how(&x, false, ec), WD_R_MAY_NOT_LEAVE);
	x.broker_may_unwrap = true;
	assert_int_equal(how(&x, true, rsa), WD_FETCH_WRAPPED);
	assert_int_equal(how(&x, true, ec), WD_R_MAY_NOT_LEAVE);
	assert_int_equal(how(&x, false, rsa), WD_FETCH_UNWRAPPED);
	assert_int_equal(how(&x, false, ec), WD_FETCH_UNWRAPPED);
	x.stays = true;
	assert_int_equal(how(&x, true, rsa), WD_R_MAY_NOT_LEAVE);
	assert_int_equal(how(&x, false, ec), WD_R_MAY_NOT_LEAVE);
	x.wrapped_only = false;
	assert_int_equal(how(&x, false, ec), WD_R_MAY_NOT_LEAVE);
}

static void
a_reference_opens_nowhere_else(void **state)
{
	struct wd_remote x;

	assert_int_equal(open_as(*state, 2, 3, "here", &x), WD_R_TAMPERED);
	assert_int_equal(open_as(*state, 1, 2, "here", &x), WD_R_TAMPERED);
	assert_int_equal(open_as(*state, 1, 3, "there", &x), WD_R_TAMPERED);
	assert_int_equal(open_as(*state, 1, 3, "embedded", &x), WD_R_TAMPERED);
}

static void
a_stored_key_is_no_reference_and_the_other_way(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = t_id(1);
	struct wd_store_key key = row_of(1, "here");
	WD_AUTO(wd_store_version_done)
	struct wd_store_version v = { .key = t_id(1), .version = 1 };
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	struct wd_remote x = somewhere();
	struct wd_secret_key place = { &id, 1, false };
	struct wd_diag d = { 0 };

	t_ok(wd_secret_seal_key(f->b, &place, NULL,
	    WD_SPAN_LIT("sixteen bytes..."), &v.wrapped, NULL));
	assert_int_equal(wd_remote_open(f->b, &key, &v, &x, &d), WD_R_TAMPERED);
	v.wrapped = wd_bytes_free(v.wrapped);
	t_ok(wd_remote_seal(f->b, &id, 1, &x, &v.wrapped, NULL));
	assert_int_equal(
	    wd_secret_open_key(f->b, &v, NULL, &plain, &d), WD_R_TAMPERED);
}

static void
locators_are_words_of_printable_ascii(void **state)
{
	char most[WD_LOCATOR_MAX + 2];

	(void)state;
	assert_true(wd_locator_is_valid(WD_SPAN_LIT("a/b?c=d")));
	assert_false(wd_locator_is_valid(WD_SPAN_LIT("")));
	assert_false(wd_locator_is_valid(WD_SPAN_LIT("a b")));
	assert_false(wd_locator_is_valid(WD_SPAN_LIT("a\nb")));
	assert_false(wd_locator_is_valid(WD_SPAN_LIT("\xc3\xa4")));
	(void)memset(most, 'a', sizeof(most));
	assert_true(wd_locator_is_valid(wd_span(most, WD_LOCATOR_MAX)));
	assert_false(wd_locator_is_valid(wd_span(most, WD_LOCATOR_MAX + 1)));
}

/* ---- what was fetched */

static void
bytes_must_be_those_of_the_kind(void **state)
{
	struct wd_diag d = { 0 };
	uint8_t bytes[32] = { 1 };
	struct wd_span none = { 0 };

	(void)state;
	t_ok(wd_remote_check(WD_KEY_AES256, none, WD_SPAN(bytes), &d));
	assert_int_equal(
	    wd_remote_check(WD_KEY_AES256, none, wd_span(bytes, 31), &d),
	    WD_R_BACKEND_ANSWER);
	assert_int_equal(
	    wd_remote_check(WD_KEY_AES128, none, WD_SPAN(bytes), &d),
	    WD_R_BACKEND_ANSWER);
	t_ok(wd_remote_check(WD_KEY_OPAQUE, none, wd_span(bytes, 31), &d));
	assert_int_equal(wd_remote_check(WD_KEY_OPAQUE, none, none, &d),
	    WD_R_BACKEND_ANSWER);
}

static void
a_private_key_must_be_the_registered_one(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *one = NULL, *other = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *pkcs8 = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL, *wrong = NULL;
	struct wd_diag d = { 0 };

	(void)state;
	t_ok(wd_pkey_generate(WD_PKEY_P256, &one));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &other));
	t_ok(wd_pkey_to_pkcs8(one, &pkcs8));
	t_ok(wd_pkey_to_spki(one, &spki));
	t_ok(wd_pkey_to_spki(other, &wrong));
	t_ok(wd_remote_check(
	    WD_KEY_P256, wd_bytes_span(spki), wd_secret_borrow(pkcs8), &d));
	assert_int_equal(wd_remote_check(WD_KEY_P256, wd_bytes_span(wrong),
			     wd_secret_borrow(pkcs8), &d),
	    WD_R_BACKEND_ANSWER);
	assert_int_equal(wd_remote_check(WD_KEY_P256, wd_bytes_span(spki),
			     WD_SPAN_LIT("no key"), &d),
	    WD_R_BACKEND_ANSWER);
}

static void
what_comes_must_be_what_was_asked_for(void **state)
{
	struct wd_remote now = somewhere();
	uint8_t bytes[32] = { 1 };
	struct wd_fetch f = { .what = somewhere(),
		.kind = WD_KEY_AES256,
		.answered = true,
		.bytes = WD_SPAN(bytes) };
	WD_AUTO(wd_secret_freep) struct wd_secret *got = NULL;
	struct wd_span none = { 0 };
	struct wd_diag d = { 0 };

	(void)state;
	f.result = WD_R_UNAVAILABLE;
	f.why = WD_SPAN_LIT("gone");
	assert_int_equal(
	    wd_remote_take(&f, &now, none, &got, &d), WD_R_UNAVAILABLE);
	assert_string_equal(d.detail, "gone");
	f.result = 0;
	wd_copy(now.locator, WD_SPAN_LIT("a/b:2"));
	assert_int_equal(
	    wd_remote_take(&f, &now, none, &got, &d), WD_R_UNAVAILABLE);
	now = somewhere();
	now.backend[0]++;
	assert_int_equal(
	    wd_remote_take(&f, &now, none, &got, &d), WD_R_UNAVAILABLE);
	now = somewhere();
	t_ok(wd_remote_take(&f, &now, none, &got, &d));
	t_span_equal(wd_secret_borrow(got), WD_SPAN(bytes));
}

static void
what_is_wrapped_must_fit_the_client(void **state)
{
	static const uint8_t bytes[WD_WRAPPED_MAX + 8];
	WD_AUTO(wd_pkey_freep) struct wd_pkey *rsa = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *got = NULL;
	WD_AUTO(wd_fetch_done)
	struct wd_fetch f = { .what = somewhere(),
		.kind = WD_KEY_P256,
		.how = WD_FETCH_WRAPPED,
		.answered = true };
	struct wd_remote now = somewhere();
	struct wd_span none = { 0 };
	struct wd_diag d = { 0 };

	(void)state;
	t_ok(wd_pkey_generate(WD_PKEY_RSA2048, &rsa));
	t_ok(wd_pkey_to_spki(rsa, &f.client));
	f.bytes = wd_span(bytes, 256 + 144);
	assert_int_equal(
	    wd_remote_take(&f, &now, none, &got, &d), WD_R_BACKEND_ANSWER);
	f.wrap = WD_WRAP_OAEP_SHA1;
	for (size_t n = 0; n <= sizeof(bytes); n += n < 300 ? 1 : 1444) {
		bool fits = n >= 272 && n <= WD_WRAPPED_MAX && n % 8 == 0;

		f.bytes = wd_span(bytes, n);
		assert_int_equal(wd_remote_take(&f, &now, none, &got, &d),
		    fits ? 0 : WD_R_BACKEND_ANSWER);
		wd_secret_freep(&got);
	}
}

/* ---- admin calls */

static int
create(struct t_broker *f, const struct wd_msg_backend_made *made, uint8_t kind)
{
	struct wd_admin_made x = { .id = t_id(9),
		.backend = "here",
		.kind = WD_BACKEND_VAULT,
		.msg = made };
	struct wd_admin_found found = { .made = &x };
	struct wd_msg_key_create m = { t_head(f), .kind = kind };

	return t_call_found(f, WD_CALL_KEY_CREATE, &m, &found);
}

static void
what_a_backend_made_is_looked_at(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_backend_made m = { .kind = WD_KEY_AES256,
		.locator = WD_SPAN_LIT("k/1") };
	struct wd_msg_key_record key;
	struct wd_remote x;
	enum wd_key_kind kind;
	struct wd_diag d = { 0 };

	m.kind = 99;
	assert_int_equal(create(f, &m, WD_KEY_AES256), WD_R_BACKEND_ANSWER);
	m.kind = WD_KEY_AES256;
	m.locator = WD_SPAN_LIT("k 1");
	assert_int_equal(create(f, &m, WD_KEY_AES256), WD_R_BACKEND_ANSWER);
	m.locator = WD_SPAN_LIT("k/1");
	m.spki = WD_SPAN_LIT("x");
	assert_int_equal(create(f, &m, WD_KEY_AES256), WD_R_BACKEND_ANSWER);
	m.spki = (struct wd_span){ 0 };
	assert_int_equal(create(f, &m, WD_KEY_AES128), WD_R_MISMATCH);
	m.kind = WD_KEY_P256;
	assert_int_equal(create(f, &m, WD_KEY_P256), WD_R_BACKEND_ANSWER);
	m.kind = WD_KEY_AES256;
	t_ok(create(f, &m, WD_KEY_AES256));
	t_reply(f, WD_CALL_KEY_CREATE, &key);
	t_span_equal(key.backend, WD_SPAN_LIT("here"));
	t_span_equal(key.attach, WD_SPAN_LIT("k/1"));
	t_ok(wd_admin_remote_of(f->b, &key.id, 0, &x, &kind, &d));
	assert_string_equal(x.locator, "k/1");
	assert_int_equal(kind, WD_KEY_AES256);
}

static void
without_a_backend_nothing_of_it_is_done(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_backend_made made = { .kind = WD_KEY_P256,
		.locator = WD_SPAN_LIT("k/1") };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	struct wd_msg_key_csr_ask m = { t_head(f), .id = t_id(9) };

	t_ok(wd_pkey_generate(WD_PKEY_P256, &pair));
	t_ok(wd_pkey_to_spki(pair, &spki));
	made.spki = wd_bytes_span(spki);
	t_ok(create(f, &made, WD_KEY_P256));
	assert_int_equal(
	    t_call(f, WD_CALL_KEY_ROTATE, &m), WD_R_BACKEND_NOT_CONFIGURED);
	m.subject = WD_SPAN_LIT("CN=x");
	assert_int_equal(
	    t_call(f, WD_CALL_KEY_CSR, &m), WD_R_BACKEND_NOT_CONFIGURED);
}

/* ---- requests for certificates, signed there */

/* A pair in a backend that stays; PAIR is what the backend has. */
static void
pair_there(struct t_broker *f, enum wd_pkey_alg alg, uint8_t kind,
    struct wd_pkey **ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	struct wd_msg_backend_made made = {
		.kind = kind, .locator = WD_SPAN_LIT("k/1"), .stays = true
	};

	t_ok(wd_pkey_generate(alg, ret));
	t_ok(wd_pkey_to_spki(*ret, &spki));
	made.spki = wd_bytes_span(spki);
	t_ok(create(f, &made, kind));
}

/* What a backend answers to the plan. */
static size_t
sign_plan(const struct wd_pkey *pair, const struct wd_admin_csr *x,
    uint8_t sig[WD_SIG_MAX])
{
	struct wd_span what = wd_bytes_span(x->to_sign);
	size_t len = 0;

	if (x->alg == WD_USE_ED25519)
		t_ok(wd_sign(pair, WD_SIG_EDDSA, what, sig, &len));
	else
		t_ok(wd_sign_digest(pair, WD_SIG_ES256, what, sig, &len));
	return len;
}

static void
a_key_signs_its_request_where_it_rests(void **state)
{
	static const struct {
		enum wd_pkey_alg alg;
		uint8_t kind;
	} kinds[] = { { WD_PKEY_P256, WD_KEY_P256 },
		{ WD_PKEY_ED25519, WD_KEY_ED25519 } };
	struct t_broker *f = *state;
	struct wd_msg_key_csr_ask m = { t_head(f), .id = t_id(9),
		.subject = WD_SPAN_LIT("CN=there.example") };
	struct wd_msg_key_ask del = { t_head(f), .id = t_id(9) };

	for (size_t i = 0; i < WD_N(kinds); i++) {
		WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = NULL;
		WD_AUTO(wd_admin_csr_done) struct wd_admin_csr x = { 0 };
		struct wd_admin_found found = { 0 };
		uint8_t sig[WD_SIG_MAX];
		struct wd_diag d = { 0 };

		pair_there(f, kinds[i].alg, kinds[i].kind, &pair);
		t_ok(wd_admin_plan_csr(f->b, &m, &x, &d));
		found.signature = wd_span(sig, sign_plan(pair, &x, sig));
		t_ok(t_call_found(f, WD_CALL_KEY_CSR, &m, &found));
		t_logged(f, "signed where it rests");
		sig[7] ^= 1;
		assert_int_equal(t_call_found(f, WD_CALL_KEY_CSR, &m, &found),
		    WD_R_BACKEND_ANSWER);
		sig[7] ^= 1;
		m.subject = WD_SPAN_LIT("CN=another.example");
		assert_int_equal(t_call_found(f, WD_CALL_KEY_CSR, &m, &found),
		    WD_R_BACKEND_ANSWER);
		m.subject = WD_SPAN_LIT("CN=there.example");
		t_ok(t_call(f, WD_CALL_KEY_DELETE, &del));
	}
}

static void
a_request_that_cannot_be_is_not_signed_there(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_admin_csr_done) struct wd_admin_csr x = { 0 };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = NULL;
	struct wd_msg_backend_made aes = { .kind = WD_KEY_AES256,
		.locator = WD_SPAN_LIT("k/1"),
		.stays = true };
	struct wd_msg_key_csr_ask m = { t_head(f), .id = t_id(9),
		.subject = WD_SPAN_LIT("CN=x") };
	struct wd_msg_key_ask del = { t_head(f), .id = t_id(9) };
	struct wd_diag d = { 0 };

	assert_int_equal(wd_admin_plan_csr(f->b, &m, &x, &d), WD_R_NOT_FOUND);
	t_ok(create(f, &aes, WD_KEY_AES256));
	assert_int_equal(wd_admin_plan_csr(f->b, &m, &x, &d), WD_R_UNSUPPORTED);
	t_ok(t_call(f, WD_CALL_KEY_DELETE, &del));
	pair_there(f, WD_PKEY_P256, WD_KEY_P256, &pair);
	m.subject = WD_SPAN_LIT("x");
	assert_int_equal(wd_admin_plan_csr(f->b, &m, &x, &d), WD_R_MALFORMED);
	m.subject = WD_SPAN_LIT("CN=a,DNS=a b");
	assert_int_equal(wd_admin_plan_csr(f->b, &m, &x, &d), WD_R_RANGE);
	assert_null(x.to_sign);
}

/* ---- how a key leaves, told and changed */

/* A key of which the newest of two versions leaves wrapped alone. */
static struct wd_id
wrapped_key(struct t_broker *f, const struct wd_msg_backend_made *made)
{
	struct wd_admin_made x = {
		.backend = "here", .kind = WD_BACKEND_VAULT, .msg = made
	};
	struct wd_admin_found found = { .made = &x };
	struct wd_msg_key_csr_ask again = { t_head(f), .id = t_id(9) };

	t_ok(create(f, made, made->kind));
	x.id = again.id;
	t_ok(t_call_found(f, WD_CALL_KEY_ROTATE, &again, &found));
	return again.id;
}

static bool
may_unwrap(struct t_broker *f, const struct wd_id *id, uint32_t version)
{
	struct wd_remote x;
	enum wd_key_kind kind;
	struct wd_diag d = { 0 };

	t_ok(wd_admin_remote_of(f->b, id, version, &x, &kind, &d));
	return x.broker_may_unwrap;
}

static int
set_unwrap(struct t_broker *f, const struct wd_id *id, bool allow,
    struct wd_msg_key_record *ret)
{
	struct wd_msg_key_unwrap m = { t_head(f), .id = *id, .allow = allow };
	int r = t_call(f, WD_CALL_KEY_UNWRAP, &m);

	t_logged(f, "\"event\":\"key_unwrap\"");
	if (r == 0)
		t_reply(f, WD_CALL_KEY_UNWRAP, ret);
	return r;
}

static void
leave_to_unwrap_is_given_and_withdrawn_of_all_versions(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_backend_made m = { .kind = WD_KEY_AES256,
		.locator = WD_SPAN_LIT("k/1"),
		.wrapped_only = true };
	struct wd_id id = wrapped_key(f, &m);
	struct wd_msg_key_record key;

	for (unsigned i = 0; i < 4; i++) {
		bool allow = i % 2 == 0;

		t_ok(set_unwrap(f, &id, allow, &key));
		t_logged(f,
		    allow ? "the broker may unwrap it"
			  : "the broker may not unwrap it");
		assert_int_equal(key.leaves, WD_LEAVES_WRAPPED);
		assert_int_equal(key.broker_may_unwrap, allow);
		assert_int_equal(may_unwrap(f, &id, 1), allow);
		assert_int_equal(may_unwrap(f, &id, 2), allow);
		t_ok(set_unwrap(f, &id, allow, &key)); /* so it is already */
	}
}

static void
what_leaves_in_another_way_has_nothing_to_unwrap(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_backend_made m = { .kind = WD_KEY_AES256,
		.locator = WD_SPAN_LIT("k/1") };
	struct wd_msg_key_create own = { t_head(f), .kind = WD_KEY_AES256 };
	struct wd_msg_key_record key;
	struct wd_id id = t_id(8);

	assert_int_equal(set_unwrap(f, &id, true, &key), WD_R_NOT_FOUND);
	t_ok(t_call(f, WD_CALL_KEY_CREATE, &own));
	t_reply(f, WD_CALL_KEY_CREATE, &key);
	id = key.id;
	assert_int_equal(set_unwrap(f, &id, true, &key), WD_R_UNSUPPORTED);
	id = wrapped_key(f, &m);
	assert_int_equal(set_unwrap(f, &id, true, &key), WD_R_UNSUPPORTED);
	assert_int_equal(set_unwrap(f, &id, false, &key), WD_R_UNSUPPORTED);
	wd_broker_seal(f->b);
	assert_int_equal(set_unwrap(f, &id, true, &key), WD_R_SEALED);
}

static void
leave_to_unwrap_is_a_right_of_its_own(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_backend_made m = { .kind = WD_KEY_AES256,
		.locator = WD_SPAN_LIT("k/1"),
		.wrapped_only = true };
	struct wd_id id = wrapped_key(f, &m);
	struct wd_msg_key_unwrap ask = { t_head(f), .id = id, .allow = true };
	WD_AUTO(wd_secret_freep)
	struct wd_secret
	    *less = t_add_token(
		f, "keys:create keys:update keys:certify keys:retrieve"),
	    *right = t_add_token(f, "keys:unwrap");

	ask.token = wd_secret_borrow(less);
	assert_int_equal(t_call(f, WD_CALL_KEY_UNWRAP, &ask), WD_R_PERMISSION);
	assert_false(may_unwrap(f, &id, 2));
	ask.token = wd_secret_borrow(right);
	t_ok(t_call(f, WD_CALL_KEY_UNWRAP, &ask));
	assert_true(may_unwrap(f, &id, 2));
}

static void
nothing_half_is_left_of_a_change(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_backend_made made = { .kind = WD_KEY_AES256,
		.locator = WD_SPAN_LIT("k/1"),
		.wrapped_only = true };
	struct wd_msg_key_unwrap m = { t_head(f), .id = wrapped_key(f, &made),
		.allow = true };

	t_torture(f, WD_CALL_KEY_UNWRAP, &m, NULL);
}

static uint8_t
told(struct t_broker *f, const struct wd_msg_backend_made *made)
{
	struct wd_msg_key_record key;

	t_ok(create(f, made, made->kind));
	t_reply(f, WD_CALL_KEY_CREATE, &key);
	assert_true(key.version_created > 0);
	assert_false(key.broker_may_unwrap);
	return key.leaves;
}

static void
how_a_key_leaves_is_told(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_backend_made m = { .kind = WD_KEY_AES256,
		.locator = WD_SPAN_LIT("k/1") };
	struct wd_msg_key_ask ask = { t_head(f), .id = t_id(9) };
	struct wd_msg_key_record key;

	assert_int_equal(told(f, &m), WD_LEAVES_PLAIN);
	wd_broker_seal(f->b);
	t_ok(t_call(f, WD_CALL_KEY_SHOW, &ask)); /* but this cannot be seen */
	t_reply(f, WD_CALL_KEY_SHOW, &key);
	assert_int_equal(key.leaves, WD_LEAVES_UNKNOWN);
}

static void
each_way_to_leave_is_told(void **state)
{
	static const struct {
		bool stays, wrapped_only, leased;
		uint8_t leaves;
	} ways[] = {
		{ true, false, false, WD_LEAVES_NEVER },
		{ true, true, false, WD_LEAVES_NEVER },
		{ false, true, false, WD_LEAVES_WRAPPED },
		{ false, false, true, WD_LEAVES_LEASED },
	};
	struct t_broker *f = *state;
	struct wd_msg_key_ask del = { t_head(f), .id = t_id(9) };

	for (size_t i = 0; i < WD_N(ways); i++) {
		struct wd_msg_backend_made m = { .kind = WD_KEY_AES256,
			.locator = WD_SPAN_LIT("k/1"),
			.stays = ways[i].stays,
			.wrapped_only = ways[i].wrapped_only,
			.leased = ways[i].leased };

		assert_int_equal(told(f, &m), ways[i].leaves);
		t_ok(t_call(f, WD_CALL_KEY_DELETE, &del));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(a_reference_opens_where_it_was_put),
		with_broker(a_reference_opens_nowhere_else),
		with_broker(how_it_may_leave_is_part_of_a_reference),
		with_broker(unknown_flags_are_refused),
		cmocka_unit_test(
		    how_a_key_leaves_is_its_own_and_its_clients_matter),
		with_broker(a_stored_key_is_no_reference_and_the_other_way),
		cmocka_unit_test(locators_are_words_of_printable_ascii),
		with_broker(bytes_must_be_those_of_the_kind),
		with_broker(a_private_key_must_be_the_registered_one),
		with_broker(what_comes_must_be_what_was_asked_for),
		cmocka_unit_test(what_is_wrapped_must_fit_the_client),
		with_broker(what_a_backend_made_is_looked_at),
		with_broker(without_a_backend_nothing_of_it_is_done),
		with_broker(a_key_signs_its_request_where_it_rests),
		with_broker(a_request_that_cannot_be_is_not_signed_there),
		with_broker(
		    leave_to_unwrap_is_given_and_withdrawn_of_all_versions),
		with_broker(what_leaves_in_another_way_has_nothing_to_unwrap),
		with_broker(leave_to_unwrap_is_a_right_of_its_own),
		with_broker(nothing_half_is_left_of_a_change),
		with_broker(how_a_key_leaves_is_told),
		with_broker(each_way_to_leave_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
