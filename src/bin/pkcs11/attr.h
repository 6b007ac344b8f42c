/*
 * Attributes of objects, all from what the holder says of its keys.
 */
#pragma once

#include "bin/pkcs11/keys.h"

enum { WD_ATTR_ROOM = 160 };

struct wd_attr {
	struct wd_span bytes; /* of the key, of a constant, or of ROOM */
	bool sensitive;       /* it exists and nobody gets it */
	uint8_t room[WD_ATTR_ROOM];
};

/*
 * False when objects of this kind do not have it. RET must not be moved, and
 * lives as long as the object.
 */
bool wd_attr_get(const struct wd_p11_object *o, ck_attribute_type_t type,
    struct wd_attr *ret) WD_MUST_USE;

/* The object has all of these values. */
bool wd_attr_match(
    const struct wd_p11_object *o, const struct ck_attribute *templ, size_t n);
