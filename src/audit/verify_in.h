/*
 * Inside of audit/verify.h: the walk and what it has by now.
 */
#pragma once

#include "audit/tile_edge.h"
#include "audit/verify.h"

struct wd_verify {
	int dir;
	struct wd_log_check *c;
	struct wd_diag *d;
	struct wd_tile_edge edge;
	struct wd_wr bundle; /* of the entries behind the last full tile */
	bool strayed; /* entries differ from the tiles: no more of that */
};

void wd_verify_find(struct wd_verify *v, enum wd_log_finding_kind kind,
    const uint64_t *entry, const char *fmt, ...) WD_PRINTF(4, 5);

/* Compares a tile, full or the partial one at the checkpoint, with the file.
 * HASHES are those of the entries. 0 or a fault. */
int wd_verify_tile(struct wd_verify *v, const struct wd_tile *t,
    struct wd_span hashes) WD_MUST_USE;
