#include "verify/tpm_world.h"

#include "lib/t.h"

#include "base/wr.h"
#include "codec/hex.h"
#include "crypto/init.h"
#include "verify/tpm/alg.h"

enum { LARGEST = 8192, PCRS = 24 };

static struct wd_pkey *keys[WD_PKEY_ED25519 + 1];

static struct wd_bytes *
take(struct wd_wr *wr)
{
	struct wd_bytes *b;

	t_ok(wd_wr_take(wr, &b));
	return b;
}

static struct wd_pkey *
key_of(enum wd_pkey_alg alg)
{
	t_ok(wd_crypto_init(NULL));
	if (keys[alg] == NULL)
		t_ok(wd_pkey_generate(alg, &keys[alg]));
	return keys[alg];
}

int
t_tpm_teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(keys); i++)
		wd_pkey_freep(&keys[i]);
	return 0;
}

static void
sized(struct wd_wr *wr, struct wd_span s)
{
	wd_wr_be16(wr, (uint16_t)s.len);
	wd_wr_bytes(wr, s);
}

/* Leading zeros may be left out, and here they are. */
static struct wd_span
stripped(struct wd_span n)
{
	while (n.len > 1 && n.p[0] == 0)
		n = wd_span(n.p + 1, n.len - 1);
	return n;
}

static uint16_t
scheme_of(const struct t_tpm_spec *s)
{
	if (wd_pkey_is_ec(s->key))
		return WD_TPM_ECDSA;
	return s->pss ? WD_TPM_RSAPSS : WD_TPM_RSASSA;
}

static struct wd_bytes *
make_area(const struct t_tpm_spec *s, const struct wd_pkey *key)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *a = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	struct wd_wr wr = wd_wr_growing(LARGEST);
	bool ec = wd_pkey_is_ec(s->key);

	t_ok(wd_pkey_public_parts(key, &a, &b));
	wd_wr_be16(&wr, ec ? WD_TPM_ECC : WD_TPM_RSA);
	wd_wr_be16(&wr, WD_TPM_SHA256);
	wd_wr_be32(&wr, s->attributes != 0 ? s->attributes : T_AK_ATTRIBUTES);
	wd_wr_be16(&wr, 0);
	wd_wr_be16(&wr, WD_TPM_NULL);
	wd_wr_be16(&wr, scheme_of(s));
	wd_wr_be16(&wr, wd_tpm_alg_of(s->sig_hash));
	if (ec) {
		wd_wr_be16(&wr,
		    (uint16_t)(3 + (unsigned)s->key - (unsigned)WD_PKEY_P256));
		wd_wr_be16(&wr, WD_TPM_NULL);
		sized(&wr, stripped(wd_bytes_span(a)));
		sized(&wr, stripped(wd_bytes_span(b)));
	} else {
		wd_wr_be16(&wr, (uint16_t)(a->len * 8));
		wd_wr_be32(&wr, 0);
		sized(&wr, wd_bytes_span(a));
	}
	return take(&wr);
}

void
t_tpm_value(unsigned pcr, uint8_t *ret, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)(pcr * 7 + i);
}

static void
value_of(const struct t_tpm_spec *s, unsigned pcr, uint8_t *ret, size_t len)
{
	t_tpm_value(pcr, ret, len);
	if (s->values != NULL && s->values[pcr].len == len)
		wd_copy(ret, s->values[pcr]);
}

static enum wd_hash
bank_of(const struct t_tpm_spec *s)
{
	enum wd_hash bank = WD_SHA256;

	(void)wd_tpm_hash(s->bank, &bank); /* an unknown one stays so */
	return bank;
}

static uint32_t
pcrs_of(const struct t_tpm_spec *s)
{
	return s->pcrs != 0 ? s->pcrs : 0x000091;
}

static void
put_digest(const struct t_tpm_spec *s, struct wd_wr *wr)
{
	size_t len = wd_hash_len(bank_of(s));
	enum wd_hash hash = s->other_digest ? s->digest_hash : s->sig_hash;
	uint8_t values[PCRS * WD_HASH_MAX], digest[WD_HASH_MAX];
	size_t n = 0;

	for (unsigned i = 0; i < PCRS; i++)
		if ((pcrs_of(s) >> i & 1) != 0)
			value_of(s, i, values + n++ * len, len);
	t_ok(wd_hash(hash, wd_span(values, n * len), digest));
	sized(wr, wd_span(digest, wd_hash_len(hash)));
}

