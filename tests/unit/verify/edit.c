#include "verify/edit.h"

#include "lib/t.h"

#include <string.h>

struct wd_span
t_edit(const char *good, const char *from, const char *to)
{
	static char text[65536];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	const char *at = strstr(good, from);

	assert_non_null(at);
	wd_wr_bytes(&wr, wd_span(good, (size_t)(at - good)));
	wd_wr_text(&wr, to);
	wd_wr_text(&wr, at + strlen(from));
	t_ok(wd_wr_end(&wr));
	return wd_wr_span(&wr);
}
