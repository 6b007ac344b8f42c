/*
 * A Vault's client on standard input and output, for tests that have a real
 * server: settings as NAME=VALUE arguments, then a command a line. Bytes are in
 * hex, "-" for none. Each answer is one line: result, output and detail, with
 * tabs between them.
 */
#include "base/clock.h"
#include "base/num.h"
#include "base/wr.h"
#include "codec/hex.h"
#include "crypto/init.h"
#include "sys/file.h"
#include "vault/kv.h"
#include "vault/lease.h"
#include "vault/transit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 8, OUT_MAX = 1 << 20 };

struct work {
	struct wd_vault *v;
	int64_t ms; /* of a command */
	size_t n;
	const char *words[WORDS_MAX];
	struct wd_bytes *bytes[WORDS_MAX]; /* decoded when asked for */
	struct wd_wr out;
	struct wd_diag d;
};

static const char *
word(const struct work *w, size_t i)
{
	return i < w->n ? w->words[i] : "";
}

static struct wd_span
span(const struct work *w, size_t i)
{
	return wd_span_text(word(w, i));
}

static uint64_t
number(const struct work *w, size_t i)
{
	uint64_t n = 0;

	if (!wd_num_parse(span(w, i), UINT32_MAX, &n))
		exit(2);
	return n;
}

static struct wd_span
bytes(struct work *w, size_t i)
{
	if (strcmp(word(w, i), "-") == 0)
		return wd_span(NULL, 0);
	if (wd_hex_decode(span(w, i), &w->bytes[i]) != 0)
		exit(2);
	return wd_bytes_span(w->bytes[i]);
}

/* Opened with read rights for PATH; "" gives none. */
static struct wd_bytes *
file(const char *path)
{
	struct wd_bytes *b = NULL;

	if (path[0] != '\0' &&
	    wd_file_read(AT_FDCWD, path, 1 << 16, &b, NULL) != 0)
		exit(2);
	return b;
}

/* ---- commands */

static int
keep(struct work *w)
{
	return wd_vault_keep(w->v, &w->d);
}

static int
due(struct work *w)
{
	wd_wr_printf(&w->out, "%lld", (long long)wd_vault_due_ms(w->v));
	return 0;
}

static int
health(struct work *w)
{
	struct wd_vault_health h;
	int r = wd_vault_health(w->v, &h, &w->d);

	if (r == 0)
		wd_wr_printf(&w->out, "%d %d %d %s", h.initialized, h.sealed,
		    h.standby, h.version);
	return r;
}

static int
json(struct work *w, const struct wd_jval *v)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;

	if (v == NULL)
		return 0;
	if (wd_json_canonical(v, &text) != 0)
		exit(2);
	wd_wr_bytes(&w->out, wd_bytes_span(text));
	return 0;
}

static int
raw(struct work *w)
{
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	const struct wd_vault_call call = {
		.method = word(w, 1), .path = word(w, 2), .body = bytes(w, 3)
	};
	int r = wd_vault_call(w->v, &call, &reply, &w->d);

	return r == 0 ? json(w, reply.data) : r;
}

static int
kv_find(struct work *w)
{
	struct wd_vault_kv kv;
	int r = wd_vault_kv_find(w->v, word(w, 1), &kv, &w->d);

	if (r == 0)
		wd_wr_printf(&w->out, "%u", kv.version);
	return r;
}

static struct wd_vault_kv
kv_of(const struct work *w)
{
	return (struct wd_vault_kv){ word(w, 1), (unsigned)number(w, 2) };
}

static int
kv_read(struct work *w)
{
	WD_AUTO(wd_vault_entry_done) struct wd_vault_entry e = { 0 };
	const struct wd_vault_kv kv = kv_of(w);
	int r =
	    wd_vault_kv_read(w->v, &kv, span(w, 3), number(w, 4), &e, &w->d);

	if (r != 0)
		return r;
	wd_wr_printf(&w->out, "%u ", (unsigned)e.version);
	return json(w, e.data);
}

static int
kv_write(struct work *w)
{
	const struct wd_vault_kv kv = kv_of(w);

	return wd_vault_kv_write(
	    w->v, &kv, span(w, 3), bytes(w, 5), number(w, 4), &w->d);
}

static int
kv_metadata(struct work *w)
{
	const struct wd_vault_kv kv = kv_of(w);
	struct wd_vault_metadata m;
	int r = wd_vault_kv_metadata(w->v, &kv, span(w, 3), &m, &w->d);

	if (r == 0)
		wd_wr_printf(
		    &w->out, "%u %u", (unsigned)m.newest, (unsigned)m.oldest);
	return r;
}

static int
kv_delete(struct work *w)
{
	const struct wd_vault_kv kv = kv_of(w);

	return wd_vault_kv_delete(w->v, &kv, span(w, 3), &w->d);
}

