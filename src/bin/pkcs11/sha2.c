/*
 * SHA-256, SHA-384 and SHA-512 (FIPS 180-4). For digests of public data that go
 * to the holder to be signed; never for keys, and not written against timing.
 */
#include "bin/pkcs11/sha2.h"

/*
 * First 64 bits of the fractional parts of the cube roots of the first 80
 * primes. SHA-256 takes the upper half of the first 64 (section 4.2.2).
 */
static const uint64_t k[80] = {
	0x428a2f98d728ae22,
	0x7137449123ef65cd,
	0xb5c0fbcfec4d3b2f,
	0xe9b5dba58189dbbc,
	0x3956c25bf348b538,
	0x59f111f1b605d019,
	0x923f82a4af194f9b,
	0xab1c5ed5da6d8118,
	0xd807aa98a3030242,
	0x12835b0145706fbe,
	0x243185be4ee4b28c,
	0x550c7dc3d5ffb4e2,
	0x72be5d74f27b896f,
	0x80deb1fe3b1696b1,
	0x9bdc06a725c71235,
	0xc19bf174cf692694,
	0xe49b69c19ef14ad2,
	0xefbe4786384f25e3,
	0x0fc19dc68b8cd5b5,
	0x240ca1cc77ac9c65,
	0x2de92c6f592b0275,
	0x4a7484aa6ea6e483,
	0x5cb0a9dcbd41fbd4,
	0x76f988da831153b5,
	0x983e5152ee66dfab,
	0xa831c66d2db43210,
	0xb00327c898fb213f,
	0xbf597fc7beef0ee4,
	0xc6e00bf33da88fc2,
	0xd5a79147930aa725,
	0x06ca6351e003826f,
	0x142929670a0e6e70,
	0x27b70a8546d22ffc,
	0x2e1b21385c26c926,
	0x4d2c6dfc5ac42aed,
	0x53380d139d95b3df,
	0x650a73548baf63de,
	0x766a0abb3c77b2a8,
	0x81c2c92e47edaee6,
	0x92722c851482353b,
	0xa2bfe8a14cf10364,
	0xa81a664bbc423001,
	0xc24b8b70d0f89791,
	0xc76c51a30654be30,
	0xd192e819d6ef5218,
	0xd69906245565a910,
	0xf40e35855771202a,
	0x106aa07032bbd1b8,
	0x19a4c116b8d2d0c8,
	0x1e376c085141ab53,
	0x2748774cdf8eeb99,
	0x34b0bcb5e19b48a8,
	0x391c0cb3c5c95a63,
	0x4ed8aa4ae3418acb,
	0x5b9cca4f7763e373,
	0x682e6ff3d6b2b8a3,
	0x748f82ee5defb2fc,
	0x78a5636f43172f60,
	0x84c87814a1f0ab72,
	0x8cc702081a6439ec,
	0x90befffa23631e28,
	0xa4506cebde82bde9,
	0xbef9a3f7b2c67915,
	0xc67178f2e372532b,
	0xca273eceea26619c,
	0xd186b8c721c0c207,
	0xeada7dd6cde0eb1e,
	0xf57d4f7fee6ed178,
	0x06f067aa72176fba,
	0x0a637dc5a2c898a6,
	0x113f9804bef90dae,
	0x1b710b35131c471b,
	0x28db77f523047d84,
	0x32caab7b40c72493,
	0x3c9ebe0a15c9bebc,
	0x431d67c49c100d4c,
	0x4cc5d4becb3e42b6,
	0x597f299cfc657e2a,
	0x5fcb6fab3ad6faec,
	0x6c44198c4a475817,
};

/* The same of square roots: of the first eight primes for SHA-512 and (upper
 * halves) SHA-256, of the next eight for SHA-384 (section 5.3). */
static const uint64_t start[16] = {
	0x6a09e667f3bcc908,
	0xbb67ae8584caa73b,
	0x3c6ef372fe94f82b,
	0xa54ff53a5f1d36f1,
	0x510e527fade682d1,
	0x9b05688c2b3e6c1f,
	0x1f83d9abfb41bd6b,
	0x5be0cd19137e2179,
	0xcbbb9d5dc1059ed8,
	0x629a292a367cd507,
	0x9159015a3070dd17,
	0x152fecd8f70e5939,
	0x67332667ffc00b31,
	0x8eb44a8768581511,
	0xdb0c2e0d64f98fa7,
	0x47b5481dbefa4fa4,
};

struct alg {
	size_t block, digest;
};

static const struct alg algs[] = {
	[WD_SHA2_256] = { 64, 32 },
	[WD_SHA2_384] = { 128, 48 },
	[WD_SHA2_512] = { 128, 64 },
};

size_t
wd_sha2_len(enum wd_sha2_alg alg)
{
	return algs[alg].digest;
}

void
wd_sha2_init(struct wd_sha2 *s, enum wd_sha2_alg alg)
{
	*s = (struct wd_sha2){ .alg = alg };
	for (size_t i = 0; i < 8; i++)
		s->h[i] = alg == WD_SHA2_384 ? start[8 + i]
		    : alg == WD_SHA2_512     ? start[i]
					     : start[i] >> 32;
}

