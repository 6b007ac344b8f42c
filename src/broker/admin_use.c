/*
 * Keys used by admins: what the token's rules say counts, no policy does.
 */
#include "broker/admin_in.h"

#include "broker/admin_use.h"

/* What is none names no rule that anybody has. */
const char *
wd_admin_key_use_action(const void *msg)
{
	const struct wd_msg_key_use *m = msg;
	const char *name = wd_keyuse_name((enum wd_keyuse)m->use);

	return name == NULL ? "none" : name;
}

int
wd_admin_plan_use(struct wd_broker *b, const struct wd_msg_key_use *m,
    struct wd_use_asked *x, struct wd_diag *d)
{
	WD_AUTO(wd_use_done_done) struct wd_use_done none = { 0 };
	const struct wd_thing *thing = NULL;
	struct wd_use_work w = wd_use_work_of_admin(m);
	bool theirs = false;
	int r = wd_use_find(b, &w, &thing, d);

	if (r != 0 || !b->open ||
	    (!wd_remote_is(&thing->key) && !thing->version.hsm))
		return r;
	return wd_use_do(b, thing, &w, x, &none, &theirs, d);
}

static void
say(struct wd_admin *a, const struct wd_use_work *w)
{
	char text[64];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text) - 1);

	wd_use_say(w, &wr);
	wd_admin_say(a, "%.*s", (int)wr.len, text);
}

int
wd_admin_key_use(struct wd_admin *a, const void *msg)
{
	WD_AUTO(wd_use_done_done) struct wd_use_done done = { 0 };
	WD_AUTO(wd_use_asked_done) struct wd_use_asked own = { 0 };
	const struct wd_thing *thing = NULL;
	struct wd_use_work w = wd_use_work_of_admin(msg);
	struct wd_use_asked *x = &own;
	struct wd_msg_key_used m;
	bool theirs = false;
	int r;

	if (a->found != NULL && a->found->used != NULL)
		x = a->found->used;
	x->fetch.again = true; /* nothing changes in an admin's turn */
	say(a, &w);
	if ((r = wd_use_find(a->b, &w, &thing, a->d)) != 0)
		return r;
	a->entry.version = thing->number;
	r = wd_use_do(a->b, thing, &w, x, &done, &theirs, a->d);
	if (r != 0)
		return r;
	if (x->fetch.wanted && x->fetch.by_seal)
		return wd_reject(a->d, WD_R_HSM_UNAVAILABLE,
		    "the HSM that has wrapped the key was not asked");
	if (x->fetch.wanted)
		return wd_reject(a->d, WD_R_BACKEND_NOT_CONFIGURED,
		    "there is no backend %s (any more)", x->fetch.what.backend);
	m = (struct wd_msg_key_used){ .version = done.version,
		.sig = (uint8_t)done.sig,
		.valid = done.valid,
		.output = wd_bytes_span(done.output),
		.plain = wd_secret_borrow(done.plain) };
	return wd_admin_answer(a, &m);
}
