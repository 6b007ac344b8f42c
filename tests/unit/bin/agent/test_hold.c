/*
 * Keys in the agent: what is taken in, who sees and uses it, and that it ends.
 */
#include "t_hold.h"

#include "base/alloc.h"
#include "crypto/sig.h"

enum { NOW = 1000 };

static const struct wd_hold_user root = { 0, 1, { 0 } };
static const struct wd_hold_user worker = { 1000, 1, { 1000 } };
static const struct wd_hold_user reader = { 1500, 2, { 1500, 2000 } };
static const struct wd_hold_user stranger = { 1600, 1, { 1600 } };

struct fixture {
	struct wd_hold *hold;
	struct t_release p256;
	struct wd_diag d;
};

static void
setup(struct fixture *f)
{
	t_ok(wd_crypto_init(NULL));
	f->hold = wd_hold_new();
	assert_non_null(f->hold);
	t_release_make(&f->p256, WD_PKEY_P256);
	f->p256.record.deadline = NOW + 10;
	wd_hold_set_ready(f->hold, true);
}

static void
done(struct fixture *f)
{
	wd_hold_freep(&f->hold);
	t_release_done(&f->p256);
}

#define FIXTURE(f)                              \
	WD_AUTO(done) struct fixture f = { 0 }; \
	(void)state;                            \
	setup(&f)

/* How many keys USER sees; KEY is the last of them, viewing BUF. */
static size_t
list(const struct fixture *f, const struct wd_hold_user *user,
    uint8_t buf[WD_HOLDER_MAX], struct wd_holder_key *key)
{
	struct wd_wr wr = wd_wr_fixed(buf, WD_HOLDER_MAX);
	struct wd_span keys, entry;
	size_t n = 0;

	assert_int_equal(wd_hold_list(f->hold, user, 0, &wr), 0);
	for (keys = wd_wr_span(&wr); keys.len > 0; n++) {
		t_ok(wd_holder_next_key(&keys, &entry));
		t_ok(wd_holder_read_key(entry, key));
	}
	return n;
}

static size_t
count(const struct fixture *f, const struct wd_hold_user *user)
{
	uint8_t buf[WD_HOLDER_MAX];
	struct wd_holder_key key;

	return list(f, user, buf, &key);
}

static enum wd_holder_status
sign(struct fixture *f, const struct wd_hold_user *user,
    const struct t_release *key, struct wd_span digest, int64_t now)
{
	const struct wd_holder_sign ask = {
		.id = key->record.id,
		.generation = key->record.version,
		.mech = WD_HOLDER_ECDSA,
		.data = digest,
	};
	uint8_t sig[WD_HOLDER_SIG_MAX];
	size_t len = 0;

	return wd_hold_sign(f->hold, user, &ask, now, sig, &len);
}

static const uint8_t digest[32] = { 1, 2, 3 };

static void
a_key_signs_for_its_users(void **state)
{
	FIXTURE(f);
	struct wd_holder_sign ask = { .mech = WD_HOLDER_ECDSA };
	uint8_t hash[32], sig[WD_HOLDER_SIG_MAX];
	size_t len = 0;

	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	t_ok(wd_hash(WD_SHA256, WD_SPAN_LIT("m"), hash));
	ask.id = f.p256.record.id;
	ask.generation = 1;
	ask.data = WD_SPAN(hash);
	assert_int_equal(
	    wd_hold_sign(f.hold, &worker, &ask, NOW, sig, &len), WD_HOLDER_OK);
	t_ok(wd_sig_verify(
	    f.p256.key, WD_SIG_ES256, WD_SPAN_LIT("m"), wd_span(sig, len)));
}

static void
the_listed_entry_says_the_public_part(void **state)
{
	FIXTURE(f);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	uint8_t buf[WD_HOLDER_MAX];
	struct wd_holder_key key;

	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	assert_int_equal(list(&f, &worker, buf, &key), 1);
	t_ok(wd_pkey_to_spki(f.p256.key, &spki));
	t_span_equal(key.spki, wd_bytes_span(spki));
	t_span_equal(wd_id_span(&key.id), wd_id_span(&f.p256.record.id));
	t_span_equal(key.label, WD_SPAN_LIT("label"));
	assert_int_equal(key.kind, WD_HOLDER_P256);
	assert_int_equal(key.mechs, 1u << WD_HOLDER_ECDSA);
	assert_int_equal(key.generation, 1);
	assert_int_equal(key.n_certs, 1);
}

