/*
 * A token: its sessions, the login, and calls that outlive the loss of both.
 * The PIN is in memory for the login alone.
 */
#include "hsm/token_in.h"

#include "base/alloc.h"
#include "sys/file.h"

#include <fcntl.h>

enum { PIN_MAX = 256 };

/* ---- loading */

struct wd_token *
wd_token_free(struct wd_token *t)
{
	if (t == NULL)
		return NULL;
	wd_hsm_module_done(&t->module); /* closes sessions */
	t->refused = wd_secret_free(t->refused);
	return wd_free(t);
}

void
wd_token_freep(struct wd_token **t)
{
	*t = wd_token_free(*t);
}

int
wd_token_load(
    const struct wd_token_how *how, struct wd_token **ret, struct wd_diag *d)
{
	WD_AUTO(wd_token_freep) struct wd_token *t = wd_alloc(sizeof(*t));
	int r;

	if (t == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	t->how = *how;
	if ((r = wd_hsm_module_load(how->uri.module, &t->module, d)) != 0)
		return r;
	t->f = t->module.f;
	/* One that cannot reach its device now is started with a call. */
	(void)!wd_hsm_module_start(&t->module);
	*ret = WD_TAKE(t);
	return 0;
}

/* ---- sessions */

static void
forget_sessions(struct wd_token *t)
{
	for (size_t i = 0; i < TOKEN_SESSIONS; i++) {
		if (t->sessions[i].open)
			(void)t->f->C_CloseSession(
			    t->sessions[i].handle); /* may be gone */
		t->sessions[i].open = false;
	}
	t->found = false;
}

/* Modules that lost their device find it again when they start anew. */
static int
start_anew(struct wd_token *t, struct wd_diag *d)
{
	ck_rv_t rv;

	forget_sessions(t);
	rv = wd_hsm_module_start(&t->module);
	return rv == CKR_OK ? 0 : wd_token_refuse(t, d, "start its module", rv);
}

static int
find_token(struct wd_token *t, struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r;

	if (t->found)
		return 0;
	r = wd_hsm_slot(&t->module, &t->how.uri, &t->slot, &t->info, &why);
	t->found = r == 0;
	if (r == 0)
		return 0;
	t->rv = CKR_TOKEN_NOT_PRESENT;
	return wd_reject(d, WD_R_UNAVAILABLE, "the HSM: %.180s", why.detail);
}

/* ---- the login */

static int
read_pin(struct wd_token *t, struct wd_secret **ret, struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	size_t len;
	int r =
	    wd_file_read_secret(AT_FDCWD, t->how.pin_file, PIN_MAX, ret, &why);

	if (r != 0)
		return wd_reject(d, WD_R_PERMISSION,
		    "the PIN of token %s: %.150s", wd_token_name(t),
		    why.detail);
	len = wd_secret_len(*ret);
	while (len > 0 && wd_secret_borrow(*ret).p[len - 1] <= ' ')
		len--;
	wd_secret_shorten(*ret, len);
	return 0;
}

static bool
is_about_pin(ck_rv_t rv)
{
	return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED ||
	    rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE ||
	    rv == CKR_PIN_EXPIRED;
}

/* Whoever has the last try must be sure of the PIN, and we are not. */
static int
may_try(struct wd_token *t, struct wd_span pin, struct wd_diag *d)
{
	const char *why = NULL;

	if ((t->info.flags & CKF_USER_PIN_LOCKED) != 0)
		why = "has locked its PIN";
	else if ((t->info.flags & CKF_USER_PIN_FINAL_TRY) != 0)
		why = "takes one wrong PIN more before it locks: log in to it "
		      "once with its own tools";
	else if (t->refused != NULL &&
	    wd_ct_equal(pin, wd_secret_borrow(t->refused)))
		why = "has refused the PIN in the file, which is not shown to "
		      "it again";
	return why == NULL ? 0
			   : wd_reject(d, WD_R_PERMISSION, "token %s %s",
				 wd_token_name(t), why);
}

static int
login(struct wd_token *t, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *pin = NULL;
	struct wd_span s;
	ck_rv_t rv;
	int r;

	/* Anew, for what it says of its PIN. */
	rv = t->f->C_GetTokenInfo(t->slot, &t->info);
	if (rv != CKR_OK)
		return wd_token_refuse(t, d, "say what it is", rv);
	if ((t->info.flags & CKF_LOGIN_REQUIRED) == 0)
		return 0;
	if ((r = read_pin(t, &pin, d)) != 0)
		return r;
	s = wd_secret_borrow(pin);
	if ((r = may_try(t, s, d)) != 0)
		return r;
	rv = t->f->C_Login(t->session, CKU_USER, wd_token_in(s), s.len);
	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) {
		t->refused = wd_secret_free(t->refused);
		return 0;
	}
	if (is_about_pin(rv)) {
		(void)wd_secret_free(t->refused); /* an older one */
		t->refused = WD_TAKE(pin);
	}
	return wd_token_refuse(t, d, "log in", rv);
}

/* ---- calls */

static int
open_session(struct wd_token *t, size_t i, struct wd_diag *d)
{
	ck_flags_t flags = CKF_SERIAL_SESSION;
	ck_rv_t rv;
	int r;

	if (i == TOKEN_WRITES)
		flags |= CKF_RW_SESSION;
	rv = t->f->C_OpenSession(t->slot, flags, NULL, NULL, &t->session);
	if (rv != CKR_OK)
		return wd_token_refuse(t, d, "open a session", rv);
	if ((r = login(t, d)) != 0) {
		(void)t->f->C_CloseSession(t->session); /* was for nothing */
		return r;
	}
	t->sessions[i].handle = t->session;
	t->sessions[i].open = true;
	return 0;
}

static int
take_session(struct wd_token *t, size_t i, struct wd_diag *d)
{
	int r = t->module.initialized ? 0 : start_anew(t, d);

	if (r != 0 || (r = find_token(t, d)) != 0)
		return r;
	t->session = t->sessions[i].handle;
	return t->sessions[i].open ? 0 : open_session(t, i, d);
}

static int
once(struct wd_token *t, bool write, wd_token_work work, void *ctx,
    struct wd_diag *d)
{
	int r;

	t->rv = CKR_OK;
	r = take_session(t, write ? TOKEN_WRITES : TOKEN_READS, d);
	return r != 0 ? r : work(t, ctx, d);
}

static int
once_more(struct wd_token *t, bool write, wd_token_work work, void *ctx,
    struct wd_diag *d)
{
	int r = 0;

	if (wd_token_is_away(t->rv))
		r = start_anew(t, d);
	else
		forget_sessions(t);
	if (r == 0)
		r = once(t, write, work, ctx, d);
	if (r != 0 && wd_token_is_lost(t->rv))
		forget_sessions(t); /* the next call tries again */
	return r;
}

int
wd_token_run(struct wd_token *t, bool write, wd_token_work work, void *ctx,
    struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r = once(t, write, work, ctx, &why);

	if (r != 0 && wd_token_is_lost(t->rv)) {
		wd_diag_clear(&why);
		r = once_more(t, write, work, ctx, &why);
	}
	if (r != 0 && d != NULL && d->result == 0)
		*d = why;
	return r;
}

void
wd_token_look_after(struct wd_token *t)
{
	for (size_t i = 0; i < TOKEN_SESSIONS; i++) {
		struct ck_session_info info;

		if (t->sessions[i].open &&
		    t->f->C_GetSessionInfo(t->sessions[i].handle, &info) !=
			CKR_OK) {
			forget_sessions(t);
			return;
		}
	}
}
