/*
 * Paths of resources, repo/type/tag, and what they name (DESIGN section 11).
 */
#pragma once

#include "base/id.h"

enum wd_path_kind {
	WD_PATH_NONE,   /* not a path */
	WD_PATH_KEY,    /* default/key/<id>[.v<n>] */
	WD_PATH_CERT,   /* default/cert/<id>[.v<n>] */
	WD_PATH_PUBLIC, /* default/public/<id>[.v<n>] */
	WD_PATH_SECRET, /* anything else */
};

struct wd_path {
	enum wd_path_kind kind;
	struct wd_id key;
	uint32_t version; /* 0: the newest */
};

/*
 * Exactly three segments of [A-Za-z0-9_-]+[A-Za-z0-9_.-]*, at most 512 bytes.
 * default/key, default/cert and default/public with anything but an id are
 * WD_PATH_NONE too.
 */
struct wd_path wd_path_read(struct wd_span text);

/* One to three such segments, for prefixes of policies and lists. */
bool wd_path_is_prefix(struct wd_span text);
