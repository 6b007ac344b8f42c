/*
 * Which policy decides about which paths. A binding is by whole segments; that
 * of a key, its certificate or its public part is refused, since it would
 * decide nothing.
 */
#include "broker/admin_in.h"

#include "broker/path.h"

static bool
starts_with(struct wd_span s, const char *text)
{
	struct wd_span start = wd_span_text(text);

	return s.len >= start.len &&
	    wd_span_equal(wd_span(s.p, start.len), start);
}

bool
wd_admin_is_keys_path(struct wd_span path)
{
	static const char *const folders[] = { "default/key", "default/cert",
		"default/public" };

	for (size_t i = 0; i < WD_N(folders); i++) {
		size_t n = wd_span_text(folders[i]).len;

		if (starts_with(path, folders[i]) &&
		    (path.len == n || path.p[n] == '/'))
			return true;
	}
	return false;
}

int
wd_admin_prefixes(struct wd_admin *a, const struct wd_id *id, struct wd_wr *wr)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *block = NULL;
	int r = wd_store_prefixes(a->b->store, id, &block);

	if (r != 0)
		return wd_admin_got(a, r, "policy");
	for (size_t at = 0; at < block->len;) {
		struct wd_span text = wd_span_text((const char *)block->p + at);
		struct wd_msg_path_record m = { .path = text };

		wd_list_add(wr, &wd_msg_path_record_type, &m);
		at += text.len + 1;
	}
	r = wd_wr_end(wr);
	if (r > 0)
		return wd_reject(a->d, WD_R_TOO_LARGE,
		    "no more prefixes can be bound to this policy");
	return r == 0 ? 0 : wd_fault(a->d, WD_F_MEMORY, "no memory");
}

/* Keys are released under their own policy: a binding of theirs would look
 * like a condition and be none. */
int
wd_admin_read_prefix(struct wd_admin *a, struct wd_span text)
{
	if (!wd_path_is_prefix(text) ||
	    !wd_span_to_text(text, a->path, sizeof(a->path)))
		return wd_reject(a->d, WD_R_MALFORMED,
		    "a prefix is one to three segments of a path");
	if (wd_admin_is_keys_path(text))
		return wd_reject(a->d, WD_R_CONFLICT,
		    "keys and certificates are under the policy of the key");
	return 0;
}

/* Whoever may write a policy or a secret may not thereby release what others
 * keep there, or will. */
int
wd_admin_bind(struct wd_admin *a, const char *path, const struct wd_id *policy)
{
	WD_AUTO(wd_wr_done)
	struct wd_wr prefixes = wd_wr_growing(WD_PREFIXES_MAX);
	int r;

	if (!wd_rules_allow(a->who.rules, "key_transfer_policies", "bind"))
		return wd_reject(a->d, WD_R_PERMISSION,
		    "binding a path needs a token with the rule "
		    "key_transfer_policies:bind");
	if ((r = wd_store_bind(a->b->store, path, policy)) != 0)
		return wd_admin_got(a, r, "policy");
	return wd_admin_prefixes(a, policy, &prefixes);
}

int
wd_admin_policy_bind(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_policy_bind *m = msg;
	int r;

	if ((r = wd_admin_read_prefix(a, m->prefix)) != 0)
		return r;
	if (wd_id_is_none(&m->id)) {
		wd_admin_say(a, "unbound");
		r = wd_admin_got(
		    a, wd_store_bind(a->b->store, a->path, NULL), "binding");
	} else {
		r = wd_admin_bind(a, a->path, &m->id);
	}
	return r != 0 ? r : wd_admin_answer(a, NULL);
}
