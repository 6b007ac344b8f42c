/*
 * The life of a software platform: made, opened, freed.
 */
#include "attest/swtee_in.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "crypto/hash.h"
#include "crypto/rand.h"
#include "crypto/sig.h"

/* An Ice Lake server of 2024. */
static const struct wd_pck usual = {
	.components = { 14, 14, 3, 3, 255, 255, 1 },
	.pcesvn = 13,
	.fmspc = { 0x00, 0x60, 0x6a, 0x00, 0x00, 0x00 },
};

struct wd_swtee *
wd_swtee_free(struct wd_swtee *t)
{
	if (t == NULL)
		return NULL;
	for (size_t i = 0; i < WD_SWTEE_KEYS; i++)
		wd_pkey_freep(&t->key[i]);
	for (size_t i = 0; i < WD_SWTEE_CERTS; i++)
		wd_bytes_freep(&t->cert[i]);
	return wd_free(t);
}

void
wd_swtee_freep(struct wd_swtee **t)
{
	*t = wd_swtee_free(*t);
}

const struct wd_pck *
wd_swtee_pck(const struct wd_swtee *t)
{
	return &t->pck;
}

static void
or_else(uint8_t *dst, size_t len, const uint8_t *otherwise)
{
	if (wd_span_is_zero(wd_span(dst, len)))
		wd_copy(dst, wd_span(otherwise, len));
}

static int
fill_platform(
    const struct wd_swtee_spec *spec, struct wd_pck *p, struct wd_diag *d)
{
	uint8_t random[32];

	if (wd_rand(random, sizeof(random)) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no random bytes");
	*p = spec->pck;
	p->has_platform = !spec->processor_ca;
	or_else(p->ppid, sizeof(p->ppid), random);
	or_else(p->components, sizeof(p->components), usual.components);
	or_else(p->cpusvn, sizeof(p->cpusvn), p->components);
	or_else(p->fmspc, sizeof(p->fmspc), usual.fmspc);
	if (p->pcesvn == 0)
		p->pcesvn = usual.pcesvn;
	if (p->has_platform)
		or_else(p->platform_instance_id,
		    sizeof(p->platform_instance_id), random + 16);
	return 0;
}

static int
make_keys(struct wd_swtee *t, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_SWTEE_KEYS; i++)
		if (wd_pkey_generate(WD_PKEY_P256, &t->key[i]) != 0)
			return wd_fault(d, WD_F_CRYPTO, "cannot make a key");
	return 0;
}

int
wd_swtee_new(
    const struct wd_swtee_spec *spec, struct wd_swtee **ret, struct wd_diag *d)
{
	WD_AUTO(wd_swtee_freep) struct wd_swtee *t = wd_alloc(sizeof(*t));
	int64_t made = spec->made == 0 ? wd_time_now() : spec->made;
	int r;

	if (t == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a platform");
	if ((r = fill_platform(spec, &t->pck, d)) != 0 ||
	    (r = make_keys(t, d)) != 0 ||
	    (r = wd_swtee_certify(t, made, d)) != 0 ||
	    (r = wd_swtee_vouch(t, d)) != 0)
		return r;
	*ret = WD_TAKE(t);
	return 0;
}

int
wd_swtee_anchor(const struct wd_swtee *t, struct wd_anchor *ret)
{
	struct wd_anchor a = { .tee = WD_TEE_SGX, .software = true };
	int r =
	    wd_hash(WD_SHA256, wd_bytes_span(t->cert[WD_SWTEE_ROOT]), a.sha256);

	if (r == 0)
		*ret = a;
	return r;
}

int
wd_swtee_sign(const struct wd_swtee *t, enum wd_swtee_who who,
    struct wd_span message, uint8_t ret_rs[64], struct wd_diag *d)
{
	uint8_t sig[WD_SIG_MAX];
	size_t len;

	if (t->key[who] == NULL)
		return wd_reject(d, WD_R_KEY_INVALID,
		    "the key that signs this is not in the folder");
	if (wd_sign(t->key[who], WD_SIG_ES256, message, sig, &len) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot sign");
	wd_copy(ret_rs, wd_span(sig, len));
	return 0;
}
