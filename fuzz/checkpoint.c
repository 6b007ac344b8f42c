/*
 * Checkpoints: what is taken is signed, so it is what was written. The key is
 * the well-known one of the package golang.org/x/mod/sumdb/note; seeds are
 * signed with its other half.
 */
#include "fuzz.h"

#include "audit/checkpoint.h"
#include "base/reason.h"
#include "crypto/init.h"

static const char key_text[] =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

static const struct wd_note_key *
key(void)
{
	static struct wd_note_key k;
	struct wd_diag d = { 0 };

	if (k.key == NULL) {
		must(wd_crypto_init(&d) == 0);
		must(wd_note_key_read_public(wd_span_text(key_text), &k) == 0);
	}
	return &k;
}

/* A key that is read is written as it was. */
static void
try_key(struct wd_span text)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	char room[WD_NOTE_KEY_TEXT];
	struct wd_wr wr = wd_wr_fixed(room, sizeof(room));

	if (wd_note_key_read_public(text, &k) != 0)
		return;
	fuzz_accepted = true;
	must(wd_note_key_write_public(&wr, &k) == 0);
	must(text.len >= wr.len && text.len <= wr.len + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_checkpoint c = { 0 };
	struct wd_diag d = { 0 };
	int r = wd_checkpoint_read(wd_span(data, size), key(), &c, &d);

	must(r == d.result);
	if (r == 0) {
		fuzz_accepted = true;
		must(c.size == 0 || c.size == 300 || c.size == UINT64_MAX);
	}
	try_key(wd_span(data, size));
	return 0;
}
