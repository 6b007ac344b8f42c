/*
 * The KMIP client on a line: a command on standard input, an answer on standard
 * output, over one client. For tests alone: it prints keys.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "codec/hex.h"
#include "codec/ttlv.h"
#include "crypto/init.h"
#include "kmip/client.h"
#include "sys/file.h"

enum { WORDS = 8, LINE = 1 << 18, PEM_MAX = 65536 };

static struct wd_kmip *kmip;
static int64_t patience = 10000; /* milliseconds a call */

struct line {
	size_t n;
	char *words[WORDS];
};

static const char *
word(const struct line *l, size_t i)
{
	return i < l->n ? l->words[i] : "";
}

static uint32_t
number(const struct line *l, size_t i)
{
	uint64_t v = 0;

	(void)wd_num_parse(wd_span_text(word(l, i)), UINT32_MAX, &v);
	return (uint32_t)v;
}

static struct wd_kmip_id
id_of(const struct line *l, size_t i)
{
	struct wd_kmip_id id = { 0 };

	(void)wd_span_to_text(
	    wd_span_text(word(l, i)), id.s, sizeof(id.s)); /* else empty */
	return id;
}

static int64_t
until(void)
{
	return wd_time_mono_ms() + patience;
}

/* ---- commands: what they return is told by main() */

static int
do_hello(const struct line *l, struct wd_diag *d)
{
	struct wd_kmip_server server = { 0 };
	struct wd_kmip_version v = { 0 };
	int r = wd_kmip_hello(kmip, until(), &server, &v, d);

	(void)l;
	if (r == 0)
		printf("ok %u.%u %s\n", v.major, v.minor, server.vendor);
	return r;
}

static int
do_deadline(const struct line *l, struct wd_diag *d)
{
	(void)d;
	patience = number(l, 1);
	printf("ok\n");
	return 0;
}

/* create BITS USAGE NAME */
static int
do_create(const struct line *l, struct wd_diag *d)
{
	const struct wd_kmip_spec spec = { .type = WD_KMIP_SYMMETRIC,
		.algorithm = WD_KMIP_AES,
		.bits = number(l, 1),
		.usage = number(l, 2),
		.name = wd_span_text(word(l, 3)) };
	struct wd_kmip_id id = { 0 };
	int r = wd_kmip_create(kmip, &spec, until(), &id, d);

	if (r == 0)
		printf("ok %s\n", id.s);
	return r;
}

/* pair ALGORITHM BITS CURVE NAME */
static int
do_pair(const struct line *l, struct wd_diag *d)
{
	const struct wd_kmip_spec spec = { .type = WD_KMIP_PRIVATE,
		.algorithm = number(l, 1),
		.bits = number(l, 2),
		.curve = number(l, 3),
		.usage = WD_KMIP_SIGN,
		.usage_public = WD_KMIP_VERIFY,
		.name = wd_span_text(word(l, 4)) };
	struct wd_kmip_id priv = { 0 }, pub = { 0 };
	int r = wd_kmip_create_pair(kmip, &spec, until(), &priv, &pub, d);

	if (r == 0)
		printf("ok %s %s\n", priv.s, pub.s);
	return r;
}

/* register TYPE ALGORITHM BITS FORMAT USAGE NAME HEX */
static int
do_register(const struct line *l, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_kmip_bring bring = {
		.spec = { .type = number(l, 1),
		    .algorithm = number(l, 2),
		    .bits = number(l, 3),
		    .usage = number(l, 5),
		    .name = wd_span_text(word(l, 6)) },
		.format = number(l, 4),
	};
	struct wd_kmip_id id = { 0 };
	int r = wd_hex_decode(wd_span_text(word(l, 7)), &bytes);

	if (r != 0)
		return r;
	bring.material = wd_bytes_span(bytes);
	r = wd_kmip_register(kmip, &bring, until(), &id, d);
	if (r == 0)
		printf("ok %s\n", id.s);
	return r;
}

static int
do_locate(const struct line *l, struct wd_diag *d)
{
	struct wd_kmip_id id = { 0 };
	int r = wd_kmip_locate(kmip, wd_span_text(word(l, 1)), until(), &id, d);

	if (r == 0)
		printf("ok %s\n", id.s);
	return r;
}

