/*
 * Which keys and secrets the HSM wraps too. A mark that is there stays with
 * what is written next; it is taken off by a call of its own, since whoever
 * writes a secret need not know of it.
 */
#include "broker/admin_hsm.h"

#include "broker/admin_in.h"
#include "broker/count.h"
#include "broker/remote.h"
#include "broker/secrets.h"

void
wd_hsm_plan_done(struct wd_hsm_plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		p->blobs[i] = wd_bytes_free(p->blobs[i]);
	p->n = 0;
}

/* ---- what the HSM is asked */

static int
add(struct wd_hsm_plan *p, struct wd_bytes **blob, struct wd_diag *d)
{
	if (*blob == NULL)
		return 0;
	if (p->n == WD_N(p->blobs))
		return wd_reject(d, WD_R_TOO_LARGE,
		    "the key has more than %d versions that the HSM has "
		    "wrapped",
		    WD_HSM_BLOBS);
	p->blobs[p->n++] = WD_TAKE(*blob);
	return 0;
}

/* Of an embedded key; those of others have none. */
static int
add_version(struct wd_broker *b, const struct wd_id *id, uint32_t version,
    struct wd_hsm_plan *p, struct wd_diag *d)
{
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = NULL;
	int r = wd_store_version_get(b->store, id, version, &v);

	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(b->store));
	if (r > 0 || wd_secret_key_blob(b, &v, &blob, d) > 0)
		return 0; /* the call itself says that */
	return add(p, &blob, d);
}

static int
add_versions(struct wd_broker *b, const struct wd_id *id, struct wd_hsm_plan *p,
    struct wd_diag *d)
{
	struct wd_store_key key;
	int r = wd_store_key_get(b->store, id, &key);

	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(b->store));
	if (r > 0)
		return 0;
	for (uint32_t i = 1; r == 0 && i <= key.version; i++)
		r = add_version(b, id, i, p, d);
	return r;
}

static int
add_path(struct wd_broker *b, struct wd_span path, struct wd_hsm_plan *p,
    struct wd_diag *d)
{
	WD_AUTO(wd_store_secret_done) struct wd_store_secret x = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = NULL;
	char text[WD_PATH_MAX + 1];
	int r;

	if (!wd_span_to_text(path, text, sizeof(text)))
		return 0;
	r = wd_store_secret_get(b->store, text, &x);
	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(b->store));
	if (r > 0 || wd_secret_path_blob(b, &x, &blob, d) > 0)
		return 0;
	return add(p, &blob, d);
}

static bool
key_is_wrapped(struct wd_broker *b, const struct wd_id *id)
{
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };

	return wd_store_version_get(b->store, id, 0, &v) == 0 && v.hsm;
}

static bool
path_is_wrapped(struct wd_broker *b, struct wd_span path)
{
	WD_AUTO(wd_store_secret_done) struct wd_store_secret x = { 0 };
	char text[WD_PATH_MAX + 1];

	return wd_span_to_text(path, text, sizeof(text)) &&
	    wd_store_secret_get(b->store, text, &x) == 0 && x.hsm;
}

static int
plan_key(struct wd_broker *b, const struct wd_msg_key_hsm *m,
    struct wd_hsm_plan *p, struct wd_diag *d)
{
	p->wrap = m->seal_wrap;
	return m->seal_wrap ? 0 : add_versions(b, &m->id, p, d);
}

static int
plan_secret(struct wd_broker *b, const struct wd_msg_secret_hsm *m,
    struct wd_hsm_plan *p, struct wd_diag *d)
{
	p->wrap = m->seal_wrap;
	return m->seal_wrap ? 0 : add_path(b, m->path, p, d);
}

static int
plan(struct wd_broker *b, enum wd_call call, const void *msg,
    struct wd_hsm_plan *p, struct wd_diag *d)
{
	const struct wd_msg_secret_put *put = msg;

	switch ((int)call) {
	case WD_CALL_KEY_CREATE:
		p->wrap = ((const struct wd_msg_key_create *)msg)->seal_wrap;
		return 0;
	case WD_CALL_KEY_ROTATE:
		p->wrap = key_is_wrapped(
		    b, &((const struct wd_msg_key_csr_ask *)msg)->id);
		return 0;
	case WD_CALL_KEY_CSR:
		return add_version(
		    b, &((const struct wd_msg_key_csr_ask *)msg)->id, 0, p, d);
	case WD_CALL_SECRET_PUT:
		p->wrap = put->seal_wrap || path_is_wrapped(b, put->path);
		return 0;
	case WD_CALL_SECRET_GET:
		return add_path(
		    b, ((const struct wd_msg_secret_ask *)msg)->path, p, d);
	case WD_CALL_KEY_HSM:
		return plan_key(b, msg, p, d);
	case WD_CALL_SECRET_HSM:
		return plan_secret(b, msg, p, d);
	default:
		return 0;
	}
}

int
wd_admin_hsm_plan(struct wd_broker *b, enum wd_call call, const void *msg,
    struct wd_hsm_plan *ret, struct wd_diag *d)
{
	WD_AUTO(wd_hsm_plan_done) struct wd_hsm_plan p = { 0 };
	int r;

	if (!b->open)
		return 0; /* it is refused for that */
	if ((r = plan(b, call, msg, &p, d)) != 0)
		return r;
	*ret = p;
	p.n = 0;
	return 0;
}

/* ---- what it gave */

