/*
 * Admin calls on keys that rest in a backend, step by step: the backend (or,
 * of what rests here, the HSM of the seal) is asked first, then the call is
 * done with what it said. A key that was made and could not be kept here is
 * destroyed there again.
 */
#include "bin/keeper/keeper.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/reason.h"
#include "broker/admin.h"
#include "broker/admin_remote.h"
#include "broker/admin_use.h"
#include "sys/log.h"

#include <string.h>

/* ---- the call whose turn it is */

void *
keeper_admin_request(struct keeper *k, const struct op *op)
{
	const struct wd_call_row *row = wd_call_row((uint16_t)op->call);
	WD_AUTO(wd_freep) void *msg = wd_alloc(row->request->size + 1);
	struct wd_diag d = { 0 };

	if (msg == NULL ||
	    wd_msg_read(wd_bytes_span(op->body), row->request, msg) != 0 ||
	    wd_admin_allowed_for(
		k->broker, wd_admin_row(op->call), msg, wd_time_now(), &d) != 0)
		return NULL;
	return WD_TAKE(msg);
}

static void *
request(struct keeper *k)
{
	return keeper_admin_request(k, k->turn);
}

/* Refused, and logged as any act of theirs. */
static void
refuse(struct keeper *k, int result, const struct wd_diag *d)
{
	struct wd_admin_found found = {
		.result = result,
		.why = wd_span_text(d->detail),
	};

	keeper_admin_run(k, &found);
}

static void
ask(struct keeper *k, struct keeper_backend *b, enum wd_call call,
    const void *msg)
{
	struct wd_diag d = { 0 };
	int r = keeper_backend_ask(k, b, call, msg, k->turn, &d);

	if (r != 0) {
		refuse(k, r, &d);
		return;
	}
	k->remote.backend = b;
	k->step = ADMIN_BACKEND;
}

/* ---- keys that were made and are not kept yet */

static void
destroy(struct keeper *k, struct keeper_backend *b, struct wd_span locator)
{
	struct wd_msg_backend_locator m = { locator,
		keeper_backend_deadline(b) };
	struct wd_diag d = { 0 };
	int r = keeper_backend_ask(k, b, WD_CALL_BACKEND_DESTROY, &m, NULL, &d);
	char text[WD_LOCATOR_MAX + 1];

	if (!wd_span_to_text(locator, text, sizeof(text)))
		return;
	wd_log(WD_LOG_WARNING, r == 0 ? "made_key_taken_back" : "made_key_left",
	    "backend", b->name, "locator", text, "detail", d.detail, NULL);
}

void
keeper_remote_unwanted(struct keeper *k, struct keeper_backend *b,
    const struct wd_msg_backend_made *made)
{
	destroy(k, b, made->locator);
}

void
keeper_remote_settle(struct keeper *k, bool kept)
{
	if (k->remote.made[0] != '\0' && !kept)
		destroy(k, k->remote.backend, wd_span_text(k->remote.made));
	wd_use_asked_done(&k->remote.use);
	keeper_hsm_settle(k);
	k->remote = (struct keeper_remote){ 0 };
}

/* ---- KEY_CREATE */

static bool
fits(const struct keeper_backend *b, const struct wd_msg_key_create *m)
{
	if (m->backend_kind.len > 0 &&
	    !wd_span_is(m->backend_kind, b->kind_name))
		return false;
	if (m->backend.len > 0)
		return wd_span_is(m->backend, b->name);
	return m->attach.len == 0 || (b->can & WD_BACKEND_CAN_ATTACH) != 0;
}

/* The default, when it is one of several that could be meant. */
static struct keeper_backend *
preferred(struct keeper *k, const struct wd_msg_key_create *m, size_t *n)
{
	for (size_t i = 0; i < k->n_backends; i++)
		if (wd_span_is(
			k->config->default_backend, k->backends[i].name) &&
		    fits(&k->backends[i], m)) {
			*n = 1;
			return &k->backends[i];
		}
	return NULL;
}

/* RET NULL: our own store. */
static int
choose(struct keeper *k, const struct wd_msg_key_create *m,
    struct keeper_backend **ret, struct wd_diag *d)
{
	struct wd_msg_key_create wanted = *m;
	size_t n = 0;

