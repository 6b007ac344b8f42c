/*
 * Seals and the seal file.
 */
#include "fixture.h"

#include "seal/wrap.h"

enum { CHEAP = 10 }; /* the least that the cost may be */

static const uint8_t share_bytes[32] = "a passphrase of 32 characters !!";
static const struct wd_seal_use right = { .share = { share_bytes, 32 } };
static const uint8_t wrong_bytes[32] = "A passphrase of 32 characters !!";

/* Any seal, at a cost that tests can pay. */
static struct wd_bytes *
wrapped(const struct wd_seal_row *row)
{
	const struct wd_seal_use use = { .share = WD_SPAN(share_bytes),
		.split = { 5, 3 } };
	struct wd_bytes *blob = NULL;
	struct wd_id id = t_id(7);

	if (row->kind == WD_SEAL_PASSPHRASE)
		t_ok(wd_passphrase_wrap(
		    CHEAP, WD_SPAN(t_root), &id, WD_SPAN(share_bytes), &blob));
	else
		t_ok(row->wrap(WD_SPAN(t_root), &id, &use, &blob, NULL));
	return blob;
}

static int
unwrap(const struct wd_seal_row *row, struct wd_span blob, uint8_t store,
    struct wd_span share)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *root = NULL;
	struct wd_id id = t_id(store);
	const struct wd_seal_use use = { .share = share };
	struct wd_diag d = { 0 };
	int r = row->unwrap(blob, &id, &use, &root, &d);

	if (r == 0)
		t_span_equal(wd_secret_borrow(root), WD_SPAN(t_root));
	else
		assert_null(root);
	return r;
}

static void
each_row(void (*test)(const struct wd_seal_row *row))
{
	size_t n;
	const struct wd_seal_row *const *rows = wd_seal_rows(&n);

	assert_int_equal(n, 5);
	for (size_t i = 0; i < n; i++)
		if (!rows[i]->device)
			test(rows[i]);
}

static void
expect_share_and_store_count(const struct wd_seal_row *row)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = wrapped(row);
	struct wd_span s = wd_bytes_span(blob);

	t_ok(unwrap(row, s, 7, WD_SPAN(share_bytes)));
	assert_int_equal(
	    unwrap(row, s, 7, WD_SPAN(wrong_bytes)), WD_R_UNSEAL_REFUSED);
	assert_int_equal(
	    unwrap(row, s, 7, wd_span(share_bytes, 31)), WD_R_UNSEAL_REFUSED);
	assert_int_equal(
	    unwrap(row, s, 7, wd_span("", 0)), WD_R_UNSEAL_REFUSED);
	assert_int_equal(
	    unwrap(row, s, 8, WD_SPAN(share_bytes)), WD_R_UNSEAL_REFUSED);
}

static void
seal_opens_with_its_share_and_store_only(void **state)
{
	(void)state;
	each_row(expect_share_and_store_count);
}

/* The first bytes of these blobs say what they are made with. */
static bool
may_be_malformed(const struct wd_seal_row *row, size_t bit)
{
	return (row->kind == WD_SEAL_PASSPHRASE && bit < 32) ||
	    (row->kind == WD_SEAL_SHAMIR && bit < 24);
}

static void
expect_bits_refused(const struct wd_seal_row *row)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = wrapped(row);

	for (size_t bit = 0; bit < 8 * blob->len; bit++) {
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *b = t_flip(wd_bytes_span(blob), bit);
		int r = unwrap(row, wd_bytes_span(b), 7, WD_SPAN(share_bytes));

		if (r != WD_R_MALFORMED || !may_be_malformed(row, bit))
			assert_int_equal(r, WD_R_UNSEAL_REFUSED);
	}
}

static void
every_flipped_bit_of_a_blob_is_refused(void **state)
{
	(void)state;
	each_row(expect_bits_refused);
}