int
wd_admin_wrap(struct wd_admin *a, bool wanted, const struct wd_sealwrap **ret)
{
	*ret = NULL;
	if (!wanted)
		return 0;
	if (a->found == NULL || a->found->n_wraps != 1)
		return wd_reject(a->d, WD_R_HSM_UNAVAILABLE,
		    "the HSM was not asked to wrap it; try again");
	*ret = &a->found->wraps[0];
	return 0;
}

const struct wd_sealwrap *
wd_admin_unwrap(struct wd_admin *a, const struct wd_bytes *blob)
{
	if (a->found == NULL || blob == NULL)
		return NULL;
	for (size_t i = 0; i < a->found->n_wraps; i++)
		if (wd_span_equal(a->found->wraps[i].blob, wd_bytes_span(blob)))
			return &a->found->wraps[i];
	return NULL;
}

int
wd_admin_use_key(struct wd_admin *a, const struct wd_store_version *v,
    struct wd_secret **ret, bool *ret_stays)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = NULL;
	int r = wd_secret_key_blob(a->b, v, &blob, a->d);

	return r != 0 ? r
		      : wd_secret_use_key(a->b, v, wd_admin_unwrap(a, blob),
			    ret, ret_stays, a->d);
}

int
wd_admin_open_path(
    struct wd_admin *a, const struct wd_store_secret *x, struct wd_secret **ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = NULL;
	int r = wd_secret_path_blob(a->b, x, &blob, a->d);

	return r != 0
	    ? r
	    : wd_secret_open_path(a->b, x, wd_admin_unwrap(a, blob), ret, a->d);
}

/* ---- the calls */

const char *
wd_admin_key_hsm_action(const void *msg)
{
	return ((const struct wd_msg_key_hsm *)msg)->seal_wrap ? "update"
							       : "unwrap";
}

const char *
wd_admin_secret_hsm_action(const void *msg)
{
	return ((const struct wd_msg_secret_hsm *)msg)->seal_wrap ? "write"
								  : "unwrap";
}

static void
say(struct wd_admin *a, bool on)
{
	wd_admin_say(
	    a, on ? "wrapped by the HSM" : "not wrapped by the HSM any more");
}

/* FRESH takes the place of what X is. */
static int
replace(struct wd_admin *a, enum wd_wrapped_table table,
    const struct wd_store_wrapped *x, const struct wd_bytes *fresh, bool on)
{
	int r = wd_store_wrapped_set_hsm(
	    a->b->store, table, x, wd_bytes_span(fresh), on);

	if (r == WD_R_CONFLICT)
		return wd_reject(a->d, WD_R_CONFLICT,
		    "it was written again meanwhile; try again");
	return wd_admin_got(a, r, "row");
}

static int
change_version(
    struct wd_admin *a, const struct wd_id *id, uint32_t version, bool on)
{
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *fresh = NULL;
	struct wd_secret_key place = { id, version, false };
	const struct wd_sealwrap *w = NULL;
	struct wd_store_wrapped row = { .version = version };
	int r = wd_store_version_get(a->b->store, id, version, &v);

	if (r == WD_R_NOT_FOUND || (r == 0 && v.hsm == on))
		return 0;
	if ((r = wd_admin_got(a, r, "version of the key")) != 0 ||
	    (r = wd_admin_use_key(a, &v, &plain, &place.stays)) != 0 ||
	    (r = wd_admin_wrap(a, on, &w)) != 0 ||
	    (r = wd_secret_seal_key(
		 a->b, &place, w, wd_secret_borrow(plain), &fresh, a->d)) != 0)
		return r;
	wd_copy(row.row, WD_SPAN(id->s));
	row.bytes = v.wrapped;
	return replace(a, WD_WRAPPED_VERSIONS, &row, fresh, on);
}

int
wd_admin_key_hsm(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_key_hsm *m = msg;
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_store_key key;
	int r;

	say(a, m->seal_wrap);
	r = wd_admin_got(a, wd_store_key_get(a->b->store, &m->id, &key), "key");
	if (r != 0)
		return r;
	if (wd_remote_is(&key))
		return wd_reject(a->d, WD_R_UNSUPPORTED,
		    "the key rests in a backend, not in the store of this "
		    "server");
	if ((r = wd_count_reserve(a->b, key.version, a->now, a->d)) != 0 ||
	    (r = wd_admin_begin(a)) != 0)
		return r;
	for (uint32_t i = 1; r == 0 && i <= key.version; i++)
		r = change_version(a, &key.id, i, m->seal_wrap);
	if (r != 0 ||
	    (r = wd_admin_got(a,
		 wd_store_version_get(a->b->store, &key.id, key.version, &v),
		 "version of the key")) != 0)
		return r;
	a->entry.policy = key.policy;
	a->entry.version = key.version;
	return wd_admin_answer_key(a, &key, &v);
}

int
wd_admin_hsm_path(struct wd_admin *a, struct wd_store_secret *x, bool on)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *fresh = NULL;
	const struct wd_sealwrap *w = NULL;
	struct wd_store_wrapped row = { .version = x->version };
	int r;

	say(a, on);
	if (x->hsm == on)
		return 0;
	if ((r = wd_admin_open_path(a, x, &plain)) != 0 ||
	    (r = wd_admin_wrap(a, on, &w)) != 0 ||
	    (r = wd_secret_seal_path(
		 a->b, x, w, wd_secret_borrow(plain), &fresh, a->d)) != 0)
		return r;
	wd_copy(row.row, WD_SPAN(x->path));
	row.bytes = x->wrapped;
	if ((r = replace(a, WD_WRAPPED_SECRETS, &row, fresh, on)) == 0)
		x->hsm = on;
	return r;
}
