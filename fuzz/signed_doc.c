/*
 * Where the signed value of a document begins and ends: from a brace to a
 * brace, and nothing behind the document is left over.
 */
#include "fuzz.h"

#include "verify/intel/signed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span all = wd_span(data, size);
	struct wd_signed_doc s;

	if (wd_signed_doc_split(all, "tcbInfo", &s, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	must(s.body.len >= 2 && fuzz_within(s.body, all));
	must(s.body.p[0] == '{' && s.body.p[s.body.len - 1] == '}');
	fuzz_touch(WD_SPAN(s.rs));
	return 0;
}
