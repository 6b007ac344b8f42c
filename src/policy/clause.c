/*
 * The tables of comparisons and of claims that clauses may name. A claim that
 * has a member of its own in a policy (tee, software, debug, status,
 * advisories) or belongs to one session must never appear here.
 */
#include "policy/clause.h"

#include "codec/utf8.h"
#include "policy/reference.h"

enum {
	BYTES_MAX = 64,
	TEXT_MAX = 128,
	ELEMENT_MAX = 384,
	CLIENT_TEXT_MAX = 256
};

static const uint64_t last_second = 253402300799; /* 9999-12-31T23:59:59Z */

static const struct wd_op_row ops[] = {
	{ WD_OP_ALL, WD_OP_GROUP, "all", NULL, true },
	{ WD_OP_ANY, WD_OP_GROUP, "any", NULL, true },
	{ WD_OP_NOT, WD_OP_GROUP, "not", NULL, false },
	{ WD_OP_GE, WD_OP_CLAIM, "ge", NULL, false },
	{ WD_OP_IN, WD_OP_CLAIM, "in", NULL, true },
	{ WD_OP_EQ, WD_OP_CLAIM, "eq", NULL, false },
	{ WD_OP_IS, WD_OP_CLAIM, "is", NULL, false },
	{ WD_OP_ISSUER_IN, WD_OP_CLIENT, "in", "issuer_cn", true },
	{ WD_OP_CN_IN, WD_OP_CLIENT, "in", "cn", true },
	{ WD_OP_PERMISSIONS_ANY, WD_OP_CLIENT, "any_of", "permissions", true },
	{ WD_OP_PERMISSIONS_ALL, WD_OP_CLIENT, "all_of", "permissions", true },
	{ WD_OP_LE, WD_OP_CLAIM, "le", NULL, false },
	{ WD_OP_REFERENCE, WD_OP_CLAIM, "reference", NULL, false },
	{ WD_OP_PCRS, WD_OP_REGISTERS, "reference", "pcrs", false },
};

#define SNP_SVN(id)                                                            \
	{                                                                      \
		.claim = id, .max = UINT8_MAX, .least = WD_R_SVN_BELOW_MINIMUM \
	}

#define PCR(n)                                                            \
	{                                                                 \
		.claim = WD_C_PCR##n, .listed = WD_R_MEASUREMENT_MISMATCH \
	}