static void
cost_outside_its_bounds_is_malformed(void **state)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *blob = wrapped(wd_seal_row(WD_SEAL_PASSPHRASE));
	static const struct {
		size_t at;
		uint8_t value;
	} bad[] = { { 0, 2 }, { 1, 9 }, { 1, 21 }, { 1, 64 }, { 1, 255 },
		{ 2, 9 }, { 3, 0 }, { 3, 5 } };

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		uint8_t was = blob->p[bad[i].at];

		blob->p[bad[i].at] = bad[i].value;
		assert_int_equal(
		    unwrap(wd_seal_row(WD_SEAL_PASSPHRASE), wd_bytes_span(blob),
			7, WD_SPAN(share_bytes)),
		    WD_R_MALFORMED);
		blob->p[bad[i].at] = was;
	}
	for (size_t cut = 0; cut < 36; cut++)
		assert_int_equal(
		    unwrap(wd_seal_row(WD_SEAL_PASSPHRASE),
			wd_span(blob->p, cut), 7, WD_SPAN(share_bytes)),
		    WD_R_MALFORMED);
}

static void
blob_of_one_seal_does_not_open_another(void **state)
{
	const struct wd_seal_row *file = wd_seal_row(WD_SEAL_FILE);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = NULL;
	struct wd_id id = t_id(7);

	(void)state;
	/* The same key and bytes, but made as another kind. */
	t_ok(wd_wrap_root(wd_seal_row(WD_SEAL_PASSPHRASE), &id,
	    wd_span(NULL, 0), WD_SPAN(share_bytes), WD_SPAN(t_root), &blob));
	assert_int_equal(
	    unwrap(file, wd_bytes_span(blob), 7, WD_SPAN(share_bytes)),
	    WD_R_UNSEAL_REFUSED);
}

static void
root_key_of_another_length_is_malformed(void **state)
{
	const struct wd_seal_row *file = wd_seal_row(WD_SEAL_FILE);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = NULL;
	struct wd_id id = t_id(7);

	(void)state;
	t_ok(file->wrap(wd_span(t_root, 31), &id, &right, &blob, NULL));
	assert_int_equal(
	    unwrap(file, wd_bytes_span(blob), 7, WD_SPAN(share_bytes)),
	    WD_R_MALFORMED);
}

/* The real cost once: it takes its time, and says so in the blob. */
static void
passphrase_is_wrapped_at_full_cost(void **state)
{
	const struct wd_seal_row *row =
	    wd_seal_by_name(WD_SPAN_LIT("passphrase"));
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = NULL;
	struct wd_id id = t_id(7);

	(void)state;
	t_ok(row->wrap(WD_SPAN(t_root), &id, &right, &blob, NULL));
	assert_int_equal(blob->p[1], 17);
	t_ok(unwrap(row, wd_bytes_span(blob), 7, WD_SPAN(share_bytes)));
}

static void
rows_are_found_by_kind_and_name(void **state)
{
	size_t n;
	const struct wd_seal_row *const *rows = wd_seal_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(wd_seal_row(rows[i]->kind), rows[i]);
		assert_ptr_equal(
		    wd_seal_by_name(wd_span_text(rows[i]->name)), rows[i]);
		assert_int_equal(rows[i]->automatic,
		    rows[i]->key_file != NULL || rows[i]->device);
		assert_true(rows[i]->device || rows[i]->share_min > 0);
	}
	assert_null(wd_seal_row(WD_SEAL_NONE));
	assert_null(wd_seal_by_name(WD_SPAN_LIT("tpm 1.2")));
	assert_non_null(wd_seal_row(WD_SEAL_FILE)->warning);
}

static void
shares_say_how_many_there_are(void **state)
{
	const struct wd_seal_row *row = wd_seal_row(WD_SEAL_SHAMIR);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = wrapped(row);
	struct wd_seal_split s = { 0 };
	static const uint8_t bad[][3] = { { 2, 5, 3 }, { 1, 0, 0 }, { 1, 5, 0 },
		{ 1, 5, 6 }, { 1, 5, 1 } };

	(void)state;
	t_ok(row->split_of(wd_bytes_span(blob), &s));
	assert_int_equal(s.shares, 5);
	assert_int_equal(s.threshold, 3);
	for (size_t i = 0; i < WD_N(bad); i++) {
		wd_copy(blob->p, WD_SPAN(bad[i]));
		assert_int_equal(
		    row->split_of(wd_bytes_span(blob), &s), WD_R_MALFORMED);
		assert_int_equal(
		    unwrap(row, wd_bytes_span(blob), 7, WD_SPAN(share_bytes)),
		    WD_R_MALFORMED);
	}
	assert_int_equal(
	    row->split_of(wd_span(blob->p, 2), &s), WD_R_MALFORMED);
}

