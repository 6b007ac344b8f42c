/*
 * Sets of reference values in the admin API.
 */
#include "proto/admin_body.h"

#include "policy/parse_reference.h"

int
wd_admin_reference_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_reference_put *ret, struct wd_diag *d)
{
	int r = wd_reference_parse(json, d, &b->reference);

	if (r != 0)
		return r;
	if (ret->name.len > 0 && !wd_span_equal(ret->name, b->reference->name))
		return wd_reject(d, WD_R_MISMATCH,
		    "the reference values have another name than the path");
	ret->name = b->reference->name;
	ret->flat = wd_reference_flat(b->reference);
	return 0;
}

static void
write_policies(struct wd_jtext *j, struct wd_span policies)
{
	struct wd_rd rd = wd_rd(policies);

	wd_jtext_key(j, "policies");
	wd_jtext_array(j);
	while (wd_rd_more(&rd)) {
		struct wd_msg_id_record m;

		if (wd_list_next(&rd, &wd_msg_id_record_type, &m) != 0)
			break;
		wd_jtext_string(j, wd_id_span(&m.id));
	}
	wd_jtext_end(j);
	if (wd_rd_end(&rd) != 0)
		wd_wr_fail(j->wr);
}

static void
write_values(struct wd_jtext *j, struct wd_span flat)
{
	WD_AUTO(wd_reference_freep) struct wd_reference *x = NULL;

	if (wd_reference_adopt(flat, NULL, &x) != 0) {
		wd_wr_fail(j->wr);
		return;
	}
	wd_jtext_key(j, "values");
	wd_reference_values_text(x, j);
}

void
wd_admin_reference_write(
    struct wd_jtext *j, const struct wd_msg_reference_record *x, bool whole)
{
	wd_jtext_object(j);
	wd_jtext_key(j, "created");
	wd_jtext_time(j, x->created);
	wd_jtext_key(j, "description");
	wd_jtext_string(j, x->description);
	wd_jtext_key(j, "expires");
	if (x->expires != 0)
		wd_jtext_time(j, x->expires);
	else
		wd_jtext_null(j);
	wd_jtext_key(j, "name");
	wd_jtext_string(j, x->name);
	if (whole)
		write_policies(j, x->policies);
	wd_jtext_key(j, "updated");
	wd_jtext_time(j, x->updated);
	wd_jtext_key_uint(j, "used_by", x->used);
	if (whole)
		write_values(j, x->flat);
	wd_jtext_key(j, "version");
	wd_jtext_hex(j, WD_SPAN(x->version.b));
	wd_jtext_end(j);
}
