/*
 * Lines are written and read here alone.
 */
#include "broker/ties.h"

#include "broker/revoked.h"
#include "codec/hex.h"
#include "crypto/hash.h"

#include <string.h>

enum { TIES_MAX = 32768 };

static int
add(void *ctx, const char *kind, const char *what)
{
	struct wd_wr *wr = ctx;

	wd_wr_text(wr, kind);
	wd_wr_u8(wr, ' ');
	wd_wr_text(wr, what);
	wd_wr_u8(wr, '\n');
	return 0;
}

/* It, and each prefix of whole segments. */
static void
add_path(struct wd_wr *wr, const char *path)
{
	char prefix[WD_PATH_MAX + 1];

	if (!wd_span_to_text(wd_span_text(path), prefix, sizeof(prefix)))
		wd_wr_fail(wr);
	for (char *end = prefix + strlen(prefix); end != NULL;
	     end = strrchr(prefix, '/')) {
		*end = '\0';
		(void)add(wr, "prefix", prefix); /* always 0 */
	}
}

int
wd_ties_write(const struct wd_ties_of *of, struct wd_bytes **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(TIES_MAX);
	char version[65], plain[WD_PATH_MAX + 1];
	int r;

	wd_hex_format(wd_span(of->policy_version, 32), version);
	(void)add(&wr, "lease", of->lease->s); /* these are always 0 */
	(void)add(&wr, "session", of->session->s);
	(void)add(&wr, "key", of->thing->key.id.s);
	(void)add(&wr, "policy_version", version);
	add_path(&wr, of->thing->text);
	if (wd_thing_plain_path(of->thing, plain))
		(void)add(&wr, "prefix", plain);
	r = wd_identities_each(of->claims, add, &wr);
	return r != 0 ? r : wd_wr_take(&wr, ret);
}

/* What stands before END, as a text. */
static bool
take(struct wd_rd *rd, char end, char *dst, size_t size)
{
	struct wd_span word;
	size_t n = 0;

	while (n < rd->left && rd->p[n] != (uint8_t)end)
		n++;
	word = wd_rd_bytes(rd, n);
	return wd_rd_u8(rd) == (uint8_t)end && word.len > 0 &&
	    wd_span_to_text(word, dst, size);
}

int
wd_ties_revoked(struct wd_broker *b, struct wd_span ties, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(ties);
	char kind[32], what[WD_PATH_MAX + 1];
	int r = 0;

	while (r == 0 && wd_rd_more(&rd)) {
		if (!take(&rd, ' ', kind, sizeof(kind)) ||
		    !take(&rd, '\n', what, sizeof(what)))
			return wd_reject(
			    d, WD_R_TAMPERED, "what a lease hangs on is lost");
		r = wd_is_revoked(b, kind, what, d);
	}
	return r;
}

int
wd_ties_holder(const struct wd_claims *claims, uint8_t ret[32])
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(TIES_MAX);
	int r = wd_identities_each(claims, add, &wr);

	if (r == 0)
		r = wd_wr_end(&wr);
	return r != 0 ? r : wd_hash(WD_SHA256, wd_wr_span(&wr), ret);
}
