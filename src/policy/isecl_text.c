/*
 * An ISecL policy back in the schema it came in, for the tools that read it.
 * Members that were absent stay absent. The table of members is sorted, so the
 * text is canonical by walking it.
 */
#include "policy/text.h"

#include "policy/isecl.h"

static void
type_member(const struct wd_policy *p, const char *name, struct wd_jtext *j)
{
	bool is_v5 = p->head.schema == WD_SCHEMA_ISECL_V5;
	const char *type = p->head.tee == WD_TEE_TDX ? "TDX" : "SGX";

	if (p->head.plain_type && !is_v5)
		return;
	wd_jtext_key(j, name);
	if (p->head.plain_type) {
		wd_jtext_text(j, type);
		return;
	}
	wd_jtext_array(j);
	wd_jtext_text(j, type);
	wd_jtext_end(j);
}

static void
tcb_member(const struct wd_policy *p, const char *name, struct wd_jtext *j)
{
	if (p->head.statuses == WD_STATUS_DEFAULT)
		return;
	wd_jtext_key_bool(j, name, p->head.statuses == WD_STATUS_UP_TO_DATE);
}

static void
time_member(struct wd_jtext *j, const char *name, int64_t t)
{
	wd_jtext_key(j, name);
	wd_jtext_time(j, t);
}

static void
clause_member(const struct wd_policy *p, const struct wd_isecl_row *row,
    struct wd_jtext *j)
{
	const struct wd_clause *c = wd_isecl_clause(p, row);

	if (c == NULL)
		return;
	wd_jtext_key(j, row->name);
	wd_clause_values_text(c, j);
}

static void
write_row(const struct wd_policy *p, const struct wd_isecl_row *row,
    const struct wd_policy_dates *dates, struct wd_jtext *j)
{
	switch (row->kind) {
	case WD_ISECL_CLAUSE:
		clause_member(p, row, j);
		return;
	case WD_ISECL_TYPE:
		type_member(p, row->name, j);
		return;
	case WD_ISECL_TCB:
		tcb_member(p, row->name, j);
		return;
	case WD_ISECL_ID:
		wd_jtext_key(j, row->name);
		wd_jtext_string(j, wd_id_span(&dates->id));
		return;
	case WD_ISECL_CREATED:
		time_member(j, row->name, dates->created);
		return;
	case WD_ISECL_UPDATED:
		if (p->head.schema == WD_SCHEMA_ISECL_V5)
			time_member(j, row->name, dates->updated);
		return;
	case WD_ISECL_ENTER:
		wd_jtext_key(j, row->name);
		wd_jtext_object(j);
		return;
	case WD_ISECL_LEAVE:
		wd_jtext_end(j);
		return;
	}
}

void
wd_policy_text_as_given(const struct wd_policy *p,
    const struct wd_policy_dates *dates, struct wd_wr *wr)
{
	struct wd_jtext j = wd_jtext(wr);
	size_t n;
	const struct wd_isecl_row *rows =
	    wd_isecl_rows(p->head.schema, p->head.tee, &n);

	if (rows == NULL) {
		wd_policy_text(p, wr);
		return;
	}
	wd_jtext_object(&j);
	for (size_t i = 0; i < n; i++)
		write_row(p, &rows[i], dates, &j);
	wd_jtext_end(&j);
}
