/*
 * A ring of copies. Lengths differ between most documents, so that a search
 * seldom compares more than one.
 */
#include "verify/memo.h"

#include "crypto/hash.h"

#include "base/reason.h"

void
wd_memo_done(struct wd_memo *m)
{
	for (size_t i = 0; i < WD_MEMO_SLOTS; i++)
		m->slot[i].bytes = wd_bytes_free(m->slot[i].bytes);
	m->next = 0;
}

/* No memory for a copy only means that it is hashed again next time. */
static void
remember(struct wd_memo *m, struct wd_span doc, const uint8_t sha256[32])
{
	struct wd_bytes *copy;

	if (doc.len > WD_MEMO_LARGEST)
		return;
	copy = wd_bytes_copy(doc);
	if (copy == NULL)
		return;
	wd_bytes_freep(&m->slot[m->next].bytes);
	m->slot[m->next].bytes = copy;
	wd_copy(m->slot[m->next].sha256, wd_span(sha256, 32));
	m->next = (m->next + 1) % WD_MEMO_SLOTS;
}

int
wd_memo_sha256(struct wd_memo *m, struct wd_span doc, uint8_t ret_sha256[32])
{
	uint8_t sha256[32];
	int r;

	for (size_t i = 0; i < WD_MEMO_SLOTS; i++) {
		if (m->slot[i].bytes == NULL ||
		    !wd_span_equal(wd_bytes_span(m->slot[i].bytes), doc))
			continue;
		wd_copy(ret_sha256, WD_SPAN(m->slot[i].sha256));
		return 0;
	}
	if ((r = wd_hash(WD_SHA256, doc, sha256)) != 0)
		return r;
	remember(m, doc, sha256);
	wd_copy(ret_sha256, WD_SPAN(sha256));
	return 0;
}
