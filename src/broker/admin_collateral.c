/*
 * Collateral: stored after verify has judged it, and never in the place of
 * something newer. What verify said is not believed further than it must be:
 * a row it cannot have meant is our own fault to refuse.
 */
#include "broker/admin_in.h"

#include "codec/hex.h"
#include "verify/collateral.h"

enum {
	DOCS_MAX = 4096, /* rows that a list's answer can carry */
	DOCS_LIST_MAX = 262144,
	ROW_BYTES = 32, /* of a document in a snapshot, beside its bytes */
};

static struct wd_msg_collateral_record
record_of(const struct wd_store_doc *x)
{
	return (struct wd_msg_collateral_record){ .role = x->role,
		.tee = x->tee,
		.update_class = x->update_class,
		.scope = WD_SPAN(x->scope),
		.issued = x->issued,
		.next_update = x->next_update,
		.evaluation_number = x->evaluation_number,
		.software = x->software != 0,
		.size = (uint32_t)x->size };
}

static void
say_which(struct wd_admin *a, const struct wd_store_doc *x)
{
	char scope[2 * sizeof(x->scope) + 1];

	wd_hex_format(WD_SPAN(x->scope), scope);
	a->entry.software = x->software != 0;
	wd_admin_say(a, "%s, tee %s, scope %s, class %s, evaluation number %u",
	    wd_part_name((enum wd_part)x->role),
	    wd_tee_name((enum wd_tee)x->tee), scope,
	    x->update_class == 'e' ? "early" : "standard",
	    x->evaluation_number);
}

static int
check_place(struct wd_admin *a, uint8_t role, uint8_t update_class)
{
	if (role >= WD_IN_COUNT || !wd_part_is_collateral((enum wd_part)role))
		return wd_reject(a->d, WD_R_UNSUPPORTED,
		    "this is not a kind of document that is kept");
	if (update_class != 's' && update_class != 'e')
		return wd_reject(
		    a->d, WD_R_RANGE, "the class is standard or early");
	return 0;
}

/* ---- storing one */

/* The row, from what was asked and what verify found. */
static int
fill(struct wd_admin *a, const struct wd_msg_collateral_put *m,
    struct wd_store_doc *x)
{
	const struct wd_msg_doc_info *info =
	    a->found == NULL ? NULL : a->found->doc;

	if (info == NULL || !wd_tee_is_number(info->tee) ||
	    info->scope.len > sizeof(x->scope))
		return wd_fault(
		    a->d, WD_F_PEER, "verify has not said what it is");
	if (m->doc.len > wd_part_max((enum wd_part)m->role))
		return wd_reject(
		    a->d, WD_R_TOO_LARGE, "the document is too large");
	x->role = m->role;
	x->tee = info->tee;
	x->update_class = m->update_class;
	x->software = info->software;
	wd_copy(x->scope, info->scope);
	x->issued = info->issued;
	x->next_update = info->next_update;
	x->evaluation_number = info->evaluation_number;
	x->size = m->doc.len;
	x->doc = wd_bytes_copy(m->doc);
	return x->doc == NULL ? wd_fault(a->d, WD_F_MEMORY, "no memory") : 0;
}

static struct wd_doc_info
age_of(const struct wd_store_doc *x)
{
	return (struct wd_doc_info){ .issue_date = x->issued,
		.next_update = x->next_update,
		.evaluation_number = x->evaluation_number };
}

static int
check_rollback(struct wd_admin *a, const struct wd_store_doc *x)
{
	WD_AUTO(wd_store_doc_done) struct wd_store_doc kept = { 0 };
	struct wd_doc_info before, after = age_of(x);
	int r = wd_store_doc_get(a->b->store, x, &kept);

	if (r == WD_R_NOT_FOUND)
		return 0;
	if (r != 0)
		return wd_admin_got(a, r, "document");
	before = age_of(&kept);
	if (wd_doc_may_replace(&before, &after) != 0)
		return wd_reject(a->d, WD_R_ROLLBACK,
		    "what is stored has evaluation number %u and is newer",
		    kept.evaluation_number);
	return 0;
}

struct total {
	size_t bytes, rows;
};

static int
count(void *ctx, const struct wd_store_doc *x)
{
	struct total *t = ctx;

	t->bytes += x->size + ROW_BYTES;
	t->rows++;
	return 0;
}

/* All of it must fit into one snapshot and one list. */
static int
check_room(struct wd_admin *a)
{
	struct total t = { 0 };
	int r = wd_store_doc_each(a->b->store, false, count, &t);

	if (r != 0)
		return wd_admin_got(a, r, "document");
	if (t.rows > DOCS_MAX || t.bytes > WD_SNAPSHOT_MAX - ROW_BYTES)
		return wd_reject(a->d, WD_R_TOO_LARGE,
		    "there is no room for more documents");
	return 0;
}

int
wd_admin_collateral_put(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_collateral_put *m = msg;
	WD_AUTO(wd_store_doc_done) struct wd_store_doc x = { 0 };
	struct wd_msg_collateral_record answer;
	int r;

	if ((r = check_place(a, m->role, m->update_class)) != 0 ||
	    (r = fill(a, m, &x)) != 0)
		return r;
	say_which(a, &x);
	if ((r = check_rollback(a, &x)) != 0)
		return r;
	r = wd_admin_got(a, wd_store_doc_put(a->b->store, &x), "document");
	if (r != 0 || (r = check_room(a)) != 0)
		return r;
	answer = record_of(&x);
	return wd_admin_answer(a, &answer);
}

/* ---- showing */

static int
add_row(void *ctx, const struct wd_store_doc *x)
{
	struct wd_msg_collateral_record m = record_of(x);

	wd_list_add(ctx, &wd_msg_collateral_record_type, &m);
	return 0;
}

int
wd_admin_collateral_list(struct wd_admin *a, const void *msg)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(DOCS_LIST_MAX);
	struct wd_msg_collateral_list answer;
	int r;

	(void)msg; /* it says only who asks */
	r = wd_store_doc_each(a->b->store, false, add_row, &wr);
	if ((r = wd_admin_got(a, r, "document")) != 0)
		return r;
	if (wd_wr_end(&wr) != 0)
		return wd_fault(a->d, WD_F_MEMORY, "the list does not fit");
	answer.docs = wd_wr_span(&wr);
	return wd_admin_answer(a, &answer);
}

int
wd_admin_collateral_show(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_collateral_ask *m = msg;
	struct wd_store_doc place = { .role = m->role,
		.tee = m->tee,
		.update_class = m->update_class,
		.software = m->software };
	WD_AUTO(wd_store_doc_done) struct wd_store_doc x = { 0 };
	struct wd_msg_collateral_doc answer;
	int r;

	if ((r = check_place(a, m->role, m->update_class)) != 0)
		return r;
	if (m->scope.len > sizeof(place.scope) || !wd_tee_is_number(m->tee))
		return wd_reject(
		    a->d, WD_R_RANGE, "there is no such tee or scope");
	wd_copy(place.scope, m->scope);
	say_which(a, &place);
	r = wd_admin_got(
	    a, wd_store_doc_get(a->b->store, &place, &x), "document");
	if (r != 0)
		return r;
	say_which(a, &x);
	answer.doc = wd_bytes_span(x.doc);
	return wd_admin_answer(a, &answer);
}
