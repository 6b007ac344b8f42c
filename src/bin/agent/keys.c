/*
 * The keys of the configuration: when each is due, what is held of it, and that
 * it ends with its lease. Keys that sign lie in the hold and never come back
 * out of it; other secrets lie here and are given to who may get them.
 */
#include "bin/agent/agent.h"

#include "base/clock.h"
#include "crypto/rand.h"
#include "proto/door.h"
#include "sys/log.h"

#include <stdio.h>
#include <string.h>

enum {
	SECOND = 1000,
	BACKOFF_MIN = 250,
	BACKOFF_MAX = 60 * SECOND,
	RENEW_FROM = 400, /* thousandths of a lease */
	RENEW_SPREAD = 201,
};

/* ---- when */

/* A number below LIMIT, or the middle when there is no chance to be had. */
static int64_t
by_chance(uint32_t limit)
{
	uint32_t n;

	return wd_rand_below(limit, &n) == 0 ? (int64_t)n : limit / 2;
}

int64_t
agent_backoff(unsigned failures)
{
	int64_t most = BACKOFF_MIN;

	while (failures-- > 1 && most < BACKOFF_MAX)
		most *= 2;
	if (most > BACKOFF_MAX)
		most = BACKOFF_MAX;
	return most / 2 + by_chance((uint32_t)(most / 2 + 1));
}

static void
plan_renewal(struct agent_key *k)
{
	int64_t part = RENEW_FROM + by_chance(RENEW_SPREAD);

	k->due = k->since + (int64_t)k->seconds * part;
}

int64_t
agent_keys_next_end(const struct agent *a)
{
	int64_t older = wd_hold_next_deadline(a->hold);
	int64_t next = older < INT64_MAX ? older * SECOND : INT64_MAX;

	for (size_t i = 0; i < a->n_keys; i++)
		if (a->keys[i].held && a->keys[i].deadline < next)
			next = a->keys[i].deadline;
	return next;
}

int64_t
agent_keys_next_due(const struct agent *a)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < a->n_keys; i++)
		if (a->keys[i].due < next)
			next = a->keys[i].due;
	return next;
}

void
agent_keys_hurry(struct agent *a)
{
	for (size_t i = 0; i < a->n_keys; i++)
		a->keys[i].due = 0;
}

/* ---- the end */

void
agent_key_forget(struct agent *a, struct agent_key *k)
{
	if (!wd_id_is_none(&k->id))
		(void)wd_hold_drop(a->hold, &k->id,
		    wd_time_boot()); /* how many is of no interest */
	wd_secret_freep(&k->secret);
	wd_bytes_freep(&k->chain);
	k->held = false;
}

void
agent_keys_expire(struct agent *a, int64_t now)
{
	for (size_t i = 0; i < a->n_keys; i++) {
		struct agent_key *k = &a->keys[i];

		if (!k->held || k->deadline > now)
			continue;
		agent_key_forget(a, k);
		wd_log(WD_LOG_WARNING, "key_ended", "key", k->conf->name,
		    "last", k->result == 0 ? "" : k->why, NULL);
	}
	/* Older versions, which were left for those who still use them. */
	(void)wd_hold_expire(
	    a->hold, now / SECOND); /* how many is of no interest */
}

void
agent_keys_done(struct agent *a)
{
	for (size_t i = 0; i < a->n_keys; i++)
		agent_key_forget(a, &a->keys[i]);
	a->n_keys = 0;
	wd_hold_freep(&a->hold);
}

/* ---- what is configured */

static struct wd_hold_rights
rights_of(const struct agent_key_conf *c)
{
	struct wd_hold_rights rights = { .n_see = c->see.n, .n_use = c->use.n };

	wd_copy(rights.see, WD_SPAN(c->see.who));
	wd_copy(rights.use, WD_SPAN(c->use.who));
	return rights;
}

/* What was held for this before, in the same way. */
static struct agent_key *
find_same(struct agent_key *keys, size_t n, const struct agent_key_conf *conf)
{
	for (size_t i = 0; i < n; i++)
		if (keys[i].conf != NULL && keys[i].conf->mode == conf->mode &&
		    strcmp(keys[i].conf->path, conf->path) == 0)
			return &keys[i];
	return NULL;
}

