/*
 * Lists of IMA in the forms that kernels write.
 */
#include "lib/t.h"

#include "base/wr.h"
#include "crypto/init.h"
#include "verify/tpm/ima.h"

enum { N = 4, LARGEST = 4096 };

/* How a kernel writes the list and extends the register. */
struct kernel {
	enum wd_hash bank, list;
	bool padded;
	int violation; /* entry that is one; -1: none */
};

struct made {
	struct wd_bytes *list;
	uint8_t value[N + 1][WD_HASH_MAX]; /* after so many entries */
	size_t len;
};

static void
extend(enum wd_hash bank, uint8_t *pcr, const uint8_t *by)
{
	size_t len = wd_hash_len(bank);
	const struct wd_span parts[] = { { pcr, len }, { by, len } };

	t_ok(wd_hash_parts(bank, parts, 2, pcr));
}

static void
add(const struct kernel *k, int i, struct wd_wr *wr, uint8_t *pcr)
{
	struct wd_span data = WD_SPAN_LIT("sha256:\0 some digest and a name");
	uint8_t digest[WD_HASH_MAX] = { 0 }, by[WD_HASH_MAX] = { 0 };
	bool violation = i == k->violation;

	data.len -= (size_t)i;
	if (!violation)
		t_ok(wd_hash(k->list, data, digest));
	wd_wr_le32(wr, 10);
	wd_wr_bytes(wr, wd_span(digest, wd_hash_len(k->list)));
	wd_wr_le32(wr, 6);
	wd_wr_text(wr, "ima-ng");
	wd_wr_le32(wr, (uint32_t)data.len);
	wd_wr_bytes(wr, data);
	if (violation)
		for (size_t j = 0; j < sizeof(by); j++)
			by[j] = 0xff;
	else if (k->padded)
		wd_copy(by, wd_span(digest, wd_hash_len(k->list)));
	else
		t_ok(wd_hash(k->bank, data, by));
	extend(k->bank, pcr, by);
}

static struct made
make(const struct kernel *k)
{
	struct wd_wr wr = wd_wr_growing(LARGEST);
	struct made m = { .len = wd_hash_len(k->bank) };

	t_ok(wd_crypto_init(NULL));
	for (int i = 0; i < N; i++) {
		wd_copy(m.value[i + 1], WD_SPAN(m.value[i]));
		add(k, i, &wr, m.value[i + 1]);
	}
	t_ok(wd_wr_take(&wr, &m.list));
	return m;
}

static int
replay(const struct kernel *k, const struct made *m, int after, bool sha1,
    struct wd_ima *ret)
{
	return wd_ima_replay(wd_bytes_span(m->list), k->bank, sha1,
	    wd_span(m->value[after], m->len), ret, NULL);
}

static const struct kernel kernels[] = {
	{ WD_SHA1, WD_SHA1, false, -1 },
	{ WD_SHA256, WD_SHA1, false, -1 },
	{ WD_SHA384, WD_SHA1, false, 2 },
	{ WD_SHA256, WD_SHA256, false, 1 },
	{ WD_SHA512, WD_SHA512, false, -1 },
};

static void
lists_lead_to_the_register(void **state)
{
	struct wd_ima ima;

	(void)state;
	for (size_t i = 0; i < WD_N(kernels); i++) {
		struct made m = make(&kernels[i]);

		t_ok(replay(&kernels[i], &m, N, false, &ima));
		assert_int_equal(ima.entries, N);
		assert_int_equal(ima.violations, kernels[i].violation >= 0);
		wd_bytes_freep(&m.list);
	}
}

static void
what_was_measured_after_the_quote_does_not_count(void **state)
{
	struct wd_ima ima;

	(void)state;
	for (size_t i = 0; i < WD_N(kernels); i++) {
		struct made m = make(&kernels[i]);

		for (int after = 0; after < N; after++) {
			t_ok(replay(&kernels[i], &m, after, false, &ima));
			assert_int_equal(ima.entries, after);
		}
		wd_bytes_freep(&m.list);
	}
}

