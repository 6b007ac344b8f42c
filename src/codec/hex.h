/*
 * Hexadecimal: lower case out, either case in, nothing else tolerated.
 */
#pragma once

#include "base/bytes.h"
#include "base/wr.h"

void wd_hex_write(struct wd_wr *wr, struct wd_span s);

/* As NUL-terminated text; DST has room for 2 * S.len + 1. */
void wd_hex_format(struct wd_span s, char *dst);

/* 0 and new bytes, WD_R_MALFORMED, or a fault. */
int wd_hex_decode(struct wd_span text, struct wd_bytes **ret_bytes) WD_MUST_USE;

/* Into DST of exactly LEN bytes; WD_R_MALFORMED for any other length. */
int wd_hex_decode_exact(struct wd_span text, void *dst, size_t len) WD_MUST_USE;
