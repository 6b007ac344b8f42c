/*
 * The code of the tests' kinds of backends, in the place of src/backend/rows.c:
 * keys are files of a folder. Other files of it say how it misbehaves: `hang`
 * (no answer before the deadline), `hold-NAME` (as hang, of this key), `die`
 * (the process ends in mid-call), `wrong` (a fetch gives the bytes of this
 * file), `sha1` (wraps by SHA-1), `cannot` (wraps nothing), `layers` (what a
 * wrap gives). Each call is noted in `calls`.
 */
#include "lib/backend_forms.h"
#include "lib/t_wrapped.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypto/pkey.h"
#include "crypto/rand.h"
#include "sys/file.h"

enum { PATH = 1100, KEY_MAX = 65536 };

static char folder[WD_BACKEND_VALUE_MAX + 1];
static bool leases, wraps;

static void
path_of(const char *name, char ret[PATH])
{
	(void)snprintf(ret, PATH, "%s/%s", folder, name);
}

static bool
is_there(const char *name)
{
	char path[PATH];
	struct stat st;

	path_of(name, path);
	return stat(path, &st) == 0;
}

static bool
is_held(const char *name)
{
	char path[PATH];
	struct stat st;

	(void)snprintf(path, PATH, "%s/hold-%s", folder, name);
	return stat(path, &st) == 0;
}

static void
note(const char *call, const char *name)
{
	char path[PATH], line[PATH];
	int n = snprintf(line, sizeof(line), "%s %s\n", call, name), fd;

	path_of("calls", path);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && write(fd, line, (size_t)n) != n)
		(void)fputs("a call was not noted\n", stderr);
	if (fd >= 0)
		(void)close(fd);
}

/* What every call goes through. */
static int
begin(const char *call, const char *name, int64_t deadline, struct wd_diag *d)
{
	note(call, name);
	if (is_there("die"))
		(void)raise(SIGKILL);
	while (
	    (is_there("hang") || is_held(name)) && wd_time_mono_ms() < deadline)
		(void)usleep(10000);
	if (wd_time_mono_ms() >= deadline)
		return wd_reject(d, WD_R_UNAVAILABLE, "the folder hangs");
	return 0;
}

static int
open_it(const struct wd_backend_conf *c, void **ret, struct wd_diag *d)
{
	struct stat st;

	(void)snprintf(
	    folder, sizeof(folder), "%s", wd_backend_text(c, "folder"));
	leases = strcmp(wd_backend_text(c, "mode"), "lease") == 0;
	wraps = strcmp(wd_backend_text(c, "mode"), "wrap") == 0;
	if (stat(folder, &st) != 0)
		return wd_reject(d, WD_R_NOT_FOUND, "there is no folder");
	*ret = folder;
	return 0;
}

static void
close_it(void *x)
{
	(void)x;
}

static int
check(void *x, int64_t deadline, struct wd_wr *words, struct wd_diag *d)
{
	(void)x;
	if (is_there("hang"))
		return begin("check", "", deadline, d);
	wd_wr_text(words, "a folder of tests");
	return 0;
}

/* ---- files */

static int
put(const char *name, struct wd_span bytes, struct wd_diag *d)
{
	char path[PATH];
	ssize_t n = -1;
	int fd;

	path_of(name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0) {
		n = write(fd, bytes.p, bytes.len);
		(void)close(fd);
	}
	return n == (ssize_t)bytes.len
	    ? 0
	    : wd_reject(d, WD_R_PERMISSION, "%s cannot be written", path);
}

static int
get(const char *name, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int fd = -1;
	char path[PATH];

	path_of(name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || wd_file_read_shared(fd, KEY_MAX, ret, NULL) != 0 ||
	    wd_secret_len(*ret) == 0)
		return wd_reject(d, WD_R_NOT_FOUND, "there is no %s", name);
	return 0;
}

static const struct {
	enum wd_key_kind kind;
	enum wd_pkey_alg alg;
	size_t bytes;
} kinds[] = {
	{ WD_KEY_AES128, WD_PKEY_NONE, 16 },
	{ WD_KEY_AES192, WD_PKEY_NONE, 24 },
	{ WD_KEY_AES256, WD_PKEY_NONE, 32 },
	{ WD_KEY_RSA2048, WD_PKEY_RSA2048, 0 },
	{ WD_KEY_P256, WD_PKEY_P256, 0 },
};

static int
generate(enum wd_key_kind kind, struct wd_secret **ret)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = NULL;

	for (size_t i = 0; i < WD_N(kinds); i++) {
		if (kinds[i].kind != kind)
			continue;
		if (kinds[i].alg == WD_PKEY_NONE)
			return wd_rand_secret(kinds[i].bytes, ret);
		if (wd_pkey_generate(kinds[i].alg, &pair) != 0)
			return WD_F_CRYPTO;
		return wd_pkey_to_pkcs8(pair, ret);
	}
	return WD_R_UNSUPPORTED;
}

/* What the file is, and its public key. */
static int
describe(struct wd_span bytes, struct wd_backend_made *out)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = NULL;
	enum wd_pkey_alg alg = WD_PKEY_NONE;

	if (wd_pkey_from_private(bytes, &pair) == 0) {
		alg = wd_pkey_alg(pair);
		if (wd_pkey_to_spki(pair, &out->spki) != 0)
			return WD_F_CRYPTO;
	}
	out->wrapped_only = wraps;
	out->kind = WD_KEY_OPAQUE;
	for (size_t i = 0; i < WD_N(kinds); i++)
		if (kinds[i].alg == alg &&
		    (alg != WD_PKEY_NONE || kinds[i].bytes == bytes.len))
			out->kind = kinds[i].kind;
	return 0;
}

