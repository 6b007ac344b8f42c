/*
 * What is found in the newest segment when the journal is opened.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"

struct wd_recovered {
	uint64_t first;       /* index of the segment's first entry */
	uint64_t size;        /* index after its last entry */
	uint64_t batch;       /* index of the first entry of its last batch */
	uint64_t batch_at;    /* where that batch starts in the file */
	struct wd_bytes *raw; /* the last batch as it lies there; owned */
	uint64_t torn;        /* bytes after it that no commit finished */
};

void wd_recovered_done(struct wd_recovered *r);

/* Walks segment NUMBER. WD_R_TAMPERED when it is damaged before its end. */
int wd_recover(int folder, uint32_t number, struct wd_recovered *ret,
    struct wd_diag *d) WD_MUST_USE;
