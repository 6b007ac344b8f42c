/*
 * Joining claims. A list has each text once, since a policy asks of all of
 * them; what a device does not say stands there as "unknown", so that no
 * device goes unseen by a clause.
 */
#include "verify/devices.h"

#include "codec/hex.h"

#include <assert.h>

enum { SHOWN_MAX = 64 };

/* The claim of one device, and the list of all. Lists in rising order. */
static const struct {
	enum wd_claim list, one;
} lists[] = {
	{ WD_C_GPUS_ARCHITECTURES, WD_C_GPU_ARCHITECTURE },
	{ WD_C_GPUS_DRIVER_VERSIONS, WD_C_GPU_DRIVER_VERSION },
	{ WD_C_GPUS_VBIOS_VERSIONS, WD_C_GPU_VBIOS_VERSION },
	{ WD_C_GPUS_CHIPS, WD_C_GPU_CHIP },
	{ WD_C_GPUS_MEASUREMENTS, WD_C_GPU_MEASUREMENTS_SHA384 },
	{ WD_C_GPUS_PLATFORM_IDS, WD_C_PLATFORM_ID },
};

struct join {
	const struct wd_claims *device;
	size_t n;
	bool software; /* one of the devices is */
	bool has_expiry, expiry_put;
	int64_t expiry; /* the earliest of theirs */
	struct wd_claims all;
};

/* ---- lists */

static bool
stands_in(struct wd_span list, struct wd_span text)
{
	struct wd_rd rd = wd_rd(list);

	while (wd_rd_more(&rd)) {
		size_t n = 0;

		while (n < rd.left && rd.p[n] != 0)
			n++;
		if (wd_span_equal(wd_rd_bytes(&rd, n), text))
			return true;
		wd_rd_skip(&rd, 1);
	}
	return false;
}

/* As a list can hold it; hex where it is bytes. HEX must outlive the result. */
static struct wd_span
text_of(const struct wd_claims *device, enum wd_claim one,
    char hex[2 * SHOWN_MAX + 1])
{
	bool is_text = wd_claim_type(one) == WD_CLAIM_TEXT;
	struct wd_span value;

	if (!wd_claims_get(device, one, &value) || value.len == 0 ||
	    (!is_text && value.len > SHOWN_MAX))
		return WD_SPAN_LIT("unknown");
	if (is_text)
		return value;
	wd_hex_format(value, hex);
	return wd_span(hex, 2 * value.len);
}

static int
put_list(struct join *j, enum wd_claim list, enum wd_claim one)
{
	uint8_t texts[WD_CLAIMS_MAX];
	struct wd_wr wr = wd_wr_fixed(texts, sizeof(texts));

	for (size_t i = 0; i < j->n; i++) {
		char hex[2 * SHOWN_MAX + 1];
		struct wd_span text = text_of(&j->device[i], one, hex);

		if (stands_in(wd_wr_span(&wr), text))
			continue;
		wd_wr_bytes(&wr, text);
		wd_wr_u8(&wr, 0);
	}
	return wd_wr_end(&wr) != 0
	    ? WD_R_TOO_LARGE
	    : wd_claims_put(&j->all, list, wd_wr_span(&wr));
}

static int
put_devices(struct join *j)
{
	int r = wd_claims_put_uint(&j->all, WD_C_GPUS_COUNT, j->n);

	for (size_t i = 0; i < WD_N(lists) && r == 0; i++)
		r = put_list(j, lists[i].list, lists[i].one);
	return r;
}

/* ---- what is joined */

static void
take_common(struct join *j)
{
	for (size_t i = 0; i < j->n; i++) {
		int64_t end;

		j->software |= wd_claims_bool(&j->device[i], WD_C_SOFTWARE);
		if (!wd_claims_time(
			&j->device[i], WD_C_COLLATERAL_EXPIRY, &end))
			continue;
		if (!j->has_expiry || end < j->expiry)
			j->expiry = end;
		j->has_expiry = true;
	}
}

/* At its place, also when the primary's evidence has no end of its own. */
static int
put_expiry(struct join *j)
{
	if (!j->has_expiry || j->expiry_put)
		return 0;
	j->expiry_put = true;
	return wd_claims_put_time(&j->all, WD_C_COLLATERAL_EXPIRY, j->expiry);
}

static int
put_row(struct join *j, const struct wd_claims *primary,
    const struct wd_claim_row *row, struct wd_span value)
{
	int64_t end;
	int r;

	if (row->id == WD_C_SOFTWARE)
		return wd_claims_put_bool(&j->all, WD_C_SOFTWARE,
		    j->software || wd_claims_bool(primary, WD_C_SOFTWARE));
	if (row->id == WD_C_COLLATERAL_EXPIRY && j->has_expiry &&
	    wd_claims_time(primary, WD_C_COLLATERAL_EXPIRY, &end) &&
	    end < j->expiry)
		j->expiry = end;
	if (row->id >= WD_C_COLLATERAL_EXPIRY && (r = put_expiry(j)) != 0)
		return r;
	if (row->id == WD_C_COLLATERAL_EXPIRY && j->expiry_put)
		return 0;
	return wd_claims_put(&j->all, row->id, value);
}

static int
put_primary(struct join *j, const struct wd_claims *primary)
{
	const struct wd_claim_row *row;
	struct wd_span value;
	int r = 0;

	for (size_t at = 0;
	     r == 0 && wd_claims_next(primary, &at, &row, &value);)
		r = put_row(j, primary, row, value);
	return r != 0 ? r : put_expiry(j);
}

/* One GPU must not stand for several. */
static int
check_distinct(const struct join *j, struct wd_diag *d)
{
	for (size_t i = 0; i < j->n; i++) {
		struct wd_span id, other;
		bool known =
		    wd_claims_get(&j->device[i], WD_C_PLATFORM_ID, &id);

		for (size_t k = 0; k < i && known; k++)
			if (wd_claims_get(
				&j->device[k], WD_C_PLATFORM_ID, &other) &&
			    wd_span_equal(id, other))
				known = false;
		if (!known)
			return wd_reject(d, WD_R_DEVICE_TWICE,
			    "device %zu is one that came before it", i);
	}
	return 0;
}

int
wd_devices_join(const struct wd_claims *primary, const struct wd_claims *device,
    size_t n, struct wd_claims *ret, struct wd_diag *d)
{
	struct join j = { .device = device, .n = n };
	int r;

	assert(n > 0 && n <= WD_DEVICES_MAX);
	if ((r = check_distinct(&j, d)) != 0)
		return r;
	take_common(&j);
	if ((r = put_primary(&j, primary)) != 0 || (r = put_devices(&j)) != 0)
		return wd_reject(d, (enum wd_reason)r,
		    "what the devices say does not fit into the claims");
	*ret = j.all;
	return 0;
}
