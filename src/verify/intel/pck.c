/*
 * Parsing the SGX extension by tables of members: OID suffix, and what takes
 * the value. Position never counts.
 */
#include "verify/intel/pck.h"

#include "codec/der.h"

/* 1.2.840.113741.1.13.1 */
static const uint8_t base_oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01,
	0x0d, 0x01 };

struct wd_span
wd_pck_oid(void)
{
	return WD_SPAN(base_oid);
}

/* A member: the last arc of its OID, and the reader of its value. */
struct member {
	uint8_t arc;
	void (*take)(struct wd_rd *rd, struct wd_pck *pck, uint8_t arc);
};

/* A sequence whose members have OIDs one arc longer than PREFIX. */
struct shape {
	uint8_t prefix[2]; /* arcs after the base */
	size_t n_prefix;
	const struct member *members;
	size_t n;
};

static bool
has_prefix(struct wd_span oid, const struct shape *s)
{
	struct wd_rd rd = wd_rd(oid);
	struct wd_span base = wd_rd_bytes(&rd, sizeof(base_oid));
	struct wd_span prefix = wd_rd_bytes(&rd, s->n_prefix);

	return oid.len == sizeof(base_oid) + s->n_prefix + 1 &&
	    wd_span_equal(base, WD_SPAN(base_oid)) &&
	    wd_span_equal(prefix, wd_span(s->prefix, s->n_prefix));
}

/* Poisons RD on a member that is unknown or comes twice. */
static void
take_member(
    struct wd_rd *rd, const struct shape *s, uint32_t *seen, struct wd_pck *pck)
{
	struct wd_rd entry = wd_der_enter(rd, WD_DER_SEQUENCE);
	struct wd_span oid = wd_der_oid(&entry);

	for (size_t i = 0; i < s->n && has_prefix(oid, s); i++) {
		const struct member *m = &s->members[i];

		if (oid.p[oid.len - 1] != m->arc || (*seen & 1U << i) != 0)
			continue;
		*seen |= 1U << i;
		m->take(&entry, pck, m->arc);
		if (wd_rd_end(&entry) != 0)
			wd_rd_fail(rd);
		return;
	}
	wd_rd_fail(rd);
}

/* Which members were there, a bit each. */
static uint32_t
take_all(struct wd_rd *rd, const struct shape *s, struct wd_pck *pck)
{
	uint32_t seen = 0;

	while (wd_rd_more(rd))
		take_member(rd, s, &seen, pck);
	return seen;
}

/* All of them, or the cursor is poisoned. */
static void
take_every(struct wd_rd *rd, const struct shape *s, struct wd_pck *pck)
{
	struct wd_rd inner = wd_der_enter(rd, WD_DER_SEQUENCE);
	uint32_t seen = take_all(&inner, s, pck);

	if (wd_rd_end(&inner) != 0 || seen != (1U << s->n) - 1)
		wd_rd_fail(rd);
}

static void
take_octets(struct wd_rd *rd, uint8_t *dst, size_t len)
{
	struct wd_rd octets = wd_der_enter(rd, WD_DER_OCTET_STRING);

	wd_rd_copy(&octets, dst, len);
	if (wd_rd_end(&octets) != 0)
		wd_rd_fail(rd);
}

static void
take_component(struct wd_rd *rd, struct wd_pck *pck, uint8_t arc)
{
	pck->components[arc - 1] =
	    (uint8_t)wd_der_uint(rd, WD_DER_INTEGER, UINT8_MAX);
}

static void
take_pcesvn(struct wd_rd *rd, struct wd_pck *pck, uint8_t arc)
{
	(void)arc;
	pck->pcesvn = (uint16_t)wd_der_uint(rd, WD_DER_INTEGER, UINT16_MAX);
}

static void
take_cpusvn(struct wd_rd *rd, struct wd_pck *pck, uint8_t arc)
{
	(void)arc;
	take_octets(rd, pck->cpusvn, sizeof(pck->cpusvn));
}

