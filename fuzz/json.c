/*
 * The JSON reader: what it takes has one canonical text, which reads as
 * itself.
 */
#include "fuzz.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;

	if (wd_json_parse(wd_span(data, size), NULL, &doc) != 0)
		return 0;
	fuzz_accepted = true;
	must(wd_jval_type(wd_json_root(doc)) != WD_JNONE);
	if (wd_json_canonical(wd_json_root(doc), &text) == 0 &&
	    text->len < WD_JSON_BYTES)
		again(wd_bytes_span(text));
	return 0;
}
