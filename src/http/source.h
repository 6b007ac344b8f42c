/*
 * Where a connection comes from, as caps, logs and counters name it.
 */
#pragma once

#include "base/span.h"

struct sockaddr;

enum { WD_SOURCE_TEXT = 64 };

struct wd_source {
	char text[WD_SOURCE_TEXT];   /* "192.0.2.7", "2001:db8::7", "uid 0" */
	char prefix[WD_SOURCE_TEXT]; /* "192.0.2.0/24", "2001:db8::/48",
					"local" */
	uint8_t key[8];              /* equal keys share a cap */
	bool local;                  /* a local socket: no cap */
};

/* FD is an accepted socket; ADDRESS what accept gave for it. An IPv4 address
 * counts alone, of IPv6 the first 64 bits, since one host has them all. */
struct wd_source wd_source_of(int fd, const struct sockaddr *address);
