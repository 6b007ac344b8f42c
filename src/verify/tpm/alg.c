/*
 * Hashes by the numbers and names that TPMs give them.
 */
#include "verify/tpm/alg.h"

static const struct {
	uint16_t alg;
	enum wd_hash hash;
	const char *name;
} rows[] = {
	{ WD_TPM_SHA1, WD_SHA1, "sha1" },
	{ WD_TPM_SHA256, WD_SHA256, "sha256" },
	{ WD_TPM_SHA384, WD_SHA384, "sha384" },
	{ WD_TPM_SHA512, WD_SHA512, "sha512" },
};

bool
wd_tpm_hash(uint16_t alg, enum wd_hash *ret)
{
	for (size_t i = 0; i < WD_N(rows); i++) {
		if (rows[i].alg != alg)
			continue;
		*ret = rows[i].hash;
		return true;
	}
	return false;
}

uint16_t
wd_tpm_alg_of(enum wd_hash hash)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (rows[i].hash == hash)
			return rows[i].alg;
	return WD_TPM_NULL;
}

const char *
wd_tpm_bank_name(enum wd_hash hash)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (rows[i].hash == hash)
			return rows[i].name;
	return "";
}
