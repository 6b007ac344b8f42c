/*
 * The native release: a compact JWS by the release key over what is released,
 * to whom and for how long, so that nobody between keeper and agent can put
 * another key in its place. docs/release.md describes it for implementers.
 */
#pragma once

#include "broker/thing.h"
#include "crypto/wrapped.h"

struct wd_native_in {
	const struct wd_thing *thing;
	struct wd_span bytes; /* of the secret, or what it is wrapped in */
	enum wd_wrap wrap;    /* so; WD_WRAP_NONE: not */
	struct wd_span nonce; /* the session's challenge */
	const char *client;   /* thumbprint of the client's key */
	const struct wd_id *lease, *session;
	uint32_t seconds;
	const uint8_t *policy_version; /* 32 bytes */
};

/* 0 or a fault. */
int wd_native_make(struct wd_broker *b, const struct wd_native_in *in,
    struct wd_secret **ret) WD_MUST_USE;
