/*
 * What the files of the ISecL door share.
 */
#pragma once

#include "bin/front/front.h"

#include "proto/isecl.h"

/* As front_begin(), and the client must want JSON: that is how clients of this
 * API know it (415, not 406). */
bool isecl_begin(
    struct front *f, struct wd_request *rq, struct wd_param *params, size_t n);

/* That API has no pages, so we turn them: the array so far, kept with the
 * request, and from where to ask on. */
enum { ISECL_PAGE = 100 };

struct isecl_list {
	struct wd_wr wr;
	struct wd_jtext j;
	struct wd_id last;

	/* keys alone */
	struct wd_id policy; /* none: any */
	uint8_t kind;
	struct wd_isecl_filter filter;
	char algorithm[17], curve[33];
};

/* NULL when RQ was answered for lack of memory. */
struct isecl_list *isecl_list_new(struct front *f, struct wd_request *rq);

/* A page has come, with N records, and was read with the result R. Asks for
 * the next one or answers. */
void isecl_list_went(struct front *f, struct wd_request *rq, int r, bool more,
    size_t n, void (*ask)(struct front *f, struct wd_request *rq));
