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

static struct wd_doc_info
age_of(const struct wd_snapshot_row *row)
{
	return (struct wd_doc_info){ .issue_date = row->issue_date,
		.evaluation_number = row->evaluation_number };
}

/*
 * The class is what an operator called the document when it was imported, so it
 * decides nothing: an old one that is called early must not hide a newer one.
 */
static bool
is_newer(const struct wd_snapshot_row *row, const struct wd_doc_info *chosen)
{
	struct wd_doc_info fresh = age_of(row);

	return wd_doc_may_replace(chosen, &fresh) == 0;
}

static void
select_rows(struct wd_span snapshot, enum wd_tee tee,
    const struct wd_platform *p, struct wd_inputs *in)
{
	struct wd_rd rd = wd_rd(snapshot);
	struct wd_doc_info chosen[WD_IN_COUNT];
	bool given[WD_IN_COUNT];

	for (size_t i = 0; i < WD_IN_COUNT; i++)
		given[i] = in->part[i].p != NULL;
	wd_rd_skip(&rd, 4);
	while (wd_rd_more(&rd)) {
		struct wd_snapshot_row row = wd_snapshot_next(&rd);

		if (given[row.role] || !fits(&row, tee, p))
			continue;
		if (in->part[row.role].p != NULL &&
		    !is_newer(&row, &chosen[row.role]))
			continue;
		in->part[row.role] = row.doc;
		chosen[row.role] = age_of(&row);
	}
}

/* A root that the evidence does not name: a vendor's is tried first. */
static int
select_leading(struct wd_verifier *v, struct wd_span snapshot,
    const struct wd_tee_row *row, struct wd_platform *p, int64_t at,
    struct wd_inputs *in)
{
	for (int software = 0; software <= 1; software++) {
		struct wd_inputs tried = *in;
		int r;

		p->software = software == 1;
		select_rows(snapshot, wd_tee_hardware(row->tee), p, &tried);
		if ((r = row->leads(v, &tried, at)) < 0)
			return r;
		if (r == 0) {
			*in = tried;
			return 0;
		}
	}
	p->software = false; /* none leads: the appraisal says why */
	select_rows(snapshot, wd_tee_hardware(row->tee), p, in);
	return 0;
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
	if (r != 0)
		return r < 0 ? r : 0;
	if (!platform.root_unknown) {
		select_rows(snapshot, wd_tee_hardware(tee), &platform, in);
		return 0;
	}
	if (select_leading(v, snapshot, row, &platform, at, in) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot choose collateral");
	return 0;
}
