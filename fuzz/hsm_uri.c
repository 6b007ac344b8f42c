/*
 * Names of tokens and keys in HSMs, by the reader that the first byte says:
 * what is taken of a key is written again, and reads as the same.
 */
#include "fuzz.h"

#include "base/diag.h"
#include "base/reason.h"
#include "hsm/uri.h"

static void
key(struct wd_span s)
{
	char text[512];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	struct wd_hsm_uri u, again;

	if (wd_hsm_uri_read_key(s, &u, NULL) != 0)
		return;
	fuzz_accepted = true;
	must(u.module[0] == '\0' && u.pin_file[0] == '\0');
	must(
	    u.id_len <= WD_HSM_ID_MAX && (u.id_len > 0 || u.object[0] != '\0'));
	wd_hsm_uri_write_key(&u, &wr);
	must(wd_wr_end(&wr) == 0 && wd_span_is_word(wd_wr_span(&wr)));
	must(wd_hsm_uri_read_key(wd_wr_span(&wr), &again, NULL) == 0);
	must(again.class == u.class && again.id_len == u.id_len);
	must(wd_span_equal(
	    wd_span(again.id, again.id_len), wd_span(u.id, u.id_len)));
	must(u.id_len > 0 || wd_span_is(wd_span_text(u.object), again.object));
}

static void
token(struct wd_span s, bool seal)
{
	struct wd_diag d = { 0 };
	struct wd_hsm_uri u = { 0 };
	int r = seal ? wd_hsm_uri_read(s, &u, &d)
		     : wd_hsm_uri_read_token(s, &u, &d);

	must(r == 0 || r == WD_R_MALFORMED || r == WD_R_UNSUPPORTED ||
	    r == WD_R_RANGE);
	must((r == 0) == (d.detail[0] == '\0'));
	if (r != 0)
		return;
	fuzz_accepted = true;
	must(u.module[0] == '/' && (u.token[0] != '\0' || u.serial[0] != '\0'));
	must(u.id_len == 0 && u.class == WD_HSM_ANY);
	must(seal == (u.object[0] != '\0'));
	must(!seal || u.pin_file[0] == '/');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span rest;

	if (size == 0)
		return 0;
	rest = wd_span(data + 1, size - 1);
	if (data[0] % 3 == 0)
		key(rest);
	else
		token(rest, data[0] % 3 == 1);
	return 0;
}
