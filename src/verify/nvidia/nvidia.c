/*
 * The steps of judging a GPU's evidence. Whether the measurements are those of
 * firmware and a driver that NVIDIA stands for is in its RIM documents, which
 * are not read here: policy compares the measurements.
 */
#include "verify/nvidia/nvidia.h"

#include "crypto/hash.h"
#include "crypto/sig.h"
#include "verify/chain.h"
#include "verify/nvidia/fwid.h"
#include "verify/nvidia/lists.h"
#include "verify/nvidia/spdm.h"

#include <stdio.h>

enum {
	FIELD_DRIVER = 3,
	FIELD_VBIOS = 6,
	FIELD_CHIP_SKU = 15,
	FIELD_PROJECT = 17,
	FIELD_PROJECT_SKU = 18,
	FIELD_FWID = 20,
};

struct nvidia_case {
	struct wd_spdm m;
	const struct wd_trail *trail;
};

_Static_assert(sizeof(struct nvidia_case) <= WD_STATE_MAX, "the state fits");

static struct nvidia_case *
nvidia_case(struct wd_appraisal *a)
{
	return (struct nvidia_case *)(void *)a->state;
}

/* Attestation key, boot ROM, provisioner, product, root. */
static const struct wd_trail_spec spec = {
	.name = "GPU certificate chain",
	.tee = WD_TEE_NVIDIA,
	.kept = WD_KEPT_GPU_TRAIL,
	.n_min = 4,
	.n_max = 6,
	.leaf_keys = WD_TRAIL_KEY(WD_PKEY_P384),
	.ca_keys = WD_TRAIL_KEY(WD_PKEY_P384),
};

static int
form(struct wd_appraisal *a)
{
	return wd_spdm_parse(
	    a->in->part[WD_IN_EVIDENCE], &nvidia_case(a)->m, a->d);
}

static int
chain(struct wd_appraisal *a)
{
	struct nvidia_case *c = nvidia_case(a);
	struct wd_span pem = a->in->part[WD_IN_CERT_CHAIN];
	int r;

	if (pem.p == NULL)
		return wd_reject(a->d, WD_R_CHAIN_MISSING,
		    "the GPU's certificates are not given");
	r = wd_trail_get(
	    a->v, &spec, pem, wd_span(NULL, 0), a->at, &c->trail, a->d);
	if (r == 0)
		wd_appraisal_ends(a, c->trail->not_after);
	return r;
}

static int
revocation(struct wd_appraisal *a)
{
	return wd_nvidia_lists(a, nvidia_case(a)->trail);
}

