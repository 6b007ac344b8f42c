/*
 * One request as handlers see it, and the one answer it gets: at once or
 * later, when the client may be gone already.
 */
#pragma once

#include "base/id.h"
#include "http/route.h"
#include "http/source.h"

enum { WD_CLIENT_NAME = 257 };

/* Everything lives until the request is answered. */
struct wd_request {
	struct wd_head head;
	const struct wd_route *route; /* NULL when refused before one was found
				       */
	struct wd_route_args args;
	struct wd_span body;
	struct wd_id id; /* given to the client as Warder-Request */
	struct wd_source source;
	unsigned listener; /* the bit of the listener it came by */
	bool tls;
	char client_cn[WD_CLIENT_NAME]; /* of a verified certificate; or empty
					 */
	char client_issuer[WD_CLIENT_NAME];

	/* What a handler keeps until its answer; released with the request,
	 * also when the client goes away first. */
	void *own;
	void (*own_free)(void *own);
};

struct wd_answer_field {
	const char *name, *value;
};

enum { WD_ANSWER_FIELDS = 4 };

struct wd_answer {
	int status;
	const char *type; /* of the body; NULL when there is none */
	struct wd_span body;
	struct wd_answer_field fields[WD_ANSWER_FIELDS]; /* up to a NULL name */
};

/* Sends the answer. Once per request; RQ is gone afterwards. */
void wd_request_answer(struct wd_request *rq, const struct wd_answer *a);

/* Its answer may take MS from now, whatever the deadline of requests is; and a
 * client that ends its side meanwhile is not waited for. */
void wd_request_extend(struct wd_request *rq, unsigned ms);

/* Names a request beyond its life, for answers that come later. */
struct wd_request_ref {
	uint32_t place;
	uint64_t serial;
};

struct wd_request_ref wd_request_ref(const struct wd_request *rq);