/* ---- the calls */

static int
make(void *x, const struct wd_backend_make *in, int64_t deadline,
    struct wd_backend_made *out, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *bytes = NULL;
	int r;

	(void)x;
	(void)snprintf(
	    out->locator, sizeof(out->locator), "%s.%u", in->id.s, in->version);
	if ((r = begin("make", out->locator, deadline, d)) != 0)
		return r;
	if (in->bytes.len > 0)
		bytes = wd_secret_copy(in->bytes);
	else
		r = generate(in->kind, &bytes);
	if (r != 0)
		return wd_reject(d, WD_R_UNSUPPORTED, "no such kind here");
	if ((r = put(out->locator, wd_secret_borrow(bytes), d)) != 0)
		return r;
	if ((r = describe(wd_secret_borrow(bytes), out)) != 0)
		return r;
	out->kind = in->kind;
	return 0;
}

static int
attach(void *x, struct wd_span name, int64_t deadline,
    struct wd_backend_made *out, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *bytes = NULL;
	int r;

	(void)x;
	(void)!wd_span_to_text(name, out->locator, sizeof(out->locator));
	if ((r = begin("attach", out->locator, deadline, d)) != 0 ||
	    (r = get(out->locator, &bytes, d)) != 0)
		return r;
	out->leased = leases;
	return describe(wd_secret_borrow(bytes), out);
}

static int
fetch(void *x, struct wd_span locator, enum wd_key_kind kind, int64_t deadline,
    struct wd_backend_got *out, struct wd_diag *d)
{
	char name[WD_LOCATOR_MAX + 1];
	int r;

	(void)x;
	(void)kind;
	(void)!wd_span_to_text(locator, name, sizeof(name));
	if ((r = begin("fetch", name, deadline, d)) != 0)
		return r;
	if (wraps)
		return wd_reject(
		    d, WD_R_MAY_NOT_LEAVE, "keys leave the folder wrapped");
	if (leases) {
		(void)snprintf(
		    out->lease, sizeof(out->lease), "lease-%.40s", name);
		out->seconds = 60;
		out->renewable = true;
	}
	return get(is_there("wrong") ? "wrong" : name, &out->bytes, d);
}

static int
wrap(void *x, struct wd_span locator, struct wd_span client, int64_t deadline,
    struct wd_bytes **ret, bool *ret_sha1, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *rsa = NULL;
	char name[WD_LOCATOR_MAX + 1];
	int r;

	(void)x;
	(void)!wd_span_to_text(locator, name, sizeof(name));
	*ret_sha1 = is_there("sha1");
	if ((r = begin("wrap", name, deadline, d)) != 0)
		return r;
	if (is_there("cannot"))
		return wd_reject(d, WD_R_UNSUPPORTED, "the folder has no OAEP");
	if (is_there("layers"))
		return (r = get("layers", &key, d)) != 0
		    ? r
		    : (*ret = wd_bytes_copy(wd_secret_borrow(key))) == NULL;
	if ((r = get(is_there("wrong") ? "wrong" : name, &key, d)) != 0)
		return r;
	if (wd_pkey_from_spki(client, &rsa) != 0)
		return wd_reject(d, WD_R_UNSUPPORTED, "no key to wrap to");
	return t_wrap(
	    rsa, *ret_sha1 ? WD_SHA1 : WD_SHA256, wd_secret_borrow(key), ret);
}

/* An empty file is none: to remove files is not allowed in the sandbox. */
static int
destroy(void *x, struct wd_span locator, int64_t deadline, struct wd_diag *d)
{
	char name[WD_LOCATOR_MAX + 1];
	int r;

	(void)x;
	(void)!wd_span_to_text(locator, name, sizeof(name));
	if ((r = begin("destroy", name, deadline, d)) != 0)
		return r;
	return put(name, wd_span(NULL, 0), d);
}

static int
renew(void *x, struct wd_span lease, uint32_t seconds, int64_t deadline,
    uint32_t *ret_seconds, struct wd_diag *d)
{
	char name[WD_BACKEND_LEASE_MAX + 1];

	(void)x;
	(void)!wd_span_to_text(lease, name, sizeof(name));
	*ret_seconds = seconds;
	return begin("renew", name, deadline, d);
}

static int
revoke_it(void *x, struct wd_span lease, int64_t deadline, struct wd_diag *d)
{
	char name[WD_BACKEND_LEASE_MAX + 1];

	(void)x;
	(void)!wd_span_to_text(lease, name, sizeof(name));
	return begin("revoke", name, deadline, d);
}

#define CALLS                                                                 \
	.open = open_it, .close = close_it, .check = check, .make = make,     \
	.attach = attach, .fetch = fetch, .destroy = destroy, .renew = renew, \
	.revoke = revoke_it

static const struct wd_backend_row rows[] = {
	{ .form = &t_backend_form, CALLS },
	{ .form = &t_backend_form_wraps, CALLS, .wrap = wrap },
};

const struct wd_backend_row *
wd_backend_row(enum wd_backend_kind kind)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (kind == rows[i].form->kind)
			return &rows[i];
	return NULL;
}