static void
rights_decide_who_sees_and_who_uses(void **state)
{
	FIXTURE(f);

	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	assert_int_equal(count(&f, &root), 1);
	assert_int_equal(count(&f, &worker), 1);
	assert_int_equal(count(&f, &reader), 1);
	assert_int_equal(count(&f, &stranger), 0);
	assert_true(wd_hold_knows(f.hold, &reader));
	assert_false(wd_hold_knows(f.hold, &stranger));
	assert_int_equal(
	    sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW), WD_HOLDER_OK);
	assert_int_equal(sign(&f, &root, &f.p256, WD_SPAN(digest), NOW),
	    WD_HOLDER_NOT_PERMITTED);
	assert_int_equal(sign(&f, &reader, &f.p256, WD_SPAN(digest), NOW),
	    WD_HOLDER_NOT_PERMITTED);
	assert_int_equal(sign(&f, &stranger, &f.p256, WD_SPAN(digest), NOW),
	    WD_HOLDER_NO_KEY);
}

static void
a_group_may_use_when_granted(void **state)
{
	FIXTURE(f);

	f.p256.rights.use[1] = (struct wd_hold_grant){ true, 2000 };
	f.p256.rights.n_use = 2;
	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	assert_int_equal(
	    sign(&f, &reader, &f.p256, WD_SPAN(digest), NOW), WD_HOLDER_OK);
}

static void
a_key_does_not_sign_past_its_deadline(void **state)
{
	FIXTURE(f);

	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	assert_int_equal(wd_hold_next_deadline(f.hold), NOW + 10);
	assert_int_equal(
	    sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW + 9), WD_HOLDER_OK);
	assert_int_equal(sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW + 10),
	    WD_HOLDER_KEY_ENDED);
}

static void
expiry_takes_the_key_and_remembers_its_name(void **state)
{
	FIXTURE(f);
	uint32_t epoch;

	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	epoch = wd_hold_epoch(f.hold);
	assert_int_equal(wd_hold_expire(f.hold, NOW + 9), 0);
	assert_int_equal(wd_hold_epoch(f.hold), epoch);
	assert_int_equal(wd_hold_expire(f.hold, NOW + 10), 1);
	assert_int_not_equal(wd_hold_epoch(f.hold), epoch);
	assert_int_equal(wd_hold_count(f.hold), 0);
	assert_int_equal(wd_hold_next_deadline(f.hold), INT64_MAX);
	assert_int_equal(count(&f, &worker), 0);
	assert_int_equal(sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW),
	    WD_HOLDER_KEY_ENDED);
	assert_int_equal(sign(&f, &stranger, &f.p256, WD_SPAN(digest), NOW),
	    WD_HOLDER_NO_KEY);
	assert_int_equal(wd_hold_expire(f.hold, NOW + 10 + 24 * 3600), 0);
	assert_int_equal(
	    sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW), WD_HOLDER_NO_KEY);
}

static void
a_dropped_key_comes_back_when_it_is_put_again(void **state)
{
	FIXTURE(f);

	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	assert_int_equal(wd_hold_drop(f.hold, &f.p256.record.id, NOW), 1);
	assert_int_equal(wd_hold_drop(f.hold, &f.p256.record.id, NOW), 0);
	assert_int_equal(sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW),
	    WD_HOLDER_KEY_ENDED);
	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	assert_int_equal(
	    sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW), WD_HOLDER_OK);
}

static void
a_renewal_moves_the_deadline_and_nothing_else(void **state)
{
	FIXTURE(f);
	uint32_t epoch;

	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	epoch = wd_hold_epoch(f.hold);
	f.p256.record.deadline = NOW + 600;
	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	assert_int_equal(wd_hold_epoch(f.hold), epoch);
	assert_int_equal(wd_hold_count(f.hold), 1);
	assert_int_equal(wd_hold_next_deadline(f.hold), NOW + 600);
	f.p256.record.label = WD_SPAN_LIT("other");
	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	assert_int_not_equal(wd_hold_epoch(f.hold), epoch);
}

