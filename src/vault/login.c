/*
 * Logins and what is done so that they stay rare: a token is renewed when two
 * thirds of its time are over, and thrown away when it cannot be made to last.
 * Secrets are read from their file each time, since others replace them.
 */
#include "base/clock.h"
#include "base/wr.h"
#include "codec/jtext.h"
#include "crypto/rand.h"
#include "sys/file.h"
#include "vault/client_in.h"

#include <fcntl.h>
#include <stdio.h>

enum {
	SECRET_MAX = 16 << 10,
	BODY_MAX = 64 << 10,
	AGAIN_MS = 5000, /* after a renewal that failed */
};

/* ---- what is shown */

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static int
read_secret(struct wd_vault *v, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;
	struct wd_span text;
	int r =
	    wd_file_read_secret(AT_FDCWD, v->secret_file, SECRET_MAX, &s, NULL);

	if (r < 0 && r != WD_F_SYSTEM)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	text = wd_secret_borrow(s);
	while (text.len > 0 && is_space(text.p[text.len - 1]))
		text.len--;
	if (r != 0 || text.len == 0 || !wd_span_is_word(text))
		return wd_reject(d, WD_R_NO_CREDENTIAL,
		    "vault: there is no %s in %s",
		    v->method == WD_VAULT_TOKEN ? "token" : "secret",
		    v->secret_file);
	wd_secret_shorten(s, text.len);
	*ret = WD_TAKE(s);
	return 0;
}

static void
put(struct wd_jtext *j, const char *name, struct wd_span value)
{
	if (value.len == 0)
		return;
	wd_jtext_key(j, name);
	wd_jtext_string(j, value);
}

static void
show_secret_id(struct wd_jtext *j, const char *role, struct wd_span secret)
{
	put(j, "role_id", wd_span_text(role));
	put(j, "secret_id", secret);
}

static void
show_jwt(struct wd_jtext *j, const char *role, struct wd_span secret)
{
	put(j, "jwt", secret);
	put(j, "role", wd_span_text(role));
}

static void
show_name(struct wd_jtext *j, const char *role, struct wd_span secret)
{
	(void)secret; /* it is the key of the connection */
	put(j, "name", wd_span_text(role));
}

static const struct method {
	const char *name;
	void (*show)(
	    struct wd_jtext *j, const char *role, struct wd_span secret);
	bool with_secret;
} methods[WD_VAULT_METHODS] = {
	[WD_VAULT_TOKEN] = { "token", NULL, true },
	[WD_VAULT_APPROLE] = { "approle", show_secret_id, true },
	[WD_VAULT_KUBERNETES] = { "kubernetes", show_jwt, true },
	[WD_VAULT_JWT] = { "jwt", show_jwt, true },
	[WD_VAULT_CERT] = { "cert", show_name, false },
};

bool
wd_vault_method_by_name(struct wd_span name, enum wd_vault_method *ret)
{
	for (size_t i = 0; i < WD_N(methods); i++)
		if (wd_span_is(name, methods[i].name)) {
			*ret = (enum wd_vault_method)i;
			return true;
		}
	return false;
}

const char *
wd_vault_method_name(enum wd_vault_method m)
{
	return methods[m].name;
}

/* ---- what is got */

/* Two thirds, and up to a tenth less, so that many clients do not come at
 * once. */
static int64_t
due_in_ms(uint64_t seconds)
{
	int64_t whole = (int64_t)seconds * 1000;
	uint32_t part = 0;

	if (wd_rand_below(1000, &part) != 0)
		part = 0;
	return whole / 3 * 2 - whole / 10000 * part;
}

static void
note_times(struct wd_vault *v, const struct wd_vault_grant *g)
{
	int64_t now = wd_time_boot_ms();

	v->renewable = g->renewable;
	v->renew_at = g->seconds == 0 ? 0 : now + due_in_ms(g->seconds);
	v->ends_at = g->seconds == 0 ? 0 : now + (int64_t)g->seconds * 1000;
}

void
wd_vault_forget(struct wd_vault *v)
{
	wd_secret_freep(&v->token);
	v->renew_at = v->ends_at = 0;
	v->granted = 0;
}

int
wd_vault_look(struct wd_vault *v, int64_t end, struct wd_diag *d)
{
	const struct wd_vault_call call = { .path = "auth/token/lookup-self" };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	struct wd_vault_grant g;
	int r = wd_vault_perform(
	    v, &call, wd_secret_borrow(v->token), end, &reply, d);

	if (r == 0)
		r = wd_vault_self_read(&reply, &g, d);
	if (r == 0)
		note_times(v, &g);
	if (r == 0 && v->granted == 0)
		v->granted = g.seconds;
	return r;
}

