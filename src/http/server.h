/*
 * The HTTP/1.1 server: listeners over TCP with TLS or over local sockets, caps
 * on connections in all and per source, one deadline for each request as a
 * whole, an end without cutting anyone off. Requests that are not exactly as
 * they must be are refused here; handlers see only the rest.
 */
#pragma once

#include "http/loop.h"
#include "http/request.h"
#include "http/tls.h"

struct wd_http;

struct wd_http_config {
	const struct wd_route *routes;
	size_t n_routes;
	unsigned max_connections, max_per_source;
	size_t max_body;      /* over every route's own cap */
	unsigned deadline_ms; /* from a request's first byte to its answer's
				 last */
	unsigned idle_ms;     /* between requests */

	void *ctx; /* of handlers and of the functions below */

	/*
	 * Answers a request that got to no handler: RESULT is the rejection
	 * (or a fault), ALLOWED the methods for WD_R_METHOD. Route and path are
	 * empty when the head could not be read.
	 */
	void (*refuse)(void *ctx, struct wd_request *rq, int result,
	    const char *detail, unsigned allowed);

	/* A request was answered with STATUS. */
	void (*answered)(void *ctx, const struct wd_request *rq, int status);

	/* A connection was turned away by the cap per source. */
	void (*turned_away)(void *ctx, const struct wd_source *source);

	/* wd_http_drain() has nothing left to wait for. */
	void (*drained)(void *ctx);
};

/* CONFIG is copied; what it points to outlives the server. */
int wd_http_new(struct wd_loop *loop, const struct wd_http_config *config,
    struct wd_http **ret, struct wd_diag *d) WD_MUST_USE;
struct wd_http *wd_http_free(struct wd_http *http);
void wd_http_freep(struct wd_http **http);

/*
 * Accepts from FD, a listening socket that stays the caller's. TLS NULL: plain,
 * for local sockets. BIT is what routes name this listener by.
 */
int wd_http_listen(struct wd_http *http, int fd, struct wd_tls *tls,
    unsigned bit, struct wd_diag *d) WD_MUST_USE;

/* The request REF names, or NULL when its client is gone or was answered. */
struct wd_request *wd_http_find(
    struct wd_http *http, struct wd_request_ref ref);

unsigned wd_http_connections(const struct wd_http *http);

/* Accepts no more, closes what is idle, lets the rest finish; who has connected
 * and not asked yet has two seconds to do so. */
void wd_http_drain(struct wd_http *http);
