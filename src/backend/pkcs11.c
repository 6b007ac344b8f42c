/*
 * Keys in a token of an HSM: made or brought there, found by URI, label or id.
 * None ever comes out in the clear: fetch says so, and wrap gives a key to whom
 * it is meant for alone.
 */
#include "backend/pkcs11.h"

#include "backend/pkcs11_in.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/hex.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

enum { KEEP_MS = 30000, GRACE_MS = 500, NAME_LEN = WD_ID_LEN + 16 };

/* ---- names */

static int
unsupported(int r, struct wd_diag *d)
{
	if (r <= 0)
		return r;
	if (d != NULL && d->result != 0)
		d->result = WD_R_UNSUPPORTED;
	return WD_R_UNSUPPORTED;
}

int
wd_pkcs11_locator(
    struct wd_span text, struct wd_hsm_uri *ret, struct wd_diag *d)
{
	return unsupported(wd_hsm_uri_read_key(text, ret, d), d);
}

static bool
begins(struct wd_span s, const char *with)
{
	size_t len = strlen(with);

	return s.len >= len &&
	    wd_span_equal(wd_span(s.p, len), wd_span(with, len));
}

/* A URI, an id as id=HEX, or else a label. */
static int
read_name(struct wd_span name, struct wd_hsm_uri *ret, struct wd_diag *d)
{
	struct wd_hsm_uri u = { 0 };
	struct wd_span hex;

	if (begins(name, "pkcs11:"))
		return wd_pkcs11_locator(name, ret, d);
	if (begins(name, "id=")) {
		hex = wd_span(name.p + 3, name.len - 3);
		u.id_len = hex.len / 2;
		if (u.id_len == 0 || u.id_len > sizeof(u.id) ||
		    wd_hex_decode_exact(hex, u.id, u.id_len) != 0)
			return wd_reject(d, WD_R_UNSUPPORTED,
			    "what follows id= is no id in hexadecimal");
	} else if (name.len == 0 ||
	    !wd_span_to_text(name, u.object, sizeof(u.object))) {
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "no URI, label or id of a key in an HSM");
	}
	*ret = u;
	return 0;
}

/* ---- opened */

/* Its own end: what it is given is this process's for good. */
static int
set_environment(const char *pairs, struct wd_diag *d)
{
	char text[WD_BACKEND_VALUE_MAX + 1], *rest = NULL;

	(void)wd_span_to_text(
	    wd_span_text(pairs), text, sizeof(text)); /* fits */
	for (char *one = strtok_r(text, " ", &rest); one != NULL;
	     one = strtok_r(NULL, " ", &rest)) {
		char *value = strchr(one, '=');

		if (value == NULL || value == one)
			return wd_reject(
			    d, WD_R_MALFORMED, "environment is not NAME=VALUE");
		*value++ = '\0';
		if (setenv(one, value, 1) != 0)
			return wd_fault_errno(d, "cannot set the environment");
	}
	return 0;
}

static int
check_pin_file(const char *path, struct wd_diag *d)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return wd_fault_errno(d, "pin_file %.120s", path);
	if ((st.st_mode & S_IRWXO) != 0)
		return wd_reject(d, WD_R_PERMISSION,
		    "pin_file %.120s has mode %04o: others may open it", path,
		    (unsigned)st.st_mode & 07777);
	return 0;
}

static void
close_pkcs11(void *x)
{
	struct wd_backend_pkcs11 *b = x;

	if (b == NULL)
		return;
	wd_token_freep(&b->t);
	(void)wd_free(b);
}

static int
load(const struct wd_backend_conf *c, struct wd_backend_pkcs11 *b,
    struct wd_diag *d)
{
	struct wd_token_how how = { .oaep_sha1 =
					wd_backend_flag(c, "oaep_sha1") };
	const char *pin = wd_backend_text(c, "pin_file");
	struct wd_diag why = { 0 };
	int r = wd_hsm_uri_read_token(
	    wd_span_text(wd_backend_text(c, "uri")), &how.uri, &why);

	if (r != 0)
		return wd_reject(
		    d, (enum wd_reason)r, "uri: %.180s", why.detail);
	if (how.uri.pin_file[0] != '\0')
		return wd_reject(d, WD_R_MALFORMED,
		    "uri: the PIN's file is given as pin_file");
	if (!wd_span_to_text(
		wd_span_text(pin), how.pin_file, sizeof(how.pin_file)))
		return wd_reject(d, WD_R_RANGE, "pin_file is over %d bytes",
		    WD_HSM_PATH_MAX);
	b->oaep_sha1 = how.oaep_sha1;
	if ((r = check_pin_file(pin, d)) != 0 ||
	    (r = set_environment(wd_backend_text(c, "environment"), d)) != 0)
		return r;
	return wd_token_load(&how, &b->t, d);
}

static int
open_pkcs11(const struct wd_backend_conf *c, void **ret, struct wd_diag *d)
{
	struct wd_backend_pkcs11 *b = wd_alloc(sizeof(*b));
	int r =
	    b == NULL ? wd_fault(d, WD_F_MEMORY, "no memory") : load(c, b, d);

	if (r != 0) {
		close_pkcs11(b);
		return r;
	}
	*ret = b;
	return 0;
}

/* ---- the watch */

static void
set_alarm(int64_t ms)
{
	struct itimerval it = { .it_value = { .tv_sec = ms / 1000,
				    .tv_usec = ms % 1000 * 1000 } };

	(void)setitimer(ITIMER_REAL, &it, NULL); /* cannot fail so */
}

void
wd_pkcs11_watch(int64_t deadline)
{
	int64_t ms = deadline - wd_time_mono_ms();

	set_alarm((ms > 0 ? ms : 0) + GRACE_MS);
}

