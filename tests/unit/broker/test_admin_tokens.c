#include "fixture.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

static struct wd_msg_token_create
create(struct t_broker *f, const char *user, const char *rules)
{
	return (struct wd_msg_token_create){ t_head(f),
		.user = wd_span_text(user), .rules = wd_span_text(rules),
		.seconds = 600 };
}

/* The text of a new token, which is in no other place. */
static struct wd_secret *
made(struct t_broker *f, const struct wd_msg_token_create *m,
    struct wd_id *ret_id)
{
	struct wd_msg_token_made answer;

	t_ok(t_call(f, WD_CALL_TOKEN_CREATE, m));
	t_reply(f, WD_CALL_TOKEN_CREATE, &answer);
	assert_int_equal(answer.expires, f->now + m->seconds);
	*ret_id = answer.id;
	return wd_secret_copy(answer.token);
}

static int
refused(struct t_broker *f, const char *user, const char *rules)
{
	struct wd_msg_token_create m = create(f, user, rules);

	return t_call(f, WD_CALL_TOKEN_CREATE, &m);
}

static int
list_keys_as(struct t_broker *f, const struct wd_secret *token)
{
	struct wd_msg_key_list_ask m = { t_head(f), .limit = 1 };

	m.token = wd_secret_borrow(token);
	return t_call(f, WD_CALL_KEY_LIST, &m);
}

static void
a_new_token_may_do_what_its_rules_say(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_token_create m =
	    create(f, "alice@example.org", "keys:search keys:create");
	struct wd_id id;
	WD_AUTO(wd_secret_freep) struct wd_secret *token = made(f, &m, &id);
	struct wd_msg_token_create more = create(f, "bob", "keys:search");

	t_logged(f, "\"event\":\"token_create\"");
	t_logged(f, id.s);
	t_logged(f,
	    "for alice@example.org, 600 seconds: "
	    "keys:search keys:create");
	t_not_logged(f, wd_secret_borrow(token));
	t_ok(list_keys_as(f, token));
	t_logged(f, "\"actor\":\"alice@example.org\"");
	more.token = wd_secret_borrow(token);
	assert_int_equal(
	    t_call(f, WD_CALL_TOKEN_CREATE, &more), WD_R_PERMISSION);
	f->now += 600;
	assert_int_equal(list_keys_as(f, token), WD_R_CREDENTIAL_INVALID);
}

static void
nobody_hands_on_rules_they_do_not_have(void **state)
{
	struct t_broker *f = *state;
	static const char *const beyond[] = { "*:*", "*:search", "keys:*",
		"keys:delete", "secrets:search", "tokens:create keys:delete",
		"tokens:*" };
	static const char *const within[] = { "keys:search", "tokens:create",
		"leases:search leases:*", "leases:anything",
		"keys:search tokens:create leases:*" };
	WD_AUTO(wd_secret_freep)
	struct wd_secret *token =
	    t_add_token(f, "tokens:create keys:search leases:*");

	for (size_t i = 0; i < WD_N(beyond); i++) {
		struct wd_msg_token_create m = create(f, "bob", beyond[i]);

		m.token = wd_secret_borrow(token);
		assert_int_equal(
		    t_call(f, WD_CALL_TOKEN_CREATE, &m), WD_R_PERMISSION);
		t_logged(f, "\"reason\":\"permission_denied\"");
	}
	for (size_t i = 0; i < WD_N(within); i++) {
		struct wd_msg_token_create m = create(f, "bob", within[i]);

		m.token = wd_secret_borrow(token);
		t_ok(t_call(f, WD_CALL_TOKEN_CREATE, &m));
	}
}

static void
rules_and_users_have_their_form(void **state)
{
	struct t_broker *f = *state;
	static const char *const users[] = { "", ".alice", "-", "@", "al ice",
		"alice\n", "al/ice", "al\xc3\xbc" };
	static const char *const rules[] = { "", "keys", "keys:search ",
		"keys:search:*", "KEYS:search" };
	char user[66];

	for (size_t i = 0; i < WD_N(users); i++)
		assert_int_equal(
		    refused(f, users[i], "keys:search"), WD_R_MALFORMED);
	for (size_t i = 0; i < WD_N(rules); i++)
		assert_int_equal(refused(f, "alice", rules[i]), WD_R_MALFORMED);
	memset(user, 'a', sizeof(user));
	user[65] = '\0';
	assert_int_equal(refused(f, user, "keys:search"), WD_R_MALFORMED);
	user[64] = '\0';
	t_ok(refused(f, user, "keys:search"));
	t_ok(refused(f, "A.b_c-d@9", "*:*"));
}

static void
a_token_lives_a_second_to_a_year(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_token_create m = create(f, "alice", "keys:search");

	m.seconds = 0;
	assert_int_equal(t_call(f, WD_CALL_TOKEN_CREATE, &m), WD_R_RANGE);
	m.seconds = 366 * 86400 + 1;
	assert_int_equal(t_call(f, WD_CALL_TOKEN_CREATE, &m), WD_R_RANGE);
	m.seconds = UINT32_MAX;
	assert_int_equal(t_call(f, WD_CALL_TOKEN_CREATE, &m), WD_R_RANGE);
	m.seconds = 1;
	t_ok(t_call(f, WD_CALL_TOKEN_CREATE, &m));
	m.seconds = 366 * 86400;
	t_ok(t_call(f, WD_CALL_TOKEN_CREATE, &m));
}

