/*
 * A release opened and checked: nothing that a link or a network could do ends
 * in another key, an older one or one for somebody else. Pure; the network side
 * is warder-link's.
 */
#pragma once

#include "bin/agent/payload.h"
#include "crypto/pkey.h"
#include "proto/msg.h"

/* What this session asked for. */
struct wd_release_want {
	const struct wd_pkey *own; /* P-256, private, of this session alone */
	struct wd_span pinned;     /* RFC 7638 thumbprint, 32 bytes */
	struct wd_span challenge;
	struct wd_span path;
};

struct wd_release {
	struct wd_secret *text; /* of the payload, which views it */
	struct wd_payload payload;
};

void wd_release_done(struct wd_release *r);

/*
 * WD_R_MALFORMED (a form other than the one), WD_R_VERSION,
 * WD_R_RELEASE_SIGNATURE (not by the pinned key), WD_R_RELEASE_MISMATCH (not
 * wrapped to this session's key, or for another client key, challenge or
 * path), or a fault. D says which, in words for the log.
 */
int wd_release_open(const struct wd_release_want *want,
    const struct wd_msg_link_release *m, struct wd_release *ret,
    struct wd_diag *d) WD_MUST_USE;
