/*
 * Checkpoints. The signature is checked over the text as it is before anything
 * in the text is looked at.
 */
#include "audit/checkpoint.h"

#include "base/num.h"
#include "base/rd.h"
#include "codec/base64.h"
#include "crypto/sig.h"

#include <inttypes.h>

#define DASH "\xe2\x80\x94 " /* an em dash and a space start a signature */

enum { SIG = 64, TAGGED_SIG = 4 + SIG, SIGNATURES_MAX = 32 };

static void
write_text(struct wd_wr *wr, const struct wd_checkpoint *c, const char *name)
{
	wd_wr_text(wr, name);
	wd_wr_printf(wr, "\n%" PRIu64 "\n", c->size);
	wd_b64_write(wr, WD_SPAN(c->root));
	wd_wr_text(wr, "\n");
}

int
wd_checkpoint_write(struct wd_wr *wr, const struct wd_checkpoint *c,
    const struct wd_note_key *key)
{
	uint8_t text[WD_NOTE_NAME + 128], sig[WD_SIG_MAX], tagged[TAGGED_SIG];
	struct wd_wr body = wd_wr_fixed(text, sizeof(text));
	size_t len;
	int r;

	write_text(&body, c, key->name);
	if (wd_wr_end(&body) != 0)
		return WD_F_BUG;
	r = wd_sign(key->key, WD_SIG_EDDSA, wd_wr_span(&body), sig, &len);
	if (r != 0 || len != SIG)
		return r < 0 ? r : WD_F_BUG;
	wd_copy(tagged, WD_SPAN(key->id));
	wd_copy(tagged + 4, wd_span(sig, SIG));
	wd_wr_bytes(wr, wd_wr_span(&body));
	wd_wr_text(wr, "\n" DASH);
	wd_wr_text(wr, key->name);
	wd_wr_text(wr, " ");
	wd_b64_write(wr, WD_SPAN(tagged));
	wd_wr_text(wr, "\n");
	return 0;
}

/* ---- reading */

/* The next line without its end; bad when there is no end. */
static struct wd_span
line(struct wd_rd *rd)
{
	size_t n = 0;
	struct wd_span s;

	while (n < rd->left && rd->p[n] != '\n')
		n++;
	s = wd_rd_bytes(rd, n);
	wd_rd_skip(rd, 1);
	return s;
}

/* The signed text is what stands before the first empty line. */
static bool
split(struct wd_span note, struct wd_span *ret_text, struct wd_rd *ret_sigs)
{
	for (size_t i = 1; i < note.len; i++) {
		if (note.p[i - 1] != '\n' || note.p[i] != '\n')
			continue;
		*ret_text = wd_span(note.p, i);
		*ret_sigs = wd_rd(wd_span(note.p + i + 1, note.len - i - 1));
		return true;
	}
	return false;
}

/* The bytes behind the name in a signature line of this name; none if it is
 * another's. */
static struct wd_span
signature_by(struct wd_span s, const char *name)
{
	struct wd_rd rd = wd_rd(s);
	struct wd_span want = wd_span_text(name);

	if (!wd_span_is(wd_rd_bytes(&rd, sizeof(DASH) - 1), DASH) ||
	    !wd_span_equal(wd_rd_bytes(&rd, want.len), want) ||
	    !wd_span_is(wd_rd_bytes(&rd, 1), " "))
		return wd_span(NULL, 0);
	return wd_rd_rest(&rd);
}

/* Finds the signature by KEY; every line has to look like one. */
static int
find_signature(
    struct wd_rd sigs, const struct wd_note_key *key, uint8_t ret[TAGGED_SIG])
{
	bool found = false;

	for (unsigned i = 0; wd_rd_more(&sigs); i++) {
		struct wd_span s = line(&sigs);
		struct wd_span base64 = signature_by(s, key->name);
		uint8_t tagged[TAGGED_SIG];

		if (i == SIGNATURES_MAX || s.len < sizeof(DASH))
			return WD_R_MALFORMED;
		if (found ||
		    wd_b64_decode_exact(base64, tagged, sizeof(tagged)) != 0 ||
		    !wd_span_equal(wd_span(tagged, 4), WD_SPAN(key->id)))
			continue;
		wd_copy(ret, WD_SPAN(tagged));
		found = true;
	}
	if (wd_rd_end(&sigs) != 0)
		return WD_R_MALFORMED;
	return found ? 0 : WD_R_MISMATCH;
}

static int
check_signatures(
    struct wd_rd sigs, struct wd_span text, const struct wd_note_key *key)
{
	uint8_t tagged[TAGGED_SIG];
	int r = find_signature(sigs, key, tagged);

	return r != 0 ? r
		      : wd_sig_verify(key->key, WD_SIG_EDDSA, text,
			    wd_span(tagged + 4, SIG));
}

static int
parse(struct wd_span text, const char *name, struct wd_checkpoint *ret,
    struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(text);
	struct wd_span origin = line(&rd), size = line(&rd), root = line(&rd);
	struct wd_checkpoint c;

	if (wd_rd_end(&rd) != 0 || !wd_num_parse(size, UINT64_MAX, &c.size) ||
	    wd_b64_decode_exact(root, c.root, sizeof(c.root)) != 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "the checkpoint's text is malformed");
	if (!wd_span_is(origin, name))
		return wd_reject(
		    d, WD_R_MISMATCH, "the checkpoint is of another log");
	*ret = c;
	return 0;
}

int
wd_checkpoint_read(struct wd_span note, const struct wd_note_key *key,
    struct wd_checkpoint *ret, struct wd_diag *d)
{
	struct wd_span text;
	struct wd_rd sigs;
	int r;

	if (note.len > WD_CHECKPOINT_MAX || !split(note, &text, &sigs))
		return wd_reject(
		    d, WD_R_MALFORMED, "the checkpoint is no signed note");
	r = check_signatures(sigs, text, key);
	if (r == WD_R_MISMATCH)
		return wd_reject(d, WD_R_MISMATCH,
		    "the checkpoint is not signed by the key of %.100s, or "
		    "was changed",
		    key->name);
	if (r > 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "the checkpoint's signatures are malformed");
	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot check a signature");
	return parse(text, key->name, ret, d);
}