void
wd_pkcs11_watch_end(void)
{
	set_alarm(0);
}

/* ---- calls */

static int
check(void *x, int64_t deadline, struct wd_wr *words, struct wd_diag *d)
{
	struct wd_backend_pkcs11 *b = x;
	int r;

	wd_pkcs11_watch(deadline);
	r = wd_token_check(b->t, words, d);
	wd_pkcs11_watch_end();
	return r;
}

static int64_t
keep(void *x, int64_t deadline)
{
	struct wd_backend_pkcs11 *b = x;

	wd_pkcs11_watch(deadline);
	wd_token_look_after(b->t);
	wd_pkcs11_watch_end();
	return KEEP_MS;
}

static enum wd_key_kind
kind_of(const struct wd_token_kind *k)
{
	size_t n;
	const struct wd_key_row *rows = wd_key_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (k->pair != WD_PKEY_NONE ? rows[i].pair == k->pair
					    : rows[i].family == WD_FAMILY_AES &&
			    rows[i].bits == k->bits)
			return rows[i].kind;
	return WD_KEY_NONE;
}

static int
say_made(struct wd_token_key *k, struct wd_backend_made *out, struct wd_diag *d)
{
	struct wd_wr wr = wd_wr_fixed(out->locator, WD_LOCATOR_MAX);

	wd_hsm_uri_write_key(&k->uri, &wr);
	if (wd_wr_end(&wr) != 0)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "the key has too long a name in the HSM");
	out->locator[wr.len] = '\0';
	out->kind = kind_of(&k->kind);
	out->spki = WD_TAKE(k->spki);
	out->stays = k->stays;
	out->wrapped_only = !k->stays; /* see fetch */
	return 0;
}

static int
make(void *x, const struct wd_backend_make *in, int64_t deadline,
    struct wd_backend_made *out, struct wd_diag *d)
{
	WD_AUTO(wd_token_key_done) struct wd_token_key k = { 0 };
	struct wd_backend_pkcs11 *b = x;
	const struct wd_key_row *row = wd_key_row(in->kind);
	char id[NAME_LEN], label[8 + NAME_LEN];
	struct wd_token_spec spec = { .bytes = in->bytes, .stays = in->stays };
	int r;

	if (row == NULL || row->family == WD_FAMILY_OPAQUE)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "an HSM has AES keys and key pairs alone");
	(void)snprintf(id, sizeof(id), in->version < 2 ? "%s" : "%s.v%u",
	    in->id.s, (unsigned)in->version); /* fits */
	(void)snprintf(label, sizeof(label), "warder-%s", id);
	spec.kind.pair = row->pair;
	spec.kind.bits = row->pair == WD_PKEY_NONE ? row->bits : 0;
	spec.id = wd_span_text(id);
	spec.label = in->label.len > 0 ? in->label : wd_span_text(label);
	wd_pkcs11_watch(deadline);
	r = wd_token_make(b->t, &spec, &k, d);
	wd_pkcs11_watch_end();
	return r != 0 ? r : say_made(&k, out, d);
}

static int
attach(void *x, struct wd_span name, int64_t deadline,
    struct wd_backend_made *out, struct wd_diag *d)
{
	WD_AUTO(wd_token_key_done) struct wd_token_key k = { 0 };
	struct wd_backend_pkcs11 *b = x;
	struct wd_hsm_uri u = { 0 };
	int r = read_name(name, &u, d);

	if (r != 0)
		return r;
	wd_pkcs11_watch(deadline);
	r = wd_token_find(b->t, &u, &k, d);
	wd_pkcs11_watch_end();
	return r != 0 ? r : say_made(&k, out, d);
}

static int
fetch(void *x, struct wd_span locator, enum wd_key_kind kind, int64_t deadline,
    struct wd_backend_got *out, struct wd_diag *d)
{
	struct wd_hsm_uri u;
	int r = wd_pkcs11_locator(locator, &u, d);

	(void)x;
	(void)kind;
	(void)deadline;
	(void)out;
	return r != 0
	    ? r
	    : wd_reject(d, WD_R_MAY_NOT_LEAVE,
		  "the key does not leave its HSM, or only wrapped, for "
		  "an agent that asks for that");
}

static int
wrap(void *x, struct wd_span locator, struct wd_span client, int64_t deadline,
    struct wd_bytes **ret, bool *ret_sha1, struct wd_diag *d)
{
	struct wd_backend_pkcs11 *b = x;
	struct wd_hsm_uri u;
	int r = wd_pkcs11_locator(locator, &u, d);

	if (r != 0)
		return r;
	wd_pkcs11_watch(deadline);
	r = wd_token_wrap(b->t, &u, client, ret, d);
	wd_pkcs11_watch_end();
	*ret_sha1 = b->oaep_sha1;
	return r;
}

static int
destroy(void *x, struct wd_span locator, int64_t deadline, struct wd_diag *d)
{
	struct wd_backend_pkcs11 *b = x;
	struct wd_hsm_uri u;
	int r = wd_pkcs11_locator(locator, &u, d);

	if (r != 0)
		return r;
	wd_pkcs11_watch(deadline);
	r = wd_token_destroy(b->t, &u, d);
	wd_pkcs11_watch_end();
	return r;
}

const struct wd_backend_row wd_backend_pkcs11_row = {
	.form = &wd_backend_pkcs11_form,
	.open = open_pkcs11,
	.close = close_pkcs11,
	.check = check,
	.keep = keep,
	.make = make,
	.attach = attach,
	.fetch = fetch,
	.wrap = wrap,
	.use = wd_pkcs11_use,
	.destroy = destroy,
};
