/*
 * The door of the Confidential Containers KBS protocol. Clients send what the
 * TEE made; the keeper decides.
 */
#include "bin/front/front.h"

#include "base/clock.h"
#include "codec/hex.h"
#include "crypto/rand.h"
#include "crypto/wrapped.h"
#include "proto/coco.h"

#define COOKIE "kbs-session-id"
#define NATIVE "application/vnd.warder.release+jwe"

enum {
	COOKIE_MAX = 64,
	TOKEN_MAX = 16384,
	BODY_REST = 512, /* bytes of an answer, but for what it is about */
};

/* Answers with JSON and the session's cookie. */
static void
answer_with_cookie(struct front *f, struct wd_request *rq,
    struct wd_span cookie, struct wd_wr *body)
{
	char text[256];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text) - 1);
	struct wd_answer a = { .status = 200, .type = "application/json" };

	wd_wr_text(&wr, COOKIE "=");
	wd_wr_bytes(&wr, cookie);
	wd_wr_text(&wr, "; Path=/kbs/v0; Max-Age=");
	wd_wr_decimal(&wr, f->config->session_seconds);
	wd_wr_text(&wr, rq->tls ? "; HttpOnly; Secure" : "; HttpOnly");
	if (wd_wr_end(&wr) != 0 || wd_wr_end(body) != 0) {
		front_fail(f, rq, WD_F_MEMORY, wd_span(NULL, 0));
		return;
	}
	text[wr.len] = '\0';
	a.body = wd_wr_span(body);
	a.fields[0] = (struct wd_answer_field){ "Set-Cookie", text };
	wd_request_answer(rq, &a);
	wd_wipe(text, sizeof(text));
}

/* ---- POST /kbs/v0/auth */

static void
auth_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_challenge *m = msg;
	struct wd_wr body = wd_wr_growing(1024);
	uint8_t random[16];
	char cookie[2 * sizeof(random) + 1];

	/* The protocol wants a cookie here; the session gets its own. */
	if (wd_rand_public(random, sizeof(random)) != 0) {
		front_fail(f, rq, WD_F_CRYPTO, wd_span(NULL, 0));
		return;
	}
	wd_hex_format(WD_SPAN(random), cookie);
	wd_coco_challenge_write(&body, m->challenge);
	answer_with_cookie(f, rq, wd_span_text(cookie), &body);
	wd_wr_done(&body);
}

void
front_coco_auth(void *ctx, struct wd_request *rq)
{
	struct wd_msg_challenge_ask m = { .door = WD_DOOR_COCO };
	struct wd_diag d = { 0 };
	enum wd_tee tee;
	int r = wd_coco_auth_read(rq->body, &tee, &d);

	if (r != 0)
		front_refuse(ctx, rq, r, &d);
	else
		front_ask(ctx, rq, WD_CALL_CHALLENGE, &m, auth_done);
}

/* ---- POST /kbs/v0/attest */

static void
attest_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_session *m = msg;
	struct wd_wr body = wd_wr_growing(32768);

	wd_wr_expect(&body, m->token.len + BODY_REST);
	wd_coco_token_write(&body, m->token);
	answer_with_cookie(f, rq, m->cookie, &body);
	wd_wr_done(&body);
}

/* Before anything is read: judging evidence costs more than making it up. */
int
front_may_attest(
    struct front *f, const struct wd_request *rq, struct wd_diag *d)
{
	if (rq->source.local ||
	    wd_rate_take(&f->networks, f->config->attestations_per_network,
		wd_span_text(rq->source.prefix), wd_time_mono_ms()))
		return 0;
	return wd_reject(d, WD_R_RATE_LIMITED,
	    "too many attestations from this network; try again later");
}

void
front_coco_attest(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_coco_attest_done) struct wd_coco_attest a = { 0 };
	struct wd_diag d = { 0 };
	int r = front_may_attest(ctx, rq, &d);

	if (r == 0)
		r = wd_coco_attest_read(rq->body, &a, &d);
	if (r != 0) {
		front_refuse(ctx, rq, r, &d);
		return;
	}
	a.ask.door = WD_DOOR_COCO;
	a.ask.client_cn = wd_span_text(rq->client_cn);
	a.ask.client_issuer = wd_span_text(rq->client_issuer);
	front_ask(ctx, rq, WD_CALL_ATTEST, &a.ask, attest_done);
}

/* ---- GET /kbs/v0/resource/… */

static void
answer_release(struct front *f, struct wd_request *rq,
    const struct wd_msg_release *m, const char *type)
{
	struct wd_wr body = wd_wr_growing(FRONT_ANSWER);

	wd_wr_expect(
	    &body, m->protected.len + 4 * m->ciphertext.len / 3 + BODY_REST);
	wd_coco_release_write(&body, m);
	front_answer(f, rq, 200, type, &body);
}

