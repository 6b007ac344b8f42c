/*
 * Bodies of the admin API that are no more than their members.
 */
#include "proto/admin_body.h"

#include "codec/base64.h"
#include "policy/parse.h"
#include "proto/members.h"

enum { RULES_MAX = 1024, RULE_COUNT_MAX = 64, DOCUMENT_TEXT_MAX = 960000 };

void
wd_admin_body_done(struct wd_admin_body *b)
{
	b->doc = wd_json_free(b->doc);
	b->material = wd_secret_free(b->material);
	b->bytes = wd_bytes_free(b->bytes);
	b->policy = wd_policy_free(b->policy);
	b->reference = wd_reference_free(b->reference);
}

int
wd_admin_open(struct wd_span json, struct wd_admin_body *b, struct wd_jobj *o,
    struct wd_diag *d, const char *what)
{
	int r = wd_json_parse(json, d, &b->doc);

	if (r != 0)
		return r;
	wd_jobj_open(o, wd_json_root(b->doc), d, what);
	return o->result;
}

int
wd_admin_key_policy_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_key_policy *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	int r = wd_admin_open(json, b, &o, d, "body");

	if (r != 0)
		return r;
	ret->policy = wd_member_id_or_null(&o, "policy");
	return wd_jobj_close(&o);
}

int
wd_admin_unwrap_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_key_unwrap *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	int r = wd_admin_open(json, b, &o, d, "body");

	if (r != 0)
		return r;
	ret->allow = wd_jobj_bool(&o, "broker_may_unwrap", WD_REQUIRED, false);
	return wd_jobj_close(&o);
}

int
wd_admin_csr_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_key_csr_ask *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	int r = wd_admin_open(json, b, &o, d, "body");

	if (r != 0)
		return r;
	ret->subject = wd_member_text(&o, "subject", WD_REQUIRED, 1024);
	return wd_jobj_close(&o);
}

int
wd_admin_rotate_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_key_csr_ask *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	int r = wd_admin_open(json, b, &o, d, "body");

	if (r != 0)
		return r;
	ret->subject = wd_member_text(&o, "subject", WD_OPTIONAL, 1024);
	return wd_jobj_close(&o);
}

int
wd_admin_seal_wrap_read(
    struct wd_span json, struct wd_admin_body *b, bool *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	int r = wd_admin_open(json, b, &o, d, "body");

	if (r != 0)
		return r;
	*ret = wd_jobj_bool(&o, "seal_wrap", WD_REQUIRED, false);
	return wd_jobj_close(&o);
}

int
wd_admin_bind_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_policy_bind *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	int r = wd_admin_open(json, b, &o, d, "body");

	if (r != 0)
		return r;
	ret->id = wd_member_id(&o, "policy", WD_REQUIRED);
	return wd_jobj_close(&o);
}

int
wd_admin_revoke_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_revoke *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	int r = wd_admin_open(json, b, &o, d, "revocation");

	if (r != 0)
		return r;
	ret->kind = wd_member_text(&o, "kind", WD_REQUIRED, 32);
	ret->what = wd_member_text(&o, "what", WD_REQUIRED, 512);
	return wd_jobj_close(&o);
}

int
wd_admin_tpm_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_tpm_add *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	int r = wd_admin_open(json, b, &o, d, "tpm");

	if (r != 0)
		return r;
	ret->ek = wd_member_text(&o, "ek", WD_REQUIRED, 64);
	ret->label = wd_member_text(&o, "label", WD_OPTIONAL, 128);
	return wd_jobj_close(&o);
}

int
wd_admin_unseal_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_unseal *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	int r = wd_admin_open(json, b, &o, d, "body");

	if (r != 0)
		return r;
	/* Empty for seals that open without anybody's word. */
	ret->reset = wd_jobj_bool(&o, "reset", WD_OPTIONAL, false);
	ret->share = wd_jobj_text(
	    &o, "share", ret->reset ? WD_OPTIONAL : WD_REQUIRED, 1024);
	ret->nonce = wd_member_text(&o, "nonce", WD_OPTIONAL, WD_ID_LEN);
	ret->break_glass = wd_jobj_bool(&o, "break_glass", WD_OPTIONAL, false);
	return wd_jobj_close(&o);
}

/* At most one of "passphrase" and "key", as the kind has it; what fits which
 * kind is the seal's to say. */
