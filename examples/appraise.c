/*
 * Judges a piece of evidence: appraise TEE PART=FILE ... prints its claims as
 * JSON, or why it is refused. The time is now, the roots are the vendors'; a
 * root of one's own is added with `anchor=SHA256` (of its certificate, in hex).
 *
 *   cc appraise.c $(pkg-config --cflags --libs libwarder-verify) -o appraise
 *   ./appraise sgx quote=quote.bin tcb_info=tcb_info.json ...
 */
#include <warder/verify.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* NULL when it cannot be read. */
static struct wd_bytes *
read_file(const char *name, size_t max)
{
	FILE *f = fopen(name, "rb");
	struct wd_bytes *b = f == NULL ? NULL : wd_bytes_new(max);

	if (b != NULL)
		b->len = fread(b->p, 1, max, f);
	if (f != NULL)
		(void)fclose(f);
	return b;
}

static bool
read_anchor(enum wd_tee tee, const char *hex, struct wd_anchor *ret)
{
	*ret = (struct wd_anchor){ .tee = tee, .software = true };
	for (size_t i = 0; i < sizeof(ret->sha256); i++) {
		unsigned byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return false;
		ret->sha256[i] = (uint8_t)byte;
	}
	return true;
}

/* One PART=FILE; the bytes stay for the life of the program. */
static bool
take(const char *word, enum wd_tee tee, struct wd_inputs *in,
    struct wd_anchor *anchor)
{
	const char *equals = strchr(word, '=');
	int part;

	if (equals == NULL)
		return false;
	if (strncmp(word, "anchor=", 7) == 0)
		return read_anchor(tee, equals + 1, anchor);
	part = wd_part_by_name(wd_span(word, (size_t)(equals - word)));
	if (part < 0)
		return false;
	in->part[part] = wd_bytes_span(
	    read_file(equals + 1, wd_part_max((enum wd_part)part)));
	return in->part[part].p != NULL;
}

static int
judge(const struct wd_appraisal_rules *rules, enum wd_tee tee,
    const struct wd_inputs *in)
{
	static struct wd_claims claims;
	struct wd_verifier *v = NULL;
	struct wd_bytes *text = NULL;
	struct wd_diag d = { 0 };
	int r = wd_crypto_init(&d);

	if (r == 0)
		r = wd_verifier_new(rules, &v);
	if (r == 0)
		r = wd_appraise(v, tee, in, (int64_t)time(NULL),
		    wd_span(NULL, 0), &claims, &d);
	if (r == 0)
		r = wd_claims_text(&claims, &text);
	if (r == 0)
		(void)printf("%.*s\n", (int)text->len, (const char *)text->p);
	else
		(void)fprintf(stderr, "%s: %s\n", wd_reason_name(r), d.detail);
	(void)wd_bytes_free(text);
	(void)wd_verifier_free(v);
	return r == 0 ? EXIT_SUCCESS : r > 0 ? 3 : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	struct wd_anchor anchor = { 0 };
	struct wd_appraisal_rules rules = { 0 };
	struct wd_inputs in = { 0 };
	enum wd_tee tee =
	    argc < 2 ? WD_TEE_NONE : wd_tee_by_name(wd_span_text(argv[1]));

	if (tee == WD_TEE_NONE) {
		(void)fprintf(stderr, "usage: appraise TEE PART=FILE ...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		if (!take(argv[i], tee, &in, &anchor)) {
			(void)fprintf(stderr, "cannot take %s\n", argv[i]);
			return 2;
		}
	rules.anchors = wd_anchor_vendors(&rules.n_anchors);
	if (anchor.tee != WD_TEE_NONE) {
		rules.anchors = &anchor;
		rules.n_anchors = 1;
	}
	return judge(&rules, tee, &in);
}
