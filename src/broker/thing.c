/*
 * Keys and certificates are under the key's policy; everything else is under
 * the policy bound to its path. What the rows say is kept until the store
 * changes, with the secret as it rests there; whether it was revoked is asked
 * each time.
 */
#include "broker/thing.h"

#include <string.h>

#include "base/alloc.h"
#include "broker/revoked.h"
#include "proto/door.h"

static struct wd_thing *
thing_free(struct wd_thing *t)
{
	if (t == NULL)
		return NULL;
	wd_store_version_done(&t->version);
	wd_store_secret_done(&t->secret);
	return wd_free(t);
}

static void
thing_freep(struct wd_thing **t)
{
	*t = thing_free(*t);
}

void
wd_things_forget(struct wd_broker *b)
{
	for (size_t i = 0; i < WD_THINGS_KEPT; i++)
		thing_freep(&b->things[i]);
}

static int
found(struct wd_broker *b, int r, struct wd_diag *d)
{
	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(b->store));
	if (r > 0)
		return wd_reject(
		    d, WD_R_NOT_FOUND, "there is no such resource");
	return 0;
}

static const char *
algorithm_of(enum wd_path_kind kind, const struct wd_key_row *row)
{
	switch (kind) {
	case WD_PATH_CERT:
		return "certificate";
	case WD_PATH_PUBLIC:
		return "public-key";
	case WD_PATH_KEY:
	case WD_PATH_NONE:
	case WD_PATH_SECRET:
		break;
	}
	return row->name;
}

static int
find_key(struct wd_broker *b, struct wd_thing *t, struct wd_diag *d)
{
	const struct wd_key_row *row;
	int r;

	if ((r = found(b, wd_store_key_get(b->store, &t->path.key, &t->key),
		 d)) != 0 ||
	    (r = found(b,
		 wd_store_version_get(
		     b->store, &t->path.key, t->path.version, &t->version),
		 d)) != 0)
		return r;
	row = wd_key_row((enum wd_key_kind)t->key.kind);
	if (row == NULL)
		return wd_fault(d, WD_F_STORE, "a key of no known kind");
	t->algorithm = algorithm_of(t->path.kind, row);
	t->policy = t->key.policy;
	t->number = t->version.version;
	return 0;
}

static int
find_secret(struct wd_broker *b, struct wd_thing *t, struct wd_diag *d)
{
	int r = found(b, wd_store_secret_get(b->store, t->text, &t->secret), d);

	if (r != 0)
		return r;
	t->algorithm = "opaque";
	t->number = t->secret.version;
	r = wd_store_bound(b->store, t->text, &t->policy);
	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(b->store));
	return 0; /* unbound: no policy, and the verdict says so */
}

bool
wd_thing_plain_path(const struct wd_thing *t, char ret[WD_PATH_MAX + 1])
{
	const char *tag = strrchr(t->text, '/');

	return t->path.version != 0 && tag != NULL &&
	    wd_span_to_text(
		wd_span(t->text, (size_t)(tag + 1 - t->text) + WD_ID_LEN), ret,
		WD_PATH_MAX + 1);
}

/* What is revoked of a key's path holds for the paths of its versions too. */
static int
path_revoked(struct wd_broker *b, const struct wd_thing *t, struct wd_diag *d)
{
	char plain[WD_PATH_MAX + 1];
	int r = wd_path_revoked(b, t->text, d);

	if (r != 0 || !wd_thing_plain_path(t, plain))
		return r;
	return wd_path_revoked(b, plain, d);
}

static int
is_revoked(struct wd_broker *b, const struct wd_thing *t, struct wd_diag *d)
{
	int r = t->path.kind == WD_PATH_SECRET
	    ? 0
	    : wd_is_revoked(b, "key", t->key.id.s, d);

	return r != 0 ? r : path_revoked(b, t, d);
}

/* Where what is at PATH is kept; two that meet take turns. */
static struct wd_thing **
place_of(struct wd_broker *b, struct wd_span path)
{
	uint32_t h = 2166136261u; /* FNV-1a, 32 bits */

	for (size_t i = 0; i < path.len; i++)
		h = (h ^ path.p[i]) * 16777619u;
	return &b->things[(h ^ h >> 16) % WD_THINGS_KEPT];
}

static int
look_up(struct wd_broker *b, struct wd_span path, struct wd_thing **ret,
    struct wd_diag *d)
{
	WD_AUTO(thing_freep) struct wd_thing *t = wd_alloc(sizeof(*t));
	int r;

	if (t == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	t->path = wd_path_read(path);
	if (t->path.kind == WD_PATH_NONE ||
	    !wd_span_to_text(path, t->text, sizeof(t->text)))
		return wd_reject(
		    d, WD_R_NOT_FOUND, "the path names no resource");
	r = t->path.kind == WD_PATH_SECRET ? find_secret(b, t, d)
					   : find_key(b, t, d);
	if (r == 0)
		*ret = WD_TAKE(t);
	return r;
}

int
wd_thing_find(struct wd_broker *b, struct wd_span path,
    const struct wd_thing **ret, struct wd_diag *d)
{
	struct wd_thing **kept = place_of(b, path);
	int r;

	if (*kept == NULL || !wd_span_is(path, (*kept)->text)) {
		thing_freep(kept);
		if ((r = look_up(b, path, kept, d)) != 0)
			return r;
	}
	if ((r = is_revoked(b, *kept, d)) == 0)
		*ret = *kept;
	return r;
}

static int
open_chain(const struct wd_thing *t, struct wd_secret **ret, struct wd_diag *d)
{
	if (t->version.chain == NULL)
		return wd_reject(
		    d, WD_R_NOT_FOUND, "the key has no certificate");
	*ret = wd_secret_copy(wd_bytes_span(t->version.chain));
	return *ret == NULL ? wd_fault(d, WD_F_MEMORY, "no memory") : 0;
}

/* For those who have the key used and never get it. */
static int
open_public(const struct wd_thing *t, struct wd_secret **ret, struct wd_diag *d)
{
	if (wd_bytes_span(t->version.spki).len == 0)
		return wd_reject(
		    d, WD_R_NOT_FOUND, "the key has no public part");
	*ret = wd_secret_copy(wd_bytes_span(t->version.spki));
	return *ret == NULL ? wd_fault(d, WD_F_MEMORY, "no memory") : 0;
}

int
wd_thing_blob(struct wd_broker *b, const struct wd_thing *t,
    struct wd_bytes **ret, struct wd_diag *d)
{
	if (t->path.kind == WD_PATH_KEY)
		return wd_secret_key_blob(b, &t->version, ret, d);
	if (t->path.kind == WD_PATH_SECRET)
		return wd_secret_path_blob(b, &t->secret, ret, d);
	return 0; /* no secret */
}

int
wd_thing_open(struct wd_broker *b, const struct wd_thing *t,
    const struct wd_sealwrap *w, struct wd_secret **ret, struct wd_diag *d)
{
	if (t->path.kind == WD_PATH_CERT)
		return open_chain(t, ret, d);
	if (t->path.kind == WD_PATH_PUBLIC)
		return open_public(t, ret, d);
	if (t->path.kind == WD_PATH_KEY)
		return wd_secret_open_key(b, &t->version, w, ret, d);
	return wd_secret_open_path(b, &t->secret, w, ret, d);
}

struct wd_span
wd_thing_chain(const struct wd_thing *t)
{
	return wd_bytes_span(t->version.chain);
}
