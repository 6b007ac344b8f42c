/*
 * Keys and their versions. Wrapped bytes come and go as they are.
 */
#include "store/sql.h"

void
wd_store_version_done(struct wd_store_version *v)
{
	v->wrapped = wd_bytes_free(v->wrapped);
	v->spki = wd_bytes_free(v->spki);
	v->chain = wd_bytes_free(v->chain);
}

static int
put_key(struct wd_store *s, enum wd_sql_name how, const struct wd_store_key *k)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, how);
	struct wd_row_mac m;

	wd_sql_guard(&q, &m, "keys");
	wd_sql_put_id(&q, &k->id);
	wd_sql_put_int(&q, k->kind);
	wd_sql_put_int(&q, k->version);
	wd_sql_put_text(&q, k->backend);
	wd_sql_put_text(&q, k->attach);
	wd_sql_put_id(&q, &k->policy);
	wd_sql_put_text(&q, k->label);
	wd_sql_put_text(&q, k->usage);
	wd_sql_put_int(&q, k->created);
	wd_sql_put_mac(&q);
	return wd_sql_run(&q);
}

/* What is wrapped is bound to key and version by itself, and to the mark behind
 * the MAC, and is encrypted anew without another look at the row. */
static int
put_version(
    struct wd_store *s, enum wd_sql_name how, const struct wd_store_version *v)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, how);
	struct wd_row_mac m;

	wd_sql_guard(&q, &m, "versions");
	wd_sql_put_id(&q, &v->key);
	wd_sql_put_int(&q, v->version);
	wd_sql_loose(&q);
	wd_sql_put_bytes(&q, v->wrapped);
	wd_sql_put_bytes(&q, v->spki);
	wd_sql_put_bytes(&q, v->chain);
	wd_sql_put_int(&q, v->created);
	wd_sql_put_mac(&q);
	wd_sql_put_int(&q, v->hsm);
	return wd_sql_run(&q);
}

struct addition {
	const struct wd_store_key *key;
	const struct wd_store_version *first;
};

static int
add_both(struct wd_store *s, const void *arg)
{
	const struct addition *a = arg;
	int r = put_key(s, WD_SQL_KEY_ADD, a->key);

	if (r != 0)
		return r;
	return put_version(s, WD_SQL_VERSION_ADD, a->first);
}

int
wd_store_key_add(struct wd_store *s, const struct wd_store_key *key,
    const struct wd_store_version *first)
{
	struct addition a = { key, first };
	int r = wd_sql_atomically(s, WD_DB_STORE, add_both, &a);

	s->n_keys += r == 0;
	return r;
}

static int
rotate(struct wd_store *s, const void *arg)
{
	const struct wd_store_version *next = arg;
	struct wd_store_key key;
	int r;

	if ((r = wd_store_key_get(s, &next->key, &key)) != 0)
		return r;
	if (next->version == 0 || key.version != next->version - 1)
		return WD_R_CONFLICT;
	key.version = next->version;
	if ((r = put_key(s, WD_SQL_KEY_REPLACE, &key)) != 0)
		return r;
	return put_version(s, WD_SQL_VERSION_ADD, next);
}

int
wd_store_key_rotate(struct wd_store *s, const struct wd_store_version *next)
{
	return wd_sql_atomically(s, WD_DB_STORE, rotate, next);
}

static int
read_key(
    struct wd_sql *q, void (*mac)(struct wd_sql *q), struct wd_store_key *ret)
{
	struct wd_store_key k = { 0 };
	struct wd_row_mac m;
	int r;

	wd_sql_guard(q, &m, "keys");
	wd_sql_get_id(q, &k.id);
	k.kind = wd_sql_get_u8(q);
	k.version = wd_sql_get_u32(q);
	wd_sql_get_text(q, k.backend, sizeof(k.backend));
	wd_sql_get_text(q, k.attach, sizeof(k.attach));
	wd_sql_get_id(q, &k.policy);
	wd_sql_get_text(q, k.label, sizeof(k.label));
	wd_sql_get_text(q, k.usage, sizeof(k.usage));
	k.created = wd_sql_get_int(q);
	mac(q);
	if ((r = wd_sql_end(q)) == 0)
		*ret = k;
	return r;
}

int
wd_store_key_get(
    struct wd_store *s, const struct wd_id *id, struct wd_store_key *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_KEY_GET);
	int r;

	wd_sql_put_id(&q, id);
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	return read_key(&q, wd_sql_get_mac, ret);
}

int
wd_store_key_at(struct wd_store *s, const char *backend, const char *attach,
    struct wd_id *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_KEY_AT);
	struct wd_id id;
	int r;

	wd_sql_put_text(&q, backend);
	wd_sql_put_text(&q, attach);
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	wd_sql_get_id(&q, &id);
	if ((r = wd_sql_end(&q)) == 0)
		*ret = id;
	return r;
}

