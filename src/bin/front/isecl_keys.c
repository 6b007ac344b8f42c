/*
 * Keys at the ISecL door.
 */
#include "bin/front/isecl.h"

#include "base/num.h"

static void
answer_key(struct front *f, struct wd_request *rq, int status,
    const struct wd_msg_key_record *key)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_jtext j = wd_jtext(&wr);

	wd_isecl_key_write(&j, key);
	front_answer_json(f, rq, status, &wr);
}

static void
created_done(struct front *f, struct wd_request *rq, const void *msg)
{
	answer_key(f, rq, 201, msg);
}

static void
shown_done(struct front *f, struct wd_request *rq, const void *msg)
{
	answer_key(f, rq, 200, msg);
}

void
front_isecl_key_create(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_isecl_body_done) struct wd_isecl_body b = { 0 };
	struct wd_msg_key_create m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!isecl_begin(ctx, rq, NULL, 0))
		return;
	r = wd_isecl_key_read(rq->body, &b, &m, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_KEY_CREATE, &m, created_done);
}

void
front_isecl_key_show(void *ctx, struct wd_request *rq)
{
	struct wd_msg_key_ask m = { 0 };

	if (isecl_begin(ctx, rq, NULL, 0) && front_id(ctx, rq, &m.id))
		front_ask_admin(ctx, rq, WD_CALL_KEY_SHOW, &m, shown_done);
}

void
front_isecl_key_delete(void *ctx, struct wd_request *rq)
{
	struct wd_msg_key_ask m = { 0 };

	if (front_begin_id(ctx, rq, &m.id))
		front_ask_admin(
		    ctx, rq, WD_CALL_KEY_DELETE, &m, front_done_nothing);
}

/* ---- GET /kbs/v1/keys */

static void ask_keys(struct front *f, struct wd_request *rq);

static void
keys_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_key_list *m = msg;
	struct isecl_list *l = rq->own;
	struct wd_rd rd = wd_rd(m->keys);
	size_t n = 0;
	int r = 0;

	while (r == 0 && wd_rd_more(&rd)) {
		struct wd_msg_key_record key;

		r = wd_list_next(&rd, &wd_msg_key_record_type, &key);
		if (r != 0)
			break;
		n++;
		l->last = key.id;
		if (wd_isecl_filter_matches(&l->filter, &key))
			wd_isecl_key_write(&l->j, &key);
	}
	isecl_list_went(f, rq, r, m->more, n, ask_keys);
}

static void
ask_keys(struct front *f, struct wd_request *rq)
{
	const struct isecl_list *l = rq->own;
	struct wd_msg_key_list_ask m = { .kind = l->kind,
		.policy = l->policy,
		.after = l->last,
		.limit = ISECL_PAGE };

	front_ask_admin(f, rq, WD_CALL_KEY_LIST, &m, keys_done);
}

static int
read_filter(struct isecl_list *l, const char *bits, const char *policy,
    struct wd_diag *d)
{
	l->filter.algorithm = wd_span_text(l->algorithm);
	l->filter.curve = wd_span_text(l->curve);
	if (bits[0] != '\0' &&
	    !wd_num_parse(wd_span_text(bits), 65536, &l->filter.bits))
		return wd_reject(d, WD_R_MALFORMED, "keyLength is no number");
	if (policy[0] != '\0' && !wd_id_parse(wd_span_text(policy), &l->policy))
		return wd_reject(
		    d, WD_R_MALFORMED, "transferPolicyId is not an id");
	return wd_isecl_filter_check(&l->filter, &l->kind, d);
}

void
front_isecl_key_list(void *ctx, struct wd_request *rq)
{
	char bits[8], policy[WD_ID_LEN + 1];
	char algorithm[sizeof(((struct isecl_list *)NULL)->algorithm)];
	char curve[sizeof(((struct isecl_list *)NULL)->curve)];
	struct wd_param params[] = {
		{ "algorithm", algorithm, sizeof(algorithm), false },
		{ "curveType", curve, sizeof(curve), false },
		{ "keyLength", bits, sizeof(bits), false },
		{ "transferPolicyId", policy, sizeof(policy), false },
	};
	struct wd_diag d = { 0 };
	struct isecl_list *l;
	int r;

	if (!isecl_begin(ctx, rq, params, WD_N(params)) ||
	    (l = isecl_list_new(ctx, rq)) == NULL)
		return;
	wd_copy(l->algorithm, WD_SPAN(algorithm));
	wd_copy(l->curve, WD_SPAN(curve));
	r = read_filter(l, bits, policy, &d);
	if (r != 0)
		front_refuse(ctx, rq, r, &d);
	else
		ask_keys(ctx, rq);
}
