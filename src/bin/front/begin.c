/*
 * How every admin request begins: a token before anything else is looked at,
 * then the query, then the thing that its path names.
 */
#include "bin/front/front.h"

bool
front_begin(
    struct front *f, struct wd_request *rq, struct wd_param *params, size_t n)
{
	struct wd_diag d = { 0 };
	int r;

	if (wd_head_bearer(&rq->head).len == 0) {
		front_refuse(f, rq, WD_R_NO_CREDENTIAL, NULL);
		return false;
	}
	r = wd_query_read(rq->head.query, params, n, &d);
	if (r == 0)
		return true;
	front_refuse(f, rq, r, &d);
	return false;
}

bool
front_id(struct front *f, struct wd_request *rq, struct wd_id *ret)
{
	if (wd_id_parse(rq->args.arg[0], ret))
		return true;
	front_refuse(f, rq, WD_R_NOT_FOUND, NULL);
	return false;
}

void
front_ask_read(struct front *f, struct wd_request *rq, int r,
    const struct wd_diag *d, enum wd_call call, void *msg, front_done *done)
{
	if (r != 0)
		front_refuse(f, rq, r, d);
	else
		front_ask_admin(f, rq, call, msg, done);
}

bool
front_begin_id(struct front *f, struct wd_request *rq, struct wd_id *ret)
{
	return front_begin(f, rq, NULL, 0) && front_id(f, rq, ret);
}
