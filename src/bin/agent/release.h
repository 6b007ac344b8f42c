/*
 * A release opened and checked: nothing that a link or a network could do ends
 * in another key, an older one or one for somebody else. Pure; the network side
 * is warder-link's.
 */
#pragma once

#include "bin/agent/payload.h"
#include "crypto/pkey.h"
#include "proto/msg.h"

/* Whether a key may, or must, come as its HSM has wrapped it. */
enum wd_release_wrapped {
	WD_WRAPPED_UNSET, /* in a section of its own: what is said for all */
	WD_WRAPPED_AUTO,
	WD_WRAPPED_NEVER,
	WD_WRAPPED_ONLY,
};

/* What this session asked for. */
struct wd_release_want {
	/* P-256 or RSA, private, of this session alone */
	const struct wd_pkey *own;
	enum wd_release_wrapped wrapped;
	struct wd_span pinned; /* RFC 7638 thumbprint, 32 bytes */
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
 * path; wrapped by an HSM where that was not asked for, not wrapped where it
 * must be, or another key inside than the signed one), or a fault. D says
 * which, in words for the log. What an HSM has wrapped is opened: the payload
 * then has the key itself.
 */
int wd_release_open(const struct wd_release_want *want,
    const struct wd_msg_link_release *m, struct wd_release *ret,
    struct wd_diag *d) WD_MUST_USE;

/* ---- inside: wrapped.c */

/* Opens what an HSM has wrapped, in place; the results of wd_release_open(). */
int wd_release_unwrap(const struct wd_release_want *want, struct wd_payload *p,
    struct wd_diag *d) WD_MUST_USE;
