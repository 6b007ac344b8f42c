/*
 * One use of a key: which version, whether such a key does that, then with the
 * key here or with what its backend has answered.
 */
#include "broker/use_in.h"

#include "crypto/rand.h"

#include <string.h>

struct wd_use_work
wd_use_work_of(const struct wd_msg_use_ask *m)
{
	return (struct wd_use_work){ .key = m->id,
		.use = (enum wd_keyuse)m->use,
		.sig = (enum wd_keysig)m->sig,
		.version = m->version,
		.bits = m->bits,
		.wrapped = m->wrapped,
		.hashed = m->hashed,
		.input = m->input,
		.aad = m->aad,
		.signature = m->signature };
}

struct wd_use_work
wd_use_work_of_admin(const struct wd_msg_key_use *m)
{
	return (struct wd_use_work){ .key = m->id,
		.use = (enum wd_keyuse)m->use,
		.sig = (enum wd_keysig)m->sig,
		.version = m->version,
		.bits = m->bits,
		.wrapped = m->wrapped,
		.hashed = m->hashed,
		.input = m->input,
		.aad = m->aad,
		.signature = m->signature };
}

void
wd_use_asked_done(struct wd_use_asked *x)
{
	wd_fetch_done(&x->fetch);
	x->datakey = wd_secret_free(x->datakey);
}

void
wd_use_done_done(struct wd_use_done *x)
{
	x->output = wd_bytes_free(x->output);
	x->plain = wd_secret_free(x->plain);
}

static void
using_done(struct wd_using *u)
{
	u->bytes = wd_secret_free(u->bytes);
	wd_use_done_done(&u->done);
}

void
wd_use_say(const struct wd_use_work *w, struct wd_wr *wr)
{
	const char *name = wd_keyuse_name(w->use);

	if (w->use == WD_KEYUSE_DATAKEY)
		wd_wr_printf(wr, "%s, %u bits", name, w->bits);
	else
		wd_wr_printf(wr, "%s, %s%zu bytes", name == NULL ? "?" : name,
		    w->hashed ? "a digest of " : "", w->input.len);
}

/* ---- which version */

static int
version_of(const struct wd_use_work *w, uint32_t *ret, struct wd_diag *d)
{
	struct wd_envelope e = { 0 };

	*ret = w->version;
	if (w->use != WD_KEYUSE_DECRYPT || wd_envelope_read(w->input, &e) != 0)
		return 0;
	if (!wd_span_equal(wd_id_span(&e.key), wd_id_span(&w->key)) ||
	    (w->version != 0 && w->version != e.version))
		return wd_use_not_decrypted(d);
	*ret = e.version;
	return 0;
}

int
wd_use_find(struct wd_broker *b, const struct wd_use_work *w,
    const struct wd_thing **ret, struct wd_diag *d)
{
	char text[WD_PATH_MAX + 1];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	uint32_t version = 0;
	int r = version_of(w, &version, d);

	if (r != 0)
		return r;
	wd_wr_printf(&wr, "default/key/%s", w->key.s);
	if (version != 0)
		wd_wr_printf(&wr, ".v%u", version);
	return wd_thing_find(b, wd_wr_span(&wr), ret, d);
}

/* ---- the key */

static void
want(struct wd_using *u, const struct wd_remote *now)
{
	u->x->fetch.wanted = true;
	u->x->fetch.what = *now;
	u->x->fetch.kind = u->kind->kind;
	u->x->there = wd_remote_is_used_there(now);
	u->x->version = u->thing->version.version;
	u->x->sig = u->sig;
}

static bool
is_of(const struct wd_using *u, const struct wd_remote *now)
{
	const struct wd_use_asked *x = u->x;

	return wd_fetch_is_of(&x->fetch, now) &&
	    x->version == u->thing->version.version &&
	    x->there == wd_remote_is_used_there(now);
}

