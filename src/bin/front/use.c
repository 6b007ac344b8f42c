/*
 * Keys used in the server, at the doors of attested clients and of admins. What
 * is to be encrypted or signed passes here in the clear; what was decrypted for
 * a client does not.
 */
#include "bin/front/front.h"

#include "proto/use_json.h"

/* The last segment of the route's path is the use. */
static enum wd_keyuse
use_of(const struct wd_request *rq)
{
	struct wd_span path = wd_span_text(rq->route->pattern);
	size_t at = path.len;

	while (at > 0 && path.p[at - 1] != '/')
		at--;
	return wd_keyuse_by_name(wd_span(path.p + at, path.len - at));
}

static void
used_done(struct front *f, struct wd_request *rq, const void *msg)
{
	struct wd_wr body = wd_wr_growing(FRONT_ANSWER);

	wd_used_write(&body, use_of(rq), msg);
	front_answer_json(f, rq, 200, &body);
}

void
front_use(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_use_body_done) struct wd_use_body b = { 0 };
	struct wd_msg_use_ask m = { .door = WD_DOOR_COCO,
		.use = (uint8_t)use_of(rq) };
	struct wd_diag d = { 0 };
	int r;

	if (!front_coco_credential(ctx, rq, &m.cookie, &m.token) ||
	    !front_id(ctx, rq, &m.id))
		return;
	r = wd_use_read(rq->body, use_of(rq), WD_USE_B64URL, &b, &d);
	if (r != 0) {
		front_refuse(ctx, rq, r, &d);
		return;
	}
	m.sig = (uint8_t)b.sig;
	m.version = b.version;
	m.bits = b.bits;
	m.wrapped = b.wrapped;
	m.hashed = b.hashed;
	m.input = wd_secret_borrow(b.input);
	m.aad = wd_bytes_span(b.aad);
	m.signature = wd_bytes_span(b.signature);
	front_ask(ctx, rq, WD_CALL_USE, &m, used_done);
}

static void
key_used_done(struct front *f, struct wd_request *rq, const void *msg)
{
	struct wd_wr body = wd_wr_growing(FRONT_ANSWER);

	wd_key_used_write(&body, use_of(rq), msg);
	front_answer_json(f, rq, 200, &body);
}

void
front_admin_key_use(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_use_body_done) struct wd_use_body b = { 0 };
	struct wd_msg_key_use m = { .use = (uint8_t)use_of(rq) };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin_id(ctx, rq, &m.id))
		return;
	r = wd_use_read(rq->body, use_of(rq), WD_USE_B64, &b, &d);
	m.sig = (uint8_t)b.sig;
	m.version = b.version;
	m.bits = b.bits;
	m.wrapped = b.wrapped;
	m.hashed = b.hashed;
	m.input = wd_secret_borrow(b.input);
	m.aad = wd_bytes_span(b.aad);
	m.signature = wd_bytes_span(b.signature);
	front_ask_read(ctx, rq, r, &d, WD_CALL_KEY_USE, &m, key_used_done);
}
