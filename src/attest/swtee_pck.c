/*
 * The SGX extension of a PCK certificate, written as Intel's CA writes it: the
 * same members in the same order.
 */
#include "attest/swtee_in.h"

#include "codec/der.h"

enum { MEMBER_MAX = 800, TCB = 2, CONFIGURATION = 7 };

/* A member: the base OID with N arcs behind it, and its value. */
static void
put(struct wd_wr *wr, const uint8_t *arcs, size_t n, uint8_t tag,
    struct wd_span value)
{
	struct wd_span base = wd_pck_oid();
	uint8_t room[MEMBER_MAX];
	struct wd_wr in = wd_wr_fixed(room, sizeof(room));

	wd_der_write_head(&in, WD_DER_OID, base.len + n);
	wd_wr_bytes(&in, base);
	wd_wr_bytes(&in, wd_span(arcs, n));
	wd_der_write(&in, tag, value);
	if (wd_wr_end(&in) != 0)
		wd_wr_fail(wr);
	wd_der_write(wr, WD_DER_SEQUENCE, wd_wr_span(&in));
}

static void
put_top(struct wd_wr *wr, uint8_t arc, uint8_t tag, struct wd_span value)
{
	put(wr, &arc, 1, tag, value);
}

/* The shortest INTEGER that is not negative. */
static void
put_number(struct wd_wr *wr, uint8_t arc, uint16_t v)
{
	const uint8_t arcs[] = { TCB, arc };
	const uint8_t bytes[] = { 0, (uint8_t)(v >> 8), (uint8_t)v };
	const uint8_t small[] = { 0, (uint8_t)v };

	if (v < 0x100)
		put(wr, arcs, 2, WD_DER_INTEGER,
		    v < 0x80 ? wd_span(small + 1, 1) : WD_SPAN(small));
	else
		put(wr, arcs, 2, WD_DER_INTEGER,
		    v < 0x8000 ? wd_span(bytes + 1, 2) : WD_SPAN(bytes));
}

static void
put_tcb(struct wd_wr *wr, const struct wd_pck *pck)
{
	static const uint8_t cpusvn[] = { TCB, WD_TCB_COMPONENTS + 2 };
	uint8_t room[MEMBER_MAX];
	struct wd_wr in = wd_wr_fixed(room, sizeof(room));

	for (uint8_t i = 0; i < WD_TCB_COMPONENTS; i++)
		put_number(&in, (uint8_t)(i + 1), pck->components[i]);
	put_number(&in, WD_TCB_COMPONENTS + 1, pck->pcesvn);
	put(&in, cpusvn, 2, WD_DER_OCTET_STRING, WD_SPAN(pck->cpusvn));
	if (wd_wr_end(&in) != 0)
		wd_wr_fail(wr);
	put_top(wr, TCB, WD_DER_SEQUENCE, wd_wr_span(&in));
}

static void
put_configuration(struct wd_wr *wr, const struct wd_pck *pck)
{
	const bool flags[] = { pck->dynamic_platform, pck->cached_keys,
		pck->smt_enabled };
	uint8_t room[MEMBER_MAX];
	struct wd_wr in = wd_wr_fixed(room, sizeof(room));

	for (uint8_t i = 0; i < WD_N(flags); i++) {
		const uint8_t arcs[] = { CONFIGURATION, (uint8_t)(i + 1) };
		uint8_t value = flags[i] ? 0xff : 0;

		put(&in, arcs, 2, WD_DER_BOOLEAN, wd_span(&value, 1));
	}
	if (wd_wr_end(&in) != 0)
		wd_wr_fail(wr);
	put_top(wr, CONFIGURATION, WD_DER_SEQUENCE, wd_wr_span(&in));
}

void
wd_swtee_write_pck(struct wd_wr *wr, const struct wd_pck *pck)
{
	WD_AUTO(wd_wr_done) struct wd_wr in = wd_wr_growing(4096);

	put_top(&in, 1, WD_DER_OCTET_STRING, WD_SPAN(pck->ppid));
	put_tcb(&in, pck);
	put_top(&in, 3, WD_DER_OCTET_STRING, WD_SPAN(pck->pceid));
	put_top(&in, 4, WD_DER_OCTET_STRING, WD_SPAN(pck->fmspc));
	put_top(&in, 5, WD_DER_ENUMERATED, wd_span(&pck->sgx_type, 1));
	if (pck->has_platform) {
		put_top(&in, 6, WD_DER_OCTET_STRING,
		    WD_SPAN(pck->platform_instance_id));
		put_configuration(&in, pck);
	}
	if (wd_wr_end(&in) != 0)
		wd_wr_fail(wr);
	wd_der_write(wr, WD_DER_SEQUENCE, wd_wr_span(&in));
}
