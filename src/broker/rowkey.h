/*
 * The keys under which a session's row is found: digests whose first four
 * bytes are the time of what they were made from. Rows and index entries that
 * are added together then lie together, so that storing them touches a few
 * pages instead of several for each. 224 bits of the digest remain.
 */
#pragma once

#include "base/span.h"
#include "broker/challenge.h"

enum { WD_ROW_KEY = 32, WD_COOKIE_TEXT = 40 };

/* A new cookie as text: the time and 128 random bits, in hex. 0 or a fault. */
int wd_cookie_make(int64_t now, char ret[WD_COOKIE_TEXT]) WD_MUST_USE;

/* WD_R_NOT_FOUND when it cannot be a cookie or challenge of ours; a fault. */
int wd_cookie_key(struct wd_span cookie, uint8_t ret[WD_ROW_KEY]) WD_MUST_USE;
int wd_challenge_key(struct wd_span challenge, uint8_t ret[WD_ROW_KEY])
    WD_MUST_USE;

/*
 * The challenge a token says it was made for, so that its session is found
 * without an index of tokens. Nothing is checked: whose token it is tells the
 * digest in the row. WD_R_NOT_FOUND when none can be read.
 */
int wd_token_challenge(struct wd_span token, uint8_t ret[WD_CHALLENGE_LEN])
    WD_MUST_USE;
