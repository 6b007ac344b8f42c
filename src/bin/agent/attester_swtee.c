/*
 * The software TEE as an attester: SGX or TDX quotes by keys that lie in a
 * folder. For development and demonstrations; servers accept it where they were
 * told to.
 */
#include "bin/agent/attester.h"

#include "attest/swtee.h"
#include "base/alloc.h"
#include "sys/file.h"
#include "verify/bundle.h"

#include <fcntl.h>
#include <string.h>

struct ctx {
	struct wd_swtee *tee;
	struct wd_swtee_quote claim;
	struct wd_swtee_td td;
};

static void
swtee_close(void *at)
{
	struct ctx *x = at;

	wd_swtee_freep(&x->tee);
	(void)wd_free(x); /* always NULL */
}

static void
take_claim(const struct agent_conf *c, struct wd_swtee_quote *q)
{
	wd_copy(q->mrenclave, WD_SPAN(c->swtee_mrenclave));
	wd_copy(q->mrsigner, WD_SPAN(c->swtee_mrsigner));
	q->isv_prod_id = (uint16_t)c->swtee_isv_prod_id;
	q->isv_svn = (uint16_t)c->swtee_isv_svn;
	q->debug = c->swtee_debug;
}

static void
take_td(const struct agent_conf *c, struct wd_swtee_td *q)
{
	wd_copy(q->mr_td, WD_SPAN(c->swtee_mrtd));
	for (size_t i = 0; i < WD_N(q->rtmr); i++)
		wd_copy(q->rtmr[i], WD_SPAN(c->swtee_rtmr[i]));
	q->debug = c->swtee_debug;
}

int
agent_swtee_folder(const struct agent_conf *c, int *ret_dir, struct wd_diag *d)
{
	if (c->swtee_dir[0] == '\0')
		return wd_reject(
		    d, WD_R_NOT_FOUND, "dir in section [swtee] must be given");
	*ret_dir = open(c->swtee_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir < 0)
		return wd_fault_errno(d, "cannot open %.100s", c->swtee_dir);
	return 0;
}

static int
swtee_open(const struct agent_conf *c, void **ret, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int dir = -1;
	struct wd_diag why = { 0 };
	struct ctx *x;
	int r = agent_swtee_folder(c, &dir, d);

	if (r != 0)
		return r;
	x = wd_alloc(sizeof(*x));
	if (x == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	r = wd_swtee_open(dir, &x->tee, &why);
	if (r != 0) {
		swtee_close(x);
		return wd_reject(d,
		    r > 0 ? (enum wd_reason)r : WD_R_UNAVAILABLE,
		    "%.100s holds no software TEE: %.80s", c->swtee_dir,
		    why.detail);
	}
	take_claim(c, &x->claim);
	take_td(c, &x->td);
	*ret = x;
	return 0;
}

static int
swtee_quote(void *at, const uint8_t report_data[AGENT_REPORT_DATA],
    struct wd_bytes **ret, struct wd_diag *d)
{
	const struct ctx *x = at;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *quote = NULL;
	struct wd_swtee_quote q = x->claim;
	int r;

	wd_copy(q.report_data, wd_span(report_data, AGENT_REPORT_DATA));
	if ((r = wd_swtee_quote(x->tee, &q, &quote, d)) != 0)
		return r;
	r = wd_bundle_of(WD_IN_QUOTE, wd_bytes_span(quote), ret);
	return r == 0 ? 0 : wd_fault(d, WD_F_MEMORY, "no memory");
}

static int
td_quote(void *at, const uint8_t report_data[AGENT_REPORT_DATA],
    struct wd_bytes **ret, struct wd_diag *d)
{
	const struct ctx *x = at;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *quote = NULL;
	struct wd_swtee_td q = x->td;
	int r;

	wd_copy(q.report_data, wd_span(report_data, AGENT_REPORT_DATA));
	if ((r = wd_swtee_td_quote(x->tee, &q, &quote, d)) != 0)
		return r;
	r = wd_bundle_of(WD_IN_QUOTE, wd_bytes_span(quote), ret);
	return r == 0 ? 0 : wd_fault(d, WD_F_MEMORY, "no memory");
}

static bool
swtee_is_same(const struct agent_conf *a, const struct agent_conf *b)
{
	return strcmp(a->swtee_dir, b->swtee_dir) == 0 &&
	    wd_span_equal(
		WD_SPAN(a->swtee_mrenclave), WD_SPAN(b->swtee_mrenclave)) &&
	    wd_span_equal(
		WD_SPAN(a->swtee_mrsigner), WD_SPAN(b->swtee_mrsigner)) &&
	    a->swtee_isv_prod_id == b->swtee_isv_prod_id &&
	    a->swtee_isv_svn == b->swtee_isv_svn &&
	    a->swtee_debug == b->swtee_debug &&
	    strcmp(a->swtee_tee, b->swtee_tee) == 0 &&
	    wd_span_equal(WD_SPAN(a->swtee_mrtd), WD_SPAN(b->swtee_mrtd)) &&
	    wd_span_equal(WD_SPAN(a->swtee_rtmr), WD_SPAN(b->swtee_rtmr));
}

const struct agent_attester_row agent_attester_swtee = {
	.name = "swtee",
	.tee = WD_TEE_SGX,
	.software = true,
	.open = swtee_open,
	.close = swtee_close,
	.quote = swtee_quote,
	.is_same = swtee_is_same,
};

const struct agent_attester_row agent_attester_swtee_td = {
	.name = "swtee",
	.tee = WD_TEE_TDX,
	.software = true,
	.open = swtee_open,
	.close = swtee_close,
	.quote = td_quote,
	.is_same = swtee_is_same,
};