static void
a_renewed_key_signs_and_a_refused_renewal_takes_nothing(void **state)
{
	FIXTURE(f);
	WD_AUTO(t_release_done) struct t_release other = { 0 };
	struct wd_hold_record bad;

	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	for (int i = 0; i < 3; i++) {
		t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
		assert_int_equal(
		    sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW),
		    WD_HOLDER_OK);
	}
	bad = f.p256.record;
	bad.chain_pem = WD_SPAN_LIT("no chain");
	assert_int_equal(wd_hold_put(f.hold, &bad, NULL), WD_R_MALFORMED);
	assert_int_equal(
	    sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW), WD_HOLDER_OK);

	/* Another key under the same version is another key. */
	t_release_make(&other, WD_PKEY_P256);
	bad = other.record;
	bad.id = f.p256.record.id;
	bad.deadline = NOW + 10;
	t_ok(wd_hold_put(f.hold, &bad, &f.d));
	{
		const struct wd_holder_sign ask = { .id = bad.id,
			.generation = 1,
			.mech = WD_HOLDER_ECDSA,
			.data = WD_SPAN(digest) };
		uint8_t sig[WD_HOLDER_SIG_MAX];
		uint8_t buf[WD_HOLDER_MAX];
		struct wd_holder_key key;
		WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
		size_t len;

		assert_int_equal(
		    wd_hold_sign(f.hold, &worker, &ask, NOW, sig, &len),
		    WD_HOLDER_OK);
		assert_int_equal(list(&f, &worker, buf, &key), 1);
		t_ok(wd_pkey_to_spki(other.key, &spki));
		t_span_equal(key.spki, wd_bytes_span(spki));
	}
}

static void
the_newest_version_is_listed_and_the_older_signs_on(void **state)
{
	FIXTURE(f);
	WD_AUTO(t_release_done) struct t_release next = { 0 };
	uint8_t buf[WD_HOLDER_MAX];
	struct wd_holder_key key;

	t_release_make(&next, WD_PKEY_P256);
	next.record.id = f.p256.record.id;
	next.record.version = 2;
	next.record.deadline = NOW + 20;
	t_ok(wd_hold_put(f.hold, &next.record, &f.d));
	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	assert_int_equal(list(&f, &worker, buf, &key), 1);
	assert_int_equal(key.generation, 2);
	assert_int_equal(wd_hold_version(f.hold, &next.record.id), 2);
	assert_int_equal(
	    sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW), WD_HOLDER_OK);
	assert_int_equal(
	    sign(&f, &worker, &next, WD_SPAN(digest), NOW), WD_HOLDER_OK);
	assert_int_equal(wd_hold_expire(f.hold, NOW + 15), 1);
	assert_int_equal(sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW + 15),
	    WD_HOLDER_KEY_ENDED);
	assert_int_equal(
	    sign(&f, &worker, &next, WD_SPAN(digest), NOW + 15), WD_HOLDER_OK);
}

static void
mechanisms_and_lengths_are_held_to(void **state)
{
	FIXTURE(f);
	struct wd_holder_sign ask = { .mech = WD_HOLDER_PKCS1 };
	uint8_t sig[WD_HOLDER_SIG_MAX];
	size_t len = 0;

	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	ask.id = f.p256.record.id;
	ask.generation = 1;
	ask.data = WD_SPAN(digest);
	assert_int_equal(wd_hold_sign(f.hold, &worker, &ask, NOW, sig, &len),
	    WD_HOLDER_MECHANISM);
	ask.mech = WD_HOLDER_ECDSA;
	ask.data.len = 0;
	assert_int_equal(wd_hold_sign(f.hold, &worker, &ask, NOW, sig, &len),
	    WD_HOLDER_DATA_LENGTH);
	ask.generation = 2;
	assert_int_equal(wd_hold_sign(f.hold, &worker, &ask, NOW, sig, &len),
	    WD_HOLDER_NO_KEY);
	wd_hold_set_ready(f.hold, false);
	assert_int_equal(wd_hold_sign(f.hold, &worker, &ask, NOW, sig, &len),
	    WD_HOLDER_NOT_READY);
}