static void
print_material(const struct wd_kmip_material *m)
{
	struct wd_span s = wd_secret_borrow(m->bytes);

	printf("ok %u %u %u %u %d ", m->object.type, m->object.format,
	    m->object.algorithm, m->object.bits, m->object.wrapped);
	for (size_t i = 0; i < s.len; i++)
		printf("%02x", s.p[i]);
	printf("\n");
}

/* get ID [KEK-ID KEK-HEX ENCODED] */
static int
do_get(const struct line *l, struct wd_diag *d)
{
	WD_AUTO(wd_kmip_material_done) struct wd_kmip_material m = { 0 };
	struct wd_kmip_id id = id_of(l, 1);
	uint8_t key[32] = { 0 };
	const struct wd_kmip_kek kek = {
		.wrap = { .id = id_of(l, 2), .encoded = number(l, 4) != 0 },
		.key = WD_SPAN(key),
	};
	int r = 0;

	if (l->n > 2)
		r = wd_hex_decode_exact(
		    wd_span_text(word(l, 3)), key, sizeof(key));
	if (r == 0)
		r = wd_kmip_get(
		    kmip, &id, l->n > 2 ? &kek : NULL, until(), &m, d);
	if (r == 0)
		print_material(&m);
	return r;
}

static int
do_attributes(const struct line *l, struct wd_diag *d)
{
	struct wd_kmip_attributes a = { 0 };
	struct wd_kmip_id id = id_of(l, 1);
	int r = wd_kmip_get_attributes(kmip, &id, until(), &a, d);

	if (r == 0)
		printf(
		    "ok %u %u %u %u\n", a.type, a.algorithm, a.bits, a.state);
	return r;
}

static int
do_activate(const struct line *l, struct wd_diag *d)
{
	struct wd_kmip_id id = id_of(l, 1);
	int r = wd_kmip_activate(kmip, &id, until(), d);

	if (r == 0)
		printf("ok\n");
	return r;
}

/* revoke ID REASON */
static int
do_revoke(const struct line *l, struct wd_diag *d)
{
	struct wd_kmip_id id = id_of(l, 1);
	int r = wd_kmip_revoke(kmip, &id, number(l, 2), until(), d);

	if (r == 0)
		printf("ok\n");
	return r;
}

static int
do_destroy(const struct line *l, struct wd_diag *d)
{
	struct wd_kmip_id id = id_of(l, 1);
	int r = wd_kmip_destroy(kmip, &id, until(), d);

	if (r == 0)
		printf("ok\n");
	return r;
}

/* ---- the encoding alone */

/* The next item, written as it was read; a structure is opened. */
static void
copy_item(struct wd_rd *rd, struct wd_wr *wr)
{
	uint32_t tag = wd_ttlv_peek(rd);

	switch (wd_ttlv_peek_type(rd)) {
	case WD_TTLV_INTEGER:
		wd_ttlv_write_int(wr, tag, wd_ttlv_int(rd, tag));
		return;
	case WD_TTLV_LONG:
		wd_ttlv_write_long(wr, tag, wd_ttlv_long(rd, tag));
		return;
	case WD_TTLV_BIG:
		wd_ttlv_write_big(wr, tag, wd_ttlv_big(rd, tag, SIZE_MAX));
		return;
	case WD_TTLV_ENUM:
		wd_ttlv_write_enum(wr, tag, wd_ttlv_enum(rd, tag));
		return;
	case WD_TTLV_BOOLEAN:
		wd_ttlv_write_bool(wr, tag, wd_ttlv_bool(rd, tag));
		return;
	case WD_TTLV_TEXT:
		wd_ttlv_write_text(wr, tag, wd_ttlv_text(rd, tag, SIZE_MAX));
		return;
	case WD_TTLV_BYTES:
		wd_ttlv_write_bytes(wr, tag, wd_ttlv_bytes(rd, tag, SIZE_MAX));
		return;
	case WD_TTLV_TIME:
		wd_ttlv_write_time(wr, tag, wd_ttlv_time(rd, tag));
		return;
	case WD_TTLV_INTERVAL:
		wd_ttlv_write_interval(wr, tag, wd_ttlv_interval(rd, tag));
		return;
	default:
		wd_rd_fail(rd);
	}
}

