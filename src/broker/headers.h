/*
 * The protected headers of what the server signs. They are whole texts made
 * once: what is signed and what is accepted are the same exact bytes.
 */
#pragma once

#include "base/bytes.h"
#include "crypto/pkey.h"

/* {"alg":"ES256","jwk":{…},"typ":"vnd.warder.release"} */
int wd_header_release(const struct wd_pkey *key, struct wd_bytes **ret)
    WD_MUST_USE;

/* {"alg":"ES256","jwk":{…},"kid":"<thumbprint>","typ":"JWT"} */
int wd_header_token(const struct wd_pkey *key, struct wd_bytes **ret)
    WD_MUST_USE;

/* RFC 7638 in base64url, 43 characters and NUL. */
enum { WD_THUMB_TEXT = 44 };
int wd_thumb_text(const struct wd_pkey *key, char ret[WD_THUMB_TEXT])
    WD_MUST_USE;