static int
signature(struct wd_appraisal *a)
{
	const struct nvidia_case *c = nvidia_case(a);
	int r = wd_ec_verify_parts(wd_cert_key(wd_trail_leaf(c->trail)),
	    WD_SIG_ES384, &c->m.signed_part, 1, c->m.signature);

	if (r < 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot check a signature");
	if (r > 0)
		return wd_reject(a->d, WD_R_REPORT_BAD_SIGNATURE,
		    "the measurements are not signed by the GPU");
	return 0;
}

/* The key was made for one firmware; the GPU says which one runs. */
static int
firmware(struct wd_appraisal *a)
{
	const struct nvidia_case *c = nvidia_case(a);
	struct wd_span said, certified;

	if (!wd_spdm_field(&c->m, FIELD_FWID, &said))
		return 0; /* older firmware does not say it */
	if (wd_fwid_of(wd_trail_leaf(c->trail), &certified) &&
	    wd_span_equal(said, certified))
		return 0;
	return wd_reject(a->d, WD_R_FIRMWARE_MISMATCH,
	    "the GPU's certificate is not for the firmware it runs");
}

static int
bound(struct wd_appraisal *a)
{
	return wd_appraisal_bound(a, nvidia_case(a)->m.nonce);
}

/* ---- claims */

/* Empty when S is no text or longer than CAP - 1. */
static void
take_text(struct wd_span s, char *ret, size_t cap)
{
	ret[0] = '\0';
	if (!wd_span_is_printable(s))
		return;
	(void)wd_span_to_text(s, ret, cap); /* empty when it does not fit */
}

/* A text in an opaque field, without the zeros behind it. */
static void
field_text(const struct wd_spdm *m, uint16_t type, char *ret, size_t cap)
{
	struct wd_span s;

	(void)wd_spdm_field(m, type, &s); /* empty when it is not there */
	while (s.len > 0 && s.p[s.len - 1] == 0)
		s.len--;
	take_text(s, ret, cap);
}

/* As NVIDIA writes it: the number byte by byte, then the OEM's. */
static void
vbios_text(const struct wd_spdm *m, char *ret, size_t cap)
{
	struct wd_span s;
	int n;

	ret[0] = '\0';
	if (!wd_spdm_field(m, FIELD_VBIOS, &s) || s.len < 5)
		return;
	n = snprintf(ret, cap, "%02X.%02X.%02X.%02X.%02X", s.p[3], s.p[2],
	    s.p[1], s.p[0], s.p[4]);
	if (n < 0 || (size_t)n >= cap)
		ret[0] = '\0';
}

/* The chip, in the name that its maker certified the boot ROM's key for, and
 * the architecture it is of. */
static const struct {
	const char *chip, *architecture;
} chips[] = {
	{ "GH100 ", "HOPPER" },
};

/* Empty when it is not known. */
static const char *
architecture(const struct wd_trail *t)
{
	struct wd_span name = wd_cert_common_name(t->cert[1]);

	for (size_t i = 0; i < WD_N(chips); i++) {
		struct wd_rd rd = wd_rd(name);
		struct wd_span chip = wd_span_text(chips[i].chip);

		if (wd_span_equal(wd_rd_bytes(&rd, chip.len), chip))
			return chips[i].architecture;
	}
	return "";
}

/* The product as NVIDIA's reference documents name it: G520_0200_885. */
static void
chip_text(const struct wd_spdm *m, char *ret, size_t cap)
{
	char project[16], sku[16], chip[16];
	int n;

	field_text(m, FIELD_PROJECT, project, sizeof(project));
	field_text(m, FIELD_PROJECT_SKU, sku, sizeof(sku));
	field_text(m, FIELD_CHIP_SKU, chip, sizeof(chip));
	n = snprintf(ret, cap, "%s_%s_%s", project, sku, chip);
	if (n < 0 || (size_t)n >= cap || project[0] == '\0' || chip[0] == '\0')
		ret[0] = '\0';
}

static int
put_text(struct wd_claims *out, enum wd_claim id, const char *text)
{
	return text[0] == '\0' ? 0 : wd_claims_put_text(out, id, text);
}

/* What signed the attestation key's certificate is burnt into the GPU. */
static int
device_id(const struct wd_trail *t, uint8_t ret[32])
{
	return wd_hash(WD_SHA256, wd_cert_spki(t->cert[1]), ret);
}

static int
put_common(struct wd_appraisal *a, const struct nvidia_case *c)
{
	const struct wd_anchor *anchor =
	    wd_trail_anchor(a->v, a->tee, c->trail->root_sha256);
	struct wd_claims *out = a->claims;
	uint8_t digest[32], device[32];
	int r;

	if ((r = wd_hash(WD_SHA256, c->m.signed_part, digest)) != 0 ||
	    (r = device_id(c->trail, device)) != 0 ||
	    (r = wd_claims_put_text(out, WD_C_TEE, wd_tee_name(a->tee))) != 0 ||
	    (r = wd_claims_put_bool(out, WD_C_SOFTWARE, anchor->software)) !=
		0 ||
	    (r = wd_claims_put(out, WD_C_REPORT_DATA, c->m.nonce)) != 0 ||
	    (r = wd_claims_put_time(out, WD_C_COLLATERAL_EXPIRY, a->expiry)) !=
		0 ||
	    (r = wd_claims_put(out, WD_C_EVIDENCE_DIGEST, WD_SPAN(digest))) !=
		0)
		return r;
	return wd_claims_put(out, WD_C_PLATFORM_ID, WD_SPAN(device));
}

static int
put_types(struct wd_claims *out, const struct wd_spdm *m)
{
	uint8_t numbers[2 * WD_SPDM_FIELDS];
	struct wd_wr wr = wd_wr_fixed(numbers, sizeof(numbers));
	uint32_t next = 0;

	/* in rising order: the smallest that was not written yet */
	for (size_t i = 0; i < m->n_fields; i++) {
		uint32_t least = UINT32_MAX;

		for (size_t k = 0; k < m->n_fields; k++)
			if (m->field_type[k] >= next &&
			    m->field_type[k] < least)
				least = m->field_type[k];
		wd_wr_le16(&wr, (uint16_t)least);
		next = least + 1;
	}
	return wd_claims_put(out, WD_C_OPAQUE_TYPES, wd_wr_span(&wr));
}

static int
put_gpu(struct wd_claims *out, const struct nvidia_case *c)
{
	char subject[96], driver[32], vbios[32], chip[64];
	uint8_t measured[48];
	int r;

	take_text(wd_cert_common_name(wd_trail_leaf(c->trail)), subject,
	    sizeof(subject));
	field_text(&c->m, FIELD_DRIVER, driver, sizeof(driver));
	vbios_text(&c->m, vbios, sizeof(vbios));
	chip_text(&c->m, chip, sizeof(chip));
	if ((r = wd_hash(WD_SHA384, c->m.record, measured)) != 0 ||
	    (r = put_text(out, WD_C_GPU_SUBJECT, subject)) != 0 ||
	    (r = put_text(out, WD_C_GPU_DRIVER_VERSION, driver)) != 0 ||
	    (r = put_text(out, WD_C_GPU_VBIOS_VERSION, vbios)) != 0 ||
	    (r = put_text(out, WD_C_GPU_CHIP, chip)) != 0 ||
	    (r = wd_claims_put(
		 out, WD_C_GPU_MEASUREMENTS_SHA384, WD_SPAN(measured))) != 0)
		return r;
	if ((r = wd_claims_put_uint(
		 out, WD_C_MEASUREMENT_BLOCKS, c->m.n_blocks)) != 0)
		return r;
	if ((r = put_types(out, &c->m)) != 0)
		return r;
	return put_text(out, WD_C_GPU_ARCHITECTURE, architecture(c->trail));
}

static int
claims(struct wd_appraisal *a)
{
	const struct nvidia_case *c = nvidia_case(a);

	if (put_common(a, c) != 0 || put_gpu(a->claims, c) != 0)
		return wd_fault(a->d, WD_F_BUG, "the claims do not fit");
	return 0;
}

static const struct wd_step steps[] = {
	{ "form", form },
	{ "certificate chain", chain },
	{ "revocation", revocation },
	{ "signature", signature },
	{ "firmware", firmware },
	{ "nonce", bound },
	{ "claims", claims },
};

/* A GPU brings all that it is judged by but lists. */
static int
platform(struct wd_verifier *v, const struct wd_inputs *in, int64_t at,
    struct wd_platform *ret, struct wd_diag *d)
{
	struct wd_span pem = in->part[WD_IN_CERT_CHAIN];
	struct wd_platform p = { 0 };
	struct wd_diag why = { 0 };
	const struct wd_trail *path;
	int r;

	if (pem.p == NULL)
		return WD_R_NOT_FOUND;
	r = wd_trail_get(v, &spec, pem, wd_span(NULL, 0), at, &path, &why);
	if (r > 0)
		return WD_R_NOT_FOUND; /* the appraisal says why */
	if (r < 0 || wd_nvidia_scopes(path, &p) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot read a GPU's chain");
	p.software =
	    wd_trail_anchor(v, WD_TEE_NVIDIA, path->root_sha256)->software;
	*ret = p;
	return 0;
}

const struct wd_tee_row wd_nvidia_row = {
	.tee = WD_TEE_NVIDIA,
	.platform = platform,
	.steps = steps,
	.n_steps = WD_N(steps),
};