	*ret = NULL;
	if (m->backend.len == 0 && m->attach.len == 0)
		wanted.backend = k->config->default_backend;
	if ((wanted.backend.len == 0 && m->attach.len == 0) ||
	    (wd_span_is(wanted.backend, "embedded") && m->attach.len == 0))
		return 0;
	for (size_t i = 0; i < k->n_backends; i++)
		if (fits(&k->backends[i], &wanted)) {
			*ret = &k->backends[i];
			n++;
		}
	if (n > 1 && m->backend.len == 0)
		*ret = preferred(k, &wanted, &n);
	if (n == 1)
		return 0;
	return wd_reject(d, WD_R_BACKEND_NOT_CONFIGURED,
	    n == 0 ? "no backend is configured that could hold or attach this "
		     "key"
		   : "several backends could be meant; name one of them");
}

static int
check_can(const struct keeper_backend *b, const struct wd_msg_key_create *m,
    struct wd_diag *d)
{
	unsigned need = m->attach.len > 0 ? WD_BACKEND_CAN_ATTACH
	    : m->material.len > 0         ? WD_BACKEND_CAN_BRING
					  : WD_BACKEND_CAN_GENERATE;

	if (m->stays)
		need |= WD_BACKEND_CAN_STAY;
	if (m->broker_may_unwrap)
		need |= WD_BACKEND_CAN_WRAP;
	if (m->seal_wrap)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "only keys in the store of this server are wrapped by the "
		    "HSM of its seal");
	if (m->broker_may_unwrap && m->stays)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "a key that stays leaves in no way that could be "
		    "unwrapped");
	if (m->attach.len > 0 && m->stays)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "whether an attached key stays is its backend's matter");
	if ((b->can & need) == need)
		return 0;
	return wd_reject(d, WD_R_UNSUPPORTED, "a backend of kind %s cannot %s",
	    b->kind_name,
	    m->stays                   ? "keep a key from leaving"
		: m->broker_may_unwrap ? "wrap keys"
		: m->attach.len > 0    ? "attach keys"
		: m->material.len > 0  ? "take keys"
				       : "make keys");
}

static void
ask_make(
    struct keeper *k, struct keeper_backend *b, const struct wd_admin_plan *p)
{
	struct wd_msg_backend_make m = {
		.id = p->id,
		.version = p->version,
		.kind = (uint8_t)p->kind,
		.bytes = wd_secret_borrow(p->bytes),
		.label = wd_span_text(p->label),
		.stays = p->stays,
		.previous = wd_span_text(p->previous),
		.deadline = keeper_backend_deadline(b),
	};
	struct wd_diag d = { 0 };

	if ((b->kinds >> p->kind & 1) == 0) {
		refuse(k,
		    wd_reject(&d, WD_R_UNSUPPORTED,
			"a backend of kind %s holds no keys of kind %s",
			b->kind_name, wd_key_row(p->kind)->name),
		    &d);
		return;
	}
	k->remote.id = p->id;
	ask(k, b, WD_CALL_BACKEND_MAKE, &m);
}

static void
ask_attach(struct keeper *k, struct keeper_backend *b,
    const struct wd_msg_key_create *c)
{
	struct wd_msg_backend_attach m = { c->attach,
		keeper_backend_deadline(b) };

	ask(k, b, WD_CALL_BACKEND_ATTACH, &m);
}

static void
create_in(struct keeper *k, struct keeper_backend *b,
    const struct wd_msg_key_create *m)
{
	WD_AUTO(wd_admin_plan_done) struct wd_admin_plan p = { 0 };
	struct wd_diag d = { 0 };
	struct wd_msg_key_create only = *m;
	int r;

	/* The id of a key that is attached is made here too. */
	only.material = m->attach.len > 0 ? wd_span(NULL, 0) : m->material;
	if ((r = check_can(b, m, &d)) != 0 ||
	    (r = wd_admin_may_unwrap(k->broker, m, wd_time_now(), &d)) != 0 ||
	    (r = wd_admin_plan_create(k->broker, &only, &p, &d)) != 0) {
		refuse(k, r, &d);
		return;
	}
	k->remote.id = p.id;
	if (m->attach.len > 0)
		ask_attach(k, b, m);
	else
		ask_make(k, b, &p);
}

