/*
 * UTF-8 (RFC 3629), strict: no overlong form, no surrogate, nothing above
 * U+10FFFF.
 */
#pragma once

#include "base/span.h"

/* Bytes of the sequence S starts with; 0 when it is not UTF-8 or empty. */
size_t wd_utf8_first(struct wd_span s);

/* All of S is UTF-8 without control characters. */
bool wd_utf8_is_text(struct wd_span s);

/* All of S is UTF-8 without NUL; other control characters may be in it. */
bool wd_utf8_is_string(struct wd_span s);
