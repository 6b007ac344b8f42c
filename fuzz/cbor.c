/*
 * CBOR items: a whole one lies within the bytes, and walking through it by its
 * types ends at the same place.
 */
#include "fuzz.h"

#include "codec/cbor.h"

enum { ITEMS_MAX = 4096 };

/* Takes one item's shell; the items inside come next. */
static size_t
shell(struct wd_rd *rd)
{
	enum wd_cbor_type type = wd_cbor_peek(rd);

	switch (type) {
	case WD_CBOR_BYTES:
		fuzz_touch(wd_cbor_bytes(rd, 0, SIZE_MAX));
		return 0;
	case WD_CBOR_TEXT:
		fuzz_touch(wd_cbor_text(rd, 0, SIZE_MAX));
		return 0;
	case WD_CBOR_ARRAY:
		return wd_cbor_array(rd, SIZE_MAX);
	case WD_CBOR_MAP:
		return 2 * wd_cbor_map(rd, SIZE_MAX);
	case WD_CBOR_UINT:
	case WD_CBOR_NEGATIVE:
		(void)wd_cbor_int(rd, INT64_MIN, INT64_MAX);
		return 0;
	case WD_CBOR_TAG:
		/* only tags that are asked for can be taken */
	case WD_CBOR_SIMPLE:
	case WD_CBOR_NONE:
		break;
	}
	(void)wd_cbor_whole(rd);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span all = wd_span(data, size);
	struct wd_rd rd = wd_rd(all), walk;
	struct wd_span whole = wd_cbor_whole(&rd);
	size_t left = 1;

	if (wd_rd_ok(&rd) != 0) {
		must(whole.len == 0);
		return 0;
	}
	must(whole.len > 0 && whole.p == data && fuzz_within(whole, all));
	must(whole.len + rd.left == size);
	walk = wd_rd(whole);
	for (size_t i = 0; i < ITEMS_MAX && left > 0 && !walk.bad; i++)
		left = left - 1 + shell(&walk);
	/* Texts that are none and numbers of 64 bits are whole items too. */
	if (left == 0 && !walk.bad) {
		fuzz_accepted = true;
		must(walk.left == 0);
	}
	return 0;
}
