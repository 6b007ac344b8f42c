/*
 * The table of roles against the tables it must agree with: the keys of the
 * configuration and the calls between roles.
 */
#include "lib/t.h"

#include "bin/warderd/supervisor.h"

#include <string.h>

#include "proto/calls.h"

static const enum wd_proc started[] = { WD_PROC_FRONT, WD_PROC_ADMIN_FRONT,
	WD_PROC_KEEPER, WD_PROC_VERIFY, WD_PROC_SEAL, WD_PROC_SCRIBE,
	WD_PROC_DEVICE, WD_PROC_BACKEND };

static bool
is_in(enum wd_proc proc, unsigned bits)
{
	return (bits >> (unsigned)proc & 1) != 0;
}

/* Some call may go from one to the other. */
static bool
may_call(enum wd_proc a, enum wd_proc b)
{
	size_t n;
	const struct wd_call_row *rows = wd_call_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (is_in(a, rows[i].from) && is_in(b, rows[i].to))
			return true;
	return false;
}

static void
links_are_those_of_the_table_of_calls(void **state)
{
	bool within_cell;

	(void)state;
	for (size_t i = 0; i < WD_N(started); i++)
		for (size_t j = 0; j < WD_N(started); j++)
			assert_int_equal(
			    sup_is_linked(started[i], started[j], &within_cell),
			    may_call(started[i], started[j]) ||
				may_call(started[j], started[i]));
}

static void
some_roles_are_shared_by_cells(void **state)
{
	bool within_cell;

	(void)state;
	for (size_t i = 0; i < WD_N(started); i++) {
		enum wd_proc p = started[i];

		if (sup_is_linked(p, WD_PROC_KEEPER, &within_cell))
			assert_int_equal(within_cell,
			    p != WD_PROC_SEAL && p != WD_PROC_SCRIBE &&
				p != WD_PROC_BACKEND);
	}
}

static void
every_role_has_a_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(started); i++)
		assert_non_null(sup_role(started[i]));
	assert_ptr_equal(
	    sup_role(WD_PROC_ADMIN_FRONT), sup_role(WD_PROC_FRONT));
	assert_null(sup_role(WD_PROC_SUPERVISOR));
	assert_null(sup_role(WD_PROC_AGENT));
}

static void
every_role_runs_as_a_user_of_the_configuration(void **state)
{
	size_t n, n_keys;
	const struct sup_role *roles = sup_roles(&n);
	const struct wd_conf_key *keys = wd_conf_keys(&n_keys);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		size_t at = 0;

		while (at < n_keys && keys[at].offset != roles[i].user)
			at++;
		assert_true(at < n_keys);
		assert_string_equal(keys[at].section, "users");
		assert_string_equal(keys[at].name, wd_proc_name(roles[i].proc));
	}
}

/* Secrets of the state reach no role that reads bytes from the network. */
static void
folders_go_to_their_roles_alone(void **state)
{
	size_t n;
	const struct sup_role *roles = sup_roles(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		enum wd_proc p = roles[i].proc;

		assert_int_equal(roles[i].descriptors >> WD_CTL_STATE_DIR & 1,
		    p == WD_PROC_KEEPER || p == WD_PROC_SEAL);
		assert_int_equal(roles[i].descriptors >> WD_CTL_LOG_DIR & 1,
		    p == WD_PROC_SCRIBE);
		assert_int_equal(roles[i].descriptors >> WD_CTL_TLS_KEY & 1,
		    p == WD_PROC_FRONT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_are_those_of_the_table_of_calls),
		cmocka_unit_test(some_roles_are_shared_by_cells),
		cmocka_unit_test(every_role_has_a_row),
		cmocka_unit_test(
		    every_role_runs_as_a_user_of_the_configuration),
		cmocka_unit_test(folders_go_to_their_roles_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
