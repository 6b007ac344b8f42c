/*
 * Lifecycle and software components.
 */
#include "verify/arm/state.h"

#include "codec/cbor.h"
#include "codec/hex.h"
#include "verify/arm/cwt.h"

enum { SECURED = 0x30, NOT_ROOT_DEBUG = 0x40 };

int
wd_arm_lifecycle(struct wd_appraisal *a, int64_t lifecycle, bool *ret_debug)
{
	int64_t state = lifecycle >> 8;

	*ret_debug = state == NOT_ROOT_DEBUG;
	if (state == SECURED || (*ret_debug && a->v->rules.allow_debug))
		return 0;
	if (*ret_debug)
		return wd_reject(a->d, WD_R_DEBUG_NOT_ALLOWED,
		    "the platform can be debugged, but for its root of trust");
	return wd_reject(a->d, WD_R_LIFECYCLE_NOT_SECURED,
	    "the platform's lifecycle is %#x", (unsigned)lifecycle);
}

/* RFC 9783, section 4.4.1; the CCA token has a hash algorithm more. */
enum { TYPE, VALUE, VERSION, SIGNER, DESCRIPTION, MEMBERS };

static const struct wd_cwt_row members[MEMBERS] = {
	[TYPE] = { 1, "measurement-type", WD_CWT_TEXT, 1, 64, false },
	[VALUE] = { 2, "measurement-value", WD_CWT_DIGEST, 0, 0, true },
	[VERSION] = { 4, "version", WD_CWT_TEXT, 0, 128, false },
	[SIGNER] = { 5, "signer-id", WD_CWT_DIGEST, 0, 0, true },
	[DESCRIPTION] = { 6, "measurement-desc", WD_CWT_TEXT, 0, 64, false },
};

enum { COMPONENTS_MAX = 64 };

int
wd_arm_components_check(struct wd_span array, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(array);
	size_t n = wd_cbor_array(&rd, COMPONENTS_MAX);

	for (size_t i = 0; i < n && !rd.bad; i++) {
		struct wd_cwt_value value[MEMBERS] = { 0 };

		wd_cwt_take(&rd, members, MEMBERS, value);
	}
	if (n > 0 && wd_rd_end(&rd) == 0)
		return 0;
	return wd_reject(
	    d, WD_R_MALFORMED, "the software components are not in their form");
}

static void
write_component(struct wd_wr *wr, const struct wd_cwt_value *v)
{
	wd_wr_bytes(wr, v[TYPE].is ? v[TYPE].bytes : WD_SPAN_LIT("-"));
	wd_wr_u8(wr, ' ');
	wd_hex_write(wr, v[VALUE].bytes);
	wd_wr_u8(wr, ' ');
	wd_hex_write(wr, v[SIGNER].bytes);
	wd_wr_u8(wr, 0);
}

int
wd_arm_components_put(struct wd_claims *out, struct wd_span array)
{
	uint8_t list[WD_CLAIMS_MAX];
	struct wd_wr wr = wd_wr_fixed(list, sizeof(list));
	struct wd_rd rd = wd_rd(array);
	size_t n = wd_cbor_array(&rd, COMPONENTS_MAX);

	for (size_t i = 0; i < n && !rd.bad; i++) {
		struct wd_cwt_value value[MEMBERS] = { 0 };

		wd_cwt_take(&rd, members, MEMBERS, value);
		write_component(&wr, value);
	}
	if (wd_wr_end(&wr) != 0)
		return WD_R_TOO_LARGE;
	return wd_claims_put(out, WD_C_SOFTWARE_COMPONENTS, wd_wr_span(&wr));
}
