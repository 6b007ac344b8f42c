/*
 * The life of a software SNP platform, and its reports.
 */
#include "attest/swtee_snp_in.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "crypto/hash.h"
#include "crypto/rand.h"
#include "crypto/sig.h"

#include <assert.h>

enum {
	HALF = 48,
	HALF_ZERO = 24,
	ECDSA_P384 = 1,
	VERSION = 5,
	VERSION_CPUID = 3,
	VERSION_MITIGATION = 5,
	POLICY = WD_SNP_POLICY_SMT | WD_SNP_POLICY_MUST,
	PLATFORM = 0x25,
};

/* One processor of each line: family, model, stepping; and its usual TCB. */
static const struct {
	uint8_t cpuid[3];
	struct wd_snp_tcb tcb;
} usual[WD_SNP_LINES] = {
	[WD_SNP_MILAN] = { { 0x19, 0x01, 0x01 }, { 0, 4, 0, 24, 219 } },
	[WD_SNP_GENOA] = { { 0x19, 0x11, 0x01 }, { 0, 10, 0, 23, 84 } },
	[WD_SNP_TURIN] = { { 0x1a, 0x02, 0x01 }, { 1, 1, 1, 4, 81 } },
};

static const struct wd_swtee_snp_fault_row fault_rows[] = {
	[WD_SWTEE_SNP_SOUND] = { "none", 0 },
	[WD_SWTEE_SNP_SIGNATURE] = { "signature", WD_R_REPORT_BAD_SIGNATURE },
	[WD_SWTEE_SNP_RESERVED] = { "reserved", WD_R_MALFORMED },
	[WD_SWTEE_SNP_CHIP] = { "chip_id", WD_R_CHIP_ID_MISMATCH },
	[WD_SWTEE_SNP_TCB] = { "tcb", WD_R_TCB_MISMATCH },
	[WD_SWTEE_SNP_KEY_KIND] = { "key_kind", WD_R_KEY_KIND_MISMATCH },
	[WD_SWTEE_SNP_PRODUCT] = { "product", WD_R_PRODUCT_MISMATCH },
};

const struct wd_swtee_snp_fault_row *
wd_swtee_snp_fault_row(enum wd_swtee_snp_fault fault)
{
	assert(fault < WD_SWTEE_SNP_FAULTS);
	return &fault_rows[fault];
}

enum wd_swtee_snp_fault
wd_swtee_snp_fault_by_name(struct wd_span name)
{
	size_t i = WD_SWTEE_SNP_SIGNATURE;

	while (i < WD_SWTEE_SNP_FAULTS && !wd_span_is(name, fault_rows[i].name))
		i++;
	return (enum wd_swtee_snp_fault)i;
}

struct wd_swtee_snp *
wd_swtee_snp_free(struct wd_swtee_snp *t)
{
	if (t == NULL)
		return NULL;
	for (size_t i = 0; i < WD_AMD_WHO; i++) {
		wd_pkey_freep(&t->key[i]);
		wd_bytes_freep(&t->cert[i]);
	}
	return wd_free(t);
}

void
wd_swtee_snp_freep(struct wd_swtee_snp **t)
{
	*t = wd_swtee_snp_free(*t);
}

static bool
no_tcb(const struct wd_snp_tcb *tcb)
{
	const struct wd_snp_tcb none = { 0 };

	return wd_snp_tcb_le(tcb, &none);
}

static int
fill_platform(struct wd_swtee_snp *t, const struct wd_swtee_snp_spec *spec,
    struct wd_diag *d)
{
	size_t len;

	t->line = spec->line == WD_SNP_NO_LINE ? WD_SNP_MILAN : spec->line;
	t->kind = spec->key;
	wd_snp_tcb_write(t->line,
	    no_tcb(&spec->tcb) ? &usual[t->line].tcb : &spec->tcb, t->tcb);
	if (t->kind == WD_SNP_VLEK)
		return 0;
	len = wd_snp_chip_id_len(t->line);
	wd_copy(t->chip_id, wd_span(spec->chip_id, len));
	if (wd_span_is_zero(WD_SPAN(t->chip_id)) &&
	    wd_rand(t->chip_id, len) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no random bytes");
	return 0;
}

int
wd_swtee_snp_new(const struct wd_swtee_snp_spec *spec,
    struct wd_swtee_snp **ret, struct wd_diag *d)
{
	static const enum wd_pkey_alg algs[WD_AMD_WHO] = { WD_PKEY_RSA4096,
		WD_PKEY_RSA4096, WD_PKEY_P384 };
	WD_AUTO(wd_swtee_snp_freep)
	struct wd_swtee_snp *t = wd_alloc(sizeof(*t));
	int r;