int
wd_admin_migrate_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_seal_migrate *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	struct wd_span passphrase, key;
	int r = wd_admin_open(json, b, &o, d, "body");

	if (r != 0)
		return r;
	ret->kind = wd_member_text(&o, "kind", WD_REQUIRED, 16);
	passphrase = wd_jobj_text(&o, "passphrase", WD_OPTIONAL, 1024);
	key = wd_jobj_text(&o, "key", WD_OPTIONAL, 64);
	ret->shares = (uint32_t)wd_jobj_uint(&o, "shares", WD_OPTIONAL, 255);
	ret->threshold =
	    (uint32_t)wd_jobj_uint(&o, "threshold", WD_OPTIONAL, 255);
	ret->generate = wd_jobj_bool(&o, "generate_key", WD_OPTIONAL, false);
	if (passphrase.len > 0 && key.len > 0)
		wd_jobj_fail(&o, WD_R_MALFORMED,
		    "there is a passphrase or a key of shares, not both");
	ret->share = passphrase.len > 0 ? passphrase : key;
	ret->drop_break_glass =
	    wd_jobj_bool(&o, "drop_break_glass", WD_OPTIONAL, false);
	return wd_jobj_close(&o);
}

/* ---- policies */

int
wd_admin_policy_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_policy_add *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	const struct wd_jval *policy;
	int r = wd_admin_open(json, b, &o, d, "body");

	if (r != 0)
		return r;
	policy = wd_jobj_object(&o, "policy", WD_REQUIRED);
	ret->prefix = wd_member_text(&o, "prefix", WD_OPTIONAL, 512);
	if ((r = wd_jobj_close(&o)) != 0 ||
	    (r = wd_policy_parse_value(policy, d, &b->policy)) != 0)
		return r;
	ret->flat = wd_policy_flat(b->policy);
	return 0;
}

/* ---- collateral */

int
wd_admin_collateral_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_collateral_put *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	struct wd_span text, name;
	int r = wd_admin_open(json, b, &o, d, "collateral");

	if (r != 0)
		return r;
	text = wd_jobj_text(&o, "document", WD_REQUIRED, DOCUMENT_TEXT_MAX);
	ret->chain = wd_jobj_text(&o, "chain", WD_OPTIONAL, 32768);
	name = wd_jobj_text(&o, "class", WD_OPTIONAL, 16);
	if (!wd_admin_class(name, &ret->update_class))
		wd_jobj_fail(&o, WD_R_RANGE, "class is standard or early");
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	r = wd_b64_decode(text, &b->bytes);
	if (r > 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "collateral: document is not base64 with padding");
	if (r < 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for a document");
	ret->doc = wd_bytes_span(b->bytes);
	return 0;
}

/* ---- tokens */

/* The message has rules as one text, a space between them; a rule with a space
 * in it would be two. */
static void
join_rules(struct wd_jobj *o, const struct wd_jval *rules, struct wd_wr *wr)
{
	for (size_t i = 0; i < wd_jval_count(rules); i++) {
		struct wd_span rule = { 0 };

		if (!wd_jval_text(wd_jval_at(rules, i), &rule) || rule.len == 0)
			wd_jobj_fail(o, WD_R_MALFORMED,
			    "rules are texts like \"keys:create\"");
		if (!wd_span_is_word(rule))
			wd_jobj_fail(o, WD_R_MALFORMED,
			    "a rule has a byte that no rule has");
		if (i > 0)
			wd_wr_u8(wr, ' ');
		wd_wr_bytes(wr, rule);
	}
}

static int
take_rules(
    struct wd_jobj *o, const struct wd_jval *rules, struct wd_admin_body *b)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(RULES_MAX);
	int r;

	if (o->result == 0 && wd_jval_count(rules) == 0)
		wd_jobj_fail(o, WD_R_MALFORMED, "no rules are given");
	join_rules(o, rules, &wr);
	if (o->result != 0)
		return o->result;
	r = wd_wr_take(&wr, &b->bytes);
	if (r > 0)
		wd_jobj_fail(o, WD_R_RANGE, "too many rules");
	return r > 0 ? o->result : r;
}

int
wd_admin_token_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_token_create *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	const struct wd_jval *rules;
	int r = wd_admin_open(json, b, &o, d, "token");

	if (r != 0)
		return r;
	ret->user = wd_member_text(&o, "user", WD_REQUIRED, 64);
	ret->seconds =
	    (uint32_t)wd_jobj_uint(&o, "seconds", WD_REQUIRED, UINT32_MAX);
	rules = wd_jobj_array(&o, "rules", WD_REQUIRED, RULE_COUNT_MAX);
	if (o.result == 0 && (r = take_rules(&o, rules, b)) < 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for rules");
	ret->rules = wd_bytes_span(b->bytes);
	return wd_jobj_close(&o);
}
