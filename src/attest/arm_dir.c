/*
 * The software TEE's Arm side as files: its key for its owner alone, the JWK
 * as collateral.
 */
#include "attest/arm_in.h"

#include "codec/pem.h"
#include "sys/file.h"

static const char key_file[] = "cpak.key";

enum { FILE_MAX = 16384 };

static int
save_key(int dir, const struct wd_pkey *key, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(FILE_MAX);

	if (wd_pkey_to_pkcs8(key, &der) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot write a key");
	wd_pem_write(&wr, "PRIVATE KEY", wd_secret_borrow(der));
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for a key");
	return wd_file_write(dir, key_file, wd_wr_span(&wr), 0600, true, d);
}

static int
save_jwk(int collateral, const char *file, const struct wd_arm *arm,
    enum wd_tee tee, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(FILE_MAX);

	wd_arm_write_jwk(&wr, arm, tee);
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for a key");
	return wd_file_write(collateral, file, wd_wr_span(&wr), 0644, false, d);
}

int
wd_arm_save(
    const struct wd_arm *arm, int dir, int collateral, struct wd_diag *d)
{
	int r = save_key(dir, arm->cpak, d);

	if (r == 0)
		r = save_jwk(collateral, "cpak.jwk", arm, WD_TEE_CCA, d);
	if (r == 0)
		r = save_jwk(collateral, "iak.jwk", arm, WD_TEE_PSA, d);
	return r;
}

int
wd_arm_load(int dir, struct wd_arm *ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *pem = NULL;
	struct wd_pkey *key = NULL;
	struct wd_diag why = { 0 };
	int r = wd_file_read_secret(dir, key_file, FILE_MAX, &pem, &why);

	if (r == WD_R_NOT_FOUND)
		return wd_reject(d, r, "%s", why.detail);
	if (r == 0)
		r = wd_pkey_from_private(wd_secret_borrow(pem), &key);
	if (r > 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "%s: not a private key", key_file);
	if (r < 0)
		return wd_fault(d, WD_F_SYSTEM, "%s: %s", key_file, why.detail);
	r = wd_arm_open(key, ret, d);
	return r > 0 ? WD_R_MALFORMED : r;
}
