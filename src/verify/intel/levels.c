/*
 * Reading levels. Vendors' documents grow, so unknown members are passed over;
 * what is read must be in range, since a number that wraps lifts a status.
 */
#include "verify/intel/levels.h"

#include "base/alloc.h"

#include <stdlib.h>

enum { ADVISORY_MAX = 64, ADVISORIES_COUNT = 64, STATUS_MAX = 64 };

int
wd_json_fold(int r, struct wd_diag *d)
{
	if (r <= 0)
		return r;
	if (d != NULL)
		d->result = WD_R_MALFORMED;
	return WD_R_MALFORMED;
}

void
wd_svn_levels_done(struct wd_svn_levels *l)
{
	l->level = wd_free(l->level);
	l->n = 0;
}

static bool
is_advisory(struct wd_span text)
{
	return text.len > 0 && text.len <= ADVISORY_MAX &&
	    wd_span_is_word(text);
}

static void
read_advisories(struct wd_jobj *o, struct wd_wr *texts)
{
	const struct wd_jval *list =
	    wd_jobj_array(o, "advisoryIDs", WD_OPTIONAL, ADVISORIES_COUNT);
	size_t before = texts->len;
	struct wd_span text;

	for (size_t i = 0; i < wd_jval_count(list); i++) {
		if (!wd_jval_text(wd_jval_at(list, i), &text) ||
		    !is_advisory(text)) {
			wd_jobj_fail(
			    o, WD_R_MALFORMED, "advisoryIDs: not an id");
			return;
		}
		wd_wr_bytes(texts, text);
		wd_wr_u8(texts, 0);
	}
	if (texts->len - before > WD_ADVISORIES_MAX)
		wd_jobj_fail(o, WD_R_MALFORMED, "advisoryIDs: too many");
}

struct wd_tcb_verdict
wd_tcb_verdict_read(struct wd_jobj *o, struct wd_wr *texts)
{
	struct wd_tcb_verdict v = { .status = WD_TCB_REVOKED };
	struct wd_span status =
	    wd_jobj_text(o, "tcbStatus", WD_REQUIRED, STATUS_MAX);

	if (!wd_tcb_status_parse(status, &v.status))
		wd_jobj_fail(o, WD_R_MALFORMED, "tcbStatus: not known");
	v.date = wd_jobj_time(o, "tcbDate", WD_REQUIRED);
	v.advisories = texts->len;
	read_advisories(o, texts);
	v.advisories_len = texts->len - v.advisories;
	return v;
}

static int
read_level(const struct wd_jval *v, struct wd_wr *texts,
    struct wd_svn_level *ret, struct wd_diag *d)
{
	struct wd_jobj level, tcb;
	int r;

	wd_jobj_open(&level, v, d, "level");
	wd_jobj_open(
	    &tcb, wd_jobj_object(&level, "tcb", WD_REQUIRED), d, "tcb");
	ret->isvsvn =
	    (uint16_t)wd_jobj_uint(&tcb, "isvsvn", WD_REQUIRED, UINT16_MAX);
	if ((r = wd_jobj_close_open_world(&tcb)) != 0)
		return r;
	ret->verdict = wd_tcb_verdict_read(&level, texts);
	return wd_jobj_close_open_world(&level);
}

static int
highest_first(const void *a, const void *b)
{
	const struct wd_svn_level *x = a, *y = b;

	return (x->isvsvn < y->isvsvn) - (x->isvsvn > y->isvsvn);
}

static int
sort(struct wd_svn_levels *l, struct wd_diag *d)
{
	qsort(l->level, l->n, sizeof(*l->level), highest_first);
	for (size_t i = 1; i < l->n; i++)
		if (l->level[i].isvsvn == l->level[i - 1].isvsvn)
			return wd_reject(
			    d, WD_R_MALFORMED, "the same level twice");
	return 0;
}

static int
read_all(const struct wd_jval *list, struct wd_wr *texts,
    struct wd_svn_levels *l, struct wd_diag *d)
{
	size_t n = wd_jval_count(list);
	int r;

	if (n == 0)
		return wd_reject(d, WD_R_MALFORMED, "no levels");
	l->level = wd_alloc_array(n, sizeof(*l->level));
	if (l->level == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for levels");
	for (l->n = 0; l->n < n; l->n++) {
		r = read_level(
		    wd_jval_at(list, l->n), texts, &l->level[l->n], d);
		if (r != 0)
			return r;
	}
	return sort(l, d);
}

int
wd_svn_levels_read(struct wd_jobj *o, struct wd_wr *texts,
    struct wd_svn_levels *ret, struct wd_diag *d)
{
	const struct wd_jval *list =
	    wd_jobj_array(o, "tcbLevels", WD_REQUIRED, WD_LEVELS_MAX);
	WD_AUTO(wd_svn_levels_done) struct wd_svn_levels l = { 0 };
	int r;

	if (o->result != 0)
		return wd_json_fold(o->result, d);
	if ((r = read_all(list, texts, &l, d)) != 0)
		return wd_json_fold(r, d);
	*ret = l;
	l = (struct wd_svn_levels){ 0 };
	return 0;
}

const struct wd_svn_level *
wd_svn_levels_find(const struct wd_svn_levels *l, uint16_t isvsvn)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->level[i].isvsvn <= isvsvn)
			return &l->level[i];
	return NULL;
}
