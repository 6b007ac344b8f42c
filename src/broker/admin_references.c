/*
 * Sets of reference values: added, replaced, shown, deleted. To add one changes
 * nothing that is decided; to replace one does, for every policy that names it,
 * and is a right of its own.
 */
#include "broker/admin_in.h"

#include "base/alloc.h"
#include "broker/references.h"

/* ---- how it is told */

static int
write_policies(struct wd_admin *a, const char *name, struct wd_wr *wr)
{
	struct wd_id ids[WD_PAGE_MAX];
	size_t n = 0;
	int r;

	r = wd_store_reference_policies(a->b->store, name, ids, WD_N(ids), &n);
	if (r != 0)
		return wd_admin_got(a, r, "set of reference values");
	for (size_t i = 0; i < n; i++) {
		struct wd_msg_id_record m = { .id = ids[i] };

		wd_list_add(wr, &wd_msg_id_record_type, &m);
	}
	return wd_wr_end(wr) == 0 ? 0
				  : wd_fault(a->d, WD_F_MEMORY, "no memory");
}

static struct wd_msg_reference_record
record_of(const struct wd_store_reference *x)
{
	struct wd_msg_reference_record m = {
		.name = wd_span_text(x->name),
		.description = wd_span_text(x->description),
		.expires = x->expires,
		.created = x->created,
		.updated = x->updated,
		.flat = wd_bytes_span(x->flat),
		.used = x->policies,
	};

	wd_copy(m.version.b, WD_SPAN(x->version));
	return m;
}

/* The entry says which version it was about. */
static int
log_set(struct wd_admin *a, const struct wd_store_reference *x)
{
	struct wd_wr wr = wd_wr_fixed(a->references, sizeof(a->references));
	struct wd_jtext j = wd_jtext(&wr);

	wd_jtext_array(&j);
	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "name", x->name);
	wd_jtext_key(&j, "version");
	wd_jtext_hex(&j, WD_SPAN(x->version));
	wd_jtext_end(&j);
	wd_jtext_end(&j);
	if (wd_wr_end(&wr) != 0)
		return wd_fault(a->d, WD_F_BUG, "a set without a name");
	a->entry.references = wd_wr_span(&wr);
	return 0;
}

static int
answer(struct wd_admin *a, const char *name)
{
	WD_AUTO(wd_store_reference_done) struct wd_store_reference x = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_PREFIXES_MAX);
	struct wd_msg_reference_record m;
	int r;

	r = wd_store_reference_get(a->b->store, name, &x);
	if ((r = wd_admin_got(a, r, "set of reference values")) != 0 ||
	    (r = log_set(a, &x)) != 0 ||
	    (r = write_policies(a, name, &wr)) != 0)
		return r;
	m = record_of(&x);
	m.policies = wd_wr_span(&wr);
	return wd_admin_answer(a, &m);
}

static int
read_name(
    struct wd_admin *a, struct wd_span text, char ret[WD_REFERENCE_NAME + 1])
{
	if (wd_reference_is_name(text) &&
	    wd_span_to_text(text, ret, WD_REFERENCE_NAME + 1))
		return 0;
	return wd_reject(
	    a->d, WD_R_NOT_FOUND, "there is no such set of reference values");
}

int
wd_admin_reference_show(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_reference_ask *m = msg;
	char name[WD_REFERENCE_NAME + 1];
	int r = read_name(a, m->name, name);

	return r != 0 ? r : answer(a, name);
}

/* ---- adding and replacing */

const char *
wd_admin_reference_put_action(const void *msg)
{
	const struct wd_msg_reference_put *m = msg;

	return m->replace ? "update" : "create";
}

static int
fill_row(struct wd_admin *a, const struct wd_msg_reference_put *m,
    struct wd_store_reference *row)
{
	WD_AUTO(wd_reference_freep) struct wd_reference *x = NULL;
	int r = wd_reference_adopt(m->flat, a->d, &x);

