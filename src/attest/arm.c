/*
 * A platform of Arm's that is software: its keys and its name.
 */
#include "attest/arm_in.h"

#include "codec/jtext.h"
#include "crypto/hash.h"

void
wd_arm_done(struct wd_arm *arm)
{
	wd_pkey_freep(&arm->cpak);
	wd_pkey_freep(&arm->rak);
}

/* PSA Security Model: the instance id is a digest of the public key. */
static int
name_instance(struct wd_arm *arm)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	int r = wd_pkey_to_spki(arm->cpak, &spki);

	arm->instance_id[0] = 1;
	if (r != 0)
		return r;
	return wd_hash(WD_SHA256, wd_bytes_span(spki), arm->instance_id + 1);
}

int
wd_arm_open(struct wd_pkey *cpak_take, struct wd_arm *ret, struct wd_diag *d)
{
	WD_AUTO(wd_arm_done) struct wd_arm arm = { .cpak = cpak_take };

	if (arm.cpak != NULL &&
	    (!wd_pkey_is_ec(wd_pkey_alg(arm.cpak)) ||
		!wd_pkey_is_private(arm.cpak)))
		return wd_reject(
		    d, WD_R_KEY_INVALID, "the CPAK is no private EC key");
	if ((arm.cpak == NULL &&
		wd_pkey_generate(WD_PKEY_P384, &arm.cpak) != 0) ||
	    wd_pkey_generate(WD_PKEY_P384, &arm.rak) != 0 ||
	    name_instance(&arm) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot make keys");
	*ret = arm;
	arm.cpak = NULL;
	arm.rak = NULL;
	return 0;
}

static const char *
curve_name(enum wd_pkey_alg alg)
{
	return alg == WD_PKEY_P256 ? "P-256"
	    : alg == WD_PKEY_P384  ? "P-384"
				   : "P-521";
}

void
wd_arm_write_jwk(struct wd_wr *wr, const struct wd_arm *arm, enum wd_tee tee)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *y = NULL;
	struct wd_jtext j = wd_jtext(wr);

	if (wd_pkey_public_parts(arm->cpak, &x, &y) != 0)
		wd_wr_fail(wr);
	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "crv", curve_name(wd_pkey_alg(arm->cpak)));
	wd_jtext_key(&j, "instance_id");
	wd_jtext_hex(&j, WD_SPAN(arm->instance_id));
	wd_jtext_key_text(&j, "kty", "EC");
	wd_jtext_key_bool(&j, "software", true);
	wd_jtext_key_text(&j, "tee", wd_tee_name(tee));
	wd_jtext_key(&j, "x");
	wd_jtext_b64url(&j, wd_bytes_span(x));
	wd_jtext_key(&j, "y");
	wd_jtext_b64url(&j, wd_bytes_span(y));
	wd_jtext_end(&j);
	wd_wr_u8(wr, '\n');
}

int
wd_arm_anchor(const struct wd_arm *arm, enum wd_tee tee, struct wd_anchor *ret)
{
	*ret = (struct wd_anchor){ .tee = tee, .software = true };
	wd_copy(ret->sha256, wd_span(arm->instance_id + 1, 32));
	return 0;
}

int
wd_arm_token(const struct wd_arm *arm, const struct wd_arm_token *t,
    struct wd_bytes **ret, struct wd_diag *d)
{
	if (t->tee == WD_TEE_CCA)
		return wd_arm_cca(arm, t, ret, d);
	if (t->tee == WD_TEE_PSA)
		return wd_arm_psa(arm, t, ret, d);
	return wd_fault(d, WD_F_BUG, "no token of Arm");
}
