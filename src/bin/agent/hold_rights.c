/*
 * Rights to a key, by user and by group. Must never find a right that was not
 * granted by number.
 */
#include "bin/agent/hold_impl.h"

static bool
in_group(const struct wd_hold_user *user, uint32_t gid)
{
	for (size_t i = 0; i < user->n_gids; i++)
		if (user->gids[i] == gid)
			return true;
	return false;
}

bool
wd_hold_is_granted(const struct wd_hold_grant *grants, size_t n,
    const struct wd_hold_user *user)
{
	for (size_t i = 0; i < n; i++) {
		bool hit = grants[i].is_group ? in_group(user, grants[i].id)
					      : user->uid == grants[i].id;

		if (hit)
			return true;
	}
	return false;
}

bool
wd_held_may_use(const struct wd_held *v, const struct wd_hold_user *user)
{
	return wd_hold_is_granted(v->rights.use, v->rights.n_use, user);
}

bool
wd_held_may_see(const struct wd_held *v, const struct wd_hold_user *user)
{
	return user->uid == 0 || wd_held_may_use(v, user) ||
	    wd_hold_is_granted(v->rights.see, v->rights.n_see, user);
}
