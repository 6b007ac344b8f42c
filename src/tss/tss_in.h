/*
 * What the files of this folder share; nobody else sees tpm2-tss.
 */
#pragma once

#include "tss/tss.h"

#include <tss2/tss2_esys.h>

/* What the library calls to reach the TPM; the first member is its. */
struct wd_tcti {
	TSS2_TCTI_CONTEXT_COMMON_V1 v1;
	int fd; /* -1: none */
	int64_t deadline;
};

/* WD_R_UNSUPPORTED for a way that is none, or a fault. */
int wd_tcti_open(struct wd_tcti *t, const char *where, struct wd_diag *d)
    WD_MUST_USE;
void wd_tcti_close(struct wd_tcti *t);

struct wd_tss {
	struct wd_tcti tcti;
	ESYS_CONTEXT *esys;
	ESYS_TR ak, ek; /* ESYS_TR_NONE until made */
};

/* What the TPM would not do, with its answer in hex. */
int wd_tss_fault(struct wd_diag *d, const char *what, TSS2_RC rc);

/* Of a pointer to what the library allocated. */
void wd_tss_esys_freep(void *p);

/* A primary key of the endorsement hierarchy in *HANDLE, which is flushed. */
int wd_tss_primary(struct wd_tss *t, const TPM2B_PUBLIC *template,
    ESYS_TR *handle, struct wd_bytes **ret_public, struct wd_diag *d)
    WD_MUST_USE;