/* A device that keeps what it was given, and tells its blob by it. */
static struct {
	uint8_t key[32];
	int result;
} fake;

static int
fake_wrap(void *ctx, enum wd_seal_kind kind, struct wd_span key,
    struct wd_bytes **ret_blob, struct wd_diag *d)
{
	(void)ctx;
	(void)d;
	assert_int_equal(kind, WD_SEAL_PKCS11);
	assert_int_equal(key.len, 32);
	wd_copy(fake.key, key);
	if (fake.result == 0)
		*ret_blob = wd_bytes_copy(WD_SPAN_LIT("what it gave"));
	return fake.result;
}

static int
fake_unwrap(void *ctx, enum wd_seal_kind kind, struct wd_span blob,
    struct wd_secret **ret_key, struct wd_diag *d)
{
	(void)ctx;
	(void)kind;
	if (!wd_span_is(blob, "what it gave"))
		return wd_reject(d, WD_R_UNSEAL_REFUSED, "not mine");
	if (fake.result == 0)
		*ret_key = wd_secret_copy(WD_SPAN(fake.key));
	return fake.result;
}

static int
open_by_device(
    struct wd_span blob, uint8_t store, const struct wd_seal_device *device)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *root = NULL;
	const struct wd_seal_use use = { .device = device };
	struct wd_id id = t_id(store);
	struct wd_diag d = { 0 };
	int r = wd_seal_row(WD_SEAL_PKCS11)->unwrap(blob, &id, &use, &root, &d);

	if (r == 0)
		t_span_equal(wd_secret_borrow(root), WD_SPAN(t_root));
	else
		assert_null(root);
	return r;
}

static void
device_gets_a_key_and_never_the_root_key(void **state)
{
	const struct wd_seal_row *row = wd_seal_row(WD_SEAL_PKCS11);
	const struct wd_seal_device device = { NULL, fake_wrap, fake_unwrap };
	const struct wd_seal_use use = { .device = &device }, none = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = NULL;
	struct wd_id id = t_id(7);

	(void)state;
	t_ok(row->wrap(WD_SPAN(t_root), &id, &use, &blob, NULL));
	assert_false(wd_span_equal(WD_SPAN(fake.key), WD_SPAN(t_root)));
	t_ok(open_by_device(wd_bytes_span(blob), 7, &device));
	assert_int_equal(open_by_device(wd_bytes_span(blob), 8, &device),
	    WD_R_UNSEAL_REFUSED);
	assert_int_equal(
	    open_by_device(wd_bytes_span(blob), 7, NULL), WD_R_UNAVAILABLE);
	for (size_t bit = 0; bit < 8 * blob->len; bit++) {
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *b = t_flip(wd_bytes_span(blob), bit);
		int r = open_by_device(wd_bytes_span(b), 7, &device);

		assert_true(r == WD_R_UNSEAL_REFUSED || r == WD_R_MALFORMED);
	}
	fake.result = WD_R_KEY_INVALID;
	assert_int_equal(
	    open_by_device(wd_bytes_span(blob), 7, &device), WD_R_KEY_INVALID);
	assert_int_equal(row->wrap(WD_SPAN(t_root), &id, &use, &blob, NULL),
	    WD_R_KEY_INVALID);
	fake.result = 0;
	assert_int_equal(row->wrap(WD_SPAN(t_root), &id, &none, &blob, NULL),
	    WD_R_UNAVAILABLE);
}

