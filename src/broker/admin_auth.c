/*
 * Who asks: the row of an admin token, found by its digest, and its rules.
 */
#include "broker/admin_in.h"

#include "broker/revoked.h"
#include "crypto/hash.h"

/* ---- rules */

/* The bytes before the next SEPARATOR, or all; they and it are taken off. */
static struct wd_span
take_until(struct wd_span *s, char separator)
{
	struct wd_span word = { s->p, 0 };

	while (word.len < s->len && word.p[word.len] != (uint8_t)separator)
		word.len++;
	if (word.len == s->len)
		*s = wd_span(NULL, 0);
	else
		*s = wd_span(s->p + word.len + 1, s->len - word.len - 1);
	return word;
}

struct wd_span
wd_rules_next(struct wd_span *rest)
{
	return take_until(rest, ' ');
}

struct wd_span
wd_rule_resource(struct wd_span *rule)
{
	return take_until(rule, ':');
}

static bool
covers(struct wd_span pattern, const char *word)
{
	return wd_span_is(pattern, "*") || wd_span_is(pattern, word);
}

bool
wd_rules_allow(const char *rules, const char *resource, const char *action)
{
	struct wd_span rest = wd_span_text(rules);

	while (rest.len > 0) {
		struct wd_span rule = wd_rules_next(&rest);
		struct wd_span what = wd_rule_resource(&rule);

		if (covers(what, resource) && covers(rule, action))
			return true;
	}
	return false;
}

static bool
is_word(struct wd_span s)
{
	if (wd_span_is(s, "*"))
		return true;
	for (size_t i = 0; i < s.len; i++)
		if ((s.p[i] < 'a' || s.p[i] > 'z') && s.p[i] != '_')
			return false;
	return s.len > 0 && s.len <= WD_RULE_WORD;
}

bool
wd_rules_are_valid(struct wd_span rules)
{
	struct wd_span rest = rules;

	/* A separator at the end would be taken off with the word before. */
	if (rules.len == 0 || rules.len > WD_RULES_MAX ||
	    rules.p[rules.len - 1] == ' ')
		return false;
	while (rest.len > 0) {
		struct wd_span rule = wd_rules_next(&rest);
		struct wd_span what = wd_rule_resource(&rule);

		if (!is_word(what) || !is_word(rule))
			return false;
	}
	return true;
}

/* ---- who asks */

/* The digest was looked up in an index; it is compared here once more, in a
 * time that does not depend on where it differs. */
static int
find(struct wd_broker *b, struct wd_span token, struct wd_store_token *ret,
    struct wd_diag *d)
{
	uint8_t digest[32];
	int r;

	if ((r = wd_hash(WD_SHA256, token, digest)) != 0)
		return wd_fault(d, r, "no digest");
	r = wd_store_token_get(b->store, digest, ret);
	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(b->store));
	if (r > 0 || !wd_ct_equal(WD_SPAN(ret->sha256), WD_SPAN(digest)))
		return WD_R_CREDENTIAL_INVALID;
	/* A row that was deleted may have been put back. */
	if ((r = wd_revocations_known(b, d)) != 0)
		return r;
	r = wd_store_revoked(b->store, "token", ret->id.s, 0);
	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(b->store));
	return r > 0 ? WD_R_CREDENTIAL_INVALID : 0;
}

int
wd_admin_may(struct wd_broker *b, const char *resource, const char *action,
    struct wd_span token, int64_t now, struct wd_store_token *ret_who,
    struct wd_diag *d)
{
	struct wd_store_token who = { 0 };
	int r;

	if (token.len == 0)
		return wd_reject(
		    d, WD_R_NO_CREDENTIAL, "an admin call needs a token");
	r = find(b, token, &who, d);
	if (r < 0)
		return r;
	/* One sentence for both: who guesses learns nothing. */
	if (r != 0 || now >= who.expires)
		return wd_reject(d, WD_R_CREDENTIAL_INVALID,
		    "the token is unknown, expired or revoked");
	*ret_who = who;
	if (!wd_rules_allow(who.rules, resource, action))
		return wd_reject(d, WD_R_PERMISSION,
		    "this needs a token with the rule %s:%s", resource, action);
	return 0;
}

int
wd_admin_allowed(struct wd_broker *b, const struct wd_admin_row *row,
    struct wd_span token, int64_t now, struct wd_store_token *ret_who,
    struct wd_diag *d)
{
	return wd_admin_may(
	    b, row->resource, row->action, token, now, ret_who, d);
}

int
wd_admin_allowed_for(struct wd_broker *b, const struct wd_admin_row *row,
    const void *msg, int64_t now, struct wd_diag *d)
{
	struct wd_msg_admin_ask head = wd_admin_head(msg);
	struct wd_store_token who;

	return wd_admin_may(b, row->resource,
	    row->action_of == NULL ? row->action : row->action_of(msg),
	    head.token, now, &who, d);
}
