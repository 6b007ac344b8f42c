/*
 * Clients that attest and get a resource over and over, one connection each,
 * with a new key and a new challenge every time. One process a connection.
 * Prints how many releases there were, and each one's time in microseconds.
 *
 *   release_client HOST PORT CA SWTEE PATH native|plain CLIENTS SECONDS [RATE]
 *
 * RATE: releases a second of all clients together; as many as possible without.
 * PATH may be @FILE: paths, a line each, of which every release takes another.
 */
#include "attest/swtee.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "crypto/init.h"
#include "crypto/pkey.h"
#include "proto/binding.h"
#include "proto/coco_client.h"
#include "crypto/rand.h"
#include "sys/file.h"
#include "verify/bundle.h"
#include "wire.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JSON "Content-Type: application/json"

enum {
	SAMPLES = 200000,
	CLIENTS_MAX = 256,
	BODY_MAX = 200000,
	CONNECT_S = 1,
	PATHS_MAX = 100000,
	PATH_LEN = 128,
};

/* Written by the children, read by the parent when they have ended. */
struct tally {
	uint32_t n, failed;
	uint32_t us[SAMPLES];
};

static const char *host, *port, *ca;
static char (*paths)[PATH_LEN];
static size_t n_paths;
static bool native;
static double seconds, interval; /* of one client; 0: none */
static double begin;             /* when all of them are connected */
static struct wd_swtee *platform;

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
ask(struct wire *w, const char *head, struct wd_span body, struct wd_span *ret)
{
	int status = wire_ask(w, head, body, ret);

	if (status == 200)
		return 0;
	(void)fprintf(stderr, "%s: %d %.*s\n", head, status,
	    status < 0 ? 0 : (int)ret->len, (const char *)ret->p);
	return -1;
}

static int
ask_challenge(struct wire *w, struct wd_bytes **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(BODY_MAX);
	struct wd_span answer;

	wd_coco_request_write(&wr, WD_TEE_SGX);
	if (ask(w, "POST /kbs/v0/auth HTTP/1.1\r\n" JSON, wd_wr_span(&wr),
		&answer) != 0)
		return -1;
	return wd_coco_challenge_read(answer, ret, NULL);
}

static int
attest(struct wire *w)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(BODY_MAX);
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *challenge = NULL, *x = NULL, *y = NULL, *quote = NULL,
			*bundle = NULL;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	struct wd_msg_link_attest_ask m = { .tee = WD_TEE_SGX };
	struct wd_bound bound = { .door = WD_DOOR_COCO, .tee = WD_TEE_SGX };
	struct wd_swtee_quote q = { 0 };
	struct wd_span answer;
	size_t len;

	if (ask_challenge(w, &challenge) != 0 ||
	    wd_pkey_generate(WD_PKEY_P256, &key) != 0 ||
	    wd_pkey_public_parts(key, &x, &y) != 0)
		return -1;
	bound.challenge = wd_bytes_span(challenge);
	bound.key = (struct wd_jwk){ .curve = WD_PKEY_P256,
		.alg = WD_JWE_ECDH_ES_A256KW,
		.x = wd_bytes_span(x),
		.y = wd_bytes_span(y) };
	if (wd_binding(&bound, q.report_data, &len) != 0 ||
	    wd_swtee_quote(platform, &q, &quote, NULL) != 0 ||
	    wd_bundle_of(WD_IN_QUOTE, wd_bytes_span(quote), &bundle) != 0)
		return -1;
	m.challenge = bound.challenge;
	wd_copy(m.key_x.b, bound.key.x);
	wd_copy(m.key_y.b, bound.key.y);
	m.evidence = wd_bytes_span(bundle);
	wd_coco_attestation_write(&wr, &m);
	return ask(w, "POST /kbs/v0/attest HTTP/1.1\r\n" JSON, wd_wr_span(&wr),
	    &answer);
}

/* By chance, since a store is not read in order. */
static const char *
some_path(void)
{
	uint32_t chance = 0;

	(void)!wd_rand(&chance, sizeof(chance)); /* or the first */
	return paths[chance % n_paths];
}

static int
release(struct wire *w)
{
	char head[512];
	struct wd_span answer;

	if (attest(w) != 0)
		return -1;
	(void)snprintf(head, sizeof(head),
	    "GET %s HTTP/1.1\r\nCookie: %s\r\nAccept: %s", some_path(),
	    wire_cookie(w),
	    native ? "application/vnd.warder.release+jwe" : "application/json");
	return ask(w, head, wd_span(NULL, 0), &answer);
}

static void
sleep_until(double at)
{
	double left = at - now();

	if (left > 0)
		(void)usleep((useconds_t)(left * 1e6));
}

/* Connected before the first release is due: no handshake is in the times. */
static void
run(struct tally *t, unsigned number, unsigned clients)
{
	struct wire *w = wire_open(host, port, ca);
	double next = begin + interval * number / clients;
	double end = begin + seconds;

	if (w == NULL)
		return;
	sleep_until(begin);
	while (now() < end && t->n < SAMPLES) {
		double start;

		if (interval > 0)
			sleep_until(next);
		start = interval > 0 ? next : now();
		next += interval;
		if (release(w) != 0)
			t->failed++;
		else
			t->us[t->n++] = (uint32_t)((now() - start) * 1e6);
	}
	w = wire_close(w);
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
open_platform(const char *swtee)
{
	WD_AUTO(wd_fd_closep) int dir = open(swtee, O_RDONLY | O_DIRECTORY);

	if (wd_crypto_init(NULL) != 0 || dir < 0 ||
	    wd_swtee_open(dir, &platform, NULL) != 0)
		return -1;
	return 0;
}

static bool
add_path(const char *path, size_t len)
{
	if (n_paths == PATHS_MAX || len == 0 || len >= PATH_LEN)
		return false;
	return wd_span_to_text(wd_span(path, len), paths[n_paths++], PATH_LEN);
}

static bool
read_paths(const char *file)
{
	char line[PATH_LEN];
	FILE *f = fopen(file, "re");
	bool good = f != NULL;

	while (good && fgets(line, sizeof(line), f) != NULL)
		good = add_path(line, strcspn(line, "\n"));
	if (f != NULL)
		(void)fclose(f); /* only read from */
	return good && n_paths > 0;
}

static bool
take_paths(const char *words)
{
	paths = wd_alloc_array(PATHS_MAX, PATH_LEN);
	if (paths == NULL)
		return false;
	return words[0] == '@' ? read_paths(words + 1)
			       : add_path(words, strlen(words));
}

int
main(int argc, char **argv)
{
	unsigned clients;
	struct tally *t;

	if (argc < 9)
		return 2;
	host = argv[1];
	port = argv[2];
	ca = argv[3];
	native = strcmp(argv[6], "native") == 0;
	clients = (unsigned)strtoul(argv[7], NULL, 10);
	seconds = strtod(argv[8], NULL);
	if (argc > 9)
		interval = clients / strtod(argv[9], NULL);
	if (clients > CLIENTS_MAX || open_platform(argv[4]) != 0 ||
	    !take_paths(argv[5]))
		return 2;
	t = mmap(NULL, clients * sizeof(*t), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t == MAP_FAILED)
		return 1;
	begin = now() + CONNECT_S;
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