static void
pss_parameters_are_held_to(void **state)
{
	FIXTURE(f);
	WD_AUTO(t_release_done) struct t_release rsa = { 0 };
	struct wd_holder_sign ask = { .mech = WD_HOLDER_PSS,
		.generation = 1,
		.hash = WD_HOLDER_SHA256,
		.mgf = WD_HOLDER_SHA256,
		.salt_len = 33,
		.data = WD_SPAN(digest) };
	uint8_t sig[WD_HOLDER_SIG_MAX];
	size_t len = 0;

	t_release_make(&rsa, WD_PKEY_RSA2048);
	t_ok(wd_hold_put(f.hold, &rsa.record, &f.d));
	ask.id = rsa.record.id;
	assert_int_equal(wd_hold_sign(f.hold, &worker, &ask, NOW, sig, &len),
	    WD_HOLDER_PARAMETER);
	ask.salt_len = 32;
	assert_int_equal(
	    wd_hold_sign(f.hold, &worker, &ask, NOW, sig, &len), WD_HOLDER_OK);
	assert_int_equal(len, 256);
	ask.data.len = 31;
	assert_int_equal(wd_hold_sign(f.hold, &worker, &ask, NOW, sig, &len),
	    WD_HOLDER_DATA_LENGTH);
}

static void
records_that_do_not_fit_are_refused(void **state)
{
	FIXTURE(f);
	WD_AUTO(t_release_done) struct t_release other = { 0 };
	struct wd_hold_record m = f.p256.record;
	char label[WD_HOLDER_LABEL_MAX + 1] = { 0 };

	t_release_make(&other, WD_PKEY_P256);
	m.label.len = 0;
	assert_int_equal(wd_hold_put(f.hold, &m, &f.d), WD_R_RANGE);
	m.label = WD_SPAN(label);
	assert_int_equal(wd_hold_put(f.hold, &m, &f.d), WD_R_RANGE);
	m = f.p256.record;
	m.version = 0;
	assert_int_equal(wd_hold_put(f.hold, &m, &f.d), WD_R_RANGE);
	m = f.p256.record;
	m.mechs = 1u << WD_HOLDER_PSS;
	assert_int_equal(wd_hold_put(f.hold, &m, &f.d), WD_R_RANGE);
	m = f.p256.record;
	m.pkcs8.len--;
	assert_int_equal(wd_hold_put(f.hold, &m, &f.d), WD_R_KEY_INVALID);
	m = f.p256.record;
	m.chain_pem.len--;
	m.chain_pem.len -= 10;
	assert_int_equal(wd_hold_put(f.hold, &m, &f.d), WD_R_MALFORMED);
	m = f.p256.record;
	m.chain_pem = other.record.chain_pem;
	assert_int_equal(wd_hold_put(f.hold, &m, &f.d), WD_R_MISMATCH);
	assert_int_equal(wd_hold_count(f.hold), 0);
}

static void
a_chain_of_nine_certificates_is_too_large(void **state)
{
	FIXTURE(f);
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(65536);
	struct wd_hold_record m = f.p256.record;

	for (int i = 0; i < WD_HOLDER_CHAIN_MAX + 1; i++)
		wd_wr_bytes(&wr, f.p256.record.chain_pem);
	m.chain_pem = wd_wr_span(&wr);
	assert_int_equal(wd_hold_put(f.hold, &m, &f.d), WD_R_TOO_LARGE);
}

static void
a_key_without_a_certificate_is_taken(void **state)
{
	FIXTURE(f);
	struct wd_hold_record m = f.p256.record;

	m.chain_pem.len = 0;
	t_ok(wd_hold_put(f.hold, &m, &f.d));
}

/* Ended keys give their places; keys that are held do not. */
static void
the_table_is_capped(void **state)
{
	FIXTURE(f);
	struct wd_hold_record m = f.p256.record;

	for (m.version = 1; m.version <= WD_HOLD_KEYS_MAX; m.version++)
		t_ok(wd_hold_put(f.hold, &m, &f.d));
	assert_true(wd_hold_put(f.hold, &m, &f.d) < 0);
	assert_int_equal(wd_hold_expire(f.hold, NOW + 10), WD_HOLD_KEYS_MAX);
	t_ok(wd_hold_put(f.hold, &m, &f.d));
	assert_int_equal(wd_hold_count(f.hold), 1);
}

