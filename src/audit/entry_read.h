/*
 * Reading back the few members of an entry that an index is made of. Entries
 * are canonical JSON that wd_entry_write() wrote; this is a cursor over that
 * form and no parser of JSON: whatever is not as it is written there is left
 * alone.
 */
#pragma once

#include "base/id.h"
#include "base/span.h"

struct wd_entry_seen {
	int64_t time;
	bool
	    is_lease; /* a release that was allowed; then what follows is set */
	struct wd_id lease, session;
	struct wd_span path; /* a view of the entry */
	uint32_t seconds;
};

/* False when ENTRY is none; RET is set on true only. */
bool wd_entry_read(struct wd_span entry, struct wd_entry_seen *ret);
