/*
 * Key usage and extended key usage of certificates of TPMs' keys.
 */
#include "verify/tpm/purpose.h"

#include "codec/der.h"

/* tcg-kp-EKCertificate and tcg-kp-AIKCertificate (TCG EK Credential Profile,
 * section 3.2.16). */
static const uint8_t ek_purpose[] = { 0x67, 0x81, 0x05, 0x08, 0x01 };
static const uint8_t ak_purpose[] = { 0x67, 0x81, 0x05, 0x08, 0x03 };

enum { PURPOSES_MAX = 16 };

bool
wd_tpm_may(const struct wd_cert *c, unsigned uses)
{
	static const uint8_t oid[] = { 0x55, 0x1d, 0x0f }; /* keyUsage */
	struct wd_span value;
	struct wd_rd rd, bits;

	if (!wd_cert_extension(c, WD_SPAN(oid), &value))
		return true;
	rd = wd_rd(value);
	bits = wd_der_enter(&rd, WD_DER_BIT_STRING);
	wd_rd_skip(&bits, 1);
	return (wd_rd_u8(&bits) & uses) != 0;
}

struct wd_tpm_purposes
wd_tpm_purposes(const struct wd_cert *c)
{
	static const uint8_t oid[] = { 0x55, 0x1d, 0x25 }; /* extKeyUsage */
	struct wd_tpm_purposes p = { .given = true };
	struct wd_span value;
	struct wd_rd rd, list;

	if (!wd_cert_extension(c, WD_SPAN(oid), &value))
		return (struct wd_tpm_purposes){ 0 };
	rd = wd_rd(value);
	list = wd_der_enter(&rd, WD_DER_SEQUENCE);
	for (size_t i = 0; wd_rd_more(&list) && i < PURPOSES_MAX; i++) {
		struct wd_span purpose = wd_der_oid(&list);

		if (wd_span_equal(purpose, WD_SPAN(ek_purpose)))
			p.of_ek = true;
		if (wd_span_equal(purpose, WD_SPAN(ak_purpose)))
			p.of_ak = true;
	}
	if (wd_rd_end(&rd) != 0 || wd_rd_end(&list) != 0)
		return (struct wd_tpm_purposes){ .given = true };
	return p;
}