static void
carry_over(struct agent *a, struct agent_key *old,
    const struct agent_key_conf *conf, struct agent_key *ret)
{
	struct wd_hold_rights rights = rights_of(conf);

	*ret = *old;
	if (!wd_id_is_none(&old->id))
		wd_hold_set_rights(a->hold, &old->id, &rights);
	/* The label is part of what is held: it comes with a new release. */
	if (strcmp(old->conf->label, conf->label) != 0)
		ret->due = 0;
	ret->conf = conf;
	*old = (struct agent_key){ 0 };
}

void
agent_keys_sync(struct agent *a)
{
	static struct agent_key old[AGENT_KEYS_MAX]; /* large */
	const struct agent_conf *c = &a->setup->conf;
	size_t n_old = a->n_keys;

	wd_copy(old, WD_SPAN(a->keys));
	wd_wipe(a->keys, sizeof(a->keys));
	a->n_keys = c->n_keys;
	for (size_t i = 0; i < c->n_keys; i++) {
		struct agent_key *same = find_same(old, n_old, &c->keys[i]);

		if (same != NULL)
			carry_over(a, same, &c->keys[i], &a->keys[i]);
		else
			a->keys[i].conf = &c->keys[i];
	}
	for (size_t i = 0; i < n_old; i++)
		if (old[i].conf != NULL)
			agent_key_forget(a, &old[i]);
}

/* ---- what is released */

static bool
signs(enum wd_key_family family)
{
	return family == WD_FAMILY_RSA || family == WD_FAMILY_EC ||
	    family == WD_FAMILY_ED25519;
}

/* Only keys sign, and they lie at default/key/<id>, a version behind it. */
static bool
id_of(const struct agent_key_conf *c, struct wd_id *ret)
{
	static const char folder[] = "default/key/";
	size_t n = sizeof(folder) - 1;

	return strncmp(c->path, folder, n) == 0 &&
	    strlen(c->path) >= n + WD_ID_LEN &&
	    wd_id_parse(wd_span(c->path + n, WD_ID_LEN), ret);
}

static const char *
label_of(const struct agent_key_conf *c, const struct wd_payload *p)
{
	if (c->label[0] != '\0')
		return c->label;
	return p->label[0] != '\0' ? p->label : c->name;
}

static struct wd_hold_record
record_of(const struct agent_key *k, const struct wd_payload *p,
    int64_t deadline, const struct wd_hold_rights *rights)
{
	/* Seconds are rounded up here and held to the millisecond by the loop.
	 */
	return (struct wd_hold_record){
		.version = p->version,
		.label = wd_span_text(label_of(k->conf, p)),
		.chain_pem = wd_bytes_span(p->chain),
		.rights = rights,
		.deadline = (deadline + SECOND - 1) / SECOND,
	};
}

static int
put(struct agent *a, struct agent_key *k, const struct wd_hold_record *record,
    struct wd_diag *d)
{
	int r = wd_hold_put(a->hold, record, d);

	if (r == 0)
		k->id = record->id;
	return r;
}

static int
hold_signing_key(struct agent *a, struct agent_key *k,
    const struct wd_payload *p, int64_t deadline, struct wd_diag *d)
{
	struct wd_hold_rights rights = rights_of(k->conf);
	struct wd_hold_record record = record_of(k, p, deadline, &rights);

	record.pkcs8 = wd_secret_borrow(p->bytes);
	if (!id_of(k->conf, &record.id))
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "a key that signs came from a path that is no key's");
	return put(a, k, &record, d);
}

/* Its public part is all that comes. */
static int
hold_remote_key(struct agent *a, struct agent_key *k,
    const struct wd_payload *p, int64_t deadline, struct wd_diag *d)
{
	struct wd_hold_rights rights = rights_of(k->conf);
	struct wd_hold_record record = record_of(k, p, deadline, &rights);

	record.spki = wd_secret_borrow(p->bytes);
	if (!wd_span_is(p->algorithm, "public-key") ||
	    !wd_id_parse(wd_span_text(k->conf->id), &record.id))
		return wd_reject(
		    d, WD_R_UNSUPPORTED, "no public part of a key came");
	return put(a, k, &record, d);
}

