/*
 * The log as operators read it: what scribe found is passed on as it is.
 */
#include "broker/admin_in.h"

int
wd_admin_audit_tail(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_audit_ask *m = msg;
	int r;

	if ((r = wd_admin_limit(a, m->limit)) != 0)
		return r;
	if (a->found == NULL || a->found->tail == NULL)
		return wd_fault(a->d, WD_F_PEER, "scribe has not answered");
	if (m->from == UINT64_MAX)
		wd_admin_say(a, "the last %u entries", m->limit);
	else
		wd_admin_say(a, "%u entries from %llu", m->limit,
		    (unsigned long long)m->from);
	return wd_admin_answer(a, a->found->tail);
}