	if (t == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a platform");
	for (size_t i = 0; i < WD_AMD_WHO; i++)
		if (wd_pkey_generate(algs[i], &t->key[i]) != 0)
			return wd_fault(d, WD_F_CRYPTO, "cannot make a key");
	if ((r = fill_platform(t, spec, d)) != 0 ||
	    (r = wd_swtee_snp_certify(t, spec, d)) != 0)
		return r;
	*ret = WD_TAKE(t);
	return 0;
}

int
wd_swtee_snp_again(struct wd_swtee_snp *t, const struct wd_swtee_snp_spec *spec,
    struct wd_diag *d)
{
	int r;

	for (size_t i = 0; i < WD_AMD_WHO; i++)
		wd_bytes_freep(&t->cert[i]);
	wd_wipe(t->chip_id, sizeof(t->chip_id));
	if ((r = fill_platform(t, spec, d)) != 0)
		return r;
	return wd_swtee_snp_certify(t, spec, d);
}

int
wd_swtee_snp_anchor(const struct wd_swtee_snp *t, struct wd_anchor *ret)
{
	struct wd_anchor a = { .tee = WD_TEE_SNP,
		.software = true,
		.der = wd_bytes_span(t->cert[WD_AMD_ARK]) };
	int r = wd_hash(WD_SHA256, a.der, a.sha256);

	if (r == 0)
		*ret = a;
	return r;
}

struct wd_span
wd_swtee_snp_vek(const struct wd_swtee_snp *t)
{
	return wd_bytes_span(t->cert[WD_AMD_VEK]);
}

/* ---- reports */

/* With the values that stand for zeros. */
static int
fill_claim(const struct wd_swtee_snp_claim *c, struct wd_swtee_snp_claim *ret)
{
	*ret = *c;
	if (ret->version == 0)
		ret->version = VERSION;
	if (ret->policy == 0)
		ret->policy = POLICY;
	if (ret->platform == 0)
		ret->platform = PLATFORM;
	if (ret->debug)
		ret->policy |= WD_SNP_POLICY_DEBUG;
	if (ret->migrate_ma)
		ret->policy |= WD_SNP_POLICY_MIGRATE_MA;
	if (!wd_span_is_zero(WD_SPAN(ret->measurement)))
		return 0;
	return wd_hash(
	    WD_SHA384, WD_SPAN_LIT("warder software guest"), ret->measurement);
}

static void
write_head(struct wd_wr *wr, const struct wd_swtee_snp *t,
    const struct wd_swtee_snp_claim *c)
{
	uint32_t kind = t->kind ^ (c->fault == WD_SWTEE_SNP_KEY_KIND ? 1U : 0U);

	wd_wr_le32(wr, c->version);
	wd_wr_le32(wr, c->guest_svn);
	wd_wr_le64(wr, c->policy);
	wd_wr_bytes(wr, WD_SPAN(c->family_id));
	wd_wr_bytes(wr, WD_SPAN(c->image_id));
	wd_wr_le32(wr, c->vmpl);
	wd_wr_le32(wr, ECDSA_P384);
	wd_wr_bytes(wr, WD_SPAN(t->tcb));
	wd_wr_le64(wr, c->platform);
	wd_wr_le32(wr, kind << 2 | (c->mask_chip ? 2U : 0U));
	wd_wr_le32(wr, c->fault == WD_SWTEE_SNP_RESERVED);
}

static void
write_guest(struct wd_wr *wr, const struct wd_swtee_snp_claim *c)
{
	static const uint8_t no_agent[32] = { 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	wd_wr_bytes(wr, WD_SPAN(c->report_data));
	wd_wr_bytes(wr, WD_SPAN(c->measurement));
	wd_wr_bytes(wr, WD_SPAN(c->host_data));
	wd_wr_bytes(wr, WD_SPAN(c->id_key_digest));
	wd_wr_bytes(wr, WD_SPAN(c->author_key_digest));
	wd_wr_bytes(wr, wd_span(c->measurement, 32)); /* report id */
	wd_wr_bytes(wr, WD_SPAN(no_agent));
}

static void
write_cpuid(struct wd_wr *wr, const struct wd_swtee_snp *t,
    const struct wd_swtee_snp_claim *c)
{
	enum wd_snp_line line = t->line;

	if (c->fault == WD_SWTEE_SNP_PRODUCT)
		line = line == WD_SNP_MILAN ? WD_SNP_GENOA : WD_SNP_MILAN;
	if (c->version >= VERSION_CPUID)
		wd_wr_bytes(wr, WD_SPAN(usual[line].cpuid));
	else
		wd_wr_zero(wr, 3);
}

static void
write_chip(struct wd_wr *wr, const struct wd_swtee_snp *t,
    const struct wd_swtee_snp_claim *c)
{
	uint8_t id[WD_SNP_CHIP_ID];

	wd_copy(id, WD_SPAN(t->chip_id));
	id[0] ^= c->fault == WD_SWTEE_SNP_CHIP;
	if (c->mask_chip)
		wd_wr_zero(wr, sizeof(id));
	else
		wd_wr_bytes(wr, WD_SPAN(id));
}

static void
write_platform(struct wd_wr *wr, const struct wd_swtee_snp *t,
    const struct wd_swtee_snp_claim *c)
{
	static const uint8_t build[4] = { 49, 55, 1, 0 };
	uint8_t reported[WD_SNP_TCB];

	wd_copy(reported, WD_SPAN(t->tcb));
	reported[WD_SNP_TCB - 1] ^= c->fault == WD_SWTEE_SNP_TCB;
	wd_wr_bytes(wr, WD_SPAN(reported));
	write_cpuid(wr, t, c);
	wd_wr_zero(wr, 21);
	write_chip(wr, t, c);
	wd_wr_bytes(wr, WD_SPAN(t->tcb)); /* committed */
	wd_wr_bytes(wr, WD_SPAN(build));
	wd_wr_bytes(wr, WD_SPAN(build));
	wd_wr_bytes(wr, WD_SPAN(t->tcb)); /* at launch */
	if (c->version >= VERSION_MITIGATION) {
		wd_wr_bytes(wr, WD_SPAN(c->launch_mitigation));
		wd_wr_bytes(wr, WD_SPAN(c->current_mitigation));
	} else {
		wd_wr_zero(wr, 16);
	}
	wd_wr_zero(wr, 152);
}

static void
write_half(struct wd_wr *wr, const uint8_t *big)
{
	for (size_t i = 0; i < HALF; i++)
		wd_wr_u8(wr, big[HALF - 1 - i]);
	wd_wr_zero(wr, HALF_ZERO);
}

static int
sign(struct wd_wr *wr, const struct wd_swtee_snp *t,
    const struct wd_swtee_snp_claim *c, struct wd_diag *d)
{
	uint8_t sig[WD_SIG_MAX];
	size_t len;

	if (wd_sign(t->key[WD_AMD_VEK], WD_SIG_ES384, wd_wr_span(wr), sig,
		&len) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot sign");
	sig[HALF - 1] ^= c->fault == WD_SWTEE_SNP_SIGNATURE;
	write_half(wr, sig);
	write_half(wr, sig + HALF);
	wd_wr_zero(wr, 368);
	return 0;
}

int
wd_swtee_snp_report(const struct wd_swtee_snp *t,
    const struct wd_swtee_snp_claim *c, uint8_t ret[WD_SNP_REPORT],
    struct wd_diag *d)
{
	struct wd_wr wr = wd_wr_fixed(ret, WD_SNP_REPORT);
	struct wd_swtee_snp_claim full;
	int r;

	if (fill_claim(c, &full) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	write_head(&wr, t, &full);
	write_guest(&wr, &full);
	write_platform(&wr, t, &full);
	if ((r = sign(&wr, t, &full, d)) != 0)
		return r;
	if (wd_wr_end(&wr) != 0 || wd_wr_span(&wr).len != WD_SNP_REPORT)
		return wd_fault(d, WD_F_BUG, "a report of another size");
	return 0;
}
