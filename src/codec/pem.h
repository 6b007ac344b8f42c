/*
 * PEM (RFC 7468), strict form: labels match, base64 in lines of at most 64
 * characters, nothing but white space between blocks. A trailing NUL after the
 * last block is skipped, since quoting enclaves write one.
 */
#pragma once

#include "base/bytes.h"
#include "base/rd.h"
#include "base/wr.h"

/*
 * Takes the next block off RD and decodes it; its label must be LABEL
 * ("CERTIFICATE"). 0, WD_R_NOT_FOUND when nothing but white space is left,
 * WD_R_MALFORMED, or a fault.
 */
int wd_pem_next(struct wd_rd *rd, const char *label, struct wd_bytes **ret_der)
    WD_MUST_USE;

/* Appends one block with 64-character lines. */
void wd_pem_write(struct wd_wr *wr, const char *label, struct wd_span der);
