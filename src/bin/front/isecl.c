/*
 * The ISecL KBS API for the tools operators have. What that API releases by
 * other means than attestation judged under the key's policy is refused here,
 * always.
 */
#include "bin/front/isecl.h"

#include "base/alloc.h"

bool
isecl_begin(
    struct front *f, struct wd_request *rq, struct wd_param *params, size_t n)
{
	struct wd_diag d = { 0 };

	if (!front_begin(f, rq, params, n))
		return false;
	if (wd_head_accepts(&rq->head, "application/json", true))
		return true;
	front_refuse(f, rq,
	    wd_reject(&d, WD_R_MEDIA_TYPE, "Accept must have application/json"),
	    &d);
	return false;
}

/* ---- lists */

static void
list_free(void *own)
{
	struct isecl_list *l = own;

	wd_wr_done(&l->wr);
	(void)wd_free(l); /* always NULL */
}

struct isecl_list *
isecl_list_new(struct front *f, struct wd_request *rq)
{
	struct isecl_list *l = wd_alloc(sizeof(*l));

	if (l == NULL) {
		front_refuse(f, rq, WD_F_MEMORY, NULL);
		return NULL;
	}
	l->wr = wd_wr_growing(FRONT_ANSWER);
	l->j = wd_jtext(&l->wr);
	wd_jtext_array(&l->j);
	rq->own = l;
	rq->own_free = list_free;
	return l;
}

/* The writer leaves the request before the answer does. */
static void
answer_list(struct front *f, struct wd_request *rq, struct isecl_list *l)
{
	struct wd_wr wr;

	wd_jtext_end(&l->j);
	wr = l->wr;
	l->wr = (struct wd_wr){ 0 };
	front_answer_json(f, rq, 200, &wr);
}

void
isecl_list_went(struct front *f, struct wd_request *rq, int r, bool more,
    size_t n, void (*ask)(struct front *f, struct wd_request *rq))
{
	struct isecl_list *l = rq->own;
	struct wd_diag d = { 0 };

	if (r != 0 || (more && n == 0)) {
		front_fail(f, rq, WD_F_PEER, wd_span(NULL, 0));
	} else if (wd_wr_end(&l->wr) > 0) {
		r = wd_reject(&d, WD_R_TOO_LARGE,
		    "too many for one answer: narrow the list, or read it in "
		    "pages under /admin/v1");
		front_fail(f, rq, r, wd_span_text(d.detail));
	} else if (more) {
		ask(f, rq);
	} else {
		answer_list(f, rq, l);
	}
}

/* ---- the rest of that API */

void
front_isecl_version(void *ctx, struct wd_request *rq)
{
	struct wd_wr wr = wd_wr_growing(128);

	wd_wr_text(&wr,
	    "Service Name: Key Broker Service (Warder)\nVersion: "
	    "v" WARDER_VERSION "\n");
	front_answer(ctx, rq, 200, "text/plain", &wr);
}

/*
 * Ways in which that API hands out keys: by its own challenge and session,
 * which is not served yet; to anyone with a token and an RSA key; to a TPM
 * report of a third party. The last two pass the key's policy by, so they are
 * refused whoever asks.
 */
void
front_isecl_release(void *ctx, struct wd_request *rq)
{
	struct wd_diag d = { 0 };
	int r = wd_reject(&d, WD_R_UNSUPPORTED,
	    "keys are released to attested clients alone; this server speaks "
	    "/kbs/v0 for that");

	front_refuse(ctx, rq, r, &d);
}

/* Trust in SAML reports and TPM identities is not taken. */
void
front_isecl_reports(void *ctx, struct wd_request *rq)
{
	struct wd_diag d = { 0 };
	int r = wd_reject(&d, WD_R_UNSUPPORTED,
	    "host reports are not taken as evidence, so there are no "
	    "certificates to keep for them");

	front_refuse(ctx, rq, r, &d);
}