static void
old_kernels_need_leave_for_sha1(void **state)
{
	const struct kernel k = { WD_SHA256, WD_SHA1, true, 1 };
	struct made m = make(&k);
	struct wd_ima ima;

	(void)state;
	assert_int_equal(
	    replay(&k, &m, N, false, &ima), WD_R_EVENT_LOG_MISMATCH);
	t_ok(replay(&k, &m, N, true, &ima));
	assert_int_equal(ima.entries, N);
	assert_int_equal(ima.violations, 1);
	wd_bytes_freep(&m.list);
}

/* Digests of a hash other than the bank's are not looked at. */
static void
each_bit_matters(void **state)
{
	const struct kernel padded = { WD_SHA256, WD_SHA1, true, -1 };
	const struct kernel *const all[] = { &kernels[0], &kernels[3],
		&padded };
	struct wd_ima ima;

	(void)state;
	for (size_t i = 0; i < WD_N(all); i++) {
		struct made m = make(all[i]);

		for (size_t bit = 0; bit < m.list->len * 8; bit++) {
			m.list->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_true(replay(all[i], &m, N, true, &ima) > 0 ||
			    /* the template's name is covered by nothing */
			    ima.entries == N);
			m.list->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		wd_bytes_freep(&m.list);
	}
}

static void
data_that_was_changed_leads_elsewhere(void **state)
{
	struct wd_ima ima;

	(void)state;
	for (size_t i = 0; i < WD_N(kernels); i++) {
		struct made m = make(&kernels[i]);

		m.list->p[m.list->len - 1] ^= 1;
		assert_int_equal(replay(&kernels[i], &m, N, true, &ima),
		    WD_R_EVENT_LOG_MISMATCH);
		wd_bytes_freep(&m.list);
	}
}

static void
lists_end_where_an_entry_ends(void **state)
{
	const struct kernel *k = &kernels[1];
	struct made m = make(k);
	size_t len = m.list->len, whole = 0;
	struct wd_ima ima;

	(void)state;
	for (size_t n = 0; n < len; n++) {
		int r;

		m.list->len = n;
		r = replay(k, &m, N, false, &ima);
		assert_true(r == WD_R_EVENT_LOG_MALFORMED ||
		    r == WD_R_EVENT_LOG_MISMATCH);
		whole += r == WD_R_EVENT_LOG_MISMATCH;
	}
	assert_int_equal(whole, N - 1);
	m.list->len = len;
	wd_bytes_freep(&m.list);
}

static void
other_forms_are_refused(void **state)
{
	const struct kernel *k = &kernels[1];
	struct made m = make(k);
	struct wd_ima ima;
	unsigned pcr;

	(void)state;
	t_ok(wd_ima_pcr(wd_bytes_span(m.list), &pcr, NULL));
	assert_int_equal(pcr, 10);
	m.list->p[0] = 24;
	assert_int_equal(wd_ima_pcr(wd_bytes_span(m.list), &pcr, NULL),
	    WD_R_EVENT_LOG_MALFORMED);
	m.list->p[0] = 11; /* the others are of 10 */
	assert_int_equal(
	    replay(k, &m, N, false, &ima), WD_R_EVENT_LOG_MALFORMED);
	assert_int_equal(wd_ima_pcr(wd_span(m.list->p, 3), &pcr, NULL),
	    WD_R_EVENT_LOG_MALFORMED);
	wd_bytes_freep(&m.list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_lead_to_the_register),
		cmocka_unit_test(
		    what_was_measured_after_the_quote_does_not_count),
		cmocka_unit_test(old_kernels_need_leave_for_sha1),
		cmocka_unit_test(each_bit_matters),
		cmocka_unit_test(data_that_was_changed_leads_elsewhere),
		cmocka_unit_test(lists_end_where_an_entry_ends),
		cmocka_unit_test(other_forms_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
