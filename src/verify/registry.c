/*
 * The table of TEEs. A TEE that is not in it is refused by name.
 */
#include "verify/registry.h"

#include "verify/azure/azure.h"
#include "verify/cca/cca.h"
#include "verify/nvidia/nvidia.h"
#include "verify/psa/psa.h"
#include "verify/sgx/sgx.h"
#include "verify/snp/snp.h"
#include "verify/tdx/tdx.h"
#include "verify/tpm/tpm.h"

static const struct wd_tee_row *const rows[] = {
	&wd_az_snp_row,
	&wd_az_tdx_row,
	&wd_cca_row,
	&wd_nvidia_row,
	&wd_psa_row,
	&wd_sgx_row,
	&wd_snp_row,
	&wd_tdx_row,
	&wd_tpm_row,
};

const struct wd_tee_row *
wd_tee_row(enum wd_tee tee)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (rows[i]->tee == tee)
			return rows[i];
	return NULL;
}

bool
wd_tee_is_judged(enum wd_tee tee)
{
	return wd_tee_row(tee) != NULL;
}
