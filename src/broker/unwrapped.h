/*
 * Keys of single secrets that the HSM has opened (seal/sealwrap.h), for a short
 * time that is configured: 0 seconds, which is the default, keeps none. Past
 * their time they are never used, and wiped within a second or two; sealing
 * wipes them at once.
 */
#pragma once

#include "broker/broker.h"

/* The key of BLOB, or nothing. Lives until the next put, tick or forget. */
struct wd_span wd_unwrapped_find(struct wd_broker *b, struct wd_span blob);

/* KEY has opened what BLOB goes with. Without memory it is not kept. */
void wd_unwrapped_keep(
    struct wd_broker *b, struct wd_span blob, struct wd_span key);

void wd_unwrapped_tick(struct wd_broker *b); /* wipes what is too old */
void wd_unwrapped_forget(struct wd_broker *b);
