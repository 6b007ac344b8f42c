/*
 * Evidence of TPM 2.0 in the protocol: the attestation key, a quote, and the
 * values of all 24 registers. Members of our own carry what upstream has no
 * place for: the key's certificate, the logs, and the enrolment that the server
 * has given out.
 */
#pragma once

#include "proto/evidence.h"

/* As struct wd_evidence_form wants them. */
int wd_evidence_tpm_read(struct wd_jobj *o, struct wd_wr *bundle) WD_MUST_USE;
void wd_evidence_tpm_write(struct wd_jtext *j, const struct wd_inputs *in);

/* The member "pcrs" of a quote, as Azure's VMs send it too: values in the order
 * of registers become the part PCRS. */
int wd_evidence_pcrs(struct wd_jobj *o, struct wd_wr *bundle) WD_MUST_USE;