static int
copy_message(struct wd_span message, struct wd_wr *wr)
{
	struct wd_rd levels[WD_TTLV_DEPTH + 1] = { wd_rd(message) };
	size_t opened[WD_TTLV_DEPTH + 1] = { 0 }, n = 0;
	int r = wd_ttlv_check(message);

	if (r != 0)
		return r;
	for (;;) {
		struct wd_rd *rd = &levels[n];

		if (!wd_rd_more(rd)) {
			if (n == 0 || rd->bad)
				return wd_rd_end(rd);
			wd_ttlv_close(wr, opened[n--]);
		} else if (wd_ttlv_peek_type(rd) == WD_TTLV_STRUCTURE) {
			uint32_t tag = wd_ttlv_peek(rd);

			levels[++n] = wd_ttlv_enter(rd, tag);
			opened[n] = wd_ttlv_open(wr, tag);
		} else {
			copy_item(rd, wr);
		}
	}
}

/* ttlv HEX: read and written again */
static int
do_ttlv(const struct line *l, struct wd_diag *d)
{
	static uint8_t buf[LINE];
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	int r = wd_hex_decode(wd_span_text(word(l, 1)), &bytes);

	(void)d;
	if (r != 0 || (r = copy_message(wd_bytes_span(bytes), &wr)) != 0)
		return r;
	printf("ok ");
	for (size_t i = 0; i < wr.len; i++)
		printf("%02x", buf[i]);
	printf("\n");
	return wd_wr_end(&wr);
}

static const struct {
	const char *name;
	int (*run)(const struct line *l, struct wd_diag *d);
} commands[] = {
	{ "hello", do_hello },
	{ "deadline", do_deadline },
	{ "create", do_create },
	{ "pair", do_pair },
	{ "register", do_register },
	{ "locate", do_locate },
	{ "get", do_get },
	{ "attributes", do_attributes },
	{ "activate", do_activate },
	{ "revoke", do_revoke },
	{ "destroy", do_destroy },
	{ "ttlv", do_ttlv },
};

/* ---- start and loop */

static struct line
split(char *text)
{
	struct line l = { 0 };
	char *rest = NULL;

	for (char *w = strtok_r(text, " \n", &rest); w != NULL && l.n < WORDS;
	     w = strtok_r(NULL, " \n", &rest))
		l.words[l.n++] = w;
	return l;
}

static void
answer(char *text)
{
	struct line l = split(text);
	struct wd_diag d = { 0 };

	for (size_t i = 0; i < WD_N(commands); i++) {
		int r;

		if (strcmp(word(&l, 0), commands[i].name) != 0)
			continue;
		r = commands[i].run(&l, &d);
		if (r != 0)
			printf("%s %s\n", wd_reason_name(r), d.detail);
		fflush(stdout);
		return;
	}
	printf("usage\n");
	fflush(stdout);
}

static int
read_pem(const char *path, struct wd_secret **ret)
{
	struct wd_diag d = { 0 };

	return wd_file_read_secret(AT_FDCWD, path, PEM_MAX, ret, &d);
}

static bool
take_version(const char *text, struct wd_kmip_version *ret)
{
	if (text[0] < '1' || text[0] > '2' || text[1] != '.')
		return false;
	ret->major = (uint8_t)(text[0] - '0');
	ret->minor = (uint8_t)(text[2] - '0');
	return true;
}

/* HOST PORT CA CERTIFICATE KEY VERSION [USER PASSWORD] */
int
main(int argc, char **argv)
{
	static char text[LINE];
	struct line args = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *roots = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *chain = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	struct wd_kmip_version version = { 0 };
	struct wd_kmip_config config = { 0 };
	struct wd_diag d = { 0 };
	int r;

	for (int i = 1; i < argc && args.n < WORDS; i++)
		args.words[args.n++] = argv[i];
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail */
	if (args.n < 6 || read_pem(argv[3], &roots) != 0 ||
	    read_pem(argv[4], &chain) != 0 || read_pem(argv[5], &key) != 0)
		return 2;
	config.host = wd_span_text(argv[1]);
	config.port = (uint16_t)number(&args, 1);
	config.roots = wd_secret_borrow(roots);
	config.chain = wd_secret_borrow(chain);
	config.key = wd_secret_borrow(key);
	config.username = wd_span_text(word(&args, 6));
	config.password = wd_span_text(word(&args, 7));
	if (take_version(argv[6], &version))
		config.version = &version;
	if ((r = wd_crypto_init(&d)) != 0 ||
	    (r = wd_kmip_new(&config, &kmip, &d)) != 0) {
		printf("%s %s\n", wd_reason_name(r), d.detail);
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	while (fgets(text, sizeof(text), stdin) != NULL)
		answer(text);
	wd_kmip_freep(&kmip);
	return 0;
}