static int
kv_destroy(struct work *w)
{
	const struct wd_vault_kv kv = kv_of(w);

	return wd_vault_kv_destroy(w->v, &kv, span(w, 3), number(w, 4), &w->d);
}

/* COMMAND MOUNT NAME VERSION ... */
static struct wd_vault_key
key_of(const struct work *w)
{
	return (struct wd_vault_key){ word(w, 1), span(w, 2),
		(uint32_t)number(w, 3) };
}

static int
key_make(struct work *w)
{
	const struct wd_vault_key k = key_of(w);

	return wd_vault_key_make(w->v, &k, word(w, 4), &w->d);
}

static int
key_rotate(struct work *w)
{
	const struct wd_vault_key k = key_of(w);

	return wd_vault_key_rotate(w->v, &k, &w->d);
}

static int
key_look(struct work *w)
{
	WD_AUTO(wd_vault_key_info_done) struct wd_vault_key_info i = { 0 };
	const struct wd_vault_key k = key_of(w);
	int r = wd_vault_key_look(w->v, &k, &i, &w->d);

	if (r != 0)
		return r;
	wd_wr_printf(
	    &w->out, "%s %u %d ", i.type, (unsigned)i.newest, i.exportable);
	wd_hex_write(&w->out, wd_bytes_span(i.spki));
	return 0;
}

static int
key_destroy(struct work *w)
{
	const struct wd_vault_key k = key_of(w);

	return wd_vault_key_destroy(w->v, &k, &w->d);
}

static int
key_import(struct work *w)
{
	const struct wd_vault_key k = key_of(w);

	return wd_vault_key_import(w->v, &k, word(w, 4), bytes(w, 5), &w->d);
}

static int
wrapping_key(struct work *w)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	int r = wd_vault_wrapping_key(w->v, word(w, 1), &spki, &w->d);

	wd_hex_write(&w->out, wd_bytes_span(spki));
	return r;
}

static int
encrypt(struct work *w)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *cipher = NULL;
	const struct wd_vault_key k = key_of(w);
	uint32_t version = 0;
	int r = wd_vault_encrypt(
	    w->v, &k, bytes(w, 4), bytes(w, 5), &cipher, &version, &w->d);

	if (r != 0)
		return r;
	wd_wr_printf(&w->out, "%u ", (unsigned)version);
	wd_hex_write(&w->out, wd_bytes_span(cipher));
	return 0;
}

static int
decrypt(struct work *w)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	const struct wd_vault_key k = key_of(w);
	int r =
	    wd_vault_decrypt(w->v, &k, bytes(w, 4), bytes(w, 5), &plain, &w->d);

	wd_hex_write(&w->out, wd_secret_borrow(plain));
	return r;
}

static int
datakey(struct work *w)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *wrapped = NULL;
	const struct wd_vault_key k = key_of(w);
	uint32_t version = 0;
	int r = wd_vault_datakey(
	    w->v, &k, (unsigned)number(w, 4), &key, &wrapped, &version, &w->d);

	if (r != 0)
		return r;
	wd_hex_write(&w->out, wd_secret_borrow(key));
	wd_wr_printf(&w->out, " %u ", (unsigned)version);
	wd_hex_write(&w->out, wd_bytes_span(wrapped));
	return 0;
}

static struct wd_vault_sign
how_of(struct work *w)
{
	return (struct wd_vault_sign){ (enum wd_vault_scheme)number(w, 4),
		strcmp(word(w, 5), "-") == 0 ? NULL : word(w, 5), bytes(w, 6),
		false };
}

static int
sign(struct work *w)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sig = NULL;
	const struct wd_vault_key k = key_of(w);
	const struct wd_vault_sign how = how_of(w);
	int r = wd_vault_sign(w->v, &k, &how, &sig, &w->d);

	wd_hex_write(&w->out, wd_bytes_span(sig));
	return r;
}

static int
verify(struct work *w)
{
	const struct wd_vault_key k = key_of(w);
	const struct wd_vault_sign how = how_of(w);

	return wd_vault_verify(w->v, &k, &how, bytes(w, 7), &w->d);
}

static int
lease_make(struct work *w)
{
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	int r =
	    wd_vault_lease_make(w->v, span(w, 1), bytes(w, 2), &reply, &w->d);

	if (r != 0)
		return r;
	wd_wr_bytes(&w->out, reply.lease_id);
	wd_wr_printf(
	    &w->out, " %u %d ", (unsigned)reply.lease_seconds, reply.renewable);
	return json(w, reply.data);
}

static int
lease_renew(struct work *w)
{
	uint64_t seconds = 0;
	int r = wd_vault_lease_renew(
	    w->v, span(w, 1), number(w, 2), &seconds, &w->d);

	if (r == 0)
		wd_wr_decimal(&w->out, seconds);
	return r;
}