	if (r != 0)
		return r;
	if (!wd_span_equal(x->name, m->name))
		return wd_reject(a->d, WD_R_MISMATCH,
		    "the reference values have another name");
	if (wd_reference_version(x) != 0)
		return wd_fault(a->d, WD_F_CRYPTO, "no version");
	if (!wd_span_to_text(x->name, row->name, sizeof(row->name)) ||
	    !wd_span_to_text(
		x->description, row->description, sizeof(row->description)))
		return wd_fault(a->d, WD_F_BUG, "a text that does not fit");
	wd_copy(row->version, WD_SPAN(x->version));
	row->expires = x->expires;
	row->created = row->updated = a->now;
	row->flat = wd_bytes_copy(wd_reference_flat(x));
	return row->flat == NULL ? wd_fault(a->d, WD_F_MEMORY, "no memory") : 0;
}

int
wd_admin_reference_put(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_reference_put *m = msg;
	WD_AUTO(wd_store_reference_done) struct wd_store_reference row = { 0 };
	int r = fill_row(a, m, &row);

	if (r != 0 || (r = log_set(a, &row)) != 0)
		return r;
	wd_admin_say(a, "%s %s", row.name, m->replace ? "new version" : "new");
	r = m->replace ? wd_store_reference_replace(a->b->store, &row)
		       : wd_store_reference_add(a->b->store, &row);
	if (r == WD_R_EXISTS)
		return wd_reject(a->d, WD_R_EXISTS,
		    "there is a set of this name already; replace it");
	if ((r = wd_admin_got(a, r, "set of reference values")) != 0)
		return r;
	return answer(a, row.name);
}

int
wd_admin_reference_delete(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_reference_ask *m = msg;
	char name[WD_REFERENCE_NAME + 1];
	int r = read_name(a, m->name, name);

	if (r != 0)
		return r;
	r = wd_store_reference_delete(a->b->store, name);
	if (r == WD_R_IN_USE)
		return wd_reject(a->d, WD_R_IN_USE,
		    "a policy still names these reference values");
	r = wd_admin_got(a, r, "set of reference values");
	return r != 0 ? r : wd_admin_answer(a, NULL);
}

/* ---- the list */

static int
write_rows(struct wd_admin *a, const struct wd_store_reference *rows, size_t n,
    struct wd_wr *wr)
{
	for (size_t i = 0; i < n; i++) {
		struct wd_msg_reference_record m = record_of(&rows[i]);

		wd_list_add(wr, &wd_msg_reference_record_type, &m);
	}
	return wd_wr_end(wr) == 0
	    ? 0
	    : wd_fault(a->d, WD_F_MEMORY, "the list does not fit");
}

static int
read_after(
    struct wd_admin *a, struct wd_span after, char ret[WD_REFERENCE_NAME + 1])
{
	if (after.len == 0 || wd_reference_is_name(after))
		(void)wd_span_to_text(after, ret, WD_REFERENCE_NAME + 1);
	else
		return wd_reject(
		    a->d, WD_R_MALFORMED, "after: no set has such a name");
	return 0;
}

int
wd_admin_reference_list(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_reference_list_ask *m = msg;
	WD_AUTO(wd_freep) struct wd_store_reference *rows = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_LIST_MAX);
	struct wd_msg_reference_list out = { 0 };
	char after[WD_REFERENCE_NAME + 1];
	size_t n = 0, limit = m->limit + (size_t)1;
	int r;

	if ((r = wd_admin_limit(a, m->limit)) != 0 ||
	    (r = read_after(a, m->after, after)) != 0)
		return r;
	if ((rows = wd_alloc_array(limit, sizeof(*rows))) == NULL)
		return wd_fault(a->d, WD_F_MEMORY, "no memory");
	r = wd_store_reference_list(a->b->store, after, rows, limit, &n);
	if ((r = wd_admin_got(a, r, "set of reference values")) != 0 ||
	    (r = write_rows(a, rows, n > m->limit ? m->limit : n, &wr)) != 0)
		return r;
	out.more = n > m->limit;
	out.sets = wd_wr_span(&wr);
	return wd_admin_answer(a, &out);
}
