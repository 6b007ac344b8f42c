/*
 * The JSON reader: what it takes has one canonical text, which reads as
 * itself. Without memory at some place nothing else is read of it than with.
 */
#include "fuzz.h"

#include "base/alloc.h"
#include "codec/json.h"

static void
again(struct wd_span text)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *same = NULL;

	must(wd_json_parse(text, NULL, &doc) == 0);
	must(wd_json_canonical(wd_json_root(doc), &same) == 0);
	must(wd_span_equal(wd_bytes_span(same), text));
}

/* Which allocation fails is up to the text, so that each may. */
static void
without_memory(struct wd_span text, int whole)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	uint64_t sum = 0;
	int r;

	for (size_t i = 0; i < text.len; i++)
		sum += text.p[i];
	(void)wd_alloc_fail_at(1 + sum % 64);
	r = wd_json_parse(text, NULL, &doc);
	must(r == (wd_alloc_fail_at(0) != 0 ? WD_F_MEMORY : whole));
	must((doc != NULL) == (r == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
	int r = wd_json_parse(wd_span(data, size), NULL, &doc);

	without_memory(wd_span(data, size), r);
	if (r != 0)
		return 0;
	fuzz_accepted = true;
	must(wd_jval_type(wd_json_root(doc)) != WD_JNONE);
	if (wd_json_canonical(wd_json_root(doc), &text) == 0 &&
	    text->len < WD_JSON_BYTES)
		again(wd_bytes_span(text));
	return 0;
}
