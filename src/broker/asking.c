/*
 * Nothing here decides: whoever asks sets a verdict by what this returns.
 */
#include "broker/asking.h"

#include "broker/limits.h"
#include "broker/references.h"
#include "broker/session.h"
#include "codec/jtext.h"

void
wd_asking_done(struct wd_asking *a)
{
	wd_store_session_done(&a->room);
}

int
wd_asking_begin(struct wd_asking *a, struct wd_span cookie,
    struct wd_span token, bool again, struct wd_diag *d)
{
	int r;

	if (!a->b->open)
		return wd_reject(d, WD_R_SEALED, "the server is sealed");
	if ((r = wd_broker_look(a->b, a->now, d)) != 0 ||
	    (r = wd_session_find(
		 a->b, cookie, token, a->now, &a->room, &a->session, d)) != 0)
		return r;
	if (wd_claims_adopt(&a->claims, wd_bytes_span(a->session->claims)) != 0)
		return wd_fault(d, WD_F_STORE, "a session without claims");
	if (again)
		return 0;
	return wd_limit_session(a->b, &a->session->id, &a->claims, d);
}

/* The client as its certificate named it; NULL without one. */
static const struct wd_client_identity *
identity(const struct wd_asking *a, struct wd_client_identity *room)
{
	if (a->session->client_cn[0] == '\0')
		return NULL;
	room->cn = wd_span_text(a->session->client_cn);
	room->issuer_cn = wd_span_text(a->session->client_issuer);
	return room;
}

int
wd_asking_judge(struct wd_asking *a, struct wd_diag *d)
{
	struct wd_client_identity room = { 0 };

	return wd_judge(a->b, a->thing, &a->claims, identity(a, &room), a->now,
	    NULL, &a->judged, d);
}

static void
write_trace(const struct wd_asking *a, struct wd_wr *wr)
{
	struct wd_client_identity room = { 0 };
	struct wd_policy_trace trace = { 0 };
	struct wd_jtext j = wd_jtext(wr);

	if (a->judged.policy != NULL &&
	    wd_policy_eval(a->judged.policy, &a->claims, identity(a, &room),
		a->now, &trace) >= 0)
		wd_policy_trace_write(&trace, &j);
}

int
wd_asking_entry(const struct wd_asking *a, int result, struct wd_entry *e,
    struct wd_wr *trace, struct wd_wr *sets)
{
	struct wd_jtext j = wd_jtext(sets);

	e->time = a->now;
	e->session = a->session->id;
	if (a->thing != NULL) {
		e->key = a->thing->path.key;
		e->policy = a->thing->policy;
		e->version = a->thing->number;
	}
	e->policy_version = a->judged.policy_version;
	e->result = result;
	e->software = wd_claims_bool(&a->claims, WD_C_SOFTWARE);
	if (result != 0)
		write_trace(a, trace);
	e->trace = wd_wr_span(trace);
	if (a->judged.policy != NULL && a->judged.policy->n_sets > 0)
		wd_references_write(a->judged.policy, &j);
	if (wd_wr_end(sets) != 0)
		return WD_F_MEMORY;
	e->references = wd_wr_span(sets);
	return 0;
}
