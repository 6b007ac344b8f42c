/*
 * Reading a report. What is reserved must be zero: a field that a later
 * version defines is not to be taken for one that says nothing.
 */
#include "verify/snp/report.h"

#include "base/rd.h"

enum {
	VERSION_FIRST = 2,
	VERSION_CPUID = 3,
	VERSION_MITIGATION = 5,
	VERSION_LAST = 5,
	ECDSA_P384 = 1,
	HALF = 48,      /* significant bytes of R and S */
	HALF_ZERO = 24, /* and those above them */
};

static int
malformed(struct wd_diag *d, const char *what)
{
	return wd_reject(d, WD_R_MALFORMED, "report: %s", what);
}

static uint64_t
le64_of(struct wd_span bytes)
{
	struct wd_rd rd = wd_rd(bytes);

	return wd_rd_le64(&rd);
}

static void
read_key_info(struct wd_rd *rd, struct wd_snp_report *p)
{
	uint32_t info = wd_rd_le32(rd);

	p->has_author_key = (info & 1) != 0;
	p->masks_chip_key = (info & 2) != 0;
	p->key = (enum wd_snp_key)(info >> 2); /* reserved bits: none of both */
	if (info >> 2 > WD_SNP_VLEK)
		wd_rd_fail(rd);
}

static void
read_head(struct wd_rd *rd, struct wd_snp_report *p)
{
	p->version = wd_rd_le32(rd);
	p->guest_svn = wd_rd_le32(rd);
	p->policy_bytes = wd_rd_bytes(rd, 8);
	p->family_id = wd_rd_bytes(rd, 16);
	p->image_id = wd_rd_bytes(rd, 16);
	p->vmpl = wd_rd_le32(rd);
	if (wd_rd_le32(rd) != ECDSA_P384)
		wd_rd_fail(rd);
	p->current = wd_rd_bytes(rd, WD_SNP_TCB);
	p->platform_bytes = wd_rd_bytes(rd, 8);
	read_key_info(rd, p);
	wd_rd_zero(rd, 4);
}

static void
read_guest(struct wd_rd *rd, struct wd_snp_report *p)
{
	p->report_data = wd_rd_bytes(rd, 64);
	p->measurement = wd_rd_bytes(rd, 48);
	p->host_data = wd_rd_bytes(rd, 32);
	p->id_key_digest = wd_rd_bytes(rd, 48);
	p->author_key_digest = wd_rd_bytes(rd, 48);
	p->report_id = wd_rd_bytes(rd, 32);
	p->report_id_ma = wd_rd_bytes(rd, 32);
}

static void
read_cpuid(struct wd_rd *rd, struct wd_snp_report *p)
{
	uint8_t family, model;

	p->has_cpuid = p->version >= VERSION_CPUID;
	if (!p->has_cpuid) {
		wd_rd_zero(rd, 3);
		return;
	}
	family = wd_rd_u8(rd);
	model = wd_rd_u8(rd);
	wd_rd_skip(rd, 1); /* stepping */
	p->line = wd_snp_line_by_cpuid(family, model);
}

static void
read_platform(struct wd_rd *rd, struct wd_snp_report *p)
{
	p->reported = wd_rd_bytes(rd, WD_SNP_TCB);
	read_cpuid(rd, p);
	wd_rd_zero(rd, 21);
	p->chip_id = wd_rd_bytes(rd, WD_SNP_CHIP_ID);
	p->committed = wd_rd_bytes(rd, WD_SNP_TCB);
	wd_rd_skip(rd, 3); /* firmware now, and committed */
	wd_rd_zero(rd, 1);
	wd_rd_skip(rd, 3);
	wd_rd_zero(rd, 1);
	p->launch = wd_rd_bytes(rd, WD_SNP_TCB);
	if (p->version >= VERSION_MITIGATION) {
		p->launch_mitigation = wd_rd_bytes(rd, 8);
		p->current_mitigation = wd_rd_bytes(rd, 8);
	} else {
		wd_rd_zero(rd, 16);
	}
	wd_rd_zero(rd, 152);
}

static void
read_half(struct wd_rd *rd, uint8_t ret[HALF])
{
	uint8_t little[HALF];

	wd_rd_copy(rd, little, HALF);
	wd_rd_zero(rd, HALF_ZERO);
	for (size_t i = 0; i < HALF; i++)
		ret[i] = little[HALF - 1 - i];
}

int
wd_snp_report_parse(
    struct wd_span bytes, struct wd_snp_report *ret, struct wd_diag *d)
{
	struct wd_snp_report p = { 0 };
	struct wd_rd rd = wd_rd(bytes);

	if (bytes.len != WD_SNP_REPORT)
		return malformed(d, "not of 1184 bytes");
	read_head(&rd, &p);
	if (p.version < VERSION_FIRST || p.version > VERSION_LAST)
		return malformed(d, "not of version 2, 3, 4 or 5");
	read_guest(&rd, &p);
	read_platform(&rd, &p);
	read_half(&rd, p.rs);
	read_half(&rd, p.rs + HALF);
	wd_rd_zero(&rd, 368);
	if (wd_rd_end(&rd) != 0)
		return malformed(d, "a field has a value it may not have");
	p.signed_part = wd_span(bytes.p, WD_SNP_SIGNED);
	p.policy = le64_of(p.policy_bytes);
	p.platform = le64_of(p.platform_bytes);
	if ((p.policy & WD_SNP_POLICY_MUST) == 0)
		return malformed(d, "bit 17 of the guest policy is not set");
	*ret = p;
	return 0;
}