static const struct wd_claim_rule rules[] = {
	{ .claim = WD_C_PLATFORM_ID },
	{ .claim = WD_C_TCB_DATE },
	{ .claim = WD_C_QE_TCB_DATE },
	{ .claim = WD_C_TCB_INFO_ISSUE_DATE },
	{ .claim = WD_C_COLLATERAL_EXPIRY },
	{ .claim = WD_C_PLATFORM_TCB_STATUS,
	    .listed = WD_R_TCB_STATUS_NOT_ACCEPTED },
	{ .claim = WD_C_QE_TCB_STATUS, .listed = WD_R_TCB_STATUS_NOT_ACCEPTED },
	{ .claim = WD_C_TCB_EVALUATION_DATA_NUMBER, .max = UINT32_MAX },
	{ .claim = WD_C_QE_TCB_EVALUATION_DATA_NUMBER, .max = UINT32_MAX },
	{ .claim = WD_C_QUOTE_VERSION, .max = UINT16_MAX },
	{ .claim = WD_C_FMSPC, .len = 6 },
	{ .claim = WD_C_PCEID, .len = 2 },
	{ .claim = WD_C_PCK_CPUSVN,
	    .len = 16,
	    .components = true,
	    .least = WD_R_SVN_BELOW_MINIMUM },
	{ .claim = WD_C_PCESVN,
	    .max = UINT16_MAX,
	    .least = WD_R_SVN_BELOW_MINIMUM },
	{ .claim = WD_C_SGX_TYPE, .max = UINT8_MAX },
	{ .claim = WD_C_PLATFORM_INSTANCE_ID, .len = 16 },
	{ .claim = WD_C_DYNAMIC_PLATFORM },
	{ .claim = WD_C_CACHED_KEYS },
	{ .claim = WD_C_SMT_ENABLED },
	{ .claim = WD_C_PCK_CA },
	{ .claim = WD_C_MRENCLAVE,
	    .len = 32,
	    .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_MRSIGNER, .len = 32, .listed = WD_R_SIGNER_MISMATCH },
	{ .claim = WD_C_ISVPRODID,
	    .max = UINT16_MAX,
	    .listed = WD_R_ISV_PRODUCT_MISMATCH },
	{ .claim = WD_C_ISVSVN,
	    .max = UINT16_MAX,
	    .least = WD_R_SVN_BELOW_MINIMUM },
	{ .claim = WD_C_ATTRIBUTES, .len = 16 },
	{ .claim = WD_C_MISCSELECT, .len = 4 },
	{ .claim = WD_C_CONFIGID, .len = 64 },
	{ .claim = WD_C_CONFIGSVN,
	    .max = UINT16_MAX,
	    .least = WD_R_SVN_BELOW_MINIMUM },
	{ .claim = WD_C_ISVFAMILYID,
	    .len = 16,
	    .listed = WD_R_ISV_PRODUCT_MISMATCH },
	{ .claim = WD_C_ISVEXTPRODID,
	    .len = 16,
	    .listed = WD_R_ISV_PRODUCT_MISMATCH },
	{ .claim = WD_C_CPUSVN,
	    .len = 16,
	    .components = true,
	    .least = WD_R_SVN_BELOW_MINIMUM },
	/* SNP */
	{ .claim = WD_C_PRODUCT_LINE },
	{ .claim = WD_C_SIGNING_KEY },
	{ .claim = WD_C_REPORT_VERSION, .max = UINT16_MAX },
	{ .claim = WD_C_GUEST_SVN,
	    .max = UINT32_MAX,
	    .least = WD_R_SVN_BELOW_MINIMUM },
	{ .claim = WD_C_GUEST_POLICY, .len = 8 },
	{ .claim = WD_C_FAMILY_ID,
	    .len = 16,
	    .listed = WD_R_ISV_PRODUCT_MISMATCH },
	{ .claim = WD_C_IMAGE_ID,
	    .len = 16,
	    .listed = WD_R_ISV_PRODUCT_MISMATCH },
	{ .claim = WD_C_VMPL, .max = UINT8_MAX },
	{ .claim = WD_C_PLATFORM_INFO, .len = 8 },
	{ .claim = WD_C_MEASUREMENT,
	    .len = 48,
	    .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_HOST_DATA,
	    .len = 32,
	    .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_ID_KEY_DIGEST,
	    .len = 48,
	    .listed = WD_R_SIGNER_MISMATCH },
	{ .claim = WD_C_AUTHOR_KEY_DIGEST,
	    .len = 48,
	    .listed = WD_R_SIGNER_MISMATCH },
	{ .claim = WD_C_CHIP_ID, .len = 64 },
	SNP_SVN(WD_C_REPORTED_FMC),
	SNP_SVN(WD_C_REPORTED_BOOT_LOADER),
	SNP_SVN(WD_C_REPORTED_TEE),
	SNP_SVN(WD_C_REPORTED_SNP),
	SNP_SVN(WD_C_REPORTED_MICROCODE),
	SNP_SVN(WD_C_COMMITTED_FMC),
	SNP_SVN(WD_C_COMMITTED_BOOT_LOADER),
	SNP_SVN(WD_C_COMMITTED_TEE),
	SNP_SVN(WD_C_COMMITTED_SNP),
	SNP_SVN(WD_C_COMMITTED_MICROCODE),
	{ .claim = WD_C_REPORTED_LE_COMMITTED },
	{ .claim = WD_C_COMMITTED_LE_CURRENT },
	{ .claim = WD_C_SMT_ALLOWED },
	{ .claim = WD_C_MIGRATE_MA },
	{ .claim = WD_C_SINGLE_SOCKET },
	{ .claim = WD_C_TSME_ENABLED },
	{ .claim = WD_C_ALIAS_CHECK_COMPLETE },
	{ .claim = WD_C_CIPHERTEXT_HIDING },
	{ .claim = WD_C_CSP_ID },
	{ .claim = WD_C_PLATFORM_ID_OF },
	{ .claim = WD_C_LAUNCH_MIT_VECTOR, .len = 8 },
	{ .claim = WD_C_CURRENT_MIT_VECTOR, .len = 8 },
	/* TDX */
	{ .claim = WD_C_TEE_TCB_SVN,
	    .len = 16,
	    .components = true,
	    .least = WD_R_SVN_BELOW_MINIMUM },
	{ .claim = WD_C_MRSEAM,
	    .len = 48,
	    .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_MRSIGNERSEAM,
	    .len = 48,
	    .listed = WD_R_SIGNER_MISMATCH },
	{ .claim = WD_C_SEAMATTRIBUTES, .len = 8 },
	{ .claim = WD_C_TDATTRIBUTES, .len = 8 },
	{ .claim = WD_C_XFAM, .len = 8 },
	{ .claim = WD_C_MRTD, .len = 48, .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_MRCONFIGID, .len = 48 },
	{ .claim = WD_C_MROWNER, .len = 48, .listed = WD_R_SIGNER_MISMATCH },
	{ .claim = WD_C_MROWNERCONFIG, .len = 48 },
	{ .claim = WD_C_RTMR0, .len = 48, .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_RTMR1, .len = 48, .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_RTMR2, .len = 48, .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_RTMR3, .len = 48, .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_TEE_TCB_SVN2,
	    .len = 16,
	    .components = true,
	    .least = WD_R_SVN_BELOW_MINIMUM },
	{ .claim = WD_C_MRSERVICETD,
	    .len = 48,
	    .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_TDX_MODULE_ID },
	{ .claim = WD_C_TDX_MODULE_STATUS,
	    .listed = WD_R_TCB_STATUS_NOT_ACCEPTED },
	{ .claim = WD_C_TDX_MODULE_ADVISORY_IDS },
	{ .claim = WD_C_TDX_MODULE_TCB_DATE },
	{ .claim = WD_C_SEPT_VE_DISABLE },
	{ .claim = WD_C_MIGRATABLE },
	{ .claim = WD_C_RELAUNCH_ADVISED },
	{ .claim = WD_C_SEAM_SVN,
	    .max = UINT8_MAX,
	    .least = WD_R_SVN_BELOW_MINIMUM },
	/* Arm CCA and PSA */
	{ .claim = WD_C_PLATFORM_PROFILE },
	{ .claim = WD_C_IMPLEMENTATION_ID, .len = 32 },
	{ .claim = WD_C_INSTANCE_ID, .len = 33 },
	{ .claim = WD_C_SECURITY_LIFECYCLE, .max = UINT16_MAX },
	{ .claim = WD_C_SOFTWARE_COMPONENTS,
	    .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_PLATFORM_CONFIG },
	{ .claim = WD_C_CLIENT_ID },
	{ .claim = WD_C_CERTIFICATION_REFERENCE },
	{ .claim = WD_C_VERIFICATION_SERVICE },
	{ .claim = WD_C_REALM_INITIAL_MEASUREMENT,
	    .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_REM0, .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_REM1, .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_REM2, .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_REM3, .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_REALM_PERSONALIZATION, .len = 64 },
	{ .claim = WD_C_REALM_PROFILE },
	{ .claim = WD_C_RAK_ENCODING },
	{ .claim = WD_C_MEASURED_HASH },
	/* NVIDIA */
	{ .claim = WD_C_GPU_SUBJECT },
	{ .claim = WD_C_GPU_DRIVER_VERSION },
	{ .claim = WD_C_GPU_VBIOS_VERSION },
	{ .claim = WD_C_GPU_CHIP },
	{ .claim = WD_C_GPU_MEASUREMENTS_SHA384,
	    .len = 48,
	    .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_MEASUREMENT_BLOCKS, .max = UINT8_MAX },
	{ .claim = WD_C_GPU_ARCHITECTURE },
	{ .claim = WD_C_GPUS_COUNT, .max = UINT8_MAX },
	{ .claim = WD_C_GPUS_ARCHITECTURES },
	{ .claim = WD_C_GPUS_DRIVER_VERSIONS },
	{ .claim = WD_C_GPUS_VBIOS_VERSIONS },
	{ .claim = WD_C_GPUS_CHIPS },
	{ .claim = WD_C_GPUS_MEASUREMENTS,
	    .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_GPUS_PLATFORM_IDS },
	{ .claim = WD_C_INIT_DATA },
	{ .claim = WD_C_INIT_DATA_SHA256,
	    .len = 32,
	    .listed = WD_R_MEASUREMENT_MISMATCH },
	{ .claim = WD_C_USER_DATA, .len = 64 },
	{ .claim = WD_C_PCR_BANK },
	{ .claim = WD_C_RESET_COUNT, .max = UINT32_MAX },
	{ .claim = WD_C_RESTART_COUNT, .max = UINT32_MAX },
	{ .claim = WD_C_TPM_SAFE },
	{ .claim = WD_C_FIRMWARE_VERSION, .len = 8 },
	{ .claim = WD_C_AK_NAME, .listed = WD_R_AK_NOT_TRUSTED },
	{ .claim = WD_C_AK_TRUST, .listed = WD_R_AK_NOT_TRUSTED },
	PCR(0),
	PCR(1),
	PCR(2),
	PCR(3),
	PCR(4),
	PCR(5),
	PCR(6),
	PCR(7),
	PCR(8),
	PCR(9),
	PCR(10),
	PCR(11),
	PCR(12),
	PCR(13),
	PCR(14),
	PCR(15),
	PCR(16),
	PCR(17),
	PCR(18),
	PCR(19),
	PCR(20),
	PCR(21),
	PCR(22),
	PCR(23),
	{ .claim = WD_C_EVENT_DATA },
	{ .claim = WD_C_IMA_VIOLATIONS, .max = UINT32_MAX },
	{ .claim = WD_C_SECURE_BOOT },
	{ .claim = WD_C_AK_PUBLIC_SHA256,
	    .len = 32,
	    .listed = WD_R_AK_NOT_TRUSTED },
};

