/*
 * The text of devices beside a TEE: each becomes a bundle with both its parts.
 */
#include "fuzz.h"

#include "proto/evidence_devices.h"

static void
look_at(const struct wd_device *device)
{
	struct wd_inputs in = { 0 };

	must(wd_tee_is_device(device->tee));
	must(wd_bundle_read(wd_bytes_span(device->bundle), &in, NULL) == 0);
	must(in.part[WD_IN_EVIDENCE].len > 0);
	must(in.part[WD_IN_CERT_CHAIN].len > 0);
	fuzz_touch(wd_bytes_span(device->bundle));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_devices all = { 0 };

	if (wd_devices_read(wd_span(data, size), &all, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	must(all.n <= WD_DEVICES_MAX);
	for (size_t i = 0; i < all.n; i++)
		look_at(&all.at[i]);
	wd_devices_done(&all);
	return 0;
}