static struct wd_bytes *
seal_file(void)
{
	WD_AUTO(wd_seal_file_done)
	struct wd_seal_file f = { .kind = WD_SEAL_FILE, .store_id = t_id(7) };
	struct wd_bytes *b = NULL;

	f.blob = wrapped(wd_seal_row(WD_SEAL_FILE));
	t_ok(wd_seal_file_make(&f, &b));
	return b;
}

static void
seal_file_goes_both_ways(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = seal_file();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *again = NULL;
	WD_AUTO(wd_seal_file_done) struct wd_seal_file f = { 0 };

	(void)state;
	t_ok(wd_seal_file_read(wd_bytes_span(b), &f));
	assert_int_equal(f.kind, WD_SEAL_FILE);
	assert_string_equal(f.store_id.s, t_id(7).s);
	t_ok(wd_seal_file_make(&f, &again));
	t_span_equal(wd_bytes_span(b), wd_bytes_span(again));
}

/* Shares of 1 of 1 beside a seal: their key is the share itself. */
static struct wd_bytes *
seal_file_with_break_glass(void)
{
	WD_AUTO(wd_seal_file_done)
	struct wd_seal_file f = { .kind = WD_SEAL_FILE, .store_id = t_id(7) };
	const struct wd_seal_use use = { .share = WD_SPAN(share_bytes),
		.split = { 1, 1 } };
	struct wd_bytes *b = NULL;

	f.blob = wrapped(wd_seal_row(WD_SEAL_FILE));
	t_ok(wd_seal_break_glass.wrap(
	    WD_SPAN(t_root), &f.store_id, &use, &f.break_glass, NULL));
	t_ok(wd_seal_file_make(&f, &b));
	return b;
}

static void
break_glass_copy_opens_the_same_and_is_no_seal_of_its_own(void **state)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *b = seal_file_with_break_glass();
	WD_AUTO(wd_seal_file_done) struct wd_seal_file f = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *root = NULL;
	const struct wd_seal_use use = { .share = WD_SPAN(share_bytes) };

	(void)state;
	t_ok(wd_seal_file_read(wd_bytes_span(b), &f));
	t_ok(wd_seal_break_glass.unwrap(
	    wd_bytes_span(f.break_glass), &f.store_id, &use, &root, NULL));
	t_span_equal(wd_secret_borrow(root), WD_SPAN(t_root));
	root = wd_secret_free(root);
	assert_int_equal(wd_seal_row(WD_SEAL_SHAMIR)
			     ->unwrap(wd_bytes_span(f.break_glass), &f.store_id,
				 &use, &root, NULL),
	    WD_R_UNSEAL_REFUSED);
	assert_null(wd_seal_row(WD_SEAL_BREAK_GLASS));
	assert_null(wd_seal_by_name(WD_SPAN_LIT("break-glass")));
}

static void
seal_file_with_break_glass_that_is_cut_or_empty_is_refused(void **state)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *good = seal_file_with_break_glass();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *plain = seal_file();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *empty = NULL;
	struct wd_seal_file f = { 0 };

	(void)state;
	for (size_t cut = 0; cut < good->len; cut++)
		assert_int_equal(wd_seal_file_read(wd_span(good->p, cut), &f),
		    WD_R_MALFORMED);
	plain->p[4] = 2; /* it says that there is one */
	assert_int_equal(
	    wd_seal_file_read(wd_bytes_span(plain), &f), WD_R_MALFORMED);
	empty = wd_bytes_new(plain->len + 2); /* of no bytes */
	assert_non_null(empty);
	wd_copy(empty->p, wd_bytes_span(plain));
	assert_int_equal(
	    wd_seal_file_read(wd_bytes_span(empty), &f), WD_R_MALFORMED);
	good->p[4] = 1; /* or that there is none */
	assert_int_equal(
	    wd_seal_file_read(wd_bytes_span(good), &f), WD_R_MALFORMED);
	assert_null(f.blob);
}

