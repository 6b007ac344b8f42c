/*
 * The body of POST /attest: JSON, a JWK, evidence in base64. A key that is
 * read is imported or refused, and binds.
 */
#include "fuzz.h"

#include "crypto/init.h"
#include "proto/binding.h"
#include "proto/coco.h"

static void
look_at(const struct wd_msg_attest_ask *m)
{
	const struct wd_bound b = {
		.door = WD_DOOR_COCO,
		.tee = (enum wd_tee)m->tee,
		.challenge = m->challenge,
		.key = { .curve = (enum wd_pkey_alg)m->key_curve,
		    .alg = (enum wd_jwe_alg)m->key_alg,
		    .x = m->key_x,
		    .y = m->key_y,
		    .n = m->key_n,
		    .e = m->key_e },
		.additional = m->additional,
	};
	uint8_t digest[WD_BINDING_MAX];
	struct wd_pkey *key = NULL;
	size_t len;
	int bound = wd_binding(&b, digest, &len);

	fuzz_accepted = true;
	must(bound >= 0);
	if (wd_jwk_import(&b.key, &key) == 0)
		must(bound == 0);
	(void)wd_pkey_free(key);
	fuzz_touch(m->evidence);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_coco_attest a = { .n_parts = 0 };

	must(wd_crypto_init(NULL) == 0);
	if (wd_coco_attest_read(wd_span(data, size), &a, NULL) == 0)
		look_at(&a.ask);
	wd_coco_attest_done(&a);
	return 0;
}
