/*
 * Levels by ISVSVN, as the quoting enclave's identity and those of TDX modules
 * list them, and the advisories that any level may name.
 */
#pragma once

#include "base/wr.h"
#include "codec/json.h"
#include "verify/intel/status.h"

enum { WD_LEVELS_MAX = 1024, WD_ADVISORIES_MAX = 960 };

/* What every level says besides the numbers it is for. */
struct wd_tcb_verdict {
	enum wd_tcb_status status;
	int64_t date;
	size_t advisories, advisories_len; /* a range of the document's texts */
};

struct wd_svn_level {
	uint16_t isvsvn;
	struct wd_tcb_verdict verdict;
};

/* Highest first; no number twice. */
struct wd_svn_levels {
	struct wd_svn_level *level;
	size_t n;
};

void wd_svn_levels_done(struct wd_svn_levels *l);

/*
 * tcbDate, tcbStatus and advisoryIDs of a level. Advisories are appended to
 * TEXTS as a list of claims (each text and a zero byte), at most
 * WD_ADVISORIES_MAX bytes a level. Errors stick to O.
 */
struct wd_tcb_verdict wd_tcb_verdict_read(
    struct wd_jobj *o, struct wd_wr *texts);

/* Reads the member tcbLevels of O. 0, WD_R_MALFORMED, or a fault. */
int wd_svn_levels_read(struct wd_jobj *o, struct wd_wr *texts,
    struct wd_svn_levels *ret, struct wd_diag *d) WD_MUST_USE;

/* The highest level that ISVSVN reaches; NULL when it reaches none. */
const struct wd_svn_level *wd_svn_levels_find(
    const struct wd_svn_levels *l, uint16_t isvsvn);

/* A rejection of codec/json becomes WD_R_MALFORMED, in D too; the rest stays.
 */
int wd_json_fold(int r, struct wd_diag *d);