static void
a_long_list_comes_in_pages(void **state)
{
	FIXTURE(f);
	struct wd_hold_record m = f.p256.record;
	uint8_t buf[WD_HOLDER_MAX];
	uint32_t from = 0;
	size_t pages = 0;
	size_t n = 0;

	for (int i = 0; i < 200; i++) {
		t_ok(wd_rand_id(&m.id));
		t_ok(wd_hold_put(f.hold, &m, &f.d));
	}
	do {
		struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
		struct wd_span keys, entry;

		wd_wr_zero(&wr, 22); /* head, status, number */
		from = wd_hold_list(f.hold, &worker, from, &wr);
		t_ok(wd_wr_end(&wr));
		keys = wd_span(buf + 22, wr.len - 22);
		for (; keys.len > 0; n++)
			t_ok(wd_holder_next_key(&keys, &entry));
		pages++;
	} while (from != 0);
	assert_int_equal(n, 200);
	assert_true(pages > 1);
}

static void
rights_can_change_while_a_key_is_held(void **state)
{
	FIXTURE(f);
	const struct wd_hold_rights rights = { .n_use = 1,
		.use = { { false, 1600 } } };
	uint32_t epoch;

	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	epoch = wd_hold_epoch(f.hold);
	wd_hold_set_rights(f.hold, &f.p256.record.id, &rights);
	assert_int_not_equal(wd_hold_epoch(f.hold), epoch);
	assert_int_equal(count(&f, &worker), 0);
	assert_int_equal(
	    sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW), WD_HOLDER_NO_KEY);
	assert_int_equal(
	    sign(&f, &stranger, &f.p256, WD_SPAN(digest), NOW), WD_HOLDER_OK);
}

/* Every allocation of ours fails once: a fault, and the hold is as before. */
static void
no_memory_leaves_the_hold_as_it_was(void **state)
{
	FIXTURE(f);
	uint64_t k = 0;
	int r = -1;

	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	f.p256.record.label = WD_SPAN_LIT("other");
	while (r != 0) {
		uint32_t epoch = wd_hold_epoch(f.hold);

		(void)wd_alloc_fail_at(++k);
		r = wd_hold_put(f.hold, &f.p256.record, NULL);
		(void)wd_alloc_fail_at(0);
		assert_true(r <= 0);
		assert_int_equal(wd_hold_count(f.hold), 1);
		if (r < 0)
			assert_int_equal(wd_hold_epoch(f.hold), epoch);
		assert_int_equal(
		    sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW),
		    WD_HOLDER_OK);
	}
	assert_true(k > 3);
}

static void
a_key_that_is_not_here_is_listed_and_signs_nothing(void **state)
{
	FIXTURE(f);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	uint8_t buf[WD_HOLDER_MAX];
	struct wd_hold_public public;
	struct wd_holder_key key;

	t_release_public(&f.p256, &spki);
	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	assert_int_equal(list(&f, &worker, buf, &key), 1);
	t_span_equal(key.spki, wd_bytes_span(spki));
	assert_int_equal(key.kind, WD_HOLDER_P256);
	assert_int_equal(key.n_certs, 1);
	assert_int_equal(
	    sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW), WD_HOLDER_FAULT);
	assert_true(wd_hold_public(f.hold, &f.p256.record.id, 1, &public));
	assert_true(wd_pkey_same_public(public.key, f.p256.key));
	assert_int_equal(public.kind, WD_HOLDER_P256);
	assert_false(wd_hold_public(f.hold, &f.p256.record.id, 2, &public));
}

