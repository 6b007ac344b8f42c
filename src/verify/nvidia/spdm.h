/*
 * A GPU's measurements: SPDM request and response. Reading finds the frame;
 * nothing in it is believed before the signature over it is good.
 */
#pragma once

#include "base/diag.h"

enum { WD_SPDM_FIELDS = 64 };

/* Views into the bytes. */
struct wd_spdm {
	struct wd_span signed_part, signature;
	struct wd_span nonce;  /* 32, of the request */
	struct wd_span record; /* all blocks */
	uint8_t n_blocks;
	struct wd_span opaque;
	size_t n_fields;
	uint16_t field_type[WD_SPDM_FIELDS];
};

/* WD_R_MALFORMED, also when a byte follows. */
int wd_spdm_parse(struct wd_span bytes, struct wd_spdm *ret, struct wd_diag *d)
    WD_MUST_USE;

/* The opaque field of this type; false, and empty, when it is not there. */
bool wd_spdm_field(const struct wd_spdm *m, uint16_t type, struct wd_span *ret);
