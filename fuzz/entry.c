/*
 * An entry of the log, as a keeper reads it back for its index of leases.
 */
#include "fuzz.h"

#include "audit/entry_read.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span entry = wd_span(data, size);
	struct wd_entry_seen x = { 0 };

	fuzz_accepted = wd_entry_read(entry, &x);
	if (!x.is_lease)
		return 0;
	must(fuzz_within(x.path, entry));
	must(!wd_id_is_none(&x.lease) && !wd_id_is_none(&x.session));
	fuzz_touch(x.path);
	return 0;
}