static void
begin_create(struct keeper *k)
{
	WD_AUTO(wd_freep) struct wd_msg_key_create *m = request(k);
	struct keeper_backend *b = NULL;
	struct wd_diag d = { 0 };
	int r;

	if (m == NULL) {
		keeper_admin_run(k, NULL);
		return;
	}
	r = choose(k, m, &b, &d);
	if (r != 0)
		refuse(k, r, &d);
	else if (b == NULL)
		keeper_hsm_begin(k);
	else
		create_in(k, b, m);
}

/* ---- KEY_ROTATE */

/* Of an existing key. A backend that is not configured any more is said by the
 * call itself. */
static struct keeper_backend *
backend_of(struct keeper *k, const struct wd_remote *x)
{
	struct keeper_backend *b = keeper_backend_named(k, x->backend);

	return b != NULL && b->kind == x->kind ? b : NULL;
}

static void
begin_rotate(struct keeper *k)
{
	WD_AUTO(wd_freep) struct wd_msg_key_csr_ask *m = request(k);
	WD_AUTO(wd_admin_plan_done) struct wd_admin_plan p = { 0 };
	struct keeper_backend *b = NULL;
	struct wd_diag d = { 0 };
	int r = WD_R_NOT_FOUND;

	if (m != NULL)
		r = wd_admin_plan_rotate(k->broker, m, &p, &d);
	if (r == 0)
		b = keeper_backend_named(k, p.backend);
	if (r == WD_R_NOT_FOUND || r == WD_R_SEALED || (r == 0 && b == NULL))
		keeper_hsm_begin(k);
	else if (r != 0)
		refuse(k, r, &d);
	else
		ask_make(k, b, &p);
}

/* ---- KEY_CSR */

/* A key that leaves wrapped alone, to be opened here. */
static void
ask_wrapped(struct keeper *k, struct keeper_backend *b, const char *locator)
{
	struct wd_diag d = { 0 };
	int r = keeper_wrap_ask(k, b, locator, wd_span(NULL, 0), k->turn, &d);

	if (r != 0) {
		refuse(k, r, &d);
		return;
	}
	k->remote.backend = b;
	k->step = ADMIN_BACKEND;
}

/* A key that signs where it is, and does not come for it. */
static void
ask_signature(struct keeper *k, struct keeper_backend *b,
    const struct wd_msg_key_csr_ask *m, const struct wd_remote *x,
    enum wd_key_kind kind)
{
	WD_AUTO(wd_admin_csr_done) struct wd_admin_csr csr = { 0 };
	struct wd_msg_backend_work work = { .use = WD_USE_SIGN,
		.kind = (uint8_t)kind,
		.locator = wd_span_text(x->locator),
		.deadline = keeper_backend_deadline(b) };
	struct wd_diag d = { 0 };
	int r = wd_admin_plan_csr(k->broker, m, &csr, &d);

	if (r != 0) {
		refuse(k, r, &d);
		return;
	}
	work.alg = (uint8_t)csr.alg;
	work.hashed = csr.hashed;
	work.input = wd_bytes_span(csr.to_sign);
	ask(k, b, WD_CALL_BACKEND_USE, &work);
}

static bool
may_leave(const struct wd_remote *x)
{
	return !x->stays && (!x->wrapped_only || x->broker_may_unwrap);
}

