#include "fixture.h"

#include "crypto/hash.h"
#include "seal/admin_token.h"

#include <string.h>

static void
a_rule_allows_its_resource_and_action_alone(void **state)
{
	(void)state;
	assert_true(wd_rules_allow("keys:create", "keys", "create"));
	assert_false(wd_rules_allow("keys:create", "keys", "creat"));
	assert_false(wd_rules_allow("keys:create", "keys", "created"));
	assert_false(wd_rules_allow("keys:create", "key", "create"));
	assert_false(wd_rules_allow("keys:create", "secrets", "create"));
	assert_false(wd_rules_allow("keys:create", "keys", "delete"));
}

static void
the_last_of_several_rules_counts_as_the_first(void **state)
{
	const char *rules = "keys:create keys:search tokens:delete";

	(void)state;
	assert_true(wd_rules_allow(rules, "keys", "create"));
	assert_true(wd_rules_allow(rules, "keys", "search"));
	assert_true(wd_rules_allow(rules, "tokens", "delete"));
	assert_false(wd_rules_allow(rules, "tokens", "create"));
	assert_false(wd_rules_allow(rules, "keys", "delete"));
}

static void
a_star_stands_for_a_whole_word(void **state)
{
	(void)state;
	assert_true(wd_rules_allow("*:*", "keys", "create"));
	assert_true(wd_rules_allow("keys:*", "keys", "delete"));
	assert_false(wd_rules_allow("keys:*", "tokens", "delete"));
	assert_true(wd_rules_allow("*:search", "tokens", "search"));
	assert_false(wd_rules_allow("*:search", "tokens", "delete"));
	assert_false(wd_rules_allow("ke*:create", "keys", "create"));
	/* what a new token may be given: a star only by a star */
	assert_false(wd_rules_allow("keys:create", "*", "create"));
	assert_false(wd_rules_allow("keys:create", "keys", "*"));
	assert_true(wd_rules_allow("keys:*", "keys", "*"));
}

static void
no_rules_allow_nothing(void **state)
{
	(void)state;
	assert_false(wd_rules_allow("", "keys", "create"));
	assert_false(wd_rules_allow(" ", "keys", "create"));
	assert_false(wd_rules_allow(":", "keys", "create"));
	assert_false(wd_rules_allow("keys", "keys", "create"));
	assert_false(wd_rules_allow("keys create", "keys", "create"));
}

static bool
valid(const char *rules)
{
	return wd_rules_are_valid(wd_span_text(rules));
}

static void
rules_are_pairs_of_words_with_single_spaces(void **state)
{
	(void)state;
	assert_true(valid("keys:create"));
	assert_true(valid("*:*"));
	assert_true(valid("key_transfer_policies:create *:search"));
	assert_false(valid(""));
	assert_false(valid("keys"));
	assert_false(valid("keys:"));
	assert_false(valid(":create"));
	assert_false(valid("keys:create:*"));
	assert_false(valid("Keys:create"));
	assert_false(valid("keys:create2"));
	assert_false(valid("keys:cr*"));
	assert_false(valid("keys:create "));
	assert_false(valid(" keys:create"));
	assert_false(valid("keys:create  keys:delete"));
	assert_false(valid("keys:create,keys:delete"));
	assert_false(valid("keys:abcdefghijklmnopqrstuvwxyzabcdefg"));
	assert_false(wd_rules_are_valid(WD_SPAN_LIT("keys:a\0b")));
}

static void
rules_are_as_long_as_their_column(void **state)
{
	char text[WD_RULES_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "a:b "[i % 4];
	assert_true(wd_rules_are_valid(wd_span(text, WD_RULES_MAX - 1)));
	assert_false(wd_rules_are_valid(wd_span(text, WD_RULES_MAX)));
	assert_false(wd_rules_are_valid(wd_span(text, WD_RULES_MAX + 1)));
}

static void
a_token_has_its_form_and_digest(void **state)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *one = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *two = NULL;
	uint8_t digest[32], expected[32];

	(void)state;
	t_ok(wd_admin_token_make(&one, digest));
	assert_int_equal(wd_secret_len(one), 47);
	assert_memory_equal(wd_secret_bytes(one), "wdt_", 4);
	t_ok(wd_hash(WD_SHA256, wd_secret_borrow(one), expected));
	assert_memory_equal(digest, expected, 32);
	t_ok(wd_admin_token_make(&two, digest));
	assert_memory_not_equal(wd_secret_bytes(one), wd_secret_bytes(two), 47);
}

