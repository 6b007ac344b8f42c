/*
 * The frame of SPDM measurements; layout.md beside this file has the offsets.
 */
#include "verify/nvidia/spdm.h"

#include "base/rd.h"

enum {
	VERSION = 0x11,
	GET_MEASUREMENTS = 0xe0,
	MEASUREMENTS = 0x60,
	ALL_MEASUREMENTS = 0xff,
	SLOT_MASK = 0x0f,
	NONCE = 32,
	SIGNATURE = 96,
	DMTF = 1,
	DIGEST = 48,
};

static void
expect(struct wd_rd *rd, uint8_t want)
{
	if (wd_rd_u8(rd) != want)
		wd_rd_fail(rd);
}

static uint8_t
take_request(struct wd_rd *rd, struct wd_spdm *m)
{
	expect(rd, VERSION);
	expect(rd, GET_MEASUREMENTS);
	if ((wd_rd_u8(rd) & 1) == 0)
		wd_rd_fail(rd);
	expect(rd, ALL_MEASUREMENTS);
	m->nonce = wd_rd_bytes(rd, NONCE);
	return wd_rd_u8(rd) & SLOT_MASK;
}

static size_t
take_le24(struct wd_rd *rd)
{
	size_t low = wd_rd_le16(rd);

	return low | (size_t)wd_rd_u8(rd) << 16;
}

static int
check_record(struct wd_span record, uint8_t n_blocks)
{
	struct wd_rd rd = wd_rd(record);
	unsigned n = 0, last = 0;

	while (wd_rd_more(&rd) && n < n_blocks) {
		unsigned index = wd_rd_u8(&rd);
		struct wd_rd value;

		expect(&rd, DMTF);
		value = wd_rd_sub(&rd, wd_rd_le16(&rd));
		wd_rd_skip(&value, 1); /* what was measured */
		if (wd_rd_le16(&value) != DIGEST)
			wd_rd_fail(&value);
		wd_rd_skip(&value, DIGEST);
		if (wd_rd_end(&value) != 0 || index <= last)
			wd_rd_fail(&rd);
		last = index;
		n++;
	}
	return n == n_blocks && n > 0 ? wd_rd_end(&rd) : WD_R_MALFORMED;
}

static bool
is_known(const struct wd_spdm *m, uint16_t type)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (m->field_type[i] == type)
			return true;
	return false;
}

static int
check_opaque(struct wd_spdm *m)
{
	struct wd_rd rd = wd_rd(m->opaque);

	while (wd_rd_more(&rd) && m->n_fields < WD_SPDM_FIELDS) {
		uint16_t type = wd_rd_le16(&rd);

		wd_rd_skip(&rd, wd_rd_le16(&rd));
		if (is_known(m, type))
			wd_rd_fail(&rd);
		m->field_type[m->n_fields++] = type;
	}
	return wd_rd_end(&rd);
}

static int
parse(struct wd_span bytes, struct wd_spdm *m)
{
	struct wd_rd rd = wd_rd(bytes);
	uint8_t slot = take_request(&rd, m);
	size_t len;

	expect(&rd, VERSION);
	expect(&rd, MEASUREMENTS);
	wd_rd_skip(&rd, 1);
	if ((wd_rd_u8(&rd) & SLOT_MASK) != slot)
		wd_rd_fail(&rd);
	m->n_blocks = wd_rd_u8(&rd);
	len = take_le24(&rd);
	m->record = wd_rd_bytes(&rd, len);
	wd_rd_skip(&rd, NONCE); /* the GPU's own */
	len = wd_rd_le16(&rd);
	m->opaque = wd_rd_bytes(&rd, len);
	m->signed_part = wd_span(bytes.p, bytes.len - rd.left);
	m->signature = wd_rd_bytes(&rd, SIGNATURE);
	if (wd_rd_end(&rd) != 0 || check_record(m->record, m->n_blocks) != 0)
		return WD_R_MALFORMED;
	return check_opaque(m);
}

int
wd_spdm_parse(struct wd_span bytes, struct wd_spdm *ret, struct wd_diag *d)
{
	struct wd_spdm m = { 0 };

	if (parse(bytes, &m) != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "not an SPDM 1.1 request for all measurements and its "
		    "response");
	*ret = m;
	return 0;
}

bool
wd_spdm_field(const struct wd_spdm *m, uint16_t type, struct wd_span *ret)
{
	struct wd_rd rd = wd_rd(m->opaque);

	while (wd_rd_more(&rd)) {
		uint16_t t = wd_rd_le16(&rd);
		struct wd_span s = wd_rd_bytes(&rd, wd_rd_le16(&rd));

		if (t == type && wd_rd_ok(&rd) == 0) {
			*ret = s;
			return true;
		}
	}
	*ret = wd_span(NULL, 0);
	return false;
}
