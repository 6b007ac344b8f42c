/*
 * Finding the row of a request.
 */
#include "http/route.h"

#include "http/text.h"

static bool
add_arg(struct wd_route_args *args, struct wd_span s)
{
	if (s.len == 0 || args->n == WD_ROUTE_ARGS)
		return false;
	args->arg[args->n++] = s;
	return true;
}

bool
wd_route_matches(
    const char *pattern, struct wd_span path, struct wd_route_args *ret_args)
{
	struct wd_rd want = wd_rd(wd_span_text(pattern));
	struct wd_rd have = wd_rd(path);
	struct wd_route_args args = { 0 };

	while (wd_rd_more(&want)) {
		struct wd_span w = wd_text_take_until(&want, '/');

		if (wd_span_is(w, "**")) {
			if (!add_arg(&args, wd_rd_rest(&have)))
				return false;
			break;
		}
		if (!wd_rd_more(&have))
			return false;
		struct wd_span h = wd_text_take_until(&have, '/');

		if (wd_span_is(w, "*") ? !add_arg(&args, h)
				       : !wd_span_equal(w, h))
			return false;
	}
	if (have.left > 0)
		return false;
	*ret_args = args;
	return true;
}

int
wd_route_find(const struct wd_route *routes, size_t n,
    const struct wd_head *head, unsigned listener,
    const struct wd_route **ret_route, struct wd_route_args *ret_args,
    unsigned *ret_allowed)
{
	unsigned allowed = 0;
	bool elsewhere = false;
	struct wd_route_args args = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct wd_route *row = &routes[i];
		bool method = (row->methods & (unsigned)head->method) != 0;

		if (!wd_route_matches(row->pattern, head->path, &args))
			continue;
		if ((row->listeners & listener) == 0) {
			elsewhere = elsewhere || method;
			continue;
		}
		if (method) {
			*ret_route = row;
			*ret_args = args;
			return 0;
		}
		allowed |= row->methods;
	}
	if (elsewhere)
		return WD_R_NOT_ON_THIS_LISTENER;
	if (allowed == 0)
		return WD_R_NOT_FOUND;
	*ret_allowed = allowed;
	return WD_R_METHOD;
}

int
wd_route_check_body(const struct wd_route *route, const struct wd_head *head,
    size_t most, struct wd_diag *d)
{
	size_t cap = route->body_max < most ? route->body_max : most;

	if (head->body_len > cap)
		return wd_reject(d, WD_R_TOO_LARGE,
		    "at most %zu bytes of body are taken here", cap);
	if (wd_head_field(head, "Content-Encoding").len > 0)
		return wd_reject(
		    d, WD_R_MEDIA_TYPE, "no content encoding is taken");
	if (route->types == NULL)
		return 0;
	for (size_t i = 0; route->types[i] != NULL; i++)
		if (wd_head_content_is(head, route->types[i]))
			return 0;
	return wd_reject(
	    d, WD_R_MEDIA_TYPE, "the content type must be %s", route->types[0]);
}
