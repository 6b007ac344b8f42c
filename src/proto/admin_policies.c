/*
 * Policies in the admin API: what they say, in Warder's own form, and for those
 * of another schema as they were written too.
 */
#include "proto/admin.h"

#include "policy/text.h"

static const struct {
	enum wd_policy_schema schema;
	const char *name;
} schemas[] = {
	{ WD_SCHEMA_WARDER, "warder" },
	{ WD_SCHEMA_ISECL_V3, "isecl-v3" },
	{ WD_SCHEMA_ISECL_V5, "isecl-v5" },
};

static const char *
schema_name(enum wd_policy_schema schema)
{
	for (size_t i = 0; i < WD_N(schemas); i++)
		if (schemas[i].schema == schema)
			return schemas[i].name;
	return "unknown";
}

static void
write_prefixes(struct wd_jtext *j, struct wd_span prefixes)
{
	struct wd_rd rd = wd_rd(prefixes);

	wd_jtext_key(j, "prefixes");
	wd_jtext_array(j);
	while (wd_rd_more(&rd)) {
		struct wd_msg_path_record p;

		if (wd_list_next(&rd, &wd_msg_path_record_type, &p) != 0)
			break;
		wd_jtext_string(j, p.path);
	}
	wd_jtext_end(j);
	if (wd_rd_end(&rd) != 0)
		wd_wr_fail(j->wr);
}

static void
write_own(struct wd_jtext *j, const struct wd_policy *p)
{
	wd_jtext_key(j, "policy");
	wd_jtext_raw(j, wd_span(NULL, 0));
	wd_policy_text(p, j->wr);
}

static void
write_written(struct wd_jtext *j, const struct wd_policy *p,
    const struct wd_msg_policy_record *r)
{
	struct wd_policy_dates dates = { r->id, r->created, r->updated };

	if (p->head.schema == WD_SCHEMA_WARDER)
		return;
	wd_jtext_key(j, "written");
	wd_jtext_raw(j, wd_span(NULL, 0));
	wd_policy_text_as_given(p, &dates, j->wr);
}

void
wd_admin_policy_write(
    struct wd_jtext *j, const struct wd_msg_policy_record *r, bool whole)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;

	if (wd_policy_adopt(r->flat, NULL, &p) != 0) {
		wd_wr_fail(j->wr);
		return;
	}
	wd_jtext_object(j);
	wd_jtext_key(j, "created");
	wd_jtext_time(j, r->created);
	wd_jtext_key_text(j, "id", r->id.s);
	if (whole)
		write_own(j, p);
	write_prefixes(j, r->prefixes);
	wd_jtext_key_text(j, "schema", schema_name(p->head.schema));
	wd_jtext_key(j, "updated");
	wd_jtext_time(j, r->updated);
	wd_jtext_key(j, "version");
	wd_jtext_hex(j, WD_SPAN(r->version.b));
	if (whole)
		write_written(j, p, r);
	wd_jtext_end(j);
}