static bool
is_order(const struct wd_op_row *op)
{
	return op->op == WD_OP_GE || op->op == WD_OP_LE;
}

const struct wd_op_row *
wd_op_row(unsigned op)
{
	return op >= 1 && op <= WD_N(ops) ? &ops[op - 1] : NULL;
}

const struct wd_op_row *
wd_op_rows(size_t *ret_n)
{
	*ret_n = WD_N(ops);
	return ops;
}

const struct wd_claim_rule *
wd_claim_rule(enum wd_claim claim)
{
	for (size_t i = 0; i < WD_N(rules); i++)
		if (rules[i].claim == claim)
			return &rules[i];
	return NULL;
}

const struct wd_claim_row *
wd_claim_row(enum wd_claim claim)
{
	size_t n;
	const struct wd_claim_row *rows = wd_claim_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (rows[i].id == claim)
			return &rows[i];
	return NULL;
}

struct wd_span
wd_value_next(struct wd_rd *values)
{
	return wd_rd_bytes(values, wd_rd_le16(values));
}

bool
wd_value_repeats(struct wd_span values, struct wd_span latest)
{
	struct wd_rd rd = wd_rd(values);

	while (wd_rd_more(&rd)) {
		struct wd_span v = wd_value_next(&rd);

		if (v.p == latest.p)
			return false;
		if (wd_span_equal(v, latest))
			return true;
	}
	return false;
}

