/*
 * Identifiers: UUID version 4 as 36 characters of lower-case text (RFC 4122).
 * Keys, policies, leases, sessions, users and requests are named by them.
 */
#pragma once

#include "base/span.h"

enum { WD_ID_LEN = 36 };

struct wd_id {
	char s[WD_ID_LEN + 1];
};

/* Accepts exactly the canonical form, version 4, either case in. */
bool wd_id_parse(struct wd_span text, struct wd_id *ret_id);

/* From 16 random bytes; version and variant bits are set here. */
struct wd_id wd_id_from_random(const uint8_t bytes[16]);

/* A view of the 36 characters; lives as long as ID. Empty for no id. */
struct wd_span wd_id_span(const struct wd_id *id);

static inline bool
wd_id_is_none(const struct wd_id *id)
{
	return id->s[0] == '\0';
}
