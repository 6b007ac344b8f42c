/*
 * Digests of documents seen lately. The same collateral comes with every
 * piece of evidence; telling by comparison that it is the same costs a tenth
 * of hashing it again. A document is known only when every byte is equal.
 */
#pragma once

#include "base/bytes.h"

enum { WD_MEMO_SLOTS = 32, WD_MEMO_LARGEST = 131072 };

struct wd_memo {
	struct {
		struct wd_bytes *bytes;
		uint8_t sha256[32];
	} slot[WD_MEMO_SLOTS];
	size_t next; /* the slot that is overwritten next */
};

/* SHA-256 of DOC, computed or remembered. 0 or a fault. */
int wd_memo_sha256(
    struct wd_memo *m, struct wd_span doc, uint8_t ret_sha256[32]) WD_MUST_USE;

void wd_memo_done(struct wd_memo *m);
