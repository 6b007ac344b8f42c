/*
 * Opaque secrets by path. Their bytes leave by wd_admin_secret_get() alone, in
 * a reply that is wiped.
 */
#include "broker/admin_in.h"

#include "base/alloc.h"
#include "broker/path.h"
#include "broker/secrets.h"

static int
read_path(struct wd_admin *a, struct wd_span text)
{
	if (wd_admin_is_keys_path(text))
		return wd_reject(a->d, WD_R_CONFLICT,
		    "paths under default/key, default/cert and "
		    "default/public are keys");
	if (!wd_span_to_text(text, a->path, sizeof(a->path)) ||
	    wd_path_read(text).kind != WD_PATH_SECRET)
		return wd_reject(a->d, WD_R_MALFORMED,
		    "a path is three segments of letters, digits, '_', '-' "
		    "and '.', which is not first");
	return 0;
}

/* ---- writing */

/* Asked for, or the mark of what is there. That no mark is there has to be seen
 * by what it is bound to: somebody else may have taken it off. */
static int
is_wrapped(struct wd_admin *a, bool asked, bool *ret)
{
	WD_AUTO(wd_store_secret_done) struct wd_store_secret old = { 0 };
	int r = wd_store_secret_get(a->b->store, a->path, &old);

	*ret = asked || (r == 0 && old.hsm);
	if (r == WD_R_NOT_FOUND)
		return 0;
	if ((r = wd_admin_got(a, r, "secret")) != 0 || *ret)
		return r;
	r = wd_secret_path_is(a->b, &old, a->d);
	if (r <= 0)
		return r;
	wd_diag_clear(a->d);
	return wd_reject(a->d, WD_R_TAMPERED,
	    "what is stored there does not open, and may have been one that "
	    "the HSM wraps: delete it first, or have this one wrapped");
}

static int
seal(struct wd_admin *a, const struct wd_msg_secret_put *m,
    struct wd_store_secret *x)
{
	const struct wd_sealwrap *w = NULL;
	int r = wd_store_secret_next(a->b->store, a->path, &x->version);

	if (r != 0)
		return wd_admin_got(a, r, "secret");
	if ((r = is_wrapped(a, m->seal_wrap, &x->hsm)) != 0 ||
	    (r = wd_admin_wrap(a, x->hsm, &w)) != 0)
		return r;
	wd_copy(x->path, WD_SPAN(a->path));
	x->updated = a->now;
	a->entry.version = x->version;
	if (x->hsm)
		wd_admin_say(a, "wrapped by the HSM");
	return wd_secret_seal_path(a->b, x, w, m->bytes, &x->wrapped, a->d);
}

/* The policy that would decide about the path; none when nothing is bound. */
static int
decider(struct wd_admin *a, const char *path, struct wd_id *ret)
{
	int r = wd_store_bound(a->b->store, path, ret);

	return r == WD_R_NOT_FOUND ? 0 : wd_admin_got(a, r, "policy");
}

static int
record_of(struct wd_admin *a, const struct wd_store_secret *x,
    struct wd_msg_secret_record *ret)
{
	*ret = (struct wd_msg_secret_record){ .path = wd_span_text(x->path),
		.version = x->version,
		.updated = x->updated,
		.seal_wrap = x->hsm };
	return decider(a, x->path, &ret->policy);
}

static int
check_bytes(struct wd_admin *a, struct wd_span bytes)
{
	if (bytes.len == 0)
		return wd_reject(a->d, WD_R_RANGE, "a secret has bytes");
	if (bytes.len > WD_SECRET_BYTES_MAX)
		return wd_reject(
		    a->d, WD_R_TOO_LARGE, "a secret has at most 64 KiB");
	return 0;
}

int
wd_admin_secret_put(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_secret_put *m = msg;
	WD_AUTO(wd_store_secret_done) struct wd_store_secret x = { 0 };
	struct wd_msg_secret_record answer;
	int r;

	if ((r = read_path(a, m->path)) != 0 ||
	    (r = check_bytes(a, m->bytes)) != 0 || (r = seal(a, m, &x)) != 0 ||
	    (r = wd_admin_got(
		 a, wd_store_secret_put(a->b->store, &x), "secret")) != 0)
		return r;
	if (!wd_id_is_none(&m->policy) &&
	    (r = wd_admin_bind(a, x.path, &m->policy)) != 0)
		return r;
	if ((r = record_of(a, &x, &answer)) != 0)
		return r;
	a->entry.policy = answer.policy;
	return wd_admin_answer(a, &answer);
}