/* What a damaged seal file ends in, reading and opening taken together. */
static int
open_file(struct wd_span bytes)
{
	WD_AUTO(wd_seal_file_done) struct wd_seal_file f = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *root = NULL;
	int r = wd_seal_file_read(bytes, &f);

	if (r != 0)
		return r;
	return wd_seal_row(f.kind)->unwrap(
	    wd_bytes_span(f.blob), &f.store_id, &right, &root, NULL);
}

static void
every_flipped_bit_of_a_seal_file_is_refused(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *good = seal_file();

	(void)state;
	t_ok(open_file(wd_bytes_span(good)));
	for (size_t bit = 0; bit < 8 * good->len; bit++) {
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *b = t_flip(wd_bytes_span(good), bit);
		size_t at = bit / 8;
		int r = open_file(wd_bytes_span(b));

		if (at < 4 || at == 44 || at == 45)
			assert_int_equal(r, WD_R_MALFORMED);
		else if (at < 6)
			assert_int_equal(r, WD_R_VERSION);
		else if (at < 44)
			assert_true(
			    r == WD_R_MALFORMED || r == WD_R_UNSEAL_REFUSED);
		else
			assert_int_equal(r, WD_R_UNSEAL_REFUSED);
	}
}

static void
seal_file_that_is_cut_or_longer_is_refused(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *good = seal_file();
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *longer = wd_bytes_new(good->len + 1);
	struct wd_seal_file f = { 0 };

	(void)state;
	for (size_t cut = 0; cut < good->len; cut++)
		assert_int_equal(wd_seal_file_read(wd_span(good->p, cut), &f),
		    WD_R_MALFORMED);
	wd_copy(longer->p, wd_bytes_span(good));
	assert_int_equal(
	    wd_seal_file_read(wd_bytes_span(longer), &f), WD_R_MALFORMED);
	assert_null(f.blob);
}

static void
seal_survives_every_failing_allocation(void **state)
{
	const struct wd_seal_row *row = wd_seal_row(WD_SEAL_FILE);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *file = seal_file();
	WD_AUTO(wd_seal_file_done) struct wd_seal_file f = { 0 };
	struct wd_id id = t_id(7);
	int r = WD_F_MEMORY;

	(void)state;
	for (uint64_t n = 1; r == WD_F_MEMORY; n++) {
		wd_alloc_fail_at(n);
		r = row->wrap(WD_SPAN(t_root), &id, &right, &blob, NULL);
		assert_true((r == WD_F_MEMORY) == (wd_alloc_fail_at(0) != 0));
		assert_true(r == 0 || blob == NULL);
	}
	wd_alloc_fail_at(1);
	assert_int_equal(
	    unwrap(row, wd_bytes_span(blob), 7, WD_SPAN(share_bytes)),
	    WD_F_MEMORY);
	wd_alloc_fail_at(1);
	assert_int_equal(
	    wd_seal_file_read(wd_bytes_span(file), &f), WD_F_MEMORY);
	wd_alloc_fail_at(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seal_opens_with_its_share_and_store_only),
		cmocka_unit_test(every_flipped_bit_of_a_blob_is_refused),
		cmocka_unit_test(
		    break_glass_copy_opens_the_same_and_is_no_seal_of_its_own),
		cmocka_unit_test(
		    seal_file_with_break_glass_that_is_cut_or_empty_is_refused),
		cmocka_unit_test(cost_outside_its_bounds_is_malformed),
		cmocka_unit_test(blob_of_one_seal_does_not_open_another),
		cmocka_unit_test(root_key_of_another_length_is_malformed),
		cmocka_unit_test(passphrase_is_wrapped_at_full_cost),
		cmocka_unit_test(shares_say_how_many_there_are),
		cmocka_unit_test(device_gets_a_key_and_never_the_root_key),
		cmocka_unit_test(rows_are_found_by_kind_and_name),
		cmocka_unit_test(seal_file_goes_both_ways),
		cmocka_unit_test(every_flipped_bit_of_a_seal_file_is_refused),
		cmocka_unit_test(seal_file_that_is_cut_or_longer_is_refused),
		cmocka_unit_test(seal_survives_every_failing_allocation),
	};

	return cmocka_run_group_tests(tests, crypto_setup, NULL);
}
