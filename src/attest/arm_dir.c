/*
 * The software TEE's Arm side as files: its key for its owner alone, the JWK
 * as collateral.
 */
#include "attest/arm_in.h"

#include "attest/key_file.h"
#include "sys/file.h"

static const char key_file[] = "cpak.key";

enum { FILE_MAX = 16384 };

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
	int r = wd_key_file_save(dir, key_file, arm->cpak, d);

	if (r == 0)
		r = save_jwk(collateral, "cpak.jwk", arm, WD_TEE_CCA, d);
	if (r == 0)
		r = save_jwk(collateral, "iak.jwk", arm, WD_TEE_PSA, d);
	return r;
}

int
wd_arm_load(int dir, struct wd_arm *ret, struct wd_diag *d)
{
	struct wd_pkey *key = NULL;
	int r = wd_key_file_open(dir, key_file, true, &key, d);

	if (r != 0)
		return r;
	r = wd_arm_open(key, ret, d);
	return r > 0 ? WD_R_MALFORMED : r;
}
