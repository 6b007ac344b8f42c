/*
 * What a verifier has decoded and verified before, found again by digests of
 * the exact bytes. Only results that hold for ever are kept (a form, a
 * signature); dates are looked at by the caller at each use, so that a hit and
 * a miss give the same answer. Bounded: the entry that was not used longest
 * goes, one that has expired before it.
 */
#pragma once

#include "base/span.h"

/* What an entry is; never mixed up, whatever the digests. */
enum wd_kept {
	WD_KEPT_PCK_PATH,     /* certification data */
	WD_KEPT_SIGNING_PATH, /* TCB signing chain */
	WD_KEPT_CA_PATH,      /* a PCK CA and its root, for collateral */
	WD_KEPT_CRL,
	WD_KEPT_TCB_INFO,
	WD_KEPT_QE_IDENTITY,
	WD_KEPT_ATTESTER,     /* attestation key bound by a quoting enclave */
	WD_KEPT_VEK_TRAIL,    /* VCEK or VLEK, and what is above it */
	WD_KEPT_AMD_CA_TRAIL, /* ASK or ASVK and ARK, for collateral */
	WD_KEPT_AK,           /* a TPM's attestation key */
	WD_KEPT_TPM_VALUES,   /* of registers, out of JSON */
	WD_KEPT_AK_TRAIL,     /* of a TPM's attestation key */
	WD_KEPT_EK_TRAIL,     /* of a TPM's endorsement key */
	WD_KEPT_EK_CA_TRAIL,  /* a CA of those, for its list */
	WD_KEPT_GPU_TRAIL,
	WD_KEPT_GPU_CA_TRAIL, /* a product's CA, for its list */
	WD_KEPT_HCL_RUNTIME,  /* of Azure's paravisor, bound by hardware */
	WD_KEPT_KINDS
};

/* The bytes, and where they depend on who signed them, the signer. */
struct wd_cache_key {
	uint8_t bytes[32];
	uint8_t signer[32]; /* zeros where there is none */
};

struct wd_cache;

/* Room for N entries, at least 32 (asserted): far more than one call uses. NULL
 * when there is no memory. */
struct wd_cache *wd_cache_new(size_t n) WD_MUST_USE;
struct wd_cache *wd_cache_free(struct wd_cache *c);

/* Frees all entries. */
void wd_cache_empty(struct wd_cache *c);

/* NULL when it is not there. The object stays the cache's; it lives at least
 * until 16 other entries have been put or got. */
const void *wd_cache_get(
    struct wd_cache *c, enum wd_kept kind, const struct wd_cache_key *key);

/*
 * Takes OBJECT, to be released with RELEASE, and gives it back for use.
 * EXPIRY is the earliest date inside; NOW the time of the call. An object that
 * is there already stays, and OBJECT is released. Cannot fail: all memory was
 * taken at the start.
 */
const void *wd_cache_put(struct wd_cache *c, enum wd_kept kind,
    const struct wd_cache_key *key, void *object, void (*release)(void *),
    int64_t expiry, int64_t now);

size_t wd_cache_count(const struct wd_cache *c);
