/*
 * Entries. Both versions of the engine come to the same here, so that callers
 * need not ask which one an operator has mounted.
 */
#include "vault/kv.h"

#include "base/num.h"
#include "vault/ask.h"

#include <stdio.h>

/* ---- which engine */

static int
take_engine(
    const struct wd_vault_reply *reply, unsigned *ret, struct wd_diag *d)
{
	struct wd_span kind = { 0 }, version = { 0 };
	uint64_t n = 1;

	(void)wd_jval_text(wd_jval_get(reply->data, "type"), &kind);
	(void)wd_jval_text(
	    wd_jval_get(wd_jval_get(reply->data, "options"), "version"),
	    &version); /* absent: version 1 */
	if (!wd_span_is(kind, "kv") && !wd_span_is(kind, "generic"))
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "vault: what is mounted there holds no entries");
	if (version.len > 0 && (!wd_num_parse(version, 2, &n) || n == 0))
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "vault: entries of a version that is not known");
	*ret = (unsigned)n;
	return 0;
}

int
wd_vault_kv_find(struct wd_vault *v, const char *mount, struct wd_vault_kv *ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	struct wd_vault_kv kv = { .mount = mount };
	int r = wd_vault_ask_open(
	    &a, "sys/internal/ui", "mounts", wd_span_text(mount), d);

	if (r == 0)
		r = wd_vault_ask_bare(v, &a, "GET", &reply, d);
	if (r == 0)
		r = take_engine(&reply, &kv.version, d);
	if (r == 0)
		*ret = kv;
	return r;
}

/* ---- read */

void
wd_vault_entry_done(struct wd_vault_entry *e)
{
	wd_vault_reply_done(&e->reply);
	e->data = NULL;
}

static const char *
part(const struct wd_vault_kv *kv, const char *of_version_2)
{
	return kv->version == 2 ? of_version_2 : NULL;
}

static int
take_entry(
    const struct wd_vault_kv *kv, struct wd_vault_entry *e, struct wd_diag *d)
{
	const struct wd_jval *data = e->reply.data;

	if (kv->version == 2) {
		if (!wd_jval_uint(
			wd_jval_get(wd_jval_get(data, "metadata"), "version"),
			UINT32_MAX, &e->version))
			return wd_reject(d, WD_R_BACKEND_ANSWER,
			    "vault: an entry without a version");
		data = wd_jval_get(data, "data");
	}
	if (wd_jval_type(data) != WD_JOBJECT)
		return wd_reject(
		    d, WD_R_BACKEND_ANSWER, "vault: an entry without data");
	e->data = data;
	return 0;
}

int
wd_vault_kv_read(struct wd_vault *v, const struct wd_vault_kv *kv,
    struct wd_span path, uint64_t version, struct wd_vault_entry *ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_entry_done) struct wd_vault_entry e = { 0 };
	char which[WD_VAULT_ASK_PATH + 32];
	struct wd_vault_call call = { .path = which };
	int r = wd_vault_ask_open(&a, kv->mount, part(kv, "data"), path, d);

	if (r != 0)
		return r;
	(void)snprintf(which, sizeof(which),
	    kv->version == 2 && version != 0 ? "%s?version=%llu" : "%s", a.path,
	    (unsigned long long)version);
	if ((r = wd_vault_call(v, &call, &e.reply, d)) != 0 ||
	    (r = take_entry(kv, &e, d)) != 0)
		return r;
	if (kv->version == 2 && version != 0 && e.version != version)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "vault: it gave version %llu of an entry, and was asked "
		    "for version %llu",
		    (unsigned long long)e.version, (unsigned long long)version);
	*ret = e;
	e = (struct wd_vault_entry){ 0 };
	return 0;
}

/* ---- write */

static bool
holds(const struct wd_vault_entry *e, struct wd_span data)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;

	return wd_json_canonical(e->data, &text) == 0 &&
	    wd_ct_equal(wd_bytes_span(text), data);
}

/* Somebody has written: was it us? */
static int
after_conflict(struct wd_vault *v, const struct wd_vault_kv *kv,
    struct wd_span path, struct wd_span data, uint64_t replaces,
    struct wd_diag *d)
{
	WD_AUTO(wd_vault_entry_done) struct wd_vault_entry e = { 0 };
	int r = wd_vault_kv_read(v, kv, path, 0, &e, NULL);

	if (r < 0)
		return wd_fault(d, r == WD_F_MEMORY ? WD_F_MEMORY : WD_F_PEER,
		    "vault: lost while it was written");
	if (r == 0 && (kv->version == 1 || e.version == replaces + 1) &&
	    holds(&e, data))
		return 0;
	return wd_reject(d, WD_R_CONFLICT,
	    "vault: %s/%.*s: there is another version", kv->mount,
	    (int)path.len, (const char *)path.p);
}

static int
write_first(struct wd_vault *v, const struct wd_vault_kv *kv,
    struct wd_span path, struct wd_span data, bool *ret_done, struct wd_diag *d)
{
	WD_AUTO(wd_vault_entry_done) struct wd_vault_entry e = { 0 };
	struct wd_diag why = { 0 };
	int r = wd_vault_kv_read(v, kv, path, 0, &e, &why);

	*ret_done = r != WD_R_NOT_FOUND;
	if (r == WD_R_NOT_FOUND)
		return 0;
	if (r == 0)
		return after_conflict(v, kv, path, data, 0, d);
	if (d != NULL && d->result == 0)
		*d = why;
	return r;
}