static int
read_version(struct wd_sql *q, struct wd_store_version *ret)
{
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_row_mac m;
	int r;

	wd_sql_guard(q, &m, "versions");
	wd_sql_get_id(q, &v.key);
	v.version = wd_sql_get_u32(q);
	wd_sql_loose(q);
	wd_sql_get_bytes(q, &v.wrapped);
	wd_sql_get_bytes(q, &v.spki);
	wd_sql_get_bytes(q, &v.chain);
	v.created = wd_sql_get_int(q);
	wd_sql_get_mac(q);
	v.hsm = wd_sql_get_int(q) != 0;
	if ((r = wd_sql_end(q)) != 0)
		return r;
	*ret = v;
	v = (struct wd_store_version){ 0 };
	return 0;
}

static int
get_version(struct wd_store *s, const struct wd_id *id, uint32_t version,
    struct wd_store_version *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_VERSION_GET);
	int r;

	wd_sql_put_id(&q, id);
	wd_sql_put_int(&q, version);
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	return read_version(&q, ret);
}

/* The newest is what the key says, not what is left of its versions. */
int
wd_store_version_get(struct wd_store *s, const struct wd_id *id,
    uint32_t version, struct wd_store_version *ret)
{
	struct wd_store_key key;
	int r;

	if (version != 0)
		return get_version(s, id, version, ret);
	if ((r = wd_store_key_get(s, id, &key)) != 0)
		return r;
	r = get_version(s, id, key.version, ret);
	return r == WD_R_NOT_FOUND
	    ? wd_store_is_foreign(s, "the newest version of a key is missing")
	    : r;
}

struct setting {
	const struct wd_id *id, *policy;
	uint32_t version;
	struct wd_span pem;
};

static int
set_policy(struct wd_store *s, const void *arg)
{
	const struct setting *x = arg;
	struct wd_store_key key;
	int r = wd_store_key_get(s, x->id, &key);

	if (r != 0)
		return r;
	key.policy = x->policy == NULL ? (struct wd_id){ 0 } : *x->policy;
	return put_key(s, WD_SQL_KEY_REPLACE, &key);
}

int
wd_store_key_set_policy(
    struct wd_store *s, const struct wd_id *id, const struct wd_id *policy)
{
	struct setting x = { .id = id, .policy = policy };

	return wd_sql_atomically(s, WD_DB_STORE, set_policy, &x);
}

static int
set_chain(struct wd_store *s, const void *arg)
{
	const struct setting *x = arg;
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	int r = x->version == 0
	    ? WD_R_NOT_FOUND
	    : wd_store_version_get(s, x->id, x->version, &v);

	if (r != 0)
		return r;
	v.chain = wd_bytes_free(v.chain);
	if (x->pem.p != NULL && (v.chain = wd_bytes_copy(x->pem)) == NULL)
		return WD_F_MEMORY;
	return put_version(s, WD_SQL_VERSION_REPLACE, &v);
}

int
wd_store_key_set_chain(struct wd_store *s, const struct wd_id *id,
    uint32_t version, struct wd_span pem)
{
	struct setting x = { .id = id, .version = version, .pem = pem };

	return wd_sql_atomically(s, WD_DB_STORE, set_chain, &x);
}

int
wd_store_key_delete(struct wd_store *s, const struct wd_id *id)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_KEY_DELETE);
	int r;

	wd_sql_put_id(&q, id);
	r = wd_sql_run(&q);
	s->n_keys -= r == 0;
	return r;
}

int
wd_store_key_list(struct wd_store *s, const struct wd_key_filter *filter,
    struct wd_store_key *rows, size_t n_max, size_t *ret_n)
{
	WD_AUTO(wd_sql_done)
	struct wd_sql q = wd_sql(s,
	    wd_id_is_none(&filter->policy) ? WD_SQL_KEY_LIST
					   : WD_SQL_KEY_LIST_UNDER);
	size_t limit = filter->limit < n_max ? filter->limit : n_max;
	size_t n = 0;
	int r;

	wd_sql_put_text(&q, filter->after.s);
	wd_sql_put_int(&q, filter->kinds);
	wd_sql_put_id(&q, &filter->policy);
	wd_sql_put_int(&q, (int64_t)limit);
	while ((r = wd_sql_row(&q)) == 0)
		if ((r = read_key(&q, wd_sql_see_mac, &rows[n++])) != 0)
			return r;
	if (r != WD_R_NOT_FOUND)
		return r;
	*ret_n = n;
	return 0;
}

/* Counting reads every page of an index, so it is done once; then what is added
 * and deleted here is counted along, until somebody else writes. */
int
wd_store_key_count(struct wd_store *s, uint64_t *ret)
{
	uint64_t others;
	int r = wd_sql_others(s, &others);

	if (r != 0)
		return r;
	if (!s->counted || s->counted_at != others) {
		if ((r = wd_sql_count(s, WD_SQL_KEY_COUNT, &s->n_keys)) != 0)
			return r;
		s->counted_at = others;
		s->counted = true;
	}
	*ret = s->n_keys;
	return 0;
}
