/*
 * The kinds of trusted execution environment, and the row each of them gives to
 * the registry. One TEE is one folder beside this file.
 */
#pragma once

#include "base/span.h"

/* Numbers are part of the RPC, of stored policies and of challenges. */
enum wd_tee {
	WD_TEE_NONE = 0,
	WD_TEE_SGX = 1,
	WD_TEE_TDX = 2,
	WD_TEE_SNP = 3,
	WD_TEE_TPM = 4,
	WD_TEE_AZ_SNP = 5, /* SNP under a paravisor, with its vTPM */
	WD_TEE_AZ_TDX = 6, /* TDX likewise */
	WD_TEE_CCA = 7,
	WD_TEE_PSA = 8,
	WD_TEE_NVIDIA = 9,
};

/* "sgx", "tdx", "snp", "tpm", "az-snp-vtpm", …; "none" for anything else. */
const char *wd_tee_name(enum wd_tee tee);

/* WD_TEE_NONE when the name is not known. Some have a second name. */
enum wd_tee wd_tee_by_name(struct wd_span name);

/* Whether its vendor publishes a TCB status and advisories: evidence of others
 * has no such claims, and no policy can ask for them. */
bool wd_tee_has_status(enum wd_tee tee);

/* Whose roots and collateral evidence of TEE is judged with: its own, but for
 * composites, which have their hardware's. */
enum wd_tee wd_tee_hardware(enum wd_tee tee);

/* Whether it is a device beside a primary TEE: no key of a session can live
 * there, so its evidence alone opens none. */
bool wd_tee_is_device(enum wd_tee tee);

/* NONE, or the number of a TEE there is. */
bool wd_tee_is_number(unsigned number);
