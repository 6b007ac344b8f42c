/*
 * What the routes of the admin door have in common.
 */
#include "bin/front/admin.h"

#include "base/num.h"

enum { LIMIT_MAX = 100, PATH_MAX_BYTES = 512 };

void
admin_answer_list(struct front *f, struct wd_request *rq,
    enum wd_admin_list list, struct wd_span items, bool more)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);

	wd_admin_list_write(&wr, list, items, more);
	front_answer_json(f, rq, 200, &wr);
}

int
admin_limit(const struct admin_page *page, uint32_t *ret, struct wd_diag *d)
{
	uint64_t n = LIMIT_MAX;

	if (page->limit[0] != '\0' &&
	    (!wd_num_parse(wd_span_text(page->limit), LIMIT_MAX, &n) || n == 0))
		return wd_reject(
		    d, WD_R_RANGE, "limit is from 1 to %d", LIMIT_MAX);
	*ret = (uint32_t)n;
	return 0;
}

int
admin_query_id(
    const char *text, const char *name, struct wd_id *ret, struct wd_diag *d)
{
	if (text[0] == '\0' || wd_id_parse(wd_span_text(text), ret))
		return 0;
	return wd_reject(d, WD_R_MALFORMED, "`%s` is not an id", name);
}

int
admin_page_read(const struct admin_page *page, uint32_t *ret_limit,
    struct wd_id *ret_after, struct wd_diag *d)
{
	int r = admin_limit(page, ret_limit, d);

	return r != 0 ? r : admin_query_id(page->after, "after", ret_after, d);
}

bool
admin_path(struct front *f, struct wd_request *rq, struct wd_span *ret)
{
	*ret = rq->args.arg[0];
	if (ret->len <= PATH_MAX_BYTES)
		return true;
	front_refuse(f, rq, WD_R_RANGE, NULL);
	return false;
}

bool
admin_begin_path(struct front *f, struct wd_request *rq, struct wd_span *ret)
{
	return front_begin(f, rq, NULL, 0) && admin_path(f, rq, ret);
}
