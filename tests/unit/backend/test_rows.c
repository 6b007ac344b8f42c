/*
 * The tables of kinds: what a form says of its row, and what the manual has of
 * its keys.
 */
#include "lib/t.h"

#include "backend/conf.h"

#include <string.h>

static void
every_form_has_its_row(void **state)
{
	size_t n;
	const struct wd_backend_form *const *forms = wd_backend_forms(&n);

	(void)state;
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		const struct wd_backend_row *row =
		    wd_backend_row(forms[i]->kind);

		assert_non_null(row);
		assert_ptr_equal(row->form, forms[i]);
		assert_ptr_equal(
		    wd_backend_form_by_name(wd_span_text(forms[i]->name)),
		    forms[i]);
		assert_true(row->open != NULL && row->close != NULL &&
		    row->check != NULL && row->fetch != NULL &&
		    row->destroy != NULL);
	}
	assert_null(wd_backend_row(WD_BACKEND_NONE));
}

static void
a_kind_can_what_its_form_says(void **state)
{
	size_t n;
	const struct wd_backend_form *const *forms = wd_backend_forms(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct wd_backend_row *r = wd_backend_row(forms[i]->kind);
		unsigned can = forms[i]->can;

		assert_int_equal(
		    (can & (WD_BACKEND_CAN_GENERATE | WD_BACKEND_CAN_BRING)) !=
			0,
		    r->make != NULL);
		assert_int_equal(
		    (can & WD_BACKEND_CAN_ATTACH) != 0, r->attach != NULL);
		assert_int_equal(
		    (can & WD_BACKEND_CAN_USE) != 0, r->use != NULL);
		assert_int_equal(
		    (can & WD_BACKEND_CAN_WRAP) != 0, r->wrap != NULL);
		assert_int_equal((can & WD_BACKEND_CAN_LEASE) != 0,
		    r->renew != NULL && r->revoke != NULL);
	}
}

static void
every_key_has_a_name_a_text_and_a_default_that_fits(void **state)
{
	size_t n;
	const struct wd_backend_form *const *forms = wd_backend_forms(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_true(forms[i]->n_keys <= WD_BACKEND_SETTINGS);
		for (size_t k = 0; k < forms[i]->n_keys; k++) {
			const struct wd_backend_key *key = &forms[i]->keys[k];
			struct wd_diag d = { 0 };

			assert_true(strlen(key->manual) > 10);
			assert_int_equal(
			    key->manual[strlen(key->manual) - 1], '.');
			if (key->standard != NULL)
				t_ok(wd_backend_key_check(
				    key, wd_span_text(key->standard), &d));
			for (size_t j = 0; j < k; j++)
				assert_string_not_equal(
				    forms[i]->keys[j].name, key->name);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_has_its_row),
		cmocka_unit_test(a_kind_can_what_its_form_says),
		cmocka_unit_test(
		    every_key_has_a_name_a_text_and_a_default_that_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