/* ---- who may */

static int
allowed(struct t_broker *f, struct wd_span token, int64_t now,
    struct wd_store_token *ret_who)
{
	struct wd_diag d = { 0 };
	int r = wd_admin_allowed(
	    f->b, wd_admin_row(WD_CALL_KEY_SHOW), token, now, ret_who, &d);

	assert_int_equal(d.result, r);
	return r;
}

static void
the_first_token_may_do_everything(void **state)
{
	struct t_broker *f = *state;
	struct wd_store_token who = { 0 };

	t_ok(allowed(f, wd_secret_borrow(f->token), f->now, &who));
	assert_string_equal(who.user, "admin");
}

static void
no_token_is_no_credential(void **state)
{
	struct t_broker *f = *state;
	struct wd_store_token who = { 0 };

	assert_int_equal(
	    allowed(f, wd_span(NULL, 0), f->now, &who), WD_R_NO_CREDENTIAL);
	assert_true(wd_id_is_none(&who.id));
}

static void
a_token_with_one_byte_changed_is_unknown(void **state)
{
	struct t_broker *f = *state;
	struct wd_store_token who = { 0 };
	uint8_t *p = wd_secret_bytes(f->token);

	for (size_t i = 0; i < wd_secret_len(f->token); i++) {
		p[i] ^= 1;
		assert_int_equal(
		    allowed(f, wd_secret_borrow(f->token), f->now, &who),
		    WD_R_CREDENTIAL_INVALID);
		p[i] ^= 1;
	}
	assert_int_equal(
	    allowed(f, wd_span(p, wd_secret_len(f->token) - 1), f->now, &who),
	    WD_R_CREDENTIAL_INVALID);
	assert_true(wd_id_is_none(&who.id));
}

static void
a_token_ends_with_its_last_second(void **state)
{
	struct t_broker *f = *state;
	struct wd_store_token who = { 0 };
	struct wd_span token = wd_secret_borrow(f->token);

	t_ok(allowed(f, token, f->now + 86399, &who));
	who = (struct wd_store_token){ 0 };
	assert_int_equal(
	    allowed(f, token, f->now + 86400, &who), WD_R_CREDENTIAL_INVALID);
	assert_true(wd_id_is_none(&who.id));
}

static void
a_token_without_the_rule_is_known_and_refused(void **state)
{
	struct t_broker *f = *state;
	struct wd_store_token who = { 0 };
	WD_AUTO(wd_secret_freep)
	struct wd_secret *token = t_add_token(f, "keys:search tokens:*");

	assert_int_equal(
	    allowed(f, wd_secret_borrow(token), f->now, &who), WD_R_PERMISSION);
	assert_string_equal(who.user, "other");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_allows_its_resource_and_action_alone),
		cmocka_unit_test(the_last_of_several_rules_counts_as_the_first),
		cmocka_unit_test(a_star_stands_for_a_whole_word),
		cmocka_unit_test(no_rules_allow_nothing),
		cmocka_unit_test(rules_are_pairs_of_words_with_single_spaces),
		cmocka_unit_test(rules_are_as_long_as_their_column),
		with_broker(a_token_has_its_form_and_digest),
		with_broker(the_first_token_may_do_everything),
		with_broker(no_token_is_no_credential),
		with_broker(a_token_with_one_byte_changed_is_unknown),
		with_broker(a_token_ends_with_its_last_second),
		with_broker(a_token_without_the_rule_is_known_and_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