static struct wd_bytes *
make_attest(const struct t_tpm_spec *s, struct wd_span nonce)
{
	struct wd_wr wr = wd_wr_growing(LARGEST);
	uint32_t banks = s->n_banks != 0 ? s->n_banks : 1;

	wd_wr_be32(&wr, s->magic != 0 ? s->magic : 0xff544347);
	wd_wr_be16(&wr, s->type != 0 ? s->type : 0x8018);
	sized(&wr, WD_SPAN_LIT("\0\x0b name"));
	sized(&wr, nonce);
	wd_wr_be64(&wr, s->clock != 0 ? s->clock : 1234567);
	wd_wr_be32(&wr, 3);
	wd_wr_be32(&wr, 2);
	wd_wr_u8(&wr, (uint8_t)(1 + s->unsafe));
	wd_wr_be64(&wr, 0x2016051100162800);
	wd_wr_be32(&wr, banks);
	for (uint32_t i = 0; i < banks; i++) {
		wd_wr_be16(&wr, s->bank != 0 ? s->bank : WD_TPM_SHA256);
		wd_wr_u8(&wr, 3);
		wd_wr_u8(&wr, (uint8_t)pcrs_of(s));
		wd_wr_u8(&wr, (uint8_t)(pcrs_of(s) >> 8));
		wd_wr_u8(&wr, (uint8_t)(pcrs_of(s) >> 16));
	}
	put_digest(s, &wr);
	return take(&wr);
}

/* Only pairs that wd_sign() knows; others are not needed. */
static enum wd_sig_alg
alg_of(const struct t_tpm_spec *s)
{
	switch (s->key) {
	case WD_PKEY_P256:
		return WD_SIG_ES256;
	case WD_PKEY_P384:
		return WD_SIG_ES384;
	case WD_PKEY_P521:
		return WD_SIG_ES512;
	default:
		break;
	}
	if (s->sig_hash == WD_SHA384)
		return s->pss ? WD_SIG_PS384 : WD_SIG_RS384;
	return s->pss ? WD_SIG_PS256 : WD_SIG_RS256;
}

void
t_tpm_sign(const struct t_tpm_spec *s, struct t_tpm *t)
{
	struct wd_wr wr = wd_wr_growing(LARGEST);
	uint8_t sig[WD_SIG_MAX];
	size_t len;

	t_ok(wd_sign(t->key, alg_of(s), wd_bytes_span(t->attest), sig, &len));
	wd_wr_be16(&wr, scheme_of(s));
	wd_wr_be16(&wr, wd_tpm_alg_of(s->sig_hash));
	if (wd_pkey_is_ec(s->key)) {
		sized(&wr, stripped(wd_span(sig, len / 2)));
		sized(&wr, stripped(wd_span(sig + len / 2, len / 2)));
	} else {
		sized(&wr, wd_span(sig, len));
	}
	wd_bytes_freep(&t->signature);
	t->signature = take(&wr);
	t->in.part[WD_IN_ATTEST] = wd_bytes_span(t->attest);
	t->in.part[WD_IN_SIGNATURE] = wd_bytes_span(t->signature);
}

static struct wd_bytes *
make_pcrs(const struct t_tpm_spec *s)
{
	size_t len = wd_hash_len(bank_of(s));
	struct wd_wr wr = wd_wr_growing(LARGEST);
	uint8_t value[WD_HASH_MAX];
	const char *comma = "{";

	if (s->json != NULL) {
		wd_wr_text(&wr, s->json);
		return take(&wr);
	}
	for (unsigned i = 0; i < PCRS; i++) {
		if ((pcrs_of(s) >> i & 1) == 0)
			continue;
		value_of(s, i, value, len);
		wd_wr_printf(&wr, "%s\"%u\":\"", comma, i);
		wd_hex_write(&wr, wd_span(value, len));
		wd_wr_text(&wr, "\"");
		comma = ",";
	}
	wd_wr_text(&wr, "}");
	return take(&wr);
}

void
t_tpm_make(const struct t_tpm_spec *spec, struct t_tpm *t)
{
	*t = (struct t_tpm){ .key = key_of(spec->key) };
	for (size_t i = 0; i < sizeof(t->nonce); i++)
		t->nonce[i] = (uint8_t)(i + 1);
	t->area = make_area(spec, t->key);
	t_ok(wd_pkey_to_spki(t->key, &t->spki));
	t->attest = make_attest(spec, WD_SPAN(t->nonce));
	t->pcrs = make_pcrs(spec);
	t->in.part[WD_IN_AK] = wd_bytes_span(t->area);
	t->in.part[WD_IN_PCRS] = wd_bytes_span(t->pcrs);
	t_tpm_sign(spec, t);
}

void
t_tpm_done(struct t_tpm *t)
{
	wd_bytes_freep(&t->area);
	wd_bytes_freep(&t->spki);
	wd_bytes_freep(&t->attest);
	wd_bytes_freep(&t->signature);
	wd_bytes_freep(&t->pcrs);
}
