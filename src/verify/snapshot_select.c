/*
 * Choosing the collateral that fits a piece of evidence.
 */
#include "verify/registry.h"
#include "verify/snapshot.h"

static bool
fits(const struct wd_snapshot_row *row, enum wd_tee tee,
    const struct wd_platform *p)
{
	return (row->tee == WD_TEE_NONE || row->tee == (uint8_t)tee) &&
	    row->software == p->software &&
	    wd_span_equal(row->scope, WD_SPAN(p->scope[row->role]));
}

static void
select_rows(struct wd_span snapshot, enum wd_tee tee,
    const struct wd_platform *p, struct wd_inputs *in)
{
	struct wd_rd rd = wd_rd(snapshot);
	bool replaceable[WD_IN_COUNT];

	for (size_t i = 0; i < WD_IN_COUNT; i++)
		replaceable[i] = in->part[i].p == NULL;
	wd_rd_skip(&rd, 4);
	while (wd_rd_more(&rd)) {
		struct wd_snapshot_row row = wd_snapshot_next(&rd);

		if (!replaceable[row.role] || !fits(&row, tee, p))
			continue;
		in->part[row.role] = row.doc;
		replaceable[row.role] = row.update_class != 'e';
	}
}

int
wd_snapshot_select(struct wd_verifier *v, struct wd_span snapshot,
    enum wd_tee tee, int64_t at, struct wd_inputs *in, struct wd_diag *d)
{
	const struct wd_tee_row *row = wd_tee_row(tee);
	struct wd_platform platform;
	int r;

	if (row == NULL)
		return 0;
	r = row->platform(v, in, at, &platform, d);
	if (r == 0)
		select_rows(snapshot, tee, &platform, in);
	return r < 0 ? r : 0;
}
