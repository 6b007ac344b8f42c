/*
 * The frame of a GPU's evidence: every part lies within the bytes, and every
 * field that is said to be there is.
 */
#include "fuzz.h"

#include "verify/nvidia/spdm.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span all = wd_span(data, size), field;
	struct wd_spdm m;

	if (wd_spdm_parse(all, &m, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	must(m.signed_part.p == data && m.signature.len == 96);
	must(m.signed_part.len + m.signature.len == size);
	must(m.nonce.len == 32 && fuzz_within(m.nonce, m.signed_part));
	must(m.record.len == (size_t)m.n_blocks * (4 + 3 + 48));
	must(fuzz_within(m.record, m.signed_part));
	must(fuzz_within(m.opaque, m.signed_part));
	must(m.n_fields <= WD_SPDM_FIELDS);
	for (size_t i = 0; i < m.n_fields; i++) {
		must(wd_spdm_field(&m, m.field_type[i], &field));
		must(fuzz_within(field, m.opaque));
		fuzz_touch(field);
	}
	return 0;
}
