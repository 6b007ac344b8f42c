/*
 * Admin tokens: made, listed, taken back. A token's text is in one reply, once;
 * nothing here can show it again.
 */
#include "broker/admin_in.h"

#include "base/alloc.h"
#include "crypto/rand.h"
#include "seal/admin_token.h"

enum {
	TOKENS_MAX = 512, /* one answer must hold all of them */
	SECONDS_MAX = 366 * 86400,
};

static bool
is_letter_or_digit(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

static bool
is_user(struct wd_span s)
{
	static const char other[] = "._-@";

	if (s.len == 0 || s.len > WD_USER_MAX || !is_letter_or_digit(s.p[0]))
		return false;
	for (size_t i = 1; i < s.len; i++) {
		bool fine = is_letter_or_digit(s.p[i]);

		for (size_t k = 0; k < sizeof(other) - 1; k++)
			fine |= s.p[i] == (uint8_t)other[k];
		if (!fine)
			return false;
	}
	return true;
}

/* ---- rules */

/* One rule as two texts. False when there is none left. */
static bool
next_rule(struct wd_span *rest, char resource[WD_RULE_WORD + 1],
    char action[WD_RULE_WORD + 1])
{
	struct wd_span rule = wd_rules_next(rest), what;

	if (rule.len == 0)
		return false;
	what = wd_rule_resource(&rule);
	return wd_span_to_text(what, resource, WD_RULE_WORD + 1) &&
	    wd_span_to_text(rule, action, WD_RULE_WORD + 1);
}

/* Nobody hands on what they do not have: a star only by a star. */
static int
check_rules(struct wd_admin *a, struct wd_span rules)
{
	char resource[WD_RULE_WORD + 1], action[WD_RULE_WORD + 1];
	struct wd_span rest = rules;

	if (!wd_rules_are_valid(rules))
		return wd_reject(a->d, WD_R_MALFORMED,
		    "rules are pairs resource:action of lower-case words or "
		    "stars");
	while (next_rule(&rest, resource, action))
		if (!wd_rules_allow(a->who.rules, resource, action))
			return wd_reject(a->d, WD_R_PERMISSION,
			    "the token that makes this one does not have the "
			    "rule %s:%s",
			    resource, action);
	return 0;
}

/* ---- making one */

static int
describe(struct wd_admin *a, const struct wd_msg_token_create *m,
    struct wd_store_token *t)
{
	int r;

	if (!is_user(m->user) ||
	    !wd_span_to_text(m->user, t->user, sizeof(t->user)))
		return wd_reject(a->d, WD_R_MALFORMED,
		    "a user is 1 to 64 letters, digits, '.', '_', '-' and '@', "
		    "a letter or digit first");
	if (m->seconds < 1 || m->seconds > SECONDS_MAX)
		return wd_reject(a->d, WD_R_RANGE,
		    "a token lives 1 to %u seconds", (unsigned)SECONDS_MAX);
	if ((r = check_rules(a, m->rules)) != 0)
		return r;
	if (!wd_span_to_text(m->rules, t->rules, sizeof(t->rules)))
		return wd_fault(a->d, WD_F_BUG, "rules do not fit");
	if (wd_rand_id(&t->id) != 0)
		return wd_fault(a->d, WD_F_CRYPTO, "no id");
	t->created = a->now;
	t->expires = a->now + m->seconds;
	return 0;
}

/* Expired ones make room: they could never be used again. */
static int
make_room(struct wd_admin *a)
{
	WD_AUTO(wd_freep)
	struct wd_store_token *rows = wd_alloc_array(TOKENS_MAX, sizeof(*rows));
	size_t n = 0, live = 0;
	int r;

	if (rows == NULL)
		return wd_fault(a->d, WD_F_MEMORY, "no memory");
	r = wd_store_token_list(a->b->store, rows, TOKENS_MAX, &n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (rows[i].expires > a->now)
			live++;
		else
			r = wd_store_token_delete(a->b->store, &rows[i].id);
	}
	if ((r = wd_admin_got(a, r, "token")) != 0)
		return r;
	if (live == TOKENS_MAX)
		return wd_reject(a->d, WD_R_CONFLICT,
		    "there are as many tokens as there may be; revoke some");
	return 0;
}

int
wd_admin_token_create(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_token_create *m = msg;
	WD_AUTO(wd_secret_freep) struct wd_secret *text = NULL;
	struct wd_store_token t = { 0 };
	struct wd_msg_token_made answer;
	int r;

	if ((r = describe(a, m, &t)) != 0 || (r = make_room(a)) != 0)
		return r;
	if (wd_admin_token_make(&text, t.sha256) != 0)
		return wd_fault(a->d, WD_F_CRYPTO, "no token could be made");
	wd_admin_say(a, "token %s for %s, %u seconds: %s", t.id.s, t.user,
	    m->seconds, t.rules);
	r = wd_store_token_add(a->b->store, &t);
	if ((r = wd_admin_got(a, r > 0 ? WD_F_BUG : r, "token")) != 0)
		return r;
	answer = (struct wd_msg_token_made){ .id = t.id,
		.token = wd_secret_borrow(text),
		.expires = t.expires };
	return wd_admin_answer(a, &answer);
}

/* ---- the others */

int
wd_admin_token_list(struct wd_admin *a, const void *msg)
{
	WD_AUTO(wd_freep)
	struct wd_store_token *rows = wd_alloc_array(TOKENS_MAX, sizeof(*rows));
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_LIST_MAX);
	struct wd_msg_token_list answer;
	size_t n = 0;
	int r;

	(void)msg; /* it says only who asks */
	if (rows == NULL)
		return wd_fault(a->d, WD_F_MEMORY, "no memory");
	r = wd_store_token_list(a->b->store, rows, TOKENS_MAX, &n);
	if ((r = wd_admin_got(a, r, "token")) != 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		struct wd_msg_token_record m = { .id = rows[i].id,
			.user = wd_span_text(rows[i].user),
			.rules = wd_span_text(rows[i].rules),
			.created = rows[i].created,
			.expires = rows[i].expires };

		wd_list_add(&wr, &wd_msg_token_record_type, &m);
	}
	if (wd_wr_end(&wr) != 0)
		return wd_fault(a->d, WD_F_MEMORY, "the list does not fit");
	answer.tokens = wd_wr_span(&wr);
	return wd_admin_answer(a, &answer);
}

int
wd_admin_token_revoke(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_token_ask *m = msg;
	int r;

	r = wd_admin_got(
	    a, wd_store_token_delete(a->b->store, &m->id), "token");
	/* Its row is good wherever it is put back from. */
	if (r == 0)
		r = wd_admin_got(a,
		    wd_store_revoke(a->b->store, "token", m->id.s, a->now),
		    "revocation");
	return r != 0 ? r : wd_admin_answer(a, NULL);
}
