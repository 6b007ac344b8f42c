/*
 * What `evidence inspect` prints, by form. Nothing is verified, and every kind
 * says so in its first line. Texts come from whoever made the evidence: what a
 * terminal would take for more than letters is never printed.
 */
#pragma once

#include "base/span.h"

/* One line; NAME is ours. */
void say(const char *name, const char *value);
void say_number(const char *name, uint64_t v);
void say_hex(const char *name, struct wd_span s); /* at most 64 bytes */
void say_time(const char *name, int64_t t);
void say_yes(const char *name, bool yes);
void say_text(const char *name, struct wd_span s);

/* Certificates: one in DER, all in PEM. */
void say_certificate(struct wd_span der);
void say_chain(struct wd_span pem);

/*
 * Print BYTES when they are of that form; false, and nothing printed, when they
 * are not.
 */
bool inspect_intel_quote(struct wd_span bytes);
bool inspect_snp_report(struct wd_span bytes);
bool inspect_hcl_report(struct wd_span bytes); /* and the report inside */
bool inspect_tpm_attest(struct wd_span bytes);
bool inspect_tpm_public(struct wd_span bytes);
bool inspect_tpm_signature(struct wd_span bytes);
bool inspect_event_log(struct wd_span bytes);
bool inspect_ima_log(struct wd_span bytes);
bool inspect_cca_token(struct wd_span bytes);
bool inspect_psa_token(struct wd_span bytes);
bool inspect_gpu_report(struct wd_span bytes);
bool inspect_certificates(struct wd_span bytes); /* PEM or DER */
bool inspect_cpak(struct wd_span bytes);
