/*
 * Claims of a TEE and of the devices beside it, as lengths of 16 bits and
 * claims: what is joined can be adopted, ends no later than any of them, and
 * says so when one is software.
 */
#include "fuzz.h"

#include "verify/devices.h"

enum { ALL = 1 + WD_DEVICES_MAX };

static void
compare(const struct wd_claims *all, const struct wd_claims *one)
{
	struct wd_span said;
	int64_t end, of_all;

	if (wd_claims_time(one, WD_C_COLLATERAL_EXPIRY, &end))
		must(wd_claims_time(all, WD_C_COLLATERAL_EXPIRY, &of_all) &&
		    of_all <= end);
	if (wd_claims_bool(one, WD_C_SOFTWARE) &&
	    wd_claims_get(all, WD_C_SOFTWARE, &said))
		must(wd_claims_bool(all, WD_C_SOFTWARE));
}

static int
read_all(struct wd_span input, struct wd_claims claims[ALL], size_t *ret_n)
{
	struct wd_rd rd = wd_rd(input);
	size_t n = 0;

	for (; wd_rd_more(&rd); n++) {
		struct wd_span flat = wd_rd_bytes(&rd, wd_rd_le16(&rd));

		if (n == ALL || wd_claims_adopt(&claims[n], flat) != 0)
			return -1;
	}
	*ret_n = n;
	return wd_rd_end(&rd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_claims claims[ALL] = { 0 };
	struct wd_claims all = { 0 }, again = { 0 };
	size_t n = 0;

	/* no evidence of its own has the claims of devices joined */
	if (read_all(wd_span(data, size), claims, &n) != 0 || n < 2 ||
	    claims[0].last >= WD_C_GPUS_COUNT)
		return 0;
	if (wd_devices_join(&claims[0], claims + 1, n - 1, &all, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	must(wd_claims_adopt(&again, wd_claims_flat(&all)) == 0);
	for (size_t i = 0; i < n; i++)
		compare(&all, &claims[i]);
	fuzz_touch(wd_claims_flat(&all));
	return 0;
}
