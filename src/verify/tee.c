/*
 * Names of the TEEs.
 */
#include "verify/tee.h"

/* The first name of a TEE is what it is called; others are understood. */
static const struct {
	enum wd_tee tee;
	const char *name;
} names[] = {
	{ WD_TEE_SGX, "sgx" },
	{ WD_TEE_TDX, "tdx" },
	{ WD_TEE_SNP, "snp" },
	{ WD_TEE_TPM, "tpm" },
	{ WD_TEE_AZ_SNP, "az-snp-vtpm" },
	{ WD_TEE_AZ_TDX, "az-tdx-vtpm" },
	{ WD_TEE_CCA, "cca" },
	{ WD_TEE_PSA, "psa" },
	{ WD_TEE_NVIDIA, "nvidia" },
	{ WD_TEE_TPM, "tpm2" },
	{ WD_TEE_AZ_SNP, "azure-snp-vtpm" },
	{ WD_TEE_AZ_TDX, "azure-tdx-vtpm" },
	{ WD_TEE_CCA, "arm-cca" },
	{ WD_TEE_NVIDIA, "nvidia-gpu" },
};

const char *
wd_tee_name(enum wd_tee tee)
{
	for (size_t i = 0; i < WD_N(names); i++)
		if (names[i].tee == tee)
			return names[i].name;
	return "none";
}

enum wd_tee
wd_tee_by_name(struct wd_span name)
{
	for (size_t i = 0; i < WD_N(names); i++)
		if (wd_span_is(name, names[i].name))
			return names[i].tee;
	return WD_TEE_NONE;
}

bool
wd_tee_has_status(enum wd_tee tee)
{
	return tee == WD_TEE_SGX || tee == WD_TEE_TDX || tee == WD_TEE_AZ_TDX;
}

enum wd_tee
wd_tee_hardware(enum wd_tee tee)
{
	if (tee == WD_TEE_AZ_SNP)
		return WD_TEE_SNP;
	return tee == WD_TEE_AZ_TDX ? WD_TEE_TDX : tee;
}

bool
wd_tee_is_device(enum wd_tee tee)
{
	return tee == WD_TEE_NVIDIA;
}

bool
wd_tee_is_number(unsigned number)
{
	for (size_t i = 0; i < WD_N(names); i++)
		if ((unsigned)names[i].tee == number)
			return true;
	return number == WD_TEE_NONE;
}
