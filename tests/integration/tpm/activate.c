/*
 * Credentials made by our code, opened by a TPM: activate TCTI. For both kinds
 * of endorsement key a secret comes back; for another name none does.
 */
#include "base/alloc.h"
#include "crypto/init.h"
#include "crypto/tpm_credential.h"
#include "tss/tss.h"
#include "verify/tpm/public.h"

#include <stdio.h>

static const uint8_t secret[WD_TPM_CREDENTIAL] =
    "what the TPM has to give back";

static int
read_key(const struct wd_bytes *area, struct wd_pkey **ret_key,
    uint8_t name[WD_TPM_NAME_MAX], size_t *ret_len)
{
	struct wd_tpm_public p;
	int r = wd_tpm_public_parse(wd_bytes_span(area), &p, NULL);

	if (r == 0)
		r = wd_tpm_public_key(&p, ret_key);
	return r != 0 ? r : wd_tpm_public_name(&p, name, ret_len);
}

/* What activation of a credential for NAME says, and whether it is right. */
static int
activate(struct wd_tss *t, const struct wd_pkey *ek, struct wd_span name,
    bool *ret_right, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *seed = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *got = NULL;
	int r = wd_tpm_make_credential(ek, name, WD_SPAN(secret), &blob, &seed);

	if (r == 0)
		r = wd_tss_activate(
		    t, wd_bytes_span(blob), wd_bytes_span(seed), &got, d);
	*ret_right =
	    r == 0 && wd_ct_equal(wd_secret_borrow(got), WD_SPAN(secret));
	return r;
}

static bool
round_trip(struct wd_tss *t, enum wd_tss_kind kind, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *ek_area = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *ak_area = NULL;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *ek = NULL;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *ak = NULL;
	uint8_t name[WD_TPM_NAME_MAX], other[WD_TPM_NAME_MAX];
	size_t len = 0, other_len = 0;
	bool right = false, wrong = false;

	if (wd_tss_make_ek(t, kind, &ek_area, d) != 0 ||
	    wd_tss_make_ak(t, kind, &ak_area, d) != 0 ||
	    read_key(ek_area, &ek, other, &other_len) != 0 ||
	    read_key(ak_area, &ak, name, &len) != 0)
		return false;
	if (activate(t, ek, wd_span(name, len), &right, d) != 0 || !right)
		return false;
	return activate(t, ek, wd_span(other, other_len), &wrong, d) ==
	    WD_R_MISMATCH;
}

int
main(int argc, char **argv)
{
	WD_AUTO(wd_tss_freep) struct wd_tss *t = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *certificate = NULL;
	struct wd_diag d = { 0 };

	if (argc != 2 || wd_crypto_init(&d) != 0 ||
	    wd_tss_open(argv[1], &t, &d) != 0 ||
	    !round_trip(t, WD_TSS_RSA, &d) || !round_trip(t, WD_TSS_ECC, &d) ||
	    wd_tss_ek_certificate(t, WD_TSS_RSA, &certificate, &d) != 0) {
		(void)fprintf(stderr, "%s\n", d.detail);
		return 1;
	}
	return printf("certificate of %zu bytes\n", certificate->len) < 0;
}
