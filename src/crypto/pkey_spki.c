/*
 * SubjectPublicKeyInfo (RFC 5280, section 4.1) to keys and back, without
 * libcrypto's decoders.
 */
#include "codec/der.h"
#include "crypto/key.h"

/* Longer numbers are refused as keys, not as malformed. */
enum { RSA_NUMBER_MAX = 4096 };

/* RSAPublicKey of RFC 8017, appendix A.1.1. */
static int
import_pkcs1(struct wd_span der, struct wd_pkey **ret)
{
	struct wd_rd rd = wd_rd(der);
	struct wd_rd key = wd_der_enter(&rd, WD_DER_SEQUENCE);
	struct wd_span n = wd_der_magnitude(&key, RSA_NUMBER_MAX);
	struct wd_span e = wd_der_magnitude(&key, RSA_NUMBER_MAX);

	if (wd_rd_end(&key) != 0 || wd_rd_end(&rd) != 0)
		return WD_R_MALFORMED;
	return wd_pkey_rsa_public(n, e, ret);
}

int
wd_pkey_from_spki(struct wd_span der, struct wd_pkey **ret)
{
	struct wd_rd rd = wd_rd(der);
	struct wd_rd spki = wd_der_enter(&rd, WD_DER_SEQUENCE);
	struct wd_rd id = wd_der_enter(&spki, WD_DER_SEQUENCE);
	struct wd_span bits = wd_der_bytes_of_bits(&spki);
	const struct wd_pkey_row *row = wd_pkey_row_by_spki(wd_rd_rest(&id));

	if (wd_rd_end(&spki) != 0 || wd_rd_end(&rd) != 0)
		return WD_R_MALFORMED;
	if (row == NULL)
		return WD_R_KEY_INVALID;
	if (row->family == WD_FAMILY_RSA)
		return import_pkcs1(bits, ret);
	if (row->family == WD_FAMILY_ED25519)
		return wd_pkey_import_ed25519(row, bits, ret);
	return wd_pkey_import_point(row, bits, ret);
}

enum { SPKI_MAX = 640 }; /* RSA 4096: 550 */

static void
integer(struct wd_wr *wr, const struct wd_bytes *positive)
{
	bool sign_byte = (positive->p[0] & 0x80) != 0;

	wd_der_write_head(wr, WD_DER_INTEGER, positive->len + sign_byte);
	wd_wr_zero(wr, sign_byte);
	wd_wr_bytes(wr, wd_bytes_span(positive));
}

static int
write_point(struct wd_wr *wr, const struct wd_pkey *k)
{
	uint8_t point[1 + 2 * WD_COORDINATE_MAX];
	int r = wd_pkey_point(k, point);

	if (r == 0)
		wd_wr_bytes(wr, wd_span(point, 1 + 2 * k->row->len));
	return r;
}

static int
write_parts(struct wd_wr *wr, const struct wd_pkey *k)
{
	uint8_t buf[SPKI_MAX];
	struct wd_wr integers = wd_wr_fixed(buf, sizeof(buf));
	WD_AUTO(wd_bytes_freep) struct wd_bytes *a = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	int r = wd_pkey_public_parts(k, &a, &b);

	if (r != 0)
		return r;
	if (k->row->family == WD_FAMILY_RSA) {
		integer(&integers, a);
		integer(&integers, b);
		wd_der_write(wr, WD_DER_SEQUENCE, wd_wr_span(&integers));
	} else {
		wd_wr_bytes(wr, wd_bytes_span(a));
	}
	return 0;
}

/* What the BIT STRING holds: RSAPublicKey, or the bare point. */
static int
key_bits(struct wd_wr *wr, const struct wd_pkey *k)
{
	wd_wr_u8(wr, 0); /* no unused bits */
	return k->row->family == WD_FAMILY_EC ? write_point(wr, k)
					      : write_parts(wr, k);
}

int
wd_pkey_to_spki(const struct wd_pkey *k, struct wd_bytes **ret_der)
{
	uint8_t bits_buf[SPKI_MAX], body_buf[SPKI_MAX], der_buf[SPKI_MAX];
	struct wd_wr bits = wd_wr_fixed(bits_buf, sizeof(bits_buf));
	struct wd_wr body = wd_wr_fixed(body_buf, sizeof(body_buf));
	struct wd_wr der = wd_wr_fixed(der_buf, sizeof(der_buf));
	int r;

	if ((r = key_bits(&bits, k)) != 0)
		return r;
	wd_der_write(&body, WD_DER_SEQUENCE, k->row->spki_id);
	wd_der_write(&body, WD_DER_BIT_STRING, wd_wr_span(&bits));
	wd_der_write(&der, WD_DER_SEQUENCE, wd_wr_span(&body));
	return wd_wr_take(&der, ret_der);
}
