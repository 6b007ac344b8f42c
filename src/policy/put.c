/*
 * Writing the flat form. Nothing is judged here: whatever is wrong must show
 * when the result is adopted.
 */
#include "policy/policy.h"

#include "policy/flat.h"

void
wd_policy_put_head(struct wd_wr *wr, const struct wd_policy_head *h)
{
	unsigned flags = (h->accept_software ? WD_FLAT_SOFTWARE : 0U) |
	    (h->allow_debug ? WD_FLAT_DEBUG : 0U) |
	    (h->plain_type ? WD_FLAT_PLAIN_TYPE : 0U);

	wd_wr_le16(wr, WD_FLAT_VERSION);
	wd_wr_u8(wr, (uint8_t)h->schema);
	wd_wr_u8(wr, (uint8_t)h->tee);
	wd_wr_u8(wr, (uint8_t)flags);
	wd_wr_le16(wr, h->statuses);
	wd_wr_le32(wr, h->lease_seconds);
	wd_wr_le64(wr, (uint64_t)h->not_before);
	wd_wr_le64(wr, (uint64_t)h->not_after);
}

void
wd_policy_put_count(struct wd_wr *wr, size_t n)
{
	if (n > UINT16_MAX)
		wd_wr_fail(wr);
	wd_wr_le16(wr, (uint16_t)n);
}

void
wd_policy_put_group(struct wd_wr *wr, enum wd_op op, size_t n_members)
{
	wd_wr_u8(wr, (uint8_t)op);
	wd_policy_put_count(wr, n_members);
}

void
wd_policy_put_clause(
    struct wd_wr *wr, enum wd_op op, enum wd_claim claim, size_t n_values)
{
	wd_wr_u8(wr, (uint8_t)op);
	wd_wr_u8(wr, (uint8_t)claim);
	wd_policy_put_count(wr, n_values);
}

void
wd_policy_put_value(struct wd_wr *wr, struct wd_span value)
{
	wd_policy_put_count(wr, value.len);
	wd_wr_bytes(wr, value);
}