/* The token of the file, if the server knows it. */
static int
take_token(struct wd_vault *v, int64_t end, struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r = read_secret(v, &v->token, d);

	if (r != 0)
		return r;
	r = wd_vault_look(v, end, &why);
	if (r == 0)
		return 0;
	wd_vault_forget(v);
	if (r == WD_R_PERMISSION)
		return wd_reject(d, WD_R_PERMISSION,
		    "vault: the token in %s is unknown, expired or revoked",
		    v->secret_file);
	if (d != NULL && d->result == 0)
		*d = why;
	return r;
}

static int
ask_for_token(struct wd_vault *v, struct wd_span secret, int64_t end,
    struct wd_vault_reply *ret, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr body = wd_wr_growing(BODY_MAX);
	char path[WD_VAULT_TEXT_MAX + 32];
	struct wd_jtext j = wd_jtext(&body);
	/* A secret may be good for only so many logins. */
	struct wd_vault_call call = { .path = path, .once = true };

	wd_jtext_object(&j);
	methods[v->method].show(&j, v->role, secret);
	wd_jtext_end(&j);
	if (wd_wr_end(&body) != 0)
		return wd_reject(d, WD_R_NO_CREDENTIAL,
		    "vault: the secret of the login is no text");
	call.body = wd_wr_span(&body);
	(void)snprintf(path, sizeof(path), "auth/%s/login", v->mount);
	return wd_vault_perform(v, &call, wd_span(NULL, 0), end, ret, d);
}

static int
log_in(struct wd_vault *v, int64_t end, struct wd_diag *d)
{
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *secret = NULL;
	struct wd_vault_grant g;
	int r = 0;

	wd_vault_forget(v);
	if (v->method == WD_VAULT_TOKEN)
		return take_token(v, end, d);
	if (methods[v->method].with_secret)
		r = read_secret(v, &secret, d);
	if (r == 0)
		r = ask_for_token(v, wd_secret_borrow(secret), end, &reply, d);
	if (r == 0)
		r = wd_vault_grant_read(&reply, &g, d);
	if (r != 0)
		return r;
	if ((v->token = wd_secret_copy(g.token)) == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	v->granted = g.seconds;
	note_times(v, &g);
	return 0;
}

/* ---- kept */

static int
renew(struct wd_vault *v, int64_t end, struct wd_diag *d)
{
	const struct wd_vault_call call = { .path = "auth/token/renew-self",
		.body = WD_SPAN_LIT("{}") };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	struct wd_vault_grant g;
	int r = wd_vault_perform(
	    v, &call, wd_secret_borrow(v->token), end, &reply, d);

	if (r == 0)
		r = wd_vault_grant_read(&reply, &g, d);
	if (r == 0)
		note_times(v, &g);
	return r;
}

/* Its end comes near whatever is done: less than half of what it had. */
static bool
wears_out(const struct wd_vault *v)
{
	int64_t left = v->ends_at - wd_time_boot_ms();

	return left < (int64_t)v->granted * 1000 / 2;
}

static bool
has_ended(const struct wd_vault *v)
{
	return v->ends_at != 0 && wd_time_boot_ms() >= v->ends_at;
}

static bool
is_due(const struct wd_vault *v)
{
	return v->renew_at != 0 && wd_time_boot_ms() >= v->renew_at;
}

int
wd_vault_sign_in(
    struct wd_vault *v, int64_t end, bool *ret_fresh, struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r = 0;

	*ret_fresh = v->token == NULL || has_ended(v);
	if (*ret_fresh)
		return log_in(v, end, d);
	if (!is_due(v))
		return 0;
	if (v->renewable)
		r = renew(v, end, &why);
	*ret_fresh = r == WD_R_PERMISSION || !v->renewable || wears_out(v);
	if (*ret_fresh)
		return log_in(v, end, d);
	/* As long as the old one holds it is not needed yet. */
	if (r != 0)
		v->renew_at = wd_time_boot_ms() + AGAIN_MS;
	return 0;
}

int64_t
wd_vault_due_ms(const struct wd_vault *v)
{
	int64_t now = wd_time_boot_ms();

	if (v->token == NULL || v->renew_at == 0)
		return -1;
	return v->renew_at > now ? v->renew_at - now : 0;
}