static uint32_t
ror32(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint64_t
ror64(uint64_t x, unsigned n)
{
	return x >> n | x << (64 - n);
}

static uint64_t
load(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* Section 6.2.2. */
static void
compress32(uint64_t h[8], const uint8_t *block)
{
	uint32_t w[64], v[8];

	for (size_t t = 0; t < 16; t++)
		w[t] = (uint32_t)load(block + 4 * t, 4);
	for (size_t t = 16; t < 64; t++) {
		uint32_t a = w[t - 15];
		uint32_t b = w[t - 2];

		w[t] = w[t - 16] + w[t - 7] +
		    (ror32(a, 7) ^ ror32(a, 18) ^ a >> 3) +
		    (ror32(b, 17) ^ ror32(b, 19) ^ b >> 10);
	}
	for (size_t i = 0; i < 8; i++)
		v[i] = (uint32_t)h[i];
	for (size_t t = 0; t < 64; t++) {
		uint32_t e = v[4];
		uint32_t a = v[0];
		uint32_t t1 = v[7] +
		    (ror32(e, 6) ^ ror32(e, 11) ^ ror32(e, 25)) +
		    ((e & v[5]) ^ (~e & v[6])) + (uint32_t)(k[t] >> 32) + w[t];
		uint32_t t2 = (ror32(a, 2) ^ ror32(a, 13) ^ ror32(a, 22)) +
		    ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		for (size_t i = 7; i > 0; i--)
			v[i] = v[i - 1];
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (size_t i = 0; i < 8; i++)
		h[i] = (uint32_t)h[i] + v[i];
}

/* Section 6.4.2. */
static void
compress64(uint64_t h[8], const uint8_t *block)
{
	uint64_t w[80], v[8];

	for (size_t t = 0; t < 16; t++)
		w[t] = load(block + 8 * t, 8);
	for (size_t t = 16; t < 80; t++) {
		uint64_t a = w[t - 15];
		uint64_t b = w[t - 2];

		w[t] = w[t - 16] + w[t - 7] +
		    (ror64(a, 1) ^ ror64(a, 8) ^ a >> 7) +
		    (ror64(b, 19) ^ ror64(b, 61) ^ b >> 6);
	}
	for (size_t i = 0; i < 8; i++)
		v[i] = h[i];
	for (size_t t = 0; t < 80; t++) {
		uint64_t e = v[4];
		uint64_t a = v[0];
		uint64_t t1 = v[7] +
		    (ror64(e, 14) ^ ror64(e, 18) ^ ror64(e, 41)) +
		    ((e & v[5]) ^ (~e & v[6])) + k[t] + w[t];
		uint64_t t2 = (ror64(a, 28) ^ ror64(a, 34) ^ ror64(a, 39)) +
		    ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		for (size_t i = 7; i > 0; i--)
			v[i] = v[i - 1];
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (size_t i = 0; i < 8; i++)
		h[i] += v[i];
}

/* Takes what is needed to fill a block, and the block when it is full. */
static size_t
take(struct wd_sha2 *s, struct wd_span data)
{
	size_t block = algs[s->alg].block;
	size_t n = block - s->used;

	if (n > data.len)
		n = data.len;
	wd_copy(s->block + s->used, wd_span(data.p, n));
	s->used += n;
	if (s->used < block)
		return n;
	if (s->alg == WD_SHA2_256)
		compress32(s->h, s->block);
	else
		compress64(s->h, s->block);
	s->used = 0;
	return n;
}

void
wd_sha2_add(struct wd_sha2 *s, struct wd_span data)
{
	s->total += data.len;
	while (data.len > 0) {
		size_t n = take(s, data);

		data = wd_span(data.p + n, data.len - n);
	}
}

/* Section 5.1: one bit, zeros, the length in bits. */
static void
pad(struct wd_sha2 *s)
{
	static const uint8_t zeros[128];
	size_t block = algs[s->alg].block;
	size_t room = block / 8; /* what the length takes: 8 or 16 bytes */
	uint8_t tail[8];
	uint64_t bits = s->total * 8;

	(void)take(s, WD_SPAN_LIT("\x80")); /* one byte always fits */
	if (s->used > block - room)
		(void)take(s, wd_span(zeros, block - s->used));
	(void)take(s, wd_span(zeros, block - sizeof(tail) - s->used));
	for (size_t i = 0; i < sizeof(tail); i++)
		tail[i] = (uint8_t)(bits >> (56 - 8 * i));
	(void)take(s, WD_SPAN(tail));
}

void
wd_sha2_end(struct wd_sha2 *s, uint8_t ret_digest[WD_SHA2_MAX])
{
	size_t word = algs[s->alg].block / 16;

	pad(s);
	for (size_t i = 0; i < algs[s->alg].digest; i++)
		ret_digest[i] =
		    (uint8_t)(s->h[i / word] >> (8 * (word - 1 - i % word)));
	wd_wipe(s, sizeof(*s));
}
