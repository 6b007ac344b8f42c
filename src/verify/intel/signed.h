/*
 * Signed documents as Intel serves them: {"NAME":{…},"signature":"hex"}. The
 * signature covers the bytes of the inner value exactly as they came, so their
 * range is found without parsing them, and only those bytes are parsed after
 * the signature was checked.
 */
#pragma once

#include "base/diag.h"

struct wd_signed_doc {
	struct wd_span body; /* the inner value, from { to } */
	uint8_t rs[64];
};

/*
 * Exactly these two members in this order, the first an object, the second
 * 128 hex digits; white space between tokens outside the value is tolerated,
 * anything else is WD_R_MALFORMED. The value's own form is not judged here.
 */
int wd_signed_doc_split(struct wd_span doc, const char *name,
    struct wd_signed_doc *ret, struct wd_diag *d) WD_MUST_USE;