static const struct member tcb_members[] = {
	{ 1, take_component },
	{ 2, take_component },
	{ 3, take_component },
	{ 4, take_component },
	{ 5, take_component },
	{ 6, take_component },
	{ 7, take_component },
	{ 8, take_component },
	{ 9, take_component },
	{ 10, take_component },
	{ 11, take_component },
	{ 12, take_component },
	{ 13, take_component },
	{ 14, take_component },
	{ 15, take_component },
	{ 16, take_component },
	{ 17, take_pcesvn },
	{ 18, take_cpusvn },
};

static const struct shape tcb_shape = { { 2 }, 1, tcb_members,
	WD_N(tcb_members) };

static void
take_configuration_flag(struct wd_rd *rd, struct wd_pck *pck, uint8_t arc)
{
	bool v = wd_der_boolean(rd);

	if (arc == 1)
		pck->dynamic_platform = v;
	if (arc == 2)
		pck->cached_keys = v;
	if (arc == 3)
		pck->smt_enabled = v;
}

static const struct member configuration_members[] = {
	{ 1, take_configuration_flag },
	{ 2, take_configuration_flag },
	{ 3, take_configuration_flag },
};

static const struct shape configuration_shape = { { 7 }, 1,
	configuration_members, WD_N(configuration_members) };

static void
take_ppid(struct wd_rd *rd, struct wd_pck *pck, uint8_t arc)
{
	(void)arc;
	take_octets(rd, pck->ppid, sizeof(pck->ppid));
}

static void
take_tcb(struct wd_rd *rd, struct wd_pck *pck, uint8_t arc)
{
	(void)arc;
	take_every(rd, &tcb_shape, pck);
}

static void
take_pceid(struct wd_rd *rd, struct wd_pck *pck, uint8_t arc)
{
	(void)arc;
	take_octets(rd, pck->pceid, sizeof(pck->pceid));
}

static void
take_fmspc(struct wd_rd *rd, struct wd_pck *pck, uint8_t arc)
{
	(void)arc;
	take_octets(rd, pck->fmspc, sizeof(pck->fmspc));
}

static void
take_sgx_type(struct wd_rd *rd, struct wd_pck *pck, uint8_t arc)
{
	(void)arc;
	pck->sgx_type = (uint8_t)wd_der_uint(rd, WD_DER_ENUMERATED, UINT8_MAX);
}

static void
take_platform_instance(struct wd_rd *rd, struct wd_pck *pck, uint8_t arc)
{
	(void)arc;
	take_octets(
	    rd, pck->platform_instance_id, sizeof(pck->platform_instance_id));
}

static void
take_configuration(struct wd_rd *rd, struct wd_pck *pck, uint8_t arc)
{
	(void)arc;
	take_every(rd, &configuration_shape, pck);
}

static const struct member members[] = {
	{ 1, take_ppid },
	{ 2, take_tcb },
	{ 3, take_pceid },
	{ 4, take_fmspc },
	{ 5, take_sgx_type },
	{ 6, take_platform_instance },
	{ 7, take_configuration },
};

static const struct shape shape = { { 0 }, 0, members, WD_N(members) };

/* Bits of members: the five of every certificate, and all seven. */
enum { PROCESSOR = 0x1f, PLATFORM = 0x7f };

int
wd_pck_parse(struct wd_span extension, struct wd_pck *ret)
{
	struct wd_rd rd = wd_rd(extension);
	struct wd_rd all = wd_der_enter(&rd, WD_DER_SEQUENCE);
	struct wd_pck pck = { 0 };
	uint32_t seen = take_all(&all, &shape, &pck);

	if (wd_rd_end(&all) != 0 || wd_rd_end(&rd) != 0)
		return WD_R_MALFORMED;
	if (seen != PROCESSOR && seen != PLATFORM)
		return WD_R_MALFORMED;
	pck.has_platform = seen == PLATFORM;
	*ret = pck;
	return 0;
}
