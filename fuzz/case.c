/*
 * {u16 options, u16 allocation, u8 tee, u8 role, i64 time, rules, bound,
 * anchors, snapshot, parts}, little endian. New rules go to the end of theirs:
 * what an input does not have is zero.
 */
#include "case.h"

#include "base/rd.h"

/* Bits of an anchor. */
enum { SOFTWARE = 1, FOR_EK = 2 };

static struct wd_snp_tcb
read_tcb(struct wd_rd *rd)
{
	struct wd_snp_tcb t = { .fmc = wd_rd_u8(rd) };

	t.boot_loader = wd_rd_u8(rd);
	t.tee = wd_rd_u8(rd);
	t.snp = wd_rd_u8(rd);
	t.microcode = wd_rd_u8(rd);
	return t;
}

static void
read_rules(struct wd_rd rd, struct fuzz_case *c)
{
	struct wd_appraisal_rules *r = &c->rules;

	r->allow_debug = (c->options & FUZZ_DEBUG) != 0;
	r->crl_optional = (c->options & FUZZ_NO_CRL) != 0;
	r->allow_migrate_ma = (c->options & FUZZ_MIGRATE) != 0;
	r->need_amd_crl = (c->options & FUZZ_AMD_CRL) != 0;
	r->has_max_vmpl = (c->options & FUZZ_VMPL) != 0;
	r->allow_sha1 = (c->options & FUZZ_SHA1) != 0;
	r->need_ak_purpose = (c->options & FUZZ_AK_PURPOSE) != 0;
	r->need_ek_crl = (c->options & FUZZ_EK_CRL) != 0;
	r->min_evaluation_number = wd_rd_le32(&rd);
	r->required_pcrs = wd_rd_le32(&rd);
	r->max_vmpl = wd_rd_u8(&rd);
	r->min_tcb[0] = read_tcb(&rd);
	r->min_evaluation_sgx = wd_rd_le32(&rd);
	r->min_evaluation_tdx = wd_rd_le32(&rd);
	for (size_t i = 1; i < WD_N(r->min_tcb); i++)
		r->min_tcb[i] = read_tcb(&rd);
}

static void
read_anchors(struct wd_rd *rd, struct fuzz_case *c)
{
	struct wd_appraisal_rules *r = &c->rules;
	size_t n = wd_rd_u8(rd);

	if (n > FUZZ_ANCHORS)
		wd_rd_fail(rd);
	for (size_t i = 0; i < n && !rd->bad; i++) {
		struct wd_anchor a = { .tee = (enum wd_tee)wd_rd_u8(rd) };
		unsigned bits = wd_rd_u8(rd);

		a.software = (bits & SOFTWARE) != 0;
		wd_rd_copy(rd, a.sha256, sizeof(a.sha256));
		a.der = wd_rd_bytes(rd, wd_rd_le16(rd));
		if ((bits & FOR_EK) != 0)
			c->ek_anchor[r->n_ek_anchors++] = a;
		else
			c->anchor[r->n_anchors++] = a;
	}
	r->anchors = c->anchor;
	r->ek_anchors = c->ek_anchor;
}

bool
fuzz_case_read(struct wd_span data, struct fuzz_case *c)
{
	struct wd_rd rd = wd_rd(data);

	*c = (struct fuzz_case){ .options = wd_rd_le16(&rd) };
	c->fail_at = wd_rd_le16(&rd);
	c->tee = (enum wd_tee)wd_rd_u8(&rd);
	c->role = (enum wd_part)(wd_rd_u8(&rd) % WD_IN_COUNT);
	c->at = (int64_t)wd_rd_le64(&rd);
	read_rules(wd_rd_sub(&rd, wd_rd_u8(&rd)), c);
	c->bound = wd_rd_bytes(&rd, wd_rd_u8(&rd));
	read_anchors(&rd, c);
	c->snapshot = wd_rd_bytes(&rd, wd_rd_le32(&rd));
	while (wd_rd_more(&rd)) {
		size_t i = wd_rd_u8(&rd) % WD_IN_COUNT;

		c->in.part[i] = wd_rd_bytes(&rd, wd_rd_le32(&rd));
	}
	return wd_rd_end(&rd) == 0;
}

