/*
 * What the files of the admin door share.
 */
#pragma once

#include "bin/front/front.h"

#include "proto/admin.h"

/* Answers with the whole of a list. */
void admin_answer_list(struct front *f, struct wd_request *rq,
    enum wd_admin_list list, struct wd_span items, bool more);

/*
 * The parameters of a list in pages, for wd_query_read(): where the text of
 * each goes. Reading them: 0, or WD_R_MALFORMED, WD_R_RANGE.
 */
struct admin_page {
	char after[513];
	char limit[4];
};
#define ADMIN_AFTER(page)                                          \
	{                                                          \
		"after", (page).after, sizeof((page).after), false \
	}
#define ADMIN_LIMIT(page)                                          \
	{                                                          \
		"limit", (page).limit, sizeof((page).limit), false \
	}

int admin_limit(const struct admin_page *page, uint32_t *ret, struct wd_diag *d)
    WD_MUST_USE;

/* An id given in the query under NAME; none when it is empty. */
int admin_query_id(const char *text, const char *name, struct wd_id *ret,
    struct wd_diag *d) WD_MUST_USE;

/* Both parameters of a list whose rows have ids. */
int admin_page_read(const struct admin_page *page, uint32_t *ret_limit,
    struct wd_id *ret_after, struct wd_diag *d) WD_MUST_USE;

/* The path at the end of the request's own; 400 when it is too long. */
bool admin_path(struct front *f, struct wd_request *rq, struct wd_span *ret);

/* As front_begin() without a query, and the path. */
bool admin_begin_path(
    struct front *f, struct wd_request *rq, struct wd_span *ret);
