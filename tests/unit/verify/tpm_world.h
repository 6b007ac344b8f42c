/*
 * A TPM that is none: public areas, quotes and signatures made by a key of the
 * test's own, in the forms of a TPM, right or wrong as the test wants them.
 */
#pragma once

#include "base/bytes.h"
#include "crypto/sig.h"
#include "verify/appraise.h"

enum { T_AK_ATTRIBUTES = 0x00050072 };

/* A zeroed spec but for KEY gives a good quote over PCRs 0, 4 and 7. */
struct t_tpm_spec {
	enum wd_pkey_alg key;
	bool pss;
	uint32_t attributes; /* 0: those of an attestation key */
	uint32_t magic;      /* 0: the right one */
	uint16_t type;       /* 0: a quote */
	uint32_t pcrs;       /* 0: the three */
	uint16_t bank;       /* 0: SHA-256 */
	uint32_t n_banks;    /* 0: one */
	uint8_t unsafe;      /* what "safe" is off by */
	uint64_t clock;
	enum wd_hash sig_hash; /* of signature and digest */
	enum wd_hash digest_hash;
	bool other_digest;            /* DIGEST_HASH is meant */
	const struct wd_span *values; /* of 24; without bytes: made up */
	const char *json;             /* instead of the right one */
};

struct t_tpm {
	struct wd_pkey *key;
	struct wd_bytes *area, *spki, *attest, *signature, *pcrs;
	uint8_t nonce[32];
	struct wd_inputs in; /* area, attest, signature, pcrs */
};

/* The keys are made once for all worlds. */
void t_tpm_make(const struct t_tpm_spec *spec, struct t_tpm *ret);
void t_tpm_done(struct t_tpm *t);
int t_tpm_teardown(void **state);

/* What the made-up register PCR holds, LEN bytes of it. */
void t_tpm_value(unsigned pcr, uint8_t *ret, size_t len);

/* Signs T->attest anew, after it was changed. */
void t_tpm_sign(const struct t_tpm_spec *spec, struct t_tpm *t);
