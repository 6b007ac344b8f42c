/*
 * What a release cannot cost less than: each cryptographic step alone, by the
 * CPU time of this process. One JSON object, microseconds a step.
 */
#include "base/bytes.h"
#include "crypto/init.h"
#include "crypto/jwe.h"
#include "crypto/sig.h"

#include <stdio.h>
#include <time.h>

enum { ROUNDS = 7, TURNS = 300 };

static struct wd_pkey *key;
static struct wd_bytes *x, *y;
static uint8_t rs[WD_SIG_MAX];
static const uint8_t message[432] = { 1 };
static const uint8_t plain[400] = { 2 };

static int
verify(void)
{
	return wd_p256_verify(key, WD_SPAN(message), rs);
}

static int
sign(void)
{
	uint8_t sig[WD_SIG_MAX];
	size_t len;

	return wd_sign(key, WD_SIG_ES256, WD_SPAN(message), sig, &len);
}

static int
import(void)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;

	return wd_pkey_ec_public(
	    WD_PKEY_P256, wd_bytes_span(x), wd_bytes_span(y), &k);
}

static int
wrap(void)
{
	WD_AUTO(wd_jwe_done) struct wd_jwe jwe = { 0 };

	return wd_jwe_seal(key, WD_JWE_ECDH_ES_A256KW, WD_SPAN(plain), &jwe);
}

static double
cpu(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail */
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static const struct {
	const char *name;
	int (*run)(void);
} steps[] = {
	{ "verify", verify },
	{ "sign", sign },
	{ "import", import },
	{ "wrap", wrap },
};

/* The median of the rounds, which take turns. */
static double
median(double v[ROUNDS])
{
	for (size_t i = 1; i < ROUNDS; i++)
		for (size_t k = i; k > 0 && v[k] < v[k - 1]; k--) {
			double swap = v[k];

			v[k] = v[k - 1];
			v[k - 1] = swap;
		}
	return v[ROUNDS / 2];
}

int
main(void)
{
	double us[WD_N(steps)][ROUNDS];
	size_t len;

	if (wd_crypto_init(NULL) != 0 ||
	    wd_pkey_generate(WD_PKEY_P256, &key) != 0 ||
	    wd_pkey_public_parts(key, &x, &y) != 0 ||
	    wd_sign(key, WD_SIG_ES256, WD_SPAN(message), rs, &len) != 0)
		return 1;
	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < WD_N(steps); i++) {
			double start = cpu();

			for (size_t n = 0; n < TURNS; n++)
				if (steps[i].run() != 0)
					return 1;
			us[i][round] = (cpu() - start) / TURNS;
		}
	for (size_t i = 0; i < WD_N(steps); i++)
		(void)printf("%s\"%s\":%.2f", i == 0 ? "{" : ",", steps[i].name,
		    median(us[i]));
	(void)printf("}\n");
	return 0;
}
