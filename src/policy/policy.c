/*
 * The policy as an object: its end, its views, its lease.
 */
#include "policy/policy.h"

#include "base/alloc.h"

struct wd_policy *
wd_policy_free(struct wd_policy *p)
{
	if (p == NULL)
		return NULL;
	p->clauses = wd_free(p->clauses);
	p->flat = wd_bytes_free(p->flat);
	return wd_free(p);
}

void
wd_policy_freep(struct wd_policy **p)
{
	*p = wd_policy_free(*p);
}

struct wd_span
wd_policy_flat(const struct wd_policy *p)
{
	return wd_bytes_span(p->flat);
}

uint32_t
wd_policy_lease(const struct wd_policy *p, int64_t now)
{
	const struct wd_policy_head *h = &p->head;
	int64_t left;

	if (now < h->not_before || now < 0)
		return 0;
	if (h->not_after == 0)
		return h->lease_seconds;
	if (now > h->not_after)
		return 0;
	left = h->not_after - now + 1;
	return left < h->lease_seconds ? (uint32_t)left : h->lease_seconds;
}
