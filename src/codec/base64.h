/*
 * Base64 (RFC 4648): section 4 with padding, section 5 (url) without. Decoding
 * is strict: no white space, no wrong padding, no stray bits in the last digit.
 */
#pragma once

#include "base/bytes.h"
#include "base/wr.h"

/* Appends the text of S. */
void wd_b64_write(struct wd_wr *wr, struct wd_span s);
void wd_b64url_write(struct wd_wr *wr, struct wd_span s);

/* 0 and new bytes, WD_R_MALFORMED, or a fault. */
int wd_b64_decode(struct wd_span text, struct wd_bytes **ret_bytes) WD_MUST_USE;
int wd_b64url_decode(struct wd_span text, struct wd_bytes **ret_bytes)
    WD_MUST_USE;

/* Decodes into DST of exactly LEN bytes; WD_R_MALFORMED for any other length.
 */
int wd_b64_decode_exact(struct wd_span text, void *dst, size_t len) WD_MUST_USE;
int wd_b64url_decode_exact(struct wd_span text, void *dst, size_t len)
    WD_MUST_USE;
