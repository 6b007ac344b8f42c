/*
 * Collateral checked alone, before it is kept, with signatures that fit and
 * with signatures that are taken as if they did: what is said of a document is
 * about it, and a second look finds the same.
 */
#include "fuzz.h"

#include "case.h"

#include "base/alloc.h"
#include "crypto/init.h"
#include "verify/collateral.h"

/* The document is the part of its role, its chain that of a device. */
static int
check(struct wd_verifier *v, const struct fuzz_case *c, struct wd_doc_info *ret)
{
	*ret = (struct wd_doc_info){ 0 };
	return wd_doc_check(v, c->role, c->in.part[c->role],
	    c->in.part[WD_IN_CERT_CHAIN], c->at, ret, NULL);
}

static void
look_at(const struct fuzz_case *c, const struct wd_doc_info *info)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 21);

	fuzz_accepted = true;
	must(info->id.role == c->role && wd_part_is_collateral(c->role));
	must(info->id.update_class == 's' || info->id.update_class == 'e');
	must(wd_tee_is_number((unsigned)info->id.tee));
	must(wd_doc_may_replace(info, info) == 0);
	wd_snapshot_begin(&wr);
	wd_snapshot_add(&wr, info, c->in.part[c->role]);
	must(wd_wr_end(&wr) == 0 && wd_snapshot_check(wd_wr_span(&wr)) == 0);
}

static void
same(const struct wd_doc_info *a, const struct wd_doc_info *b)
{
	must(a->id.role == b->id.role && a->id.tee == b->id.tee);
	must(wd_span_equal(WD_SPAN(a->id.scope), WD_SPAN(b->id.scope)));
	must(a->issue_date == b->issue_date);
	must(a->next_update == b->next_update);
	must(a->evaluation_number == b->evaluation_number);
	must(a->software == b->software);
}

/* Without memory at one place, or from there on. */
static void
without_memory(struct wd_verifier *v, const struct fuzz_case *c,
    int (*arm)(uint64_t), int whole)
{
	struct wd_doc_info info;
	int r;

	wd_verifier_forget(v);
	(void)arm(c->fail_at);
	r = check(v, c, &info);
	(void)wd_alloc_fail_at(0);
	must(r < 0 || r == whole);
}

static void
all(struct wd_verifier *v, const struct fuzz_case *c)
{
	struct wd_doc_info info, again;
	int r = check(v, c, &info);

	must(r >= 0);
	if (r == 0)
		look_at(c, &info);
	must(check(v, c, &again) == r);
	same(&info, &again);
	if (c->fail_at == 0)
		return;
	without_memory(v, c, wd_alloc_fail_at, r);
	without_memory(v, c, wd_alloc_fail_from, r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	struct fuzz_case c;

	must(wd_crypto_init(NULL) == 0);
	if (!fuzz_case_read(wd_span(data, size), &c))
		return 0;
	fuzz_forgives = (c.options & FUZZ_FORGIVE) != 0;
	must(wd_verifier_new(&c.rules, &v) == 0);
	all(v, &c);
	return 0;
}
