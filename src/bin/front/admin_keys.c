/*
 * Keys and their certificates at the admin door.
 */
#include "bin/front/admin.h"

#include "codec/pem.h"
#include "proto/door.h"

#define PEM_TYPE "application/x-pem-file"

static void
answer_key(struct front *f, struct wd_request *rq, int status,
    const struct wd_msg_key_record *key)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_jtext j = wd_jtext(&wr);

	wd_admin_key_write(&j, key, true);
	front_answer_json(f, rq, status, &wr);
}

static void
made_done(struct front *f, struct wd_request *rq, const void *msg)
{
	answer_key(f, rq, 201, msg);
}

static void
key_done(struct front *f, struct wd_request *rq, const void *msg)
{
	answer_key(f, rq, 200, msg);
}

void
front_admin_key_create(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_key_create m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, NULL, 0))
		return;
	r = wd_admin_key_read(rq->body, &b, &m, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_KEY_CREATE, &m, made_done);
}

void
front_admin_key_show(void *ctx, struct wd_request *rq)
{
	struct wd_msg_key_ask m = { 0 };

	if (front_begin_id(ctx, rq, &m.id))
		front_ask_admin(ctx, rq, WD_CALL_KEY_SHOW, &m, key_done);
}

void
front_admin_key_delete(void *ctx, struct wd_request *rq)
{
	struct wd_msg_key_ask m = { 0 };

	if (front_begin_id(ctx, rq, &m.id))
		front_ask_admin(
		    ctx, rq, WD_CALL_KEY_DELETE, &m, front_done_nothing);
}

/* ---- list */

static void
list_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_key_list *m = msg;

	admin_answer_list(f, rq, WD_LIST_KEYS, m->keys, m->more);
}

static int
read_kind(const char *name, uint8_t *ret, struct wd_diag *d)
{
	const struct wd_key_row *row = wd_key_row_by_name(wd_span_text(name));

	if (row == NULL && name[0] != '\0')
		return wd_reject(d, WD_R_RANGE, "no keys are of this kind");
	*ret = row == NULL ? 0 : (uint8_t)row->kind;
	return 0;
}

void
front_admin_key_list(void *ctx, struct wd_request *rq)
{
	struct wd_msg_key_list_ask m = { 0 };
	struct admin_page page;
	char kind[17], policy[WD_ID_LEN + 1];
	struct wd_param params[] = { ADMIN_AFTER(page), ADMIN_LIMIT(page),
		{ "kind", kind, sizeof(kind), false },
		{ "policy", policy, sizeof(policy), false } };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, params, WD_N(params)))
		return;
	r = admin_page_read(&page, &m.limit, &m.after, &d);
	if (r == 0)
		r = admin_query_id(policy, "policy", &m.policy, &d);
	if (r == 0)
		r = read_kind(kind, &m.kind, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_KEY_LIST, &m, list_done);
}

/* ---- policy, request, certificate */

void
front_admin_key_policy(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_key_policy m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin_id(ctx, rq, &m.id))
		return;
	r = wd_admin_key_policy_read(rq->body, &b, &m, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_KEY_POLICY, &m, key_done);
}

void
front_admin_key_unwrap(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_key_unwrap m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin_id(ctx, rq, &m.id))
		return;
	r = wd_admin_unwrap_read(rq->body, &b, &m, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_KEY_UNWRAP, &m, key_done);
}

void
front_admin_key_hsm(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_key_hsm m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin_id(ctx, rq, &m.id))
		return;
	r = wd_admin_seal_wrap_read(rq->body, &b, &m.seal_wrap, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_KEY_HSM, &m, key_done);
}

void
front_admin_key_rotate(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_key_csr_ask m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin_id(ctx, rq, &m.id))
		return;
	r = wd_admin_rotate_read(rq->body, &b, &m, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_KEY_ROTATE, &m, key_done);
}

static void
csr_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_der *m = msg;
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);

	wd_pem_write(&wr, "CERTIFICATE REQUEST", m->der);
	front_answer(f, rq, 200, PEM_TYPE, &wr);
}

void
front_admin_key_csr(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_key_csr_ask m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin_id(ctx, rq, &m.id))
		return;
	r = wd_admin_csr_read(rq->body, &b, &m, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_KEY_CSR, &m, csr_done);
}

static void
chain_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_key_record *m = msg;
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);

	if (m->chain.len == 0) {
		front_fail(f, rq, WD_R_NOT_FOUND,
		    WD_SPAN_LIT("the key has no certificate"));
		return;
	}
	wd_wr_bytes(&wr, m->chain);
	front_answer(f, rq, 200, PEM_TYPE, &wr);
}

void
front_admin_key_chain(void *ctx, struct wd_request *rq)
{
	struct wd_msg_key_ask m = { 0 };

	if (front_begin_id(ctx, rq, &m.id))
		front_ask_admin(ctx, rq, WD_CALL_KEY_SHOW, &m, chain_done);
}

void
front_admin_key_set_chain(void *ctx, struct wd_request *rq)
{
	struct wd_msg_key_chain m = { .pem = rq->body };

	if (front_begin_id(ctx, rq, &m.id))
		front_ask_admin(ctx, rq, WD_CALL_KEY_CHAIN, &m, key_done);
}
