/*
 * What evidence must be bound to: the hash that each door prescribes over the
 * challenge and the client's public key, computed from the typed fields. Both
 * sides use it: verify to compare, an attester to have it put into the report
 * data.
 */
#pragma once

#include "crypto/jwk.h"
#include "proto/door.h"
#include "verify/tee.h"

enum { WD_BINDING_MAX = 64 };

/* Views; nothing is kept. */
struct wd_bound {
	enum wd_door door;
	enum wd_tee tee;
	struct wd_span challenge;
	struct wd_jwk key;         /* is looked at for its form only */
	struct wd_span additional; /* coco: additional_evidence; may be empty;
				      no device is bound to it */
};

/*
 * What the report data must begin with; zeros follow it there. WD_R_UNSUPPORTED
 * when the door binds no evidence of this TEE or no key of this kind,
 * WD_R_KEY_INVALID when a member of the key is not of its size, WD_R_MALFORMED
 * when ADDITIONAL is no UTF-8, or a fault.
 */
int wd_binding(const struct wd_bound *b, uint8_t ret[WD_BINDING_MAX],
    size_t *ret_len) WD_MUST_USE;
