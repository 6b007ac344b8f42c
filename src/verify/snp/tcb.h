/*
 * Product lines of AMD and what differs between them: where the components of
 * a TCB version lie, how long a chip's id is.
 */
#pragma once

#include "verify/appraise.h"

enum { WD_SNP_TCB = 8, WD_SNP_CHIP_ID = 64 };

/* "Milan", "Genoa", "Turin"; "none". */
const char *wd_snp_line_name(enum wd_snp_line line);

/* Of a name alone, or one with a stepping behind it ("Milan-B0"). NO_LINE when
 * it is none. */
enum wd_snp_line wd_snp_line_by_name(struct wd_span name);

/* NO_LINE when no processor with SNP has this family and model. */
enum wd_snp_line wd_snp_line_by_cpuid(uint8_t family, uint8_t model);

/* Significant bytes of a chip's id. */
size_t wd_snp_chip_id_len(enum wd_snp_line line);

bool wd_snp_has_fmc(enum wd_snp_line line);

/* Components of 8 bytes of a TCB version, and back; LINE is one (asserted).
 * What has no name is left out, and zero. */
struct wd_snp_tcb wd_snp_tcb_read(enum wd_snp_line line, struct wd_span bytes);
void wd_snp_tcb_write(enum wd_snp_line line, const struct wd_snp_tcb *tcb,
    uint8_t ret[WD_SNP_TCB]);

/* Where in a TCB version an SPL of a certificate lies, by the last number of
 * its OID; -1 when this line has no such SPL. */
int wd_snp_spl_place(enum wd_snp_line line, unsigned spl);

/* No component of A is above that of B. */
bool wd_snp_tcb_le(const struct wd_snp_tcb *a, const struct wd_snp_tcb *b);
