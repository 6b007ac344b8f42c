/*
 * Keys that were revoked: which of them a digest stands for, and their end.
 * Each lease stands for a handful of texts (docs/release.md); a revocation that
 * ends it is one of them.
 */
#include "bin/agent/agent.h"

#include "base/clock.h"
#include "codec/hex.h"
#include "proto/revoked.h"
#include "sys/log.h"

#include <stdio.h>
#include <string.h>

bool
agent_keys_any(const struct agent *a)
{
	for (size_t i = 0; i < a->n_keys; i++)
		if (a->keys[i].held)
			return true;
	return false;
}

void
agent_key_revoke(struct agent *a, struct agent_key *k)
{
	struct wd_diag d = { 0 };

	if (!k->held)
		return;
	agent_key_forget(a, k);
	wd_log(WD_LOG_WARNING, "key_revoked", "key", k->conf->name, "lease",
	    k->lease.s, NULL);
	(void)wd_reject(
	    &d, WD_R_REVOKED_BY_OPERATOR, "an operator has revoked it");
	agent_key_failed(k, WD_R_REVOKED_BY_OPERATOR, &d, wd_time_boot_ms());
}

void
agent_keys_revoke_all(struct agent *a)
{
	for (size_t i = 0; i < a->n_keys; i++)
		agent_key_revoke(a, &a->keys[i]);
}

/* ---- one lease and many digests */

/* One that cannot be made counts as found: rather no key than a revoked one. */
static bool
is_among(struct wd_span digests, const char *kind, struct wd_span what)
{
	uint8_t digest[32];

	if (wd_revoked_digest(kind, what, digest) != 0)
		return true;
	for (size_t at = 0; at + 32 <= digests.len; at += 32)
		if (wd_span_equal(wd_span(digests.p + at, 32), WD_SPAN(digest)))
			return true;
	return false;
}

static bool
is_path_among(struct wd_span digests, const char *path)
{
	struct wd_span prefix = wd_span_text(path);

	while (prefix.len > 0) {
		if (is_among(digests, "prefix", prefix))
			return true;
		while (prefix.len > 0 && prefix.p[prefix.len - 1] != '/')
			prefix.len--;
		prefix.len -= prefix.len > 0;
	}
	return false;
}

/* default/key/ID and the like, whatever stands behind it. */
static bool
is_key_among(struct wd_span digests, const char *path)
{
	static const char *const folders[] = { "default/key/", "default/cert/",
		"default/public/" };

	for (size_t i = 0; i < WD_N(folders); i++) {
		size_t n = strlen(folders[i]);

		if (strncmp(path, folders[i], n) == 0 &&
		    strlen(path) >= n + WD_ID_LEN)
			return is_among(digests, "key",
				   wd_span(path + n, WD_ID_LEN)) ||
			    is_among(digests, "prefix",
				wd_span(path, n + WD_ID_LEN));
	}
	return false;
}

/* What is used in the server is a key there, whatever of it came here. */
static bool
is_used_among(struct wd_span digests, const struct agent_key_conf *c)
{
	char path[AGENT_NAME + 16];

	(void)snprintf(path, sizeof(path), "default/key/%s", c->id); /* fits */
	return c->mode == AGENT_MODE_REMOTE && is_path_among(digests, path);
}

static bool
is_revoked(struct wd_span digests, const struct agent_key *k)
{
	char policy[65];

	wd_hex_format(WD_SPAN(k->policy), policy);
	return is_among(digests, "lease", wd_id_span(&k->lease)) ||
	    is_among(digests, "session", wd_id_span(&k->session)) ||
	    is_among(digests, "policy_version", wd_span_text(policy)) ||
	    is_key_among(digests, k->conf->path) ||
	    is_path_among(digests, k->conf->path) ||
	    is_used_among(digests, k->conf);
}

void
agent_keys_revoked(struct agent *a, struct wd_span digests)
{
	if (digests.len == 0)
		return;
	for (size_t i = 0; i < a->n_keys; i++)
		if (a->keys[i].held && is_revoked(digests, &a->keys[i]))
			agent_key_revoke(a, &a->keys[i]);
}
