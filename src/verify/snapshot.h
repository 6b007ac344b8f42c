/*
 * The rows of a snapshot, for the files that read it.
 */
#pragma once

#include "verify/collateral.h"

/* A document as it lies in the block, which SCOPE and DOC view. */
struct wd_snapshot_row {
	uint8_t role, tee, update_class, software;
	struct wd_span scope, doc;
	int64_t issue_date;
	uint32_t evaluation_number;
};

/* The next row; RD stands behind the version at first. */
struct wd_snapshot_row wd_snapshot_next(struct wd_rd *rd);