static void
release_done(struct front *f, struct wd_request *rq, const void *msg)
{
	answer_release(f, rq, msg, "application/json");
}

static void
native_done(struct front *f, struct wd_request *rq, const void *msg)
{
	answer_release(f, rq, msg, NATIVE);
}

bool
front_coco_credential(struct front *f, struct wd_request *rq,
    struct wd_span *ret_cookie, struct wd_span *ret_token)
{
	struct wd_span cookie = wd_head_cookie(&rq->head, COOKIE);
	struct wd_span token = { NULL, 0 };

	if (cookie.len == 0)
		token = wd_head_bearer(&rq->head);
	if (cookie.len == 0 && token.len == 0) {
		front_refuse(f, rq, WD_R_NO_CREDENTIAL, NULL);
		return false;
	}
	if (cookie.len > COOKIE_MAX || token.len > TOKEN_MAX) {
		front_refuse(f, rq, WD_R_CREDENTIAL_INVALID, NULL);
		return false;
	}
	*ret_cookie = cookie;
	*ret_token = token;
	return true;
}

/* By its name, when the client understands a key that an HSM has wrapped. Of
 * signed releases alone: the plain dialect has no place to say what came. */
static int
read_wrap(const struct wd_request *rq, struct wd_msg_resource_ask *m,
    struct wd_diag *d)
{
	struct wd_span value = wd_head_field(&rq->head, "warder-wrap");

	if (!m->native || value.len == 0)
		return 0;
	m->wrapped = wd_span_is(value, WD_WRAP_ASKED);
	return m->wrapped
	    ? 0
	    : wd_reject(d, WD_R_UNSUPPORTED,
		  "keys are wrapped by " WD_WRAP_ASKED " and by nothing else");
}

/* Only clients of signed releases know the id of a lease. */
static int
read_replaced(const struct wd_request *rq, struct wd_msg_resource_ask *m,
    struct wd_diag *d)
{
	struct wd_span value = wd_head_field(&rq->head, "warder-replaces");

	if (!m->native || value.len == 0)
		return 0;
	return wd_coco_replaces_read(
	    value, &m->replaces, &m->replaces_session, d);
}

void
front_coco_resource(void *ctx, struct wd_request *rq)
{
	struct wd_msg_resource_ask m = { .door = WD_DOOR_COCO,
		.path = rq->args.arg[0] };
	struct wd_diag d = { 0 };
	int r;

	if (!front_coco_credential(ctx, rq, &m.cookie, &m.token))
		return;
	m.native = wd_head_accepts(&rq->head, NATIVE, false);
	r = m.path.len > 512 ? WD_R_RANGE : read_replaced(rq, &m, &d);
	if (r == 0)
		r = read_wrap(rq, &m, &d);
	if (r != 0)
		front_refuse(ctx, rq, r, &d);
	else
		front_ask(ctx, rq, WD_CALL_RESOURCE, &m,
		    m.native ? native_done : release_done);
}

/* ---- what upstream's operators send to the same paths */

/* Its clients take nothing but 200 for done. */
static void
admin_done(struct front *f, struct wd_request *rq, const void *msg)
{
	struct wd_answer a = { .status = 200 };

	(void)f;
	(void)msg;
	wd_request_answer(rq, &a);
}

void
front_coco_put(void *ctx, struct wd_request *rq)
{
	struct wd_msg_secret_put m = { .path = rq->args.arg[0],
		.bytes = rq->body };

	if (m.path.len > 512)
		front_refuse(ctx, rq, WD_R_RANGE, NULL);
	else
		front_ask_admin(ctx, rq, WD_CALL_SECRET_PUT, &m, admin_done);
}

void
front_coco_delete(void *ctx, struct wd_request *rq)
{
	struct wd_msg_secret_ask m = { .path = rq->args.arg[0] };

	if (m.path.len > 512)
		front_refuse(ctx, rq, WD_R_RANGE, NULL);
	else
		front_ask_admin(ctx, rq, WD_CALL_SECRET_DELETE, &m, admin_done);
}

/* A 200 for a policy that is not enforced would be a lie. */
void
front_coco_policy(void *ctx, struct wd_request *rq)
{
	struct wd_diag d = { 0 };
	int r = wd_reject(&d, WD_R_UNSUPPORTED,
	    "Rego policies are not evaluated here; use `warder policy`");

	front_refuse(ctx, rq, r, &d);
}

/* Values for another evaluation: nothing here would look at them. */
void
front_coco_reference(void *ctx, struct wd_request *rq)
{
	struct wd_diag d = { 0 };
	int r = wd_reject(&d, WD_R_UNSUPPORTED,
	    "reference values are named in policies here; use `warder "
	    "reference`");

	front_refuse(ctx, rq, r, &d);
}
