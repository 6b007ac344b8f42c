/*
 * Key transfer policies as clients of the ISecL KBS API read them. What they
 * write goes to the policy parser as it is.
 */
#include "proto/isecl.h"

#include "policy/text.h"

static void
write_own_form(struct wd_jtext *j, const struct wd_policy *p,
    const struct wd_policy_dates *dates)
{
	wd_jtext_object(j);
	wd_jtext_key(j, "created_at");
	wd_jtext_time(j, dates->created);
	wd_jtext_key_text(j, "id", dates->id.s);
	wd_jtext_key(j, "policy");
	wd_jtext_raw(j, wd_span(NULL, 0));
	wd_policy_text(p, j->wr);
	wd_jtext_key(j, "updated_at");
	wd_jtext_time(j, dates->updated);
	wd_jtext_end(j);
}

int
wd_isecl_policy_write(
    struct wd_jtext *j, const struct wd_msg_policy_record *policy)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;
	struct wd_policy_dates dates = { policy->id, policy->created,
		policy->updated };
	int r = wd_policy_adopt(policy->flat, NULL, &p);

	if (r != 0)
		return r;
	if (p->head.schema == WD_SCHEMA_WARDER) {
		write_own_form(j, p, &dates);
		return 0;
	}
	wd_jtext_raw(j, wd_span(NULL, 0));
	wd_policy_text_as_given(p, &dates, j->wr);
	return 0;
}
