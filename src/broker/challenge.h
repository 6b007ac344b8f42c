/*
 * Challenges that need no row: 1 byte version, 1 byte door, 8 bytes seconds
 * (little endian), 16 random bytes and the first 16 bytes of an HMAC-SHA-256
 * over them. What spends one is the row of the session it opens.
 */
#pragma once

#include "broker/broker.h"
#include "proto/door.h"

enum { WD_CHALLENGE_LEN = 42 };

/* WD_R_SEALED; WD_R_UNSUPPORTED for a door that opens no sessions; or a
 * fault. */
int wd_challenge_make(struct wd_broker *b, enum wd_door door, int64_t now,
    uint8_t ret[WD_CHALLENGE_LEN]) WD_MUST_USE;

/* WD_R_SEALED; WD_R_CHALLENGE_INVALID when this server did not make it for this
 * door, or it is from the future; WD_R_CHALLENGE_EXPIRED; or a fault. */
int wd_challenge_check(struct wd_broker *b, enum wd_door door,
    struct wd_span challenge, int64_t now) WD_MUST_USE;
