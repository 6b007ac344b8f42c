/*
 * The payload of a signed release, as the agent reads it.
 */
#include "fuzz.h"

#include "base/reason.h"
#include "bin/agent/payload.h"

static void
look_at(const struct wd_payload *p, struct wd_span text)
{
	must(fuzz_within(p->client, text) && fuzz_within(p->nonce, text));
	must(fuzz_within(p->path, text) && fuzz_within(p->algorithm, text));
	must(p->version > 0);
	must(p->seconds > 0 && p->seconds <= WD_PAYLOAD_LEASE_MAX);
	must(!wd_id_is_none(&p->lease));
	must(wd_secret_len(p->bytes) > 0);
	must(wd_secret_len(p->bytes) <= WD_PAYLOAD_BYTES_MAX);
	must(p->wrap == WD_WRAP_NONE || wd_wrap_name(p->wrap) != NULL);
	must(p->wrap != WD_WRAP_NONE || p->spki == NULL);
	must(wd_bytes_span(p->spki).len <= WD_PAYLOAD_SPKI_MAX);
	must(wd_bytes_span(p->chain).len <= WD_PAYLOAD_CHAIN_MAX);
	must(wd_span_text(p->label).len <= WD_PAYLOAD_LABEL_MAX);
	fuzz_touch(wd_secret_borrow(p->bytes));
	fuzz_touch(wd_bytes_span(p->chain));
	fuzz_touch(wd_bytes_span(p->spki));
	fuzz_touch(p->client);
	fuzz_touch(p->nonce);
	fuzz_touch(p->path);
	fuzz_touch(p->algorithm);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span text = wd_span(data, size);
	WD_AUTO(wd_payload_done) struct wd_payload p = { 0 };
	int r = wd_payload_read(text, &p, NULL);

	must(r == 0 || r == WD_R_MALFORMED || r == WD_R_VERSION);
	fuzz_accepted = r == 0;
	if (r == 0)
		look_at(&p, text);
	else
		must(p.bytes == NULL && p.chain == NULL && p.spki == NULL);
	return 0;
}
