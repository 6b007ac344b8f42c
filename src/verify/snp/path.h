/*
 * The paths of AMD: VCEK or VLEK, ASK or ASVK, ARK; and the last two alone, as
 * collateral.
 */
#pragma once

#include "verify/chain.h"
#include "verify/snp/report.h"

/* The certificates above the leaf are there too. */
bool wd_snp_vek_is_whole(struct wd_span vek);

extern const struct wd_trail_spec wd_snp_vek_spec, wd_snp_ca_spec;

enum { WD_SNP_VEK_PLACE, WD_SNP_ASK_PLACE, WD_SNP_ARK_PLACE };

/*
 * The path of VEK. More than one certificate in it is the whole path, as some
 * guests bring it; of one alone, ASK is what is above, and the ARK comes after
 * the ASK there or is an anchor. Rejections: WD_R_CHAIN_MISSING when there is
 * no VEK, or one alone and no ASK; those of wd_trail_get().
 */
int wd_snp_path(struct wd_verifier *v, struct wd_span vek, struct wd_span ask,
    int64_t at, const struct wd_trail **ret, struct wd_diag *d) WD_MUST_USE;

/* Line and kind of an ASK or ASVK by its name; false when it has none of
 * these names. */
bool wd_snp_ask_name(
    struct wd_span name, enum wd_snp_line *ret_line, enum wd_snp_key *ret_kind);