int
wd_admin_secret_delete(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_secret_ask *m = msg;
	int r;

	if ((r = read_path(a, m->path)) != 0)
		return r;
	r = wd_admin_got(
	    a, wd_store_secret_delete(a->b->store, a->path), "secret");
	return r != 0 ? r : wd_admin_answer(a, NULL);
}

int
wd_admin_secret_hsm(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_secret_hsm *m = msg;
	WD_AUTO(wd_store_secret_done) struct wd_store_secret x = { 0 };
	struct wd_msg_secret_record answer;
	int r;

	if ((r = read_path(a, m->path)) != 0 ||
	    (r = wd_admin_got(a, wd_store_secret_get(a->b->store, a->path, &x),
		 "secret")) != 0)
		return r;
	a->entry.version = x.version;
	if ((r = wd_admin_hsm_path(a, &x, m->seal_wrap)) != 0 ||
	    (r = record_of(a, &x, &answer)) != 0)
		return r;
	a->entry.policy = answer.policy;
	return wd_admin_answer(a, &answer);
}

/* ---- reading */

int
wd_admin_secret_get(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_secret_ask *m = msg;
	WD_AUTO(wd_store_secret_done) struct wd_store_secret x = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	struct wd_msg_secret_value answer;
	int r;

	if ((r = read_path(a, m->path)) != 0 ||
	    (r = wd_admin_got(a, wd_store_secret_get(a->b->store, a->path, &x),
		 "secret")) != 0)
		return r;
	a->entry.version = x.version;
	if ((r = wd_admin_open_path(a, &x, &plain)) != 0)
		return r;
	answer.bytes = wd_secret_borrow(plain);
	return wd_admin_answer(a, &answer);
}

/* A binding of somebody else hides no secret; nothing is released by it. */
static int
record_to_list(struct wd_admin *a, const struct wd_store_secret *x,
    struct wd_msg_secret_record *ret)
{
	int r = record_of(a, x, ret);

	if (r >= 0 || !wd_store_foreign(a->b->store))
		return r;
	wd_diag_clear(a->d);
	return 0;
}

static int
add_rows(struct wd_admin *a, const struct wd_store_secret *rows, size_t n,
    struct wd_wr *wr)
{
	for (size_t i = 0; i < n; i++) {
		struct wd_msg_secret_record m;
		int r = record_to_list(a, &rows[i], &m);

		if (r != 0)
			return r;
		wd_list_add(wr, &wd_msg_secret_record_type, &m);
	}
	return wd_wr_end(wr) == 0
	    ? 0
	    : wd_fault(a->d, WD_F_MEMORY, "the list does not fit");
}

/* A place to list below, or to go on after: empty, or a prefix. */
static int
read_place(struct wd_admin *a, struct wd_span text, char *dst, size_t size)
{
	if (wd_span_to_text(text, dst, size) &&
	    (text.len == 0 || wd_path_is_prefix(text)))
		return 0;
	return wd_reject(a->d, WD_R_MALFORMED,
	    "a prefix is one to three segments of a path");
}

int
wd_admin_secret_list(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_secret_list_ask *m = msg;
	WD_AUTO(wd_freep) struct wd_store_secret *rows = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_LIST_MAX);
	struct wd_msg_secret_list answer = { 0 };
	char after[WD_PATH_MAX + 1];
	size_t n = 0, limit = m->limit + (size_t)1;
	int r;

	if ((r = wd_admin_limit(a, m->limit)) != 0 ||
	    (r = read_place(a, m->prefix, a->path, sizeof(a->path))) != 0 ||
	    (r = read_place(a, m->after, after, sizeof(after))) != 0)
		return r;
	if ((rows = wd_alloc_array(limit, sizeof(*rows))) == NULL)
		return wd_fault(a->d, WD_F_MEMORY, "no memory");
	r = wd_store_secret_list(a->b->store, a->path, after, rows, limit, &n);
	if ((r = wd_admin_got(a, r, "secret")) != 0)
		return r;
	answer.more = n > m->limit;
	n = answer.more ? m->limit : n;
	if ((r = add_rows(a, rows, n, &wr)) != 0)
		return r;
	answer.secrets = wd_wr_span(&wr);
	return wd_admin_answer(a, &answer);
}
