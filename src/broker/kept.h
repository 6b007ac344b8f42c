/*
 * Sessions that were opened here, with the client's public key: most releases
 * follow their attestation at once, and to look up the row and read the key
 * costs half as much as to wrap. A row never changes once it is stored; whether
 * it has expired or was revoked is asked at each use all the same.
 */
#pragma once

#include "broker/broker.h"

/* Takes what ROW holds (the row itself stays the caller's) and KEY. */
void wd_kept_put(struct wd_broker *b, struct wd_store_session *row,
    struct wd_pkey *key_take);

/* The session with this digest of its cookie, or NULL. It lives until the next
 * put or seal. */
const struct wd_session_kept *wd_kept_find(
    const struct wd_broker *b, const uint8_t cookie_key[32]);

void wd_kept_forget(struct wd_broker *b);