static void
begin_csr(struct keeper *k)
{
	WD_AUTO(wd_freep) struct wd_msg_key_csr_ask *m = request(k);
	struct wd_msg_backend_fetch fetch = { 0 };
	struct keeper_backend *b = NULL;
	enum wd_key_kind kind = WD_KEY_NONE;
	struct wd_diag d = { 0 };
	struct wd_remote x;
	int r = WD_R_NOT_FOUND;

	if (m != NULL)
		r = wd_admin_remote_of(k->broker, &m->id, 0, &x, &kind, &d);
	if (r == 0)
		b = backend_of(k, &x);
	if (b != NULL && wd_remote_is_used_there(&x) &&
	    (b->can & WD_BACKEND_CAN_USE) != 0) {
		ask_signature(k, b, m, &x, kind);
		return;
	}
	if (r == 0 && !may_leave(&x))
		r = wd_reject(&d, WD_R_MAY_NOT_LEAVE,
		    "the private key may not leave its backend, which does not "
		    "sign with it");
	if (r == WD_R_NOT_FOUND || r == WD_R_SEALED || (r == 0 && b == NULL)) {
		keeper_hsm_begin(k);
		return;
	}
	if (r != 0) {
		refuse(k, r, &d);
		return;
	}
	if (x.wrapped_only) {
		k->remote.kind = kind;
		ask_wrapped(k, b, x.locator);
		return;
	}
	fetch.locator = wd_span_text(x.locator);
	fetch.kind = (uint8_t)kind;
	fetch.deadline = keeper_backend_deadline(b);
	ask(k, b, WD_CALL_BACKEND_FETCH, &fetch);
}

/* ---- KEY_DELETE: what we made ends first, version by version */

static void
delete_next(struct keeper *k, const struct wd_id *id)
{
	struct wd_msg_backend_locator m;
	struct keeper_backend *b;
	enum wd_key_kind kind;
	struct wd_diag d = { 0 };
	struct wd_remote x;
	int r;

	do
		r = wd_admin_remote_of(
		    k->broker, id, ++k->remote.version, &x, &kind, &d);
	while (r == 0 && !x.made);
	/* All of them, or it rests here; or it is a row that somebody else has
	 * written: it may go, and nothing is destroyed by it. */
	if (r == WD_R_NOT_FOUND ||
	    (r < 0 && wd_store_foreign(k->broker->store))) {
		keeper_admin_run(k, NULL);
		return;
	}
	b = r == 0 ? backend_of(k, &x) : NULL;
	if (r == 0 && b == NULL)
		r = wd_reject(&d, WD_R_BACKEND_NOT_CONFIGURED,
		    "there is no backend %s to destroy the key in", x.backend);
	if (r != 0) {
		refuse(k, r, &d);
		return;
	}
	m.locator = wd_span_text(x.locator);
	m.deadline = keeper_backend_deadline(b);
	ask(k, b, WD_CALL_BACKEND_DESTROY, &m);
}

static void
begin_delete(struct keeper *k)
{
	WD_AUTO(wd_freep) struct wd_msg_key_ask *m = request(k);

	if (m == NULL) {
		keeper_admin_run(k, NULL);
		return;
	}
	k->remote.version = 0;
	delete_next(k, &m->id);
}

/* ---- KEY_USE */

/* What is refused without a backend is refused by the call itself. */
static void
begin_use(struct keeper *k)
{
	WD_AUTO(wd_freep) struct wd_msg_key_use *m = request(k);
	struct wd_use_asked *x = &k->remote.use;
	struct wd_use_work w;
	struct wd_diag d = { 0 };
	int r;

	if (m == NULL || wd_broker_look(k->broker, wd_time_now(), &d) != 0 ||
	    wd_admin_plan_use(k->broker, m, x, &d) != 0 || !x->fetch.wanted) {
		keeper_admin_run(k, NULL);
		return;
	}
	w = wd_use_work_of_admin(m);
	if ((r = keeper_use_ask(k, &w, x, k->turn, &d)) != 0) {
		refuse(k, r, &d);
		return;
	}
	k->remote.backend = keeper_backend_named(k, x->fetch.what.backend);
	k->step = ADMIN_BACKEND;
}

static void
used(struct keeper *k, enum wd_call call, int result, struct wd_span why,
    const void *msg)
{
	struct wd_admin_found found = { .used = &k->remote.use };
	struct keeper_backend *from = k->remote.backend;

	keeper_use_answer(&k->remote.use, call, result, why, msg);
	keeper_admin_run(k, &found);
	if (result == 0 && call == WD_CALL_BACKEND_FETCH)
		keeper_fetch_unwanted(k, from, msg);
}

/* ---- answers */