/* As wd_remote_take(), for what the key has done there. */
static int
take_answer(struct wd_using *u, const struct wd_remote *now)
{
	const struct wd_fetch *f = &u->x->fetch;

	/* Only of a ciphertext can that be said. */
	if (f->result == WD_R_MISMATCH)
		return u->w->use == WD_KEYUSE_DECRYPT
		    ? wd_use_not_decrypted(u->d)
		    : wd_use_wrong_answer(u->d);
	if (f->result > 0)
		return wd_reject(u->d, (enum wd_reason)f->result, "%.*s",
		    (int)f->why.len, (const char *)f->why.p);
	if (f->result < 0)
		return wd_fault(u->d, f->result, "the backend was not asked");
	if (!is_of(u, now))
		return wd_reject(u->d, WD_R_UNAVAILABLE,
		    "the key has changed meanwhile; try again");
	u->answer = f->bytes;
	return 0;
}

static int
open_remote(struct wd_using *u, struct wd_broker *b, bool *ret_theirs)
{
	struct wd_remote now;
	int r =
	    wd_remote_open(b, &u->thing->key, &u->thing->version, &now, u->d);

	if (r != 0)
		return r;
	if (now.leased)
		return wd_reject(u->d, WD_R_UNSUPPORTED,
		    "what is made anew at each release is not used here");
	if (!is_of(u, &now))
		wd_fetch_again(&u->x->fetch);
	if (!u->x->fetch.answered) {
		want(u, &now);
		return 0;
	}
	u->x->fetch.wanted = false;
	r = u->x->there
	    ? take_answer(u, &now)
	    : wd_remote_take(&u->x->fetch, &now,
		  wd_bytes_span(u->thing->version.spki), &u->bytes, u->d);
	*ret_theirs = r != 0 && r != WD_R_MISMATCH;
	return r;
}

/* From our own store; asks the HSM first where that has wrapped it. */
static int
open_here(struct wd_using *u, struct wd_broker *b, bool *ret_theirs)
{
	const struct wd_store_version *v = &u->thing->version;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = NULL;
	struct wd_sealwrap w = { 0 };
	bool stays; /* it does not leave by this */
	int r = wd_secret_key_blob(b, v, &blob, u->d);

	u->x->fetch.wanted = false;
	if (r != 0)
		return r;
	if (blob == NULL)
		return wd_secret_use_key(b, v, NULL, &u->bytes, &stays, u->d);
	if (!wd_fetch_is_of_blob(&u->x->fetch, blob))
		wd_fetch_again(&u->x->fetch);
	if (!u->x->fetch.answered) {
		wd_fetch_by_seal(&u->x->fetch, &blob);
		return 0;
	}
	if ((r = wd_fetch_unwrapped(&u->x->fetch, blob, &w, u->d)) != 0) {
		*ret_theirs = true;
		return r;
	}
	return wd_secret_use_key(b, v, &w, &u->bytes, &stays, u->d);
}

static int
open_key(struct wd_using *u, struct wd_broker *b, bool *ret_theirs)
{
	return wd_remote_is(&u->thing->key) ? open_remote(u, b, ret_theirs)
					    : open_here(u, b, ret_theirs);
}

/* ---- what is asked */

static int
check_sizes(const struct wd_use_work *w, struct wd_diag *d)
{
	size_t most = w->use == WD_KEYUSE_DECRYPT ? WD_KEYUSE_CIPHER_MAX
						  : WD_KEYUSE_DATA_MAX;

	if (w->input.len > most || w->aad.len > WD_KEYUSE_AAD_MAX)
		return wd_reject(d, WD_R_TOO_LARGE,
		    "at most 32 KiB are taken, and 4 KiB to go with them");
	if (w->use == WD_KEYUSE_DATAKEY && w->bits != 128 && w->bits != 256)
		return wd_reject(
		    d, WD_R_RANGE, "a data key has 128 or 256 bits");
	return 0;
}

/* Made once: a backend may be asked in between. */
static int
make_datakey(struct wd_using *u)
{
	if (u->w->use != WD_KEYUSE_DATAKEY || u->x->datakey != NULL)
		return 0;
	return wd_rand_secret(u->w->bits / 8, &u->x->datakey) == 0
	    ? 0
	    : wd_fault(u->d, WD_F_CRYPTO, "no key could be made");
}

static void
read_input(struct wd_using *u)
{
	if (wd_envelope_read(u->w->input, &u->envelope) != 0)
		u->envelope = (struct wd_envelope){ 0 };
	u->body = u->envelope.how != 0 ? u->envelope.body : u->w->input;
}

