/*
 * Reading public areas. What is not needed is still read to its end: the name
 * covers all of it.
 */
#include "verify/tpm/public.h"

#include "base/rd.h"
#include "base/wr.h"
#include "verify/tpm/alg.h"

enum { EXPONENT_DEFAULT = 65537, COORDINATE_MAX = 66 };

static struct wd_span
sized(struct wd_rd *rd)
{
	return wd_rd_bytes(rd, wd_rd_be16(rd));
}

/* TPMT_SYM_DEF_OBJECT: NULL stands alone. */
static void
cipher(struct wd_rd *rd, struct wd_tpm_public *p)
{
	p->cipher = wd_rd_be16(rd);
	if (p->cipher == WD_TPM_NULL)
		return;
	p->cipher_bits = wd_rd_be16(rd);
	p->cipher_mode = wd_rd_be16(rd);
}

/* TPMT_RSA_SCHEME and TPMT_ECC_SCHEME, those whose details are one hash. */
static void
scheme(struct wd_rd *rd, struct wd_tpm_public *p)
{
	p->scheme = wd_rd_be16(rd);
	p->scheme_hash = WD_TPM_NULL;
	switch (p->scheme) {
	case WD_TPM_NULL:
		break;
	case WD_TPM_RSASSA:
	case WD_TPM_RSAPSS:
	case WD_TPM_ECDSA:
		p->scheme_hash = wd_rd_be16(rd);
		break;
	default:
		wd_rd_fail(rd);
	}
}

static void
rsa(struct wd_rd *rd, struct wd_tpm_public *p)
{
	uint16_t bits;

	cipher(rd, p);
	scheme(rd, p);
	bits = wd_rd_be16(rd);
	p->exponent = wd_rd_be32(rd);
	if (p->exponent == 0)
		p->exponent = EXPONENT_DEFAULT;
	p->n_or_x = sized(rd);
	if (p->n_or_x.len * 8 != bits || p->scheme == WD_TPM_ECDSA)
		wd_rd_fail(rd);
}

/* TPMT_KDF_SCHEME: always NULL in practice. */
static void
ecc(struct wd_rd *rd, struct wd_tpm_public *p)
{
	cipher(rd, p);
	scheme(rd, p);
	p->curve = wd_rd_be16(rd);
	if (wd_rd_be16(rd) != WD_TPM_NULL)
		wd_rd_fail(rd);
	p->n_or_x = sized(rd);
	p->y = sized(rd);
	if (p->scheme == WD_TPM_RSASSA || p->scheme == WD_TPM_RSAPSS)
		wd_rd_fail(rd);
}

/* A TPM2B says how long it is; no TPMT_PUBLIC begins with its own length. */
static struct wd_span
without_frame(struct wd_span bytes)
{
	struct wd_rd rd = wd_rd(bytes);
	uint16_t len = wd_rd_be16(&rd);

	return wd_rd_ok(&rd) == 0 && len == rd.left ? wd_rd_rest(&rd) : bytes;
}

int
wd_tpm_public_parse(
    struct wd_span bytes, struct wd_tpm_public *ret, struct wd_diag *d)
{
	struct wd_tpm_public p = { .area = without_frame(bytes) };
	struct wd_rd rd = wd_rd(p.area);

	p.type = wd_rd_be16(&rd);
	if (!wd_tpm_hash(wd_rd_be16(&rd), &p.name_alg))
		wd_rd_fail(&rd);
	p.attributes = wd_rd_be32(&rd);
	p.policy = sized(&rd);
	if (p.type == WD_TPM_RSA)
		rsa(&rd, &p);
	else if (p.type == WD_TPM_ECC)
		ecc(&rd, &p);
	else
		wd_rd_fail(&rd);
	if (wd_rd_end(&rd) != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "the key does not have the form of a TPM's");
	*ret = p;
	return 0;
}

int
wd_tpm_public_name(const struct wd_tpm_public *p, uint8_t ret[WD_TPM_NAME_MAX],
    size_t *ret_len)
{
	uint16_t alg = wd_tpm_alg_of(p->name_alg);
	int r = wd_hash(p->name_alg, p->area, ret + 2);

	if (r != 0)
		return r;
	ret[0] = (uint8_t)(alg >> 8);
	ret[1] = (uint8_t)alg;
	*ret_len = 2 + wd_hash_len(p->name_alg);
	return 0;
}

static int
rsa_key(const struct wd_tpm_public *p, struct wd_pkey **ret)
{
	uint8_t bytes[4];
	struct wd_wr wr = wd_wr_fixed(bytes, sizeof(bytes));
	struct wd_span e;

	wd_wr_be32(&wr, p->exponent);
	e = wd_wr_span(&wr);
	while (e.len > 1 && e.p[0] == 0)
		e = wd_span(e.p + 1, e.len - 1);
	return wd_pkey_rsa_public(p->n_or_x, e, ret);
}

static enum wd_pkey_alg
curve_of(uint16_t curve)
{
	static const enum wd_pkey_alg by_number[] = {
		[3] = WD_PKEY_P256, /* TPM_ECC_NIST_P256 and so on */
		[4] = WD_PKEY_P384,
		[5] = WD_PKEY_P521,
	};

	return curve < WD_N(by_number) ? by_number[curve] : WD_PKEY_NONE;
}

/* False when it is longer than a coordinate. */
static bool
pad(struct wd_span n, uint8_t *dst, size_t len)
{
	struct wd_wr wr = wd_wr_fixed(dst, len);

	if (n.len > len)
		return false;
	wd_wr_zero(&wr, len - n.len);
	wd_wr_bytes(&wr, n);
	return true;
}

int
wd_tpm_public_key(const struct wd_tpm_public *p, struct wd_pkey **ret)
{
	enum wd_pkey_alg alg = curve_of(p->curve);
	size_t len = wd_pkey_coordinate_len(alg);
	uint8_t x[COORDINATE_MAX];
	uint8_t y[COORDINATE_MAX];

	if (p->type == WD_TPM_RSA)
		return rsa_key(p, ret);
	if (alg == WD_PKEY_NONE || !pad(p->n_or_x, x, len) ||
	    !pad(p->y, y, len))
		return WD_R_KEY_INVALID;
	return wd_pkey_ec_public(alg, wd_span(x, len), wd_span(y, len), ret);
}

int
wd_tpm_public_is_ak(const struct wd_tpm_public *p, struct wd_diag *d)
{
	const uint32_t must = WD_TPM_FIXED_TPM | WD_TPM_FIXED_PARENT |
	    WD_TPM_SENSITIVE_DATA_ORIGIN | WD_TPM_RESTRICTED | WD_TPM_SIGN;

	if ((p->attributes & must) == must &&
	    (p->attributes & WD_TPM_DECRYPT) == 0)
		return 0;
	return wd_reject(d, WD_R_AK_ATTRIBUTES,
	    "the attributes %08x of the key are not those of an attestation "
	    "key",
	    p->attributes);
}