static int
write_1(struct wd_vault *v, const struct wd_vault_kv *kv, struct wd_span path,
    struct wd_span data, uint64_t replaces, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	struct wd_vault_call call = { .path = a.path, .body = data };
	bool done = false;
	int r = wd_vault_ask_open(&a, kv->mount, NULL, path, d);

	if (r == 0 && replaces == 0)
		r = write_first(v, kv, path, data, &done, d);
	return r != 0 || done ? r : wd_vault_call(v, &call, &reply, d);
}

/* An engine of version 1 takes what is for one of version 2 as an entry of
 * another name, replaces whatever is there, and says nothing of versions. */
static int
check_written(struct wd_vault *v, const struct wd_vault_kv *kv,
    struct wd_span path, const struct wd_vault_reply *reply, uint64_t replaces,
    struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply gone = { 0 };
	uint64_t n = 0;
	int r;

	if (wd_jval_uint(wd_jval_get(reply->data, "version"), UINT32_MAX, &n) &&
	    n == replaces + 1)
		return 0;
	r = wd_vault_ask_open(&a, kv->mount, "data", path, NULL);
	if (r == 0 && n == 0)
		r = wd_vault_ask_bare(v, &a, "DELETE", &gone, NULL);
	return wd_reject(d, WD_R_BACKEND_ANSWER,
	    "vault: %s does not write as an engine of version 2%s", kv->mount,
	    r != 0 ? ", and what it has written may still be there" : "");
}

static int
write_2(struct wd_vault *v, const struct wd_vault_kv *kv, struct wd_span path,
    struct wd_span data, uint64_t replaces, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	struct wd_diag why = { 0 };
	int r = wd_vault_ask_open(&a, kv->mount, "data", path, d);

	if (r != 0)
		return r;
	wd_jtext_key(&a.j, "data");
	wd_jtext_raw(&a.j, data);
	wd_jtext_key(&a.j, "options");
	wd_jtext_object(&a.j);
	wd_jtext_key_uint(&a.j, "cas", replaces);
	wd_jtext_end(&a.j);
	r = wd_vault_ask_post(v, &a, &reply, &why);
	if (r == WD_R_CONFLICT)
		return after_conflict(v, kv, path, data, replaces, d);
	if (r == 0)
		return check_written(v, kv, path, &reply, replaces, d);
	if (d != NULL && d->result == 0)
		*d = why;
	return r;
}

int
wd_vault_kv_write(struct wd_vault *v, const struct wd_vault_kv *kv,
    struct wd_span path, struct wd_span data, uint64_t replaces,
    struct wd_diag *d)
{
	return kv->version == 2 ? write_2(v, kv, path, data, replaces, d)
				: write_1(v, kv, path, data, replaces, d);
}

/* ---- metadata, and the end of entries */

static int
take_metadata(const struct wd_vault_reply *reply, struct wd_vault_metadata *ret,
    struct wd_diag *d)
{
	struct wd_vault_metadata m = { 0 };

	if (!wd_jval_uint(wd_jval_get(reply->data, "current_version"),
		UINT32_MAX, &m.newest) ||
	    !wd_jval_uint(wd_jval_get(reply->data, "oldest_version"),
		UINT32_MAX, &m.oldest))
		return wd_reject(
		    d, WD_R_BACKEND_ANSWER, "vault: metadata without versions");
	*ret = m;
	return 0;
}

int
wd_vault_kv_metadata(struct wd_vault *v, const struct wd_vault_kv *kv,
    struct wd_span path, struct wd_vault_metadata *ret, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	int r = wd_vault_ask_open(&a, kv->mount, "metadata", path, d);

	if (r == 0 && kv->version != 2)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "vault: entries of version 1 have no metadata");
	if (r == 0)
		r = wd_vault_ask_bare(v, &a, "GET", &reply, d);
	return r != 0 ? r : take_metadata(&reply, ret, d);
}

static int
remove_at(struct wd_vault *v, const struct wd_vault_kv *kv, const char *what,
    struct wd_span path, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	struct wd_diag why = { 0 };
	int r = wd_vault_ask_open(&a, kv->mount, part(kv, what), path, &why);

	if (r == 0)
		r = wd_vault_ask_bare(v, &a, "DELETE", &reply, &why);
	if (r == WD_R_NOT_FOUND)
		return 0;
	if (r != 0 && d != NULL && d->result == 0)
		*d = why;
	return r;
}

int
wd_vault_kv_delete(struct wd_vault *v, const struct wd_vault_kv *kv,
    struct wd_span path, struct wd_diag *d)
{
	return remove_at(v, kv, "data", path, d);
}

int
wd_vault_kv_destroy(struct wd_vault *v, const struct wd_vault_kv *kv,
    struct wd_span path, uint64_t version, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	char list[32];
	int r;

	if (version == 0 || kv->version == 1)
		return remove_at(v, kv, "metadata", path, d);
	if ((r = wd_vault_ask_open(&a, kv->mount, "destroy", path, d)) != 0)
		return r;
	(void)snprintf(
	    list, sizeof(list), "[%llu]", (unsigned long long)version);
	wd_jtext_key(&a.j, "versions");
	wd_jtext_raw(&a.j, wd_span_text(list));
	return wd_vault_ask_post(v, &a, &reply, d);
}
