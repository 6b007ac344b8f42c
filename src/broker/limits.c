/*
 * By the clock that does not jump.
 */
#include "broker/limits.h"

#include "base/clock.h"

int
wd_limit_platform(
    struct wd_broker *b, const struct wd_claims *claims, struct wd_diag *d)
{
	struct wd_span platform;

	if (!wd_claims_get(claims, WD_C_PLATFORM_ID, &platform) ||
	    wd_rate_take(&b->platforms, b->entries_per_platform, platform,
		wd_time_mono_ms()))
		return 0;
	return wd_reject(
	    d, WD_R_RATE_LIMITED, "too many requests from this platform");
}

int
wd_limit_session(struct wd_broker *b, const struct wd_id *session,
    const struct wd_claims *claims, struct wd_diag *d)
{
	if (!wd_rate_take(&b->by_session, b->entries_per_session,
		wd_id_span(session), wd_time_mono_ms()))
		return wd_reject(
		    d, WD_R_RATE_LIMITED, "too many requests in this session");
	return wd_limit_platform(b, claims, d);
}
