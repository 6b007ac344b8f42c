/*
 * The software TEE's NVIDIA side: measurements of GPUs that are not there,
 * with their certificates and the lists they are judged with, under a root of
 * its own. It protects nothing; see attest/swtee.h.
 */
#pragma once

#include "base/wr.h"
#include "crypto/pkey.h"
#include "verify/appraise.h"

/* Of one GPU: its firmware and boot ROM; of all: who made them. */
enum wd_gpu_who {
	WD_GPU_FIRMWARE,
	WD_GPU_ROM,
	WD_GPU_PROVISIONER,
	WD_GPU_PRODUCT,
	WD_GPU_ROOT,
	WD_GPU_WHO
};

struct wd_swtee_gpu {
	struct wd_pkey *key[WD_GPU_WHO];
	struct wd_bytes *cert[WD_GPU_WHO]; /* DER */
	bool fresh;                        /* the root was made now */
};

/* GPU number NUMBER of the maker in the folder DIR; what is not there yet is
 * made and kept. WD_R_MALFORMED, or a fault. */
int wd_swtee_gpu_open(int dir, unsigned number, struct wd_swtee_gpu *ret,
    struct wd_diag *d) WD_MUST_USE;
void wd_swtee_gpu_done(struct wd_swtee_gpu *t);

/* Its root, as software. 0 or a fault. */
int wd_swtee_gpu_anchor(const struct wd_swtee_gpu *t, struct wd_anchor *ret)
    WD_MUST_USE;

/* The certificates, firmware first, in PEM. */
void wd_swtee_gpu_chain(const struct wd_swtee_gpu *t, struct wd_wr *wr);

/* Lists on which nothing stands, good for 30 days, and the chain of their
 * issuers: into the folder COLLATERAL. 0 or a fault. */
int wd_swtee_gpu_collateral(const struct wd_swtee_gpu *t, int collateral,
    struct wd_diag *d) WD_MUST_USE;

struct wd_swtee_gpu_claim {
	uint8_t nonce[32];
	uint8_t measured[48]; /* what every measurement is */
	const char *driver;   /* NULL: "590.12"; at most 32 bytes */
};

/* The request for all measurements and its response. WD_R_RANGE for a driver
 * that is too long, or a fault. */
int wd_swtee_gpu_evidence(const struct wd_swtee_gpu *t,
    const struct wd_swtee_gpu_claim *c, struct wd_bytes **ret,
    struct wd_diag *d) WD_MUST_USE;