static void
its_rights_and_deadline_are_those_of_any_key(void **state)
{
	FIXTURE(f);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	struct wd_holder_sign ask = { .generation = 1,
		.mech = WD_HOLDER_ECDSA,
		.data = WD_SPAN(digest) };
	struct wd_hold_public public;

	t_release_public(&f.p256, &spki);
	t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
	ask.id = f.p256.record.id;
	assert_int_equal(
	    wd_hold_may_sign(f.hold, &worker, &ask, NOW), WD_HOLDER_OK);
	assert_int_equal(wd_hold_may_sign(f.hold, &reader, &ask, NOW),
	    WD_HOLDER_NOT_PERMITTED);
	assert_int_equal(wd_hold_may_sign(f.hold, &root, &ask, NOW),
	    WD_HOLDER_NOT_PERMITTED);
	assert_int_equal(
	    wd_hold_may_sign(f.hold, &stranger, &ask, NOW), WD_HOLDER_NO_KEY);
	assert_int_equal(wd_hold_may_sign(f.hold, &worker, &ask, NOW + 10),
	    WD_HOLDER_KEY_ENDED);
	ask.mech = WD_HOLDER_PSS;
	assert_int_equal(
	    wd_hold_may_sign(f.hold, &worker, &ask, NOW), WD_HOLDER_MECHANISM);
	assert_int_equal(wd_hold_drop(f.hold, &ask.id, NOW), 1);
	assert_false(wd_hold_public(f.hold, &ask.id, 1, &public));
}

/* As when a configuration is changed. */
static void
a_key_may_come_to_stay_elsewhere_and_back(void **state)
{
	FIXTURE(f);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	struct wd_span pkcs8 = f.p256.record.pkcs8;
	struct wd_hold_public public;

	for (int i = 0; i < 2; i++) {
		wd_bytes_freep(&spki);
		f.p256.record.pkcs8 = pkcs8;
		f.p256.record.spki = wd_span(NULL, 0);
		t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
		assert_int_equal(
		    sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW),
		    WD_HOLDER_OK);
		assert_false(
		    wd_hold_public(f.hold, &f.p256.record.id, 1, &public));
		t_release_public(&f.p256, &spki);
		t_ok(wd_hold_put(f.hold, &f.p256.record, &f.d));
		assert_int_equal(
		    sign(&f, &worker, &f.p256, WD_SPAN(digest), NOW),
		    WD_HOLDER_FAULT);
	}
	f.p256.record.pkcs8 = pkcs8;
	assert_int_equal(wd_hold_put(f.hold, &f.p256.record, &f.d), WD_F_BUG);
	f.p256.record.pkcs8 = wd_span(NULL, 0);
	f.p256.record.spki = WD_SPAN_LIT("0");
	assert_int_equal(
	    wd_hold_put(f.hold, &f.p256.record, &f.d), WD_R_KEY_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_signs_for_its_users),
		cmocka_unit_test(the_listed_entry_says_the_public_part),
		cmocka_unit_test(rights_decide_who_sees_and_who_uses),
		cmocka_unit_test(a_group_may_use_when_granted),
		cmocka_unit_test(a_key_does_not_sign_past_its_deadline),
		cmocka_unit_test(expiry_takes_the_key_and_remembers_its_name),
		cmocka_unit_test(a_dropped_key_comes_back_when_it_is_put_again),
		cmocka_unit_test(a_renewal_moves_the_deadline_and_nothing_else),
		cmocka_unit_test(
		    a_renewed_key_signs_and_a_refused_renewal_takes_nothing),
		cmocka_unit_test(
		    the_newest_version_is_listed_and_the_older_signs_on),
		cmocka_unit_test(mechanisms_and_lengths_are_held_to),
		cmocka_unit_test(pss_parameters_are_held_to),
		cmocka_unit_test(records_that_do_not_fit_are_refused),
		cmocka_unit_test(a_chain_of_nine_certificates_is_too_large),
		cmocka_unit_test(a_key_without_a_certificate_is_taken),
		cmocka_unit_test(the_table_is_capped),
		cmocka_unit_test(a_long_list_comes_in_pages),
		cmocka_unit_test(rights_can_change_while_a_key_is_held),
		cmocka_unit_test(no_memory_leaves_the_hold_as_it_was),
		cmocka_unit_test(
		    a_key_that_is_not_here_is_listed_and_signs_nothing),
		cmocka_unit_test(its_rights_and_deadline_are_those_of_any_key),
		cmocka_unit_test(a_key_may_come_to_stay_elsewhere_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
