/*
 * Addresses as people write them: "kbs.example:9443", "192.0.2.1:9443",
 * "[2001:db8::1]:9443".
 */
#pragma once

#include "base/span.h"

struct wd_address {
	struct wd_span host; /* in the text; without brackets */
	bool brackets;       /* it had some, as IPv6 addresses must */
	uint16_t port;
};

/* Cuts TEXT at its last colon. False when there is no host, no port from 0 to
 * 65535, or a colon in a host without brackets. What the host is made of is the
 * caller's to look at. */
bool wd_address_split(struct wd_span text, struct wd_address *ret);
