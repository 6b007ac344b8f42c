/*
 * Clients that attest and get a resource over and over, one connection each,
 * with a new key and a new challenge every time. One process a connection.
 * Prints how many releases there were, and each one's time in microseconds.
 *
 *   release_client HOST PORT CA SWTEE PATH native|plain CLIENTS SECONDS [RATE]
 *
 * RATE: releases a second of all clients together; as many as possible without.
 */
#include "attest/swtee.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "crypto/init.h"
#include "crypto/pkey.h"
#include "http/client.h"
#include "proto/binding.h"
#include "proto/coco_client.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLES = 200000, CLIENTS_MAX = 256, BODY_MAX = 200000 };

/* Written by the children, read by the parent when they have ended. */
struct tally {
	uint32_t n, failed;
	uint32_t us[SAMPLES];
};

static const char *host, *path;
static uint16_t port;
static bool native;
static double seconds, interval; /* of one client; 0: none */
static struct wd_bytes *roots;
static struct wd_swtee *platform;

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
send(struct wd_client *c, const struct wd_client_ask *ask,
    struct wd_client_answer *ret)
{
	struct wd_diag d = { 0 };
	int r = wd_client_send(c, ask, ret, &d);

	if (r == 0 && ret->status == 200)
		return 0;
	(void)fprintf(stderr, "%s: %u %s %.*s\n", ask->path, ret->status,
	    d.detail, ret->body == NULL ? 0 : (int)ret->body->len,
	    ret->body == NULL ? "" : (const char *)ret->body->p);
	return -1;
}

static int
ask_challenge(struct wd_client *c, struct wd_bytes **ret)
{
	WD_AUTO(wd_client_answer_done) struct wd_client_answer a = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(BODY_MAX);
	struct wd_client_ask ask = { .path = "/kbs/v0/auth", .post = true };

	wd_coco_request_write(&wr, WD_TEE_SGX);
	ask.body = wd_wr_span(&wr);
	wd_client_forget(c);
	if (send(c, &ask, &a) != 0)
		return -1;
	return wd_coco_challenge_read(wd_bytes_span(a.body), ret, NULL);
}

static int
attest(struct wd_client *c)
{
	WD_AUTO(wd_client_answer_done) struct wd_client_answer a = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(BODY_MAX);
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *challenge = NULL, *x = NULL, *y = NULL, *quote = NULL;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	struct wd_client_ask ask = { .path = "/kbs/v0/attest", .post = true };
	struct wd_msg_link_attest_ask m = { .tee = WD_TEE_SGX };
	struct wd_bound bound = { .door = WD_DOOR_COCO, .tee = WD_TEE_SGX };
	struct wd_swtee_quote q = { 0 };
	size_t len;

	if (ask_challenge(c, &challenge) != 0 ||
	    wd_pkey_generate(WD_PKEY_P256, &key) != 0 ||
	    wd_pkey_public_parts(key, &x, &y) != 0)
		return -1;
	bound.challenge = wd_bytes_span(challenge);
	bound.key = (struct wd_jwk){ .curve = WD_PKEY_P256,
		.alg = WD_JWE_ECDH_ES_A256KW,
		.x = wd_bytes_span(x),
		.y = wd_bytes_span(y) };
	if (wd_binding(&bound, q.report_data, &len) != 0 ||
	    wd_swtee_quote(platform, &q, &quote, NULL) != 0)
		return -1;
	m.challenge = bound.challenge;
	wd_copy(m.key_x.b, bound.key.x);
	wd_copy(m.key_y.b, bound.key.y);
	m.evidence = wd_bytes_span(quote);
	wd_coco_attestation_write(&wr, &m);
	ask.body = wd_wr_span(&wr);
	return send(c, &ask, &a);
}

static int
release(struct wd_client *c)
{
	WD_AUTO(wd_client_answer_done) struct wd_client_answer a = { 0 };
	struct wd_client_ask ask = { .path = path,
		.accept =
		    native ? "application/vnd.warder.release+jwe" : NULL };

	return attest(c) != 0 ? -1 : send(c, &ask, &a);
}

static void
run(struct tally *t, unsigned number, unsigned clients)
{
	struct wd_client_options options = { .host = wd_span_text(host),
		.port = port,
		.roots = wd_bytes_span(roots),
		.max_body = BODY_MAX,
		.deadline_ms = 10000 };
	WD_AUTO(wd_client_freep) struct wd_client *c = NULL;
	double end = now() + seconds;
	double next = now() + interval * number / clients;

	if (wd_client_new(&options, &c, NULL) != 0)
		return;
	while (now() < end && t->n < SAMPLES) {
		double start;

		if (interval > 0 && next > now())
			(void)usleep((useconds_t)((next - now()) * 1e6));
		start = interval > 0 ? next : now();
		next += interval;
		if (release(c) != 0)
			t->failed++;
		else
			t->us[t->n++] = (uint32_t)((now() - start) * 1e6);
	}
}

static int
by_value(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
report(struct tally *t, unsigned clients)
{
	uint32_t *all = calloc(SAMPLES, sizeof(*all));
	uint32_t n = 0, failed = 0;

	for (unsigned i = 0; all != NULL && i < clients; i++) {
		failed += t[i].failed;
		for (uint32_t k = 0; k < t[i].n && n < SAMPLES; k++)
			all[n++] = t[i].us[k];
	}
	qsort(all, n, sizeof(*all), by_value);
	(void)printf("{\"releases\":%u,\"failed\":%u,\"p50_us\":%u,"
		     "\"p99_us\":%u}\n",
	    n, failed, n == 0 ? 0 : all[n / 2],
	    n == 0 ? 0 : all[(size_t)n * 99 / 100]);
	free(all);
}

static int
open_all(const char *ca, const char *swtee)
{
	WD_AUTO(wd_fd_closep) int dir = open(swtee, O_RDONLY | O_DIRECTORY);

	if (wd_crypto_init(NULL) != 0 || dir < 0 ||
	    wd_swtee_open(dir, &platform, NULL) != 0)
		return -1;
	return wd_file_read(AT_FDCWD, ca, 1 << 20, &roots, NULL);
}

int
main(int argc, char **argv)
{
	unsigned clients;
	struct tally *t;

	if (argc < 9)
		return 2;
	host = argv[1];
	port = (uint16_t)strtoul(argv[2], NULL, 10);
	path = argv[5];
	native = strcmp(argv[6], "native") == 0;
	clients = (unsigned)strtoul(argv[7], NULL, 10);
	seconds = strtod(argv[8], NULL);
	if (argc > 9)
		interval = clients / strtod(argv[9], NULL);
	if (clients > CLIENTS_MAX || open_all(argv[3], argv[4]) != 0)
		return 2;
	t = mmap(NULL, clients * sizeof(*t), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t == MAP_FAILED)
		return 1;
	for (unsigned i = 0; i < clients; i++)
		if (fork() == 0) {
			run(&t[i], i, clients);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	report(t, clients);
	return 0;
}
