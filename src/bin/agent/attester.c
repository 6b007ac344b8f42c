/*
 * The table of attesters.
 */
#include "bin/agent/attester.h"

#include "base/alloc.h"

#include <string.h>

struct agent_attester {
	const struct agent_attester_row *row;
	void *ctx;
};

static const struct agent_attester_row *const rows[] = {
	&agent_attester_swtee,
	&agent_attester_tpm,
	&agent_attester_swtee_td,
	&agent_attester_swtee_snp,
};

static const struct agent_attester_row *
find(const struct agent_conf *c)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (strcmp(rows[i]->name, c->attester) == 0 &&
		    (!rows[i]->software ||
			wd_span_is(wd_span_text(c->swtee_tee),
			    wd_tee_name(rows[i]->tee))))
			return rows[i];
	return NULL;
}

int
agent_attester_open(
    const struct agent_conf *c, struct agent_attester **ret, struct wd_diag *d)
{
	const struct agent_attester_row *row = find(c);
	WD_AUTO(agent_attester_freep) struct agent_attester *a = NULL;
	int r;

	if (row == NULL)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "there is no attester of kind %s for this TEE",
		    c->attester);
	a = wd_alloc(sizeof(*a));
	if (a == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if ((r = row->open(c, &a->ctx, d)) != 0)
		return r;
	a->row = row;
	*ret = WD_TAKE(a);
	return 0;
}

struct agent_attester *
agent_attester_free(struct agent_attester *a)
{
	if (a != NULL && a->row != NULL)
		a->row->close(a->ctx);
	return wd_free(a);
}

void
agent_attester_freep(struct agent_attester **a)
{
	*a = agent_attester_free(*a);
}

const struct agent_attester_row *
agent_attester_row(const struct agent_attester *a)
{
	return a->row;
}

bool
agent_attester_fits(const struct agent_attester *a,
    const struct agent_conf *old, const struct agent_conf *fresh)
{
	return strcmp(old->attester, fresh->attester) == 0 &&
	    a->row->is_same(old, fresh);
}

int
agent_attester_quote(const struct agent_attester *a,
    const uint8_t report_data[AGENT_REPORT_DATA], struct wd_bytes **ret,
    struct wd_diag *d)
{
	return a->row->quote(a->ctx, report_data, ret, d);
}

bool
agent_attester_keys(const struct agent_attester *a, struct agent_tpm_keys *ret)
{
	return a->row->keys != NULL && a->row->keys(a->ctx, ret);
}

int
agent_attester_activate(const struct agent_attester *a,
    struct wd_span credential, struct wd_span secret, struct wd_secret **ret,
    struct wd_diag *d)
{
	if (a->row->activate == NULL)
		return wd_reject(d, WD_R_UNSUPPORTED, "this is no TPM");
	return a->row->activate(a->ctx, credential, secret, ret, d);
}

int
agent_attester_enrolled(
    const struct agent_attester *a, struct wd_span enrolment, struct wd_diag *d)
{
	if (a->row->enrolled == NULL)
		return wd_reject(d, WD_R_UNSUPPORTED, "this is no TPM");
	return a->row->enrolled(a->ctx, enrolment, d);
}
