/*
 * Decimal numbers from text, strict enough that each value has one spelling.
 */
#include "base/num.h"

bool
wd_num_parse(struct wd_span text, uint64_t max, uint64_t *ret_value)
{
	uint64_t v = 0;

	if (text.len == 0 || (text.len > 1 && text.p[0] == '0'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(text.p[i] - '0'), &v))
			return false;
	}
	if (v > max)
		return false;
	*ret_value = v;
	return true;
}
