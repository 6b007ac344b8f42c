/*
 * The table of what is served: which method and path goes to which handler, on
 * which listener, with how large a body of which type. Pure.
 */
#pragma once

#include "http/head.h"

struct wd_request;

enum { WD_ROUTE_ARGS = 3 };

struct wd_route {
	unsigned methods; /* bits of enum wd_method */

	/* Segments; `*` stands for exactly one, and a last `**` for one or
	 * more. What they stand for becomes the request's arguments. */
	const char *pattern;

	void (*handler)(void *ctx, struct wd_request *rq);
	unsigned door;      /* the caller's number for it */
	unsigned listeners; /* bits of the caller's; see wd_http_listen() */
	size_t body_max;    /* 0: takes no body */

	/* Accepted types of a body, ended by NULL; NULL: any or none. */
	const char *const *types;
};

struct wd_route_args {
	struct wd_span arg[WD_ROUTE_ARGS]; /* views of the path */
	size_t n;
};

/* Whether PATH is of the form PATTERN. */
bool wd_route_matches(
    const char *pattern, struct wd_span path, struct wd_route_args *ret_args);

/*
 * The row for a request that came by LISTENER (one bit). WD_R_NOT_FOUND when
 * no row has the path; WD_R_NOT_ON_THIS_LISTENER when rows of other listeners
 * alone have path and method; WD_R_METHOD when the path is there but not the
 * method: RET_ALLOWED then has the methods that are.
 */
int wd_route_find(const struct wd_route *routes, size_t n,
    const struct wd_head *head, unsigned listener,
    const struct wd_route **ret_route, struct wd_route_args *ret_args,
    unsigned *ret_allowed) WD_MUST_USE;

/* Whether the body that HEAD announces may come. WD_R_TOO_LARGE over the row's
 * cap or over MOST, WD_R_MEDIA_TYPE for another type or an encoded body. */
int wd_route_check_body(const struct wd_route *route,
    const struct wd_head *head, size_t most, struct wd_diag *d) WD_MUST_USE;
