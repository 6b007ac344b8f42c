/*
 * A TPM that is none, for the benchmark: quotes over all registers with the
 * log that led to them.
 */
#pragma once

#include "crypto/pkey.h"
#include "verify/appraise.h"

enum { BENCH_TPM_EVENTS = 44 };

struct bench_tpm_world {
	struct wd_pkey *key;
	struct wd_bytes *area, *log, *pcrs;
	uint8_t values[24][32]; /* of the registers */
};

/* 0 or a fault. */
int bench_tpm_make(struct bench_tpm_world *w) WD_MUST_USE;
void bench_tpm_done(struct bench_tpm_world *w);

/* A quote and its signature, other than those of other numbers. Likewise. */
int bench_tpm_quote(const struct bench_tpm_world *w, unsigned number,
    struct wd_bytes **ret_attest, struct wd_bytes **ret_signature) WD_MUST_USE;
