/*
 * The roles that parts of evidence and collateral play: names and caps.
 */
#include "verify/appraise.h"

static const struct {
	const char *name;
	size_t max;
	bool is_collateral;
} rows[WD_IN_COUNT] = {
#define WD_PART(NAME, name_, max_, collateral_) \
	[WD_IN_##NAME] = { name_, max_, collateral_ },
#include "verify/parts.def"
#undef WD_PART
};

const char *
wd_part_name(enum wd_part role)
{
	return rows[role].name;
}

size_t
wd_part_max(enum wd_part role)
{
	return rows[role].max;
}

bool
wd_part_is_collateral(enum wd_part role)
{
	return rows[role].is_collateral;
}

int
wd_part_by_name(struct wd_span name)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (wd_span_is(name, rows[i].name))
			return (int)i;
	return -1;
}
