/*
 * The way of an admin call: token, rules, seal, transaction, act, entry. The
 * answer is written before anything is committed, so that what cannot be
 * answered or logged has not happened.
 */
#include "broker/admin_in.h"

#include "broker/count.h"
#include "codec/utf8.h"

#include <assert.h>

struct wd_msg_admin_ask
wd_admin_head(const void *msg)
{
	struct wd_msg_admin_ask head;

	wd_copy(&head, wd_span(msg, sizeof(head)));
	return head;
}

int
wd_admin_got(struct wd_admin *a, int r, const char *what)
{
	if (r == 0)
		return 0;
	if (r < 0)
		return wd_fault(a->d, r, "%s", wd_store_why(a->b->store));
	if (r == WD_R_NOT_FOUND)
		return wd_reject(
		    a->d, WD_R_NOT_FOUND, "there is no such %s", what);
	return r;
}

int
wd_admin_text(struct wd_admin *a, struct wd_span s, char *dst, size_t size,
    const char *what)
{
	if (wd_utf8_is_text(s) && wd_span_to_text(s, dst, size))
		return 0;
	return wd_reject(a->d, WD_R_MALFORMED,
	    "the %s is no text, or has control characters", what);
}

int
wd_admin_limit(struct wd_admin *a, uint32_t limit)
{
	if (limit >= 1 && limit <= WD_PAGE_MAX)
		return 0;
	return wd_reject(a->d, WD_R_RANGE, "the limit is 1 to 100");
}

int
wd_admin_answer(struct wd_admin *a, const void *msg)
{
	int r = wd_outcome_reply(a->out, a->row->call, 0, NULL, msg);

	if (r == 0)
		r = a->out->result;
	if (r == 0)
		return 0;
	return wd_fault(a->d, WD_F_MEMORY, "the answer does not fit");
}

/* ---- the call */

static int
may(struct wd_admin *a, const void *msg)
{
	struct wd_msg_admin_ask head = wd_admin_head(msg);
	const struct wd_admin_row *row = a->row;
	const char *action =
	    row->action_of == NULL ? row->action : row->action_of(msg);

	return wd_admin_may(
	    a->b, row->resource, action, head.token, a->now, &a->who, a->d);
}

/* What another role made of it. */
static int
refused_elsewhere(struct wd_admin *a)
{
	const struct wd_admin_found *f = a->found;

	if (f == NULL || f->result == 0)
		return 0;
	if (f->result > 0)
		return wd_reject(a->d, (enum wd_reason)f->result, "%.*s",
		    (int)f->why.len, (const char *)f->why.p);
	return wd_fault(
	    a->d, f->result, "%.*s", (int)f->why.len, (const char *)f->why.p);
}

int
wd_admin_begin(struct wd_admin *a)
{
	int r = wd_store_begin(a->b->store);

	a->b->changing = r == 0;
	return wd_admin_got(a, r, "");
}

static int
act(struct wd_admin *a, const void *msg)
{
	int r;

	/* What is written has a MAC, by a key. */
	if ((a->row->needs_keys || a->row->writes) && !a->b->open)
		return wd_reject(a->d, WD_R_SEALED, "the server is sealed");
	if ((r = refused_elsewhere(a)) != 0)
		return r;
	if (a->row->needs_keys && a->row->writes &&
	    (r = wd_count_reserve(a->b, 1, a->now, a->d)) != 0)
		return r;
	if (a->row->writes && !a->row->begins && (r = wd_admin_begin(a)) != 0)
		return r;
	/* Without RUN the keeper does it once the entry is durable. */
	return a->row->run == NULL ? 0 : a->row->run(a, msg);
}

/* A look in between has seen what is now gone, and the store's count of changes
 * does not go back with it: the next look starts anew. */
static void
undo(struct wd_broker *b)
{
	if (!b->changing)
		return;
	wd_store_rollback(b->store);
	b->changing = false;
	b->store_version = 0;
}

/* Nothing has happened, and the caller is told why. */
static int
answer_refusal(struct wd_admin *a, int r)
{
	undo(a->b);
	if (a->d->detail[0] == '\0') {
		wd_diag_clear(a->d);
		if (r > 0)
			(void)wd_reject(a->d, (enum wd_reason)r, "%s",
			    wd_reason_row(r)->sentence);
		else
			(void)wd_fault(
			    a->d, r, "%s", wd_reason_row(r)->sentence);
	}
	wd_admin_say_why(a);
	return wd_outcome_reply(a->out, a->row->call, r, a->d, NULL);
}

/* Without an entry nothing may be done or told. */
static int
answer_unlogged(struct wd_admin *a)
{
	undo(a->b);
	wd_diag_clear(a->d);
	(void)wd_fault(a->d, WD_F_MEMORY, "no memory for the log entry");
	return wd_outcome_reply(a->out, a->row->call, WD_F_MEMORY, a->d, NULL);
}

static int
conclude(struct wd_admin *a, int result)
{
	int r = 0;

	assert(result != 0 || a->row->run == NULL || a->out->reply != NULL);
	if (result != 0 && (r = answer_refusal(a, result)) != 0)
		return r;
	if (wd_id_is_none(&a->who.id))
		return 0; /* nobody we know: counted by the keeper */
	if (result == 0 && a->row->continues)
		return 0;
	a->entry.result = result;
	if (wd_outcome_log(a->out, &a->entry) != 0)
		return answer_unlogged(a);
	return 0;
}

int
wd_admin_call(struct wd_broker *b, enum wd_call call, const void *msg,
    const struct wd_admin_found *found, int64_t now, struct wd_outcome *out)
{
	struct wd_diag d = { 0 };
	struct wd_admin a = { .b = b,
		.row = wd_admin_row(call),
		.found = found,
		.now = now,
		.d = &d,
		.out = out };
	int r;

	if (a.row == NULL || b->changing)
		return WD_F_BUG;
	wd_admin_entry_begin(&a, msg);
	if ((r = may(&a, msg)) == 0)
		r = act(&a, msg);
	if ((r = conclude(&a, r)) != 0) {
		undo(b);
		wd_outcome_done(out);
	}
	return r;
}

int
wd_admin_finish(struct wd_broker *b, bool keep, struct wd_diag *d)
{
	int r = 0;

	if (b->changing && keep && wd_store_commit(b->store) != 0)
		r = wd_fault(d, WD_F_STORE, "%s", wd_store_why(b->store));
	if (!keep || r != 0)
		undo(b);
	b->changing = false;
	return r;
}
