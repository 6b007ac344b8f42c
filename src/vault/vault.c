/*
 * A Vault's client as others see it.
 */
#include "vault/vault.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "vault/client_in.h"

enum { CALL_MS = 10000 };

/* ---- life */

static int
take_text(struct wd_span s, const char *what, char *dst, struct wd_diag *d)
{
	if (s.len == 0) {
		dst[0] = '\0';
		return 0;
	}
	if (wd_vault_path_check(s, what, d) != 0)
		return WD_R_RANGE;
	return wd_span_to_text(s, dst, WD_VAULT_TEXT_MAX)
	    ? 0
	    : wd_reject(d, WD_R_RANGE, "vault: %s is too long", what);
}

/* A namespace is mostly written with the slash at its end. */
static struct wd_span
without_slash(struct wd_span s)
{
	if (s.len > 0 && s.p[s.len - 1] == '/')
		s.len--;
	return s;
}

static int
take_texts(
    struct wd_vault *v, const struct wd_vault_options *o, struct wd_diag *d)
{
	struct wd_span mount = o->mount.len > 0
	    ? o->mount
	    : wd_span_text(wd_vault_method_name(o->method));
	int r;

	if ((r = take_text(without_slash(o->name_space), "the namespace",
		 v->name_space, d)) != 0 ||
	    (r = take_text(without_slash(mount), "the login's mount", v->mount,
		 d)) != 0 ||
	    (r = take_text(o->role, "the role", v->role, d)) != 0)
		return r;
	if (wd_vault_place_read(o->address, &v->place) != 0)
		return wd_reject(d, WD_R_RANGE,
		    "vault: the address is not https://host:port");
	if (o->method == WD_VAULT_CERT
		? o->certificate.len == 0 || o->key.len == 0
		: o->secret_file == NULL)
		return wd_reject(d, WD_R_RANGE, "vault: a login by %s needs %s",
		    wd_vault_method_name(o->method),
		    o->method == WD_VAULT_CERT ? "a certificate and its key"
					       : "a file with its secret");
	return 0;
}

static int
take_bytes(struct wd_vault *v, const struct wd_vault_options *o)
{
	struct wd_span file = wd_span_text(o->secret_file);

	v->ca = wd_bytes_copy(o->ca);
	v->certificate = wd_bytes_copy(o->certificate);
	v->key = wd_secret_copy(o->key);
	if (file.len > 0 && (v->secret_file = wd_alloc(file.len + 1)) == NULL)
		return WD_F_MEMORY;
	wd_copy(v->secret_file, file);
	return v->ca == NULL || v->certificate == NULL || v->key == NULL
	    ? WD_F_MEMORY
	    : 0;
}

int
wd_vault_open(const struct wd_vault_options *options, struct wd_vault **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_vault_freep) struct wd_vault *v = wd_alloc(sizeof(*v));
	int r;

	if (v == NULL || take_bytes(v, options) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	v->method = options->method;
	v->tls12 = options->tls12;
	v->direct = options->direct;
	if ((r = take_texts(v, options, d)) != 0 ||
	    (r = wd_vault_connect(v, &v->place, &v->here, d)) != 0)
		return r;
	*ret = WD_TAKE(v);
	return 0;
}

struct wd_vault *
wd_vault_free(struct wd_vault *v)
{
	if (v == NULL)
		return NULL;
	wd_client_freep(&v->here);
	wd_client_freep(&v->leader);
	wd_bytes_freep(&v->ca);
	wd_bytes_freep(&v->certificate);
	wd_secret_freep(&v->key);
	wd_secret_freep(&v->token);
	v->secret_file = wd_free(v->secret_file);
	return wd_free(v);
}

void
wd_vault_freep(struct wd_vault **v)
{
	*v = wd_vault_free(*v);
}

/* ---- calls */

static int64_t
deadline(const struct wd_vault *v)
{
	return v->deadline != 0 ? v->deadline : wd_time_mono_ms() + CALL_MS;
}

void
wd_vault_until(struct wd_vault *v, int64_t end)
{
	v->deadline = end;
}

int
wd_vault_keep(struct wd_vault *v, struct wd_diag *d)
{
	bool fresh;

	return wd_vault_sign_in(v, deadline(v), &fresh, d);
}

static int
perform(struct wd_vault *v, const struct wd_vault_call *call, int64_t end,
    struct wd_vault_reply *ret, struct wd_diag *d)
{
	return wd_vault_perform(
	    v, call, wd_secret_borrow(v->token), end, ret, d);
}

/* Refused: for the token, or for what it asked? A look at the token tells, so
 * that what is forbidden does not cost a login each time. */
static bool
was_the_token(struct wd_vault *v, int64_t end)
{
	return wd_vault_look(v, end, NULL) == WD_R_PERMISSION;
}

int
wd_vault_call(struct wd_vault *v, const struct wd_vault_call *call,
    struct wd_vault_reply *ret, struct wd_diag *d)
{
	int64_t end = deadline(v);
	struct wd_diag why = { 0 };
	bool fresh;
	int r = wd_vault_sign_in(v, end, &fresh, d);

	if (r != 0)
		return r;
	r = perform(v, call, end, ret, &why);
	if (r == WD_R_PERMISSION && !fresh && was_the_token(v, end)) {
		wd_vault_forget(v);
		r = wd_vault_sign_in(v, end, &fresh, d);
		return r == 0 ? perform(v, call, end, ret, d) : r;
	}
	if (r != 0 && d != NULL && d->result == 0)
		*d = why;
	return r;
}

/* ---- health */

static bool
flag(const struct wd_jval *v, const char *name)
{
	bool set = false;

	return wd_jval_bool(wd_jval_get(v, name), &set) && set;
}

int
wd_vault_health(
    struct wd_vault *v, struct wd_vault_health *ret, struct wd_diag *d)
{
	/* Each state answers with a 200 of its own choice. */
	const struct wd_vault_call call = {
		.path = "sys/health?standbycode=200&perfstandbyok=true"
			"&drsecondarycode=200&sealedcode=200&uninitcode=200",
	};
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	struct wd_vault_health h = { 0 };
	struct wd_span version;
	int r = wd_vault_perform(
	    v, &call, wd_span(NULL, 0), deadline(v), &reply, d);

	if (r != 0)
		return r;
	if (wd_jval_get(reply.root, "sealed") == NULL)
		return wd_reject(
		    d, WD_R_BACKEND_ANSWER, "vault: it does not say how it is");
	h.initialized = flag(reply.root, "initialized");
	h.sealed = flag(reply.root, "sealed");
	h.standby = flag(reply.root, "standby");
	if (!wd_jval_text(wd_jval_get(reply.root, "version"), &version) ||
	    !wd_span_is_word(version) ||
	    !wd_span_to_text(version, h.version, sizeof(h.version)))
		h.version[0] = '\0';
	*ret = h;
	return 0;
}
