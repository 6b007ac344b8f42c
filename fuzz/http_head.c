/*
 * The head of an HTTP request, and every question that is asked of one.
 */
#include "fuzz.h"

#include "http/head.h"
#include "http/query.h"

/* The end is where one look finds it, however the bytes arrive. */
static void
check_end(struct wd_span bytes)
{
	size_t from = 0, at_once = 0, end = wd_head_end(bytes, &at_once);

	for (size_t n = 0; n <= bytes.len; n += 7) {
		size_t found = wd_head_end(wd_span(bytes.p, n), &from);

		if (found == 0)
			continue;
		must(found == end);
		return;
	}
}

static void
check_head(const struct wd_head *h)
{
	char value[64];
	struct wd_param param = { "a", value, sizeof(value), false };

	must(h->path.len > 0 && h->path.p[0] == '/');
	must(h->n_fields <= WD_HEAD_FIELDS);
	must(wd_head_field(h, "Host").len > 0);
	must(wd_head_field(h, "Transfer-Encoding").len == 0);
	(void)wd_head_bearer(h);
	(void)wd_head_cookie(h, "kbs-session-id");
	(void)wd_head_content_is(h, "application/json");
	(void)wd_head_accepts(h, "application/json", true);
	if (wd_query_read(h->query, &param, 1, NULL) != 0)
		return;
	for (size_t i = 0; value[i] != '\0'; i++)
		must(value[i] >= 0x20 && value[i] < 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span bytes = wd_span(data, size);
	size_t from = 0, len = wd_head_end(bytes, &from);
	struct wd_head h = { 0 };

	check_end(bytes);
	must(len <= size);
	if (wd_head_parse(len > 0 ? wd_span(data, len) : bytes, &h, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	check_head(&h);
	return 0;
}
