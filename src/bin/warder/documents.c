/*
 * The files of a folder of collateral. A QE identity with a chain of its own
 * comes with that one, else with the TCB's.
 */
#include "bin/warder/documents.h"

#include "base/span.h"

static const struct cli_document documents[] = {
	{ "tcb_signing_chain.pem", "tcb_signing_chain", NULL, NULL,
	    WD_TEE_NONE },
	{ "qe_identity_chain.pem", "qe_identity_chain", NULL, NULL,
	    WD_TEE_NONE },
	{ "root_ca_crl.der", "root_ca_crl", "tcb_signing_chain.pem", NULL,
	    WD_TEE_NONE },
	{ "pck_crl.der", "pck_crl", "pck_crl_issuer_chain.pem", NULL,
	    WD_TEE_NONE },
	{ "tcb_info.json", "tcb_info", "tcb_signing_chain.pem", NULL,
	    WD_TEE_NONE },
	{ "qe_identity.json", "qe_identity", "qe_identity_chain.pem",
	    "tcb_signing_chain.pem", WD_TEE_NONE },
	{ "tdx_tcb_info.json", "tcb_info", "tcb_signing_chain.pem", NULL,
	    WD_TEE_TDX },
	{ "td_qe_identity.json", "qe_identity", "qe_identity_chain.pem",
	    "tcb_signing_chain.pem", WD_TEE_TDX },
	{ "cpak.jwk", "cpak", NULL, NULL, WD_TEE_CCA },
	{ "iak.jwk", "cpak", NULL, NULL, WD_TEE_PSA },
	{ "ask.pem", "ask", NULL, NULL, WD_TEE_SNP },
	{ "amd_crl.der", "amd_crl", "ask.pem", NULL, WD_TEE_SNP },
	{ "vek_kept.pem", "vek_kept", "ask.pem", NULL, WD_TEE_SNP },
	{ "gpu_root_crl.der", "gpu_root_crl", "gpu_ca.pem", NULL,
	    WD_TEE_NVIDIA },
	{ "gpu_crl.der", "gpu_crl", "gpu_ca.pem", NULL, WD_TEE_NVIDIA },
	{ "ek_crl.der", "ek_crl", "ek_ca.pem", NULL, WD_TEE_TPM },
};

const struct cli_document *
cli_documents(size_t *ret_n)
{
	*ret_n = WD_N(documents);
	return documents;
}