static int
run(struct wd_using *u, const struct wd_use_row *row, struct wd_broker *b,
    bool *ret_theirs)
{
	int r;

	if ((r = check_sizes(u->w, u->d)) != 0)
		return r;
	read_input(u);
	if ((r = row->check(u)) != 0 || (r = make_datakey(u)) != 0)
		return r;
	if (row->secret && (r = open_key(u, b, ret_theirs)) != 0)
		return r;
	if (u->x->fetch.wanted)
		return 0;
	if (row->secret && u->bytes == NULL) {
		r = row->there(u);
		*ret_theirs = r == WD_R_BACKEND_ANSWER;
		return r;
	}
	return row->here(u);
}

int
wd_use_do(struct wd_broker *b, const struct wd_thing *thing,
    const struct wd_use_work *w, struct wd_use_asked *x,
    struct wd_use_done *ret, bool *ret_theirs, struct wd_diag *d)
{
	WD_AUTO(using_done)
	struct wd_using u = { .thing = thing, .w = w, .x = x, .d = d };
	const struct wd_use_row *row;
	int r;

	u.kind = wd_key_row((enum wd_key_kind)thing->key.kind);
	if (u.kind == NULL || wd_keyuse_name(w->use) == NULL)
		return wd_fault(d, WD_F_BUG, "no such use or kind");
	if ((row = wd_use_row(w->use, u.kind->family)) == NULL)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "keys of kind %s are not there for %s", u.kind->name,
		    wd_keyuse_name(w->use));
	u.done.version = thing->version.version;
	if ((r = run(&u, row, b, ret_theirs)) != 0)
		return r;
	*ret = u.done;
	u.done = (struct wd_use_done){ 0 };
	return 0;
}

/* ---- what a backend is asked */

static int
cipher_message(const struct wd_use_work *w, const struct wd_use_asked *x,
    uint8_t room[WD_USE_ROOM], struct wd_msg_backend_work *m)
{
	uint8_t head_room[WD_ENVELOPE_HEAD];
	struct wd_wr wr = wd_wr_fixed(head_room, sizeof(head_room));
	struct wd_envelope e;

	m->alg = WD_USE_AES_GCM;
	if (w->use == WD_KEYUSE_DECRYPT) {
		if (wd_envelope_read(w->input, &e) != 0 ||
		    e.how != WD_ENVELOPE_GCM)
			return WD_R_MISMATCH;
		m->use = WD_USE_DECRYPT;
		m->input = e.body;
		return wd_use_aad(e.head, w->aad, room, &m->aad);
	}
	m->use = WD_USE_ENCRYPT;
	m->input = w->use == WD_KEYUSE_DATAKEY ? wd_secret_borrow(x->datakey)
					       : w->input;
	wd_envelope_head(&wr, WD_ENVELOPE_GCM, &w->key, x->version);
	return wd_use_aad(wd_wr_span(&wr), w->aad, room, &m->aad);
}

static int
pair_message(const struct wd_use_work *w, const struct wd_use_asked *x,
    struct wd_msg_backend_work *m)
{
	struct wd_envelope e;

	m->input = w->input;
	if (w->use == WD_KEYUSE_SIGN) {
		m->use = WD_USE_SIGN;
		m->alg = (uint8_t)wd_use_backend_alg(x->sig);
		m->hashed = w->hashed;
		return 0;
	}
	m->use = WD_USE_DECRYPT;
	m->alg = WD_USE_RSA_OAEP;
	if (wd_envelope_read(w->input, &e) != 0)
		return 0;
	m->input = e.body;
	return e.how == WD_ENVELOPE_OAEP ? 0 : WD_R_MISMATCH;
}

int
wd_use_message(const struct wd_use_work *w, const struct wd_use_asked *x,
    uint8_t room[WD_USE_ROOM], struct wd_msg_backend_work *ret)
{
	struct wd_msg_backend_work m = {
		.kind = (uint8_t)x->fetch.kind,
		.locator = wd_span_text(x->fetch.what.locator),
	};
	int r = wd_key_row(x->fetch.kind)->family == WD_FAMILY_AES
	    ? cipher_message(w, x, room, &m)
	    : pair_message(w, x, &m);

	if (r != 0)
		return r;
	*ret = m;
	return 0;
}