uint64_t
wd_value_number(struct wd_span value)
{
	struct wd_rd rd = wd_rd(value);

	return wd_rd_le64(&rd);
}

bool
wd_clause_names_set(const struct wd_clause *c)
{
	return c->op->op == WD_OP_REFERENCE || c->op->op == WD_OP_PCRS;
}

bool
wd_clause_op_fits(const struct wd_op_row *op, const struct wd_claim_row *claim,
    const struct wd_claim_rule *rule)
{
	/* A set lists values, as "in" does. */
	if (op->op == WD_OP_REFERENCE)
		op = wd_op_row(WD_OP_IN);
	switch (claim->type) {
	case WD_CLAIM_UINT:
	case WD_CLAIM_TIME:
		return op->op != WD_OP_IS;
	case WD_CLAIM_BYTES:
		return op->op != WD_OP_IS &&
		    (!is_order(op) || rule->components);
	case WD_CLAIM_TEXT:
		return op->op == WD_OP_IN || op->op == WD_OP_EQ;
	case WD_CLAIM_BOOL:
		return op->op == WD_OP_IS;
	case WD_CLAIM_LIST: /* each of its texts is listed */
		return op->op == WD_OP_IN;
	case WD_CLAIM_NUMBERS:
		return false;
	}
	return false;
}

static bool
claim_value_fits(const struct wd_clause *c, struct wd_span v)
{
	switch (c->claim->type) {
	case WD_CLAIM_UINT:
		return v.len == 8 && wd_value_number(v) <= c->rule->max;
	case WD_CLAIM_TIME:
		return v.len == 8 && wd_value_number(v) <= last_second;
	case WD_CLAIM_BYTES:
		if (c->rule->len > 0)
			return v.len == c->rule->len;
		return v.len > 0 && v.len <= BYTES_MAX;
	case WD_CLAIM_TEXT:
		return v.len > 0 && v.len <= TEXT_MAX &&
		    wd_span_is_printable(v);
	case WD_CLAIM_BOOL:
		return v.len == 1 && v.p[0] <= 1;
	case WD_CLAIM_LIST:
		return v.len > 0 && v.len <= ELEMENT_MAX &&
		    wd_span_is_printable(v);
	case WD_CLAIM_NUMBERS:
		return false;
	}
	return false;
}

bool
wd_clause_value_fits(const struct wd_clause *c, struct wd_span value)
{
	if (wd_clause_names_set(c))
		return wd_reference_is_name(value);
	if (c->op->kind == WD_OP_CLAIM)
		return claim_value_fits(c, value);
	return value.len > 0 && value.len <= CLIENT_TEXT_MAX &&
	    wd_utf8_is_text(value);
}

enum wd_reason
wd_clause_reason(const struct wd_clause *c)
{
	enum wd_reason own;

	if (c->op->kind == WD_OP_CLIENT)
		return WD_R_CLIENT_IDENTITY_MISMATCH;
	if (c->op->kind == WD_OP_GROUP)
		return WD_R_POLICY_CLAUSE;
	if (c->op->kind == WD_OP_REGISTERS)
		return WD_R_MEASUREMENT_MISMATCH;
	own = is_order(c->op) ? c->rule->least : c->rule->listed;
	return own == 0 ? WD_R_POLICY_CLAUSE : own;
}
