/*
 * Reading a quote. The magic and the type come first: a restricted key signs
 * creation data and certifications too, and those have other fields.
 */
#include "verify/tpm/attest.h"

#include "base/rd.h"
#include "crypto/hash.h"
#include "verify/claims.h"

static const uint32_t magic_value = 0xff544347; /* TPM_GENERATED_VALUE */

enum {
	TYPE_QUOTE = 0x8018,
	BANKS_MAX = 16,
	SELECT_MAX = 4,      /* bytes of a bitmap */
	DATA_MAX = 66,       /* of a TPM2B_DATA: as a TPMT_HA */
	NAME_MAX_BYTES = 68, /* of a TPM2B_NAME */
};

/* A TPM2B of at most MAX bytes. */
static struct wd_span
sized(struct wd_rd *rd, size_t max)
{
	uint16_t len = wd_rd_be16(rd);

	if (len > max)
		wd_rd_fail(rd);
	return wd_rd_bytes(rd, len);
}

/* Milliseconds; what no number in JSON can hold are some 285,000 years. */
static uint64_t
clock_value(struct wd_rd *rd)
{
	uint64_t v = wd_rd_be64(rd);

	if (v > WD_CLAIM_UINT_MAX)
		wd_rd_fail(rd);
	return v;
}

/* TPMI_YES_NO */
static bool
yes_no(struct wd_rd *rd)
{
	uint8_t v = wd_rd_u8(rd);

	if (v > 1)
		wd_rd_fail(rd);
	return v == 1;
}

/* TPMS_PCR_SELECTION: the lowest register is bit 0 of the first byte. */
static uint32_t
bitmap(struct wd_rd *rd)
{
	struct wd_span bytes = wd_rd_bytes(rd, wd_rd_u8(rd));
	uint32_t mask = 0;

	if (bytes.len == 0 || bytes.len > SELECT_MAX) {
		wd_rd_fail(rd);
		return 0;
	}
	for (size_t i = 0; i < bytes.len; i++)
		mask |= (uint32_t)bytes.p[i] << (8 * i);
	return mask;
}

/* TPML_PCR_SELECTION */
static void
selections(struct wd_rd *rd, struct wd_tpm_attest *a)
{
	uint32_t left = wd_rd_be32(rd);

	a->n_banks = left;
	if (left > BANKS_MAX)
		wd_rd_fail(rd);
	for (; left > 0 && wd_rd_more(rd); left--) {
		uint16_t bank = wd_rd_be16(rd);
		uint32_t pcrs = bitmap(rd);

		if (left != a->n_banks)
			continue;
		a->bank = bank;
		a->pcrs = pcrs;
	}
	if (left > 0)
		wd_rd_fail(rd);
}

int
wd_tpm_attest_parse(
    struct wd_span bytes, struct wd_tpm_attest *ret, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(bytes);
	uint32_t magic = wd_rd_be32(&rd);
	uint16_t type = wd_rd_be16(&rd);
	struct wd_tpm_attest a = { 0 };

	if (wd_rd_ok(&rd) != 0)
		return wd_reject(d, WD_R_MALFORMED, "the quote is too short");
	if (magic != magic_value)
		return wd_reject(d, WD_R_BAD_MAGIC,
		    "the attestation does not begin as a TPM's does");
	if (type != TYPE_QUOTE)
		return wd_reject(d, WD_R_NOT_A_QUOTE,
		    "an attestation of type %04x is no quote", type);
	a.qualified_signer = sized(&rd, NAME_MAX_BYTES);
	a.extra_data = sized(&rd, DATA_MAX);
	a.clock = clock_value(&rd);
	a.reset_count = wd_rd_be32(&rd);
	a.restart_count = wd_rd_be32(&rd);
	a.safe = yes_no(&rd);
	a.firmware_version = wd_rd_bytes(&rd, 8);
	selections(&rd, &a);
	a.pcr_digest = sized(&rd, WD_HASH_MAX);
	if (wd_rd_end(&rd) != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "the quote does not have the form of one");
	*ret = a;
	return 0;
}
