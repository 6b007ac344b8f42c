/*
 * A GPU that is not there: its certificate chain and its measurements, good
 * unless a recipe says otherwise.
 */
#pragma once

#include "base/wr.h"
#include "crypto/pkey.h"
#include "verify/appraise.h"

#define T_GPU_NOW wd_time_civil(2030, 6, 1, 0, 0, 0)

enum { T_GPU_CERTS = 5, T_GPU_BLOCKS = 4 };

/* Places of certificates in the chain. */
enum { T_GPU_PROVISIONER = 2, T_GPU_PRODUCT, T_GPU_ROOT };

struct t_gpu_recipe {
	bool no_fwid_field, no_fwid_extension, other_fwid; /* of the leaf */
	bool root_missing, other_root, p256_leaf, leaf_is_ca, issuer_no_ca;
	bool signed_by_stranger;
	uint8_t flags;   /* of the request; 0: 1 */
	uint8_t which;   /* likewise; 0: ff */
	uint8_t slot;    /* of the response; the request says 3; 0: 3 */
	uint8_t version; /* 0: 11 */
	uint8_t blocks;  /* as is said; 0: as there are */
	uint8_t spec;    /* of blocks; 0: 1 */
	uint16_t digest; /* bytes that are said; 0: 48 */
	bool same_index, field_twice;
	struct wd_span behind; /* the signature */
};

struct t_gpu {
	struct wd_bytes *evidence, *chain;
	struct wd_wr ca_pem; /* product and root */
	uint8_t serial[T_GPU_CERTS][1];
	uint8_t nonce[32];
	struct wd_anchor anchor;
	struct wd_appraisal_rules rules;
	struct wd_inputs in;
};

/* Keys, once for a program. */
int t_gpu_setup(void **state);
int t_gpu_teardown(void **state);

void t_gpu_make(struct t_gpu *g, const struct t_gpu_recipe *r);
void t_gpu_done(struct t_gpu *g);

/* A list of ISSUER with the serial of REVOKED, good until NEXT. */
void t_gpu_crl(struct t_gpu *g, size_t issuer, size_t revoked, int64_t next,
    struct wd_bytes **ret);

/* The verdict by a new verifier; RET may be NULL. */
int t_gpu_judge(const struct t_gpu *g, struct wd_claims *ret);