static void
log_taken(const struct agent_key *k, const struct wd_payload *p, bool renewed)
{
	char version[16], seconds[16];

	(void)snprintf(version, sizeof(version), "%u", p->version);
	(void)snprintf(seconds, sizeof(seconds), "%u", p->seconds);
	wd_log(renewed ? WD_LOG_DEBUG : WD_LOG_INFO,
	    renewed ? "key_renewed" : "key_held", "key", k->conf->name,
	    "version", version, "lease", p->lease.s, "seconds", seconds, NULL);
}

int
agent_key_take(struct agent *a, struct agent_key *k, struct wd_release *release,
    int64_t asked, struct wd_diag *d)
{
	struct wd_payload *p = &release->payload;
	const struct wd_key_row *row = wd_key_row_by_name(p->algorithm);
	int64_t deadline = asked + (int64_t)p->seconds * SECOND;
	int r = 0;

	if (k->conf->mode == AGENT_MODE_REMOTE) {
		r = hold_remote_key(a, k, p, deadline, d);
	} else if (row != NULL && signs(row->family)) {
		r = hold_signing_key(a, k, p, deadline, d);
	} else {
		wd_secret_freep(&k->secret);
		k->secret = WD_TAKE(p->bytes);
	}
	if (r != 0)
		return r;
	log_taken(k, p, k->held && k->version == p->version);
	wd_bytes_freep(&k->chain);
	k->chain = WD_TAKE(p->chain);
	k->held = true;
	k->version = p->version;
	k->seconds = p->seconds;
	k->lease = p->lease;
	k->session = p->session;
	wd_copy(k->policy, WD_SPAN(p->policy));
	k->since = asked;
	k->deadline = deadline;
	k->failures = 0;
	k->result = 0;
	plan_renewal(k);
	return 0;
}

void
agent_key_failed(
    struct agent_key *k, int result, const struct wd_diag *d, int64_t now)
{
	k->failures++;
	k->result = result;
	k->due = now + agent_backoff(k->failures);
	(void)snprintf(k->why, sizeof(k->why), "%s: %.150s",
	    wd_reason_name(result), d->detail); /* cut is fine */
}

/* ---- what is given out */

static bool
may_get(const struct agent_key_conf *c, const struct wd_hold_user *user)
{
	return wd_hold_is_granted(c->get.who, c->get.n, user);
}

static bool
may_see(const struct agent_key_conf *c, const struct wd_hold_user *user)
{
	return user->uid == 0 || may_get(c, user) ||
	    wd_hold_is_granted(c->see.who, c->see.n, user) ||
	    wd_hold_is_granted(c->use.who, c->use.n, user);
}

/* Certificates are for whoever may see the key; a key that signs is for nobody.
 */
static enum wd_holder_status
give(const struct agent *a, const struct agent_key *k,
    const struct wd_hold_user *user, enum wd_holder_part part,
    struct wd_span *ret)
{
	if (!may_see(k->conf, user))
		return WD_HOLDER_NO_KEY;
	if (part == WD_HOLDER_SECRET && !may_get(k->conf, user))
		return WD_HOLDER_NOT_PERMITTED;
	if (k->version == 0)
		return wd_hold_is_ready(a->hold) ? WD_HOLDER_NO_KEY
						 : WD_HOLDER_NOT_READY;
	if (!k->held || k->deadline <= wd_time_boot_ms())
		return WD_HOLDER_KEY_ENDED;
	if (part == WD_HOLDER_SECRET && k->secret == NULL)
		return WD_HOLDER_NOT_PERMITTED;
	*ret = part == WD_HOLDER_SECRET ? wd_secret_borrow(k->secret)
					: wd_bytes_span(k->chain);
	return WD_HOLDER_OK;
}

enum wd_holder_status
agent_get(void *agent, const struct wd_hold_user *user,
    const struct wd_holder_get *ask, struct wd_span *ret)
{
	const struct agent *a = agent;

	for (size_t i = 0; i < a->n_keys; i++)
		if (wd_span_is(ask->name, a->keys[i].conf->name))
			return give(a, &a->keys[i], user, ask->part, ret);
	return WD_HOLDER_NO_KEY;
}