static void
made(struct keeper *k, const struct wd_msg_backend_made *m, bool attached)
{
	struct wd_admin_made x = {
		.id = k->remote.id,
		.backend = k->remote.backend->name,
		.kind = k->remote.backend->kind,
		.attached = attached,
		.msg = m,
	};
	struct wd_admin_found found = { .made = &x };

	if (!attached &&
	    !wd_span_to_text(
		m->locator, k->remote.made, sizeof(k->remote.made)))
		k->remote.made[0] = '\0'; /* refused for it */
	keeper_admin_run(k, &found);
}

/* For a request, and not to be kept: what was leased with it is given back. */
static void
fetched(struct keeper *k, const struct wd_msg_backend_got *got)
{
	struct wd_admin_found found = { .fetched = got->bytes };
	struct keeper_backend *from = k->remote.backend;

	keeper_admin_run(k, &found);
	keeper_fetch_unwanted(k, from, got);
}

static void
wrapped(struct keeper *k, const struct wd_msg_backend_wrapped *m)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *opened = NULL;
	struct wd_admin_found found = { .unwrapped = true };

	found.result = keeper_unwrap(k, m, k->remote.kind, &opened);
	if (found.result != 0)
		found.why =
		    WD_SPAN_LIT("what the backend wrapped does not open");
	found.fetched = wd_secret_borrow(opened);
	keeper_admin_run(k, &found);
}

static void
signed_there(struct keeper *k, const struct wd_msg_backend_output *m)
{
	struct wd_admin_found found = { .signature = m->bytes };

	/* None would be taken for a call that has not been there yet. */
	if (m->bytes.len == 0) {
		found.result = WD_R_BACKEND_ANSWER;
		found.why = WD_SPAN_LIT("the backend gave no signature");
	}
	keeper_admin_run(k, &found);
}

static void
destroyed(struct keeper *k)
{
	WD_AUTO(wd_freep) struct wd_msg_key_ask *m = request(k);

	if (m == NULL)
		keeper_admin_run(k, NULL);
	else
		delete_next(k, &m->id);
}

void
keeper_admin_backend(struct keeper *k, enum wd_call call, int result,
    struct wd_span why, const void *msg)
{
	struct wd_admin_found refused = { .result = result, .why = why };

	k->step = ADMIN_IDLE;
	if (k->turn->call == WD_CALL_KEY_USE) {
		used(k, call, result, why, msg);
		return;
	}
	if (result == 0 &&
	    (call == WD_CALL_SEAL_WRAP || call == WD_CALL_SEAL_UNWRAP)) {
		keeper_hsm_admin(k, call, msg);
		return;
	}
	if (call == WD_CALL_BACKEND_DESTROY && result == WD_R_NOT_FOUND)
		result = 0;
	if (result != 0)
		keeper_admin_run(k, &refused);
	else if (call == WD_CALL_BACKEND_MAKE || call == WD_CALL_BACKEND_ATTACH)
		made(k, msg, call == WD_CALL_BACKEND_ATTACH);
	else if (call == WD_CALL_BACKEND_FETCH)
		fetched(k, msg);
	else if (call == WD_CALL_BACKEND_WRAP)
		wrapped(k, msg);
	else if (call == WD_CALL_BACKEND_USE)
		signed_there(k, msg);
	else
		destroyed(k);
}

bool
keeper_remote_begin(struct keeper *k)
{
	static const struct {
		enum wd_call call;
		void (*begin)(struct keeper *k);
	} rows[] = {
		{ WD_CALL_KEY_CREATE, begin_create },
		{ WD_CALL_KEY_ROTATE, begin_rotate },
		{ WD_CALL_KEY_CSR, begin_csr },
		{ WD_CALL_KEY_DELETE, begin_delete },
		{ WD_CALL_KEY_USE, begin_use },
		{ WD_CALL_KEY_HSM, keeper_hsm_begin },
		{ WD_CALL_SECRET_PUT, keeper_hsm_begin },
		{ WD_CALL_SECRET_GET, keeper_hsm_begin },
		{ WD_CALL_SECRET_HSM, keeper_hsm_begin },
	};

	for (size_t i = 0; i < WD_N(rows); i++)
		if (rows[i].call == k->turn->call) {
			rows[i].begin(k);
			return true;
		}
	return false;
}
