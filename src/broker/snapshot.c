/*
 * The collateral that is stored, in the one block that verify judges with.
 */
#include "broker/admin.h"
#include "verify/collateral.h"

static int
add(void *ctx, const struct wd_store_doc *x)
{
	struct wd_doc_info info = {
		.id = { .role = (enum wd_part)x->role,
		    .tee = (enum wd_tee)x->tee,
		    .update_class = (char)x->update_class },
		.issue_date = x->issued,
		.next_update = x->next_update,
		.evaluation_number = x->evaluation_number,
		.software = x->software != 0,
	};

	wd_copy(info.id.scope, WD_SPAN(x->scope));
	wd_snapshot_add(ctx, &info, wd_bytes_span(x->doc));
	return 0;
}

int
wd_collateral_snapshot(struct wd_broker *b, struct wd_bytes **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_SNAPSHOT_MAX);
	int r;

	wd_snapshot_begin(&wr);
	if ((r = wd_store_doc_each(b->store, true, add, &wr)) != 0)
		return r;
	r = wd_wr_take(&wr, ret);
	return r > 0 ? WD_F_BUG : r;
}
