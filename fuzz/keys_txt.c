/*
 * keys.txt of SKC: a key has an id and a label, and reading comes to an end.
 */
#include "fuzz.h"

#include "bin/agent/skc.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span whole = wd_span(data, size);
	struct wd_span left = whole;
	size_t before = size + 1;

	for (;;) {
		struct wd_skc_key key;
		int r = wd_skc_next(&left, &key, NULL);

		must(fuzz_within(left, whole) && left.len < before);
		if (r != 0) {
			must(r == WD_R_NOT_FOUND || r == WD_R_MALFORMED);
			return 0;
		}
		before = left.len + (left.len == 0);
		must(!wd_id_is_none(&key.id) && key.label[0] != '\0');
		must(wd_span_text(key.label).len <= WD_HOLDER_LABEL_MAX);
		fuzz_accepted = true;
	}
}