static void
the_longest_rules_are_logged_whole(void **state)
{
	struct t_broker *f = *state;
	char rules[WD_RULES_MAX + 1];
	struct wd_wr wr = wd_wr_fixed(rules, sizeof(rules));

	while (wr.len < WD_RULES_MAX - 40)
		wd_wr_text(&wr, "keys:search ");
	wd_wr_text(&wr, "tokens:revoke_at_the_end");
	wd_wr_u8(&wr, 0);
	t_ok(wd_wr_end(&wr));
	t_ok(refused(f, "alice", rules));
	t_logged(f, rules);
}

static size_t
count(struct t_broker *f, const char *user, bool *ret_has)
{
	struct wd_msg_admin_ask ask = { t_head(f) };
	struct wd_msg_token_list answer;
	struct wd_msg_token_record t;
	struct wd_rd rd;
	size_t n = 0;

	*ret_has = false;
	t_ok(t_call(f, WD_CALL_TOKEN_LIST, &ask));
	t_reply(f, WD_CALL_TOKEN_LIST, &answer);
	for (rd = wd_rd(answer.tokens); wd_rd_more(&rd); n++) {
		t_ok(wd_list_next(&rd, &wd_msg_token_record_type, &t));
		*ret_has |= wd_span_is(t.user, user);
		assert_true(t.rules.len > 0);
		assert_true(t.expires > t.created);
	}
	t_ok(wd_rd_end(&rd));
	return n;
}

static void
tokens_are_listed_and_revoked(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_token_create m = create(f, "alice", "keys:search");
	struct wd_msg_token_ask ask = { t_head(f) };
	WD_AUTO(wd_secret_freep) struct wd_secret *token = NULL;
	bool has;

	token = made(f, &m, &ask.id);
	assert_int_equal(count(f, "alice", &has), 2);
	assert_true(has);
	t_logged(f, "\"event\":\"token_list\"");
	t_ok(t_call(f, WD_CALL_TOKEN_REVOKE, &ask));
	t_logged(f, "\"event\":\"token_revoke\"");
	t_logged(f, ask.id.s);
	assert_int_equal(list_keys_as(f, token), WD_R_CREDENTIAL_INVALID);
	assert_int_equal(count(f, "alice", &has), 1);
	assert_false(has);
	assert_int_equal(t_call(f, WD_CALL_TOKEN_REVOKE, &ask), WD_R_NOT_FOUND);
	t_logged(f, ask.id.s);
	t_logged(f, "there is no such token");
}

static void
expired_tokens_make_room(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_token_create m = create(f, "alice", "keys:search");
	struct wd_store_token t = { .user = "old", .rules = "a:b" };
	bool has;

	t.created = f->now - 10;
	t.expires = f->now;
	t.id = t_id(77);
	t_ok(wd_store_token_add(f->b->store, &t));
	assert_int_equal(count(f, "old", &has), 2);
	t_ok(t_call(f, WD_CALL_TOKEN_CREATE, &m));
	assert_int_equal(count(f, "old", &has), 2);
	assert_false(has);
}

static void
there_are_no_more_tokens_than_a_list_holds(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_token_create m = create(f, "alice", "keys:search");
	struct wd_store_token t = { .user = "u" };
	bool has;

	memset(t.user, 'u', WD_USER_MAX);
	memset(t.rules, 'r', WD_RULES_MAX);
	t.expires = f->now + 1;
	t_ok(wd_store_begin(f->b->store));
	for (uint32_t i = 0; i < 511; i++) {
		uint8_t random[16] = { (uint8_t)(i >> 8), (uint8_t)i, 9 };

		t.id = wd_id_from_random(random);
		t.sha256[0] = (uint8_t)(i >> 8);
		t.sha256[1] = (uint8_t)i;
		t_ok(wd_store_token_add(f->b->store, &t));
	}
	t_ok(wd_store_commit(f->b->store));
	assert_int_equal(t_call(f, WD_CALL_TOKEN_CREATE, &m), WD_R_CONFLICT);
	assert_int_equal(count(f, "admin", &has), 512);
	assert_true(has);
	f->now++; /* all but the first are over */
	t_ok(t_call(f, WD_CALL_TOKEN_CREATE, &m));
	assert_int_equal(count(f, "alice", &has), 2);
	assert_true(has);
}

static void
without_memory_tokens_stay_as_they_are(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_token_create m = create(f, "alice", "keys:search");
	struct wd_msg_token_ask ask = { t_head(f) };
	struct wd_msg_admin_ask all = { t_head(f) };
	WD_AUTO(wd_secret_freep) struct wd_secret *token = NULL;

	t_torture(f, WD_CALL_TOKEN_CREATE, &m, NULL);
	token = made(f, &m, &ask.id);
	t_torture(f, WD_CALL_TOKEN_REVOKE, &ask, NULL);
	t_torture(f, WD_CALL_TOKEN_LIST, &all, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(a_new_token_may_do_what_its_rules_say),
		with_broker(nobody_hands_on_rules_they_do_not_have),
		with_broker(rules_and_users_have_their_form),
		with_broker(a_token_lives_a_second_to_a_year),
		with_broker(the_longest_rules_are_logged_whole),
		with_broker(tokens_are_listed_and_revoked),
		with_broker(expired_tokens_make_room),
		with_broker(there_are_no_more_tokens_than_a_list_holds),
		with_broker(without_memory_tokens_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