static int
lease_revoke(struct work *w)
{
	return wd_vault_lease_revoke(w->v, span(w, 1), &w->d);
}

static const struct {
	const char *name;
	int (*run)(struct work *w);
} commands[] = {
	{ "keep", keep },
	{ "due", due },
	{ "health", health },
	{ "raw", raw },
	{ "kv-find", kv_find },
	{ "kv-read", kv_read },
	{ "kv-write", kv_write },
	{ "kv-metadata", kv_metadata },
	{ "kv-delete", kv_delete },
	{ "kv-destroy", kv_destroy },
	{ "key-make", key_make },
	{ "key-rotate", key_rotate },
	{ "key-look", key_look },
	{ "key-destroy", key_destroy },
	{ "key-import", key_import },
	{ "wrapping-key", wrapping_key },
	{ "encrypt", encrypt },
	{ "decrypt", decrypt },
	{ "datakey", datakey },
	{ "sign", sign },
	{ "verify", verify },
	{ "lease-make", lease_make },
	{ "lease-renew", lease_renew },
	{ "lease-revoke", lease_revoke },
};

/* ---- lines */

static void
split(struct work *w, char *line)
{
	char *at = line;

	line[strcspn(line, "\n")] = '\0';
	w->n = 0;
	while (w->n < WORDS_MAX && at != NULL) {
		char *next = strchr(at, ' ');

		if (next != NULL)
			*next++ = '\0';
		w->words[w->n++] = at;
		at = next;
	}
}

static void
answer(struct work *w, int r)
{
	wd_wr_u8(&w->out, 0);
	if (wd_wr_end(&w->out) != 0)
		exit(2);
	printf("%s\t%s\t%s\n",
	    r == 0      ? "ok"
		: r > 0 ? wd_reason_name(r)
			: "fault",
	    (const char *)w->out.p, r == 0 ? "" : w->d.detail);
	(void)fflush(stdout);
}

static void
run(struct work *w, char *line)
{
	split(w, line);
	wd_vault_until(w->v, wd_time_mono_ms() + w->ms);
	w->out = wd_wr_growing(OUT_MAX);
	w->d = (struct wd_diag){ 0 };
	for (size_t i = 0; i < WD_N(commands); i++)
		if (strcmp(commands[i].name, word(w, 0)) == 0) {
			answer(w, commands[i].run(w));
			for (size_t k = 0; k < WORDS_MAX; k++)
				wd_bytes_freep(&w->bytes[k]);
			wd_wr_done(&w->out);
			return;
		}
	exit(2);
}

static const char *
setting(char **args, const char *name)
{
	size_t len = strlen(name);

	for (; *args != NULL; args++)
		if (strncmp(*args, name, len) == 0 && (*args)[len] == '=')
			return *args + len + 1;
	return "";
}

static struct wd_vault *
open_client(char **args)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *ca = file(setting(args, "ca")),
			*certificate = file(setting(args, "cert")),
			*key = file(setting(args, "key"));
	const char *secret = setting(args, "secret");
	struct wd_vault_options o = {
		.address = wd_span_text(setting(args, "address")),
		.name_space = wd_span_text(setting(args, "namespace")),
		.ca = wd_bytes_span(ca),
		.certificate = wd_bytes_span(certificate),
		.key = wd_bytes_span(key),
		.mount = wd_span_text(setting(args, "mount")),
		.role = wd_span_text(setting(args, "role")),
		.secret_file = secret[0] == '\0' ? NULL : secret,
		.tls12 = strcmp(setting(args, "tls12"), "yes") == 0,
		.direct = strcmp(setting(args, "direct"), "yes") == 0,
	};
	struct wd_vault *v = NULL;
	struct wd_diag d = { 0 };

	if (!wd_vault_method_by_name(
		wd_span_text(setting(args, "method")), &o.method) ||
	    wd_vault_open(&o, &v, &d) != 0) {
		(void)fprintf(stderr, "%s\n", d.detail);
		exit(2);
	}
	return v;
}

int
main(int argc, char **argv)
{
	struct work w = { 0 };
	char *line = NULL;
	size_t size = 0;
	uint64_t ms = 0;

	(void)argc;
	if (wd_crypto_init(NULL) != 0 || wd_json_init() != 0)
		return 2;
	w.v = open_client(argv + 1);
	if (!wd_num_parse(
		wd_span_text(setting(argv + 1, "deadline")), UINT32_MAX, &ms))
		return 2;
	w.ms = (int64_t)ms;
	while (getline(&line, &size, stdin) > 0)
		run(&w, line);
	free(line);
	wd_vault_freep(&w.v);
	return 0;
}
