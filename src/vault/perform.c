/*
 * One call: made, and made again where the server or the way to it was only for
 * the moment not up to it. A deadline bounds all of it; what must not happen
 * twice is made again only if it was certainly not taken up.
 */
#include "base/clock.h"
#include "base/wr.h"
#include "crypto/rand.h"
#include "vault/client_in.h"

#include <poll.h>

enum {
	FIRST_WAIT_MS = 250, /* doubled each time, and between half and once */
	URL_MAX = 640,
	FIELDS_MAX = 4,
};

struct attempt {
	struct wd_vault *v;
	const struct wd_vault_call *call;
	struct wd_span token;
	int64_t end;
	unsigned n;      /* this one, from 0 */
	bool redirected; /* once an attempt is enough */
};

static int64_t
left_ms(const struct attempt *a)
{
	return a->end - wd_time_mono_ms();
}

/* The first one leaves time for another; what may not be made twice has it
 * all. */
static unsigned
share_ms(const struct attempt *a)
{
	int64_t left = left_ms(a);

	if (!a->call->once && a->n == 0)
		left /= 2;
	return left < 1 ? 1 : (unsigned)left;
}

static struct wd_client *
target(const struct wd_vault *v)
{
	return v->leader != NULL ? v->leader : v->here;
}

static int
send(const struct attempt *a, struct wd_client_answer *ret, struct wd_diag *d)
{
	const struct wd_vault *v = a->v;
	struct wd_client_field fields[FIELDS_MAX] = { { "X-Vault-Request: ",
	    WD_SPAN_LIT("true") } };
	char url[URL_MAX];
	struct wd_wr wr = wd_wr_fixed(url, sizeof(url) - 1);
	struct wd_client_ask ask = { .path = url,
		.fields = fields,
		.n_fields = 1,
		.method = a->call->method,
		.post = a->call->body.len > 0,
		.body = a->call->body,
		.once = a->call->once,
		.deadline_ms = share_ms(a) };

	wd_wr_text(&wr, "/v1/");
	wd_wr_text(&wr, a->call->path);
	url[wr.len] = '\0';
	if (wd_wr_end(&wr) != 0)
		return wd_reject(d, WD_R_RANGE, "vault: the path is too long");
	if (a->token.len > 0)
		fields[ask.n_fields++] =
		    (struct wd_client_field){ "X-Vault-Token: ", a->token };
	if (v->name_space[0] != '\0')
		fields[ask.n_fields++] =
		    (struct wd_client_field){ "X-Vault-Namespace: ",
			    wd_span_text(v->name_space) };
	if (v->direct)
		fields[ask.n_fields++] =
		    (struct wd_client_field){ "X-Vault-No-Request-Forwarding: ",
			    WD_SPAN_LIT("true") };
	return wd_client_send(target(v), &ask, ret, d);
}

/* ---- again */

/* Sleeps; false when there would be no time left behind it. */
static bool
wait_for(const struct attempt *a, int64_t ms)
{
	if (ms >= left_ms(a))
		return false;
	(void)poll(NULL, 0, (int)ms); /* shorter at worst */
	return true;
}

static bool
wait_a_little(const struct attempt *a)
{
	uint32_t most = (uint32_t)FIRST_WAIT_MS << a->n, part = 0;

	if (wd_rand_below(most / 2, &part) != 0)
		part = 0;
	return wait_for(a, (int64_t)(most / 2 + part));
}

static bool
may_repeat(const struct attempt *a, enum wd_vault_advice advice)
{
	return advice == WD_VAULT_AGAIN ||
	    (advice == WD_VAULT_REPEAT && !a->call->once);
}

/* After an answer that is no success: whether the call is made again. */
static bool
again_after_answer(struct attempt *a, const struct wd_client_answer *answer)
{
	if (!may_repeat(a, wd_vault_advice(answer->status)) ||
	    a->n + 1 >= WD_VAULT_ATTEMPTS)
		return false;
	if (answer->retry_after > 0)
		return wait_for(a, (int64_t)answer->retry_after * 1000);
	return wait_a_little(a);
}

/* After none: a leader that is gone is forgotten. */
static bool
again_after_failure(struct attempt *a, int result)
{
	struct wd_vault *v = a->v;
	bool was_sent = wd_client_was_sent(target(v));

	wd_client_freep(&v->leader);
	a->redirected = false;
	if ((result != WD_F_PEER && result != WD_F_TIMEOUT) ||
	    (was_sent && a->call->once) || a->n + 1 >= WD_VAULT_ATTEMPTS ||
	    !wait_a_little(a))
		return false;
	wd_client_resolve(v->here);
	return true;
}

/* The one server that may act has been named: the same is asked of it. */
static int
follow(
    struct attempt *a, const struct wd_client_answer *answer, struct wd_diag *d)
{
	struct wd_vault_place place;
	struct wd_client *c = NULL;
	int r;

	if (a->redirected ||
	    wd_vault_place_read(wd_span_text(answer->location), &place) != 0)
		return wd_reject(d, WD_R_UNAVAILABLE,
		    "vault: it names no server with TLS that would act");
	if ((r = wd_vault_connect(a->v, &place, &c, d)) != 0)
		return r;
	wd_client_freep(&a->v->leader);
	a->v->leader = c;
	a->redirected = true;
	return 0;
}

/* ---- a call */

/* RET_AGAIN: it is to be made once more, and D has room. */
static int
try(struct attempt *a, struct wd_vault_reply *ret, bool *ret_again,
    struct wd_diag *d)
{
	WD_AUTO(wd_client_answer_done) struct wd_client_answer answer = { 0 };
	struct wd_span body;
	int r = send(a, &answer, d);

	if (r != 0) {
		*ret_again = again_after_failure(a, r);
		a->n++;
		return r;
	}
	body = wd_bytes_span(answer.body);
	if (wd_vault_is_success(answer.status))
		return wd_vault_reply_read(body, ret, d);
	if (wd_vault_advice(answer.status) == WD_VAULT_ELSEWHERE) {
		r = follow(a, &answer, d);
		*ret_again = r == 0;
		return r;
	}
	*ret_again = again_after_answer(a, &answer);
	a->n++;
	return wd_vault_refused(answer.status, body, a->call->path, d);
}

int
wd_vault_perform(struct wd_vault *v, const struct wd_vault_call *call,
    struct wd_span token, int64_t end, struct wd_vault_reply *ret,
    struct wd_diag *d)
{
	struct attempt a = { .v = v, .call = call, .token = token, .end = end };
	struct wd_diag why = { 0 };
	bool again;
	int r;

	do {
		again = false;
		wd_diag_clear(&why);
		r = left_ms(&a) > 0
		    ? try(&a, ret, &again, &why)
		    : wd_fault(&why, WD_F_TIMEOUT, "vault: no time left");
	} while (again);
	if (r != 0 && d != NULL && d->result == 0)
		*d = why;
	return r;
}