static uint16_t
options_of(const struct fuzz_case *c)
{
	const struct wd_appraisal_rules *r = &c->rules;
	unsigned n = c->options;

	n |= r->allow_debug ? FUZZ_DEBUG : 0;
	n |= r->crl_optional ? FUZZ_NO_CRL : 0;
	n |= r->allow_migrate_ma ? FUZZ_MIGRATE : 0;
	n |= r->need_amd_crl ? FUZZ_AMD_CRL : 0;
	n |= r->has_max_vmpl ? FUZZ_VMPL : 0;
	n |= r->allow_sha1 ? FUZZ_SHA1 : 0;
	n |= r->need_ak_purpose ? FUZZ_AK_PURPOSE : 0;
	n |= r->need_ek_crl ? FUZZ_EK_CRL : 0;
	return (uint16_t)n;
}

static void
write_tcb(struct wd_wr *wr, const struct wd_snp_tcb *t)
{
	wd_wr_u8(wr, t->fmc);
	wd_wr_u8(wr, t->boot_loader);
	wd_wr_u8(wr, t->tee);
	wd_wr_u8(wr, t->snp);
	wd_wr_u8(wr, t->microcode);
}

static void
write_rules(struct wd_wr *wr, const struct wd_appraisal_rules *r)
{
	size_t n_tcbs = WD_N(r->min_tcb);

	wd_wr_u8(wr, (uint8_t)(17 + 5 * n_tcbs));
	wd_wr_le32(wr, r->min_evaluation_number);
	wd_wr_le32(wr, r->required_pcrs);
	wd_wr_u8(wr, r->max_vmpl);
	write_tcb(wr, &r->min_tcb[0]);
	wd_wr_le32(wr, r->min_evaluation_sgx);
	wd_wr_le32(wr, r->min_evaluation_tdx);
	for (size_t i = 1; i < n_tcbs; i++)
		write_tcb(wr, &r->min_tcb[i]);
}

static void
write_anchor(struct wd_wr *wr, const struct wd_anchor *a, unsigned bits)
{
	wd_wr_u8(wr, (uint8_t)a->tee);
	wd_wr_u8(wr, (uint8_t)(bits | (a->software ? SOFTWARE : 0)));
	wd_wr_bytes(wr, WD_SPAN(a->sha256));
	wd_wr_le16(wr, (uint16_t)a->der.len);
	wd_wr_bytes(wr, a->der);
}

static void
write_anchors(struct wd_wr *wr, const struct wd_appraisal_rules *r)
{
	wd_wr_u8(wr, (uint8_t)(r->n_anchors + r->n_ek_anchors));
	for (size_t i = 0; i < r->n_anchors; i++)
		write_anchor(wr, &r->anchors[i], 0);
	for (size_t i = 0; i < r->n_ek_anchors; i++)
		write_anchor(wr, &r->ek_anchors[i], FOR_EK);
}

void
fuzz_case_write(struct wd_wr *wr, const struct fuzz_case *c)
{
	wd_wr_le16(wr, options_of(c));
	wd_wr_le16(wr, c->fail_at);
	wd_wr_u8(wr, (uint8_t)c->tee);
	wd_wr_u8(wr, (uint8_t)c->role);
	wd_wr_le64(wr, (uint64_t)c->at);
	write_rules(wr, &c->rules);
	wd_wr_u8(wr, (uint8_t)c->bound.len);
	wd_wr_bytes(wr, c->bound);
	write_anchors(wr, &c->rules);
	wd_wr_le32(wr, (uint32_t)c->snapshot.len);
	wd_wr_bytes(wr, c->snapshot);
	for (size_t i = 0; i < WD_IN_COUNT; i++) {
		if (c->in.part[i].p == NULL)
			continue;
		wd_wr_u8(wr, (uint8_t)i);
		wd_wr_le32(wr, (uint32_t)c->in.part[i].len);
		wd_wr_bytes(wr, c->in.part[i]);
	}
}
