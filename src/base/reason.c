/*
 * The table of rejections.
 */
#include "base/reason.h"

static const struct wd_reason_row rows[] = {
#define WD_REASON(number, name, text, status, sentence) \
	{ WD_R_##name, text, status, sentence },
#include "base/reason.def"
#undef WD_REASON
};

static const struct wd_reason_row fault_row = { (enum wd_reason)0, "fault", 500,
	"The server could not do this; its log says why." };

const struct wd_reason_row *
wd_reason_row(int result)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if ((int)rows[i].number == result)
			return &rows[i];
	return &fault_row;
}

const char *
wd_reason_name(int result)
{
	return wd_reason_row(result)->name;
}

const struct wd_reason_row *
wd_reason_by_name(struct wd_span name)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (wd_span_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

const struct wd_reason_row *
wd_reason_rows(size_t *ret_n)
{
	*ret_n = WD_N(rows);
	return rows;
}
