/*
 * Making admin tokens: for `init`, which makes the first, and for the broker.
 */
#include "seal/admin_token.h"

#include "base/wr.h"
#include "codec/base64.h"
#include "crypto/hash.h"
#include "crypto/rand.h"

enum {
	RANDOM = 32,
	LEN = 4 + 43, /* "wdt_", 32 bytes as base64url */
	FIRST_SECONDS = 24 * 3600,
};

int
wd_admin_token_make(struct wd_secret **ret_text, uint8_t ret_sha256[32])
{
	WD_AUTO(wd_secret_freep) struct wd_secret *random = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *text = wd_secret_new(LEN);
	struct wd_wr wr;
	int r;

	if (text == NULL)
		return WD_F_MEMORY;
	if ((r = wd_rand_secret(RANDOM, &random)) != 0)
		return r;
	wr = wd_wr_fixed(wd_secret_bytes(text), LEN);
	wd_wr_text(&wr, "wdt_");
	wd_b64url_write(&wr, wd_secret_borrow(random));
	if (wd_wr_end(&wr) != 0)
		return WD_F_BUG;
	if ((r = wd_hash(WD_SHA256, wd_secret_borrow(text), ret_sha256)) != 0)
		return r;
	*ret_text = WD_TAKE(text);
	return 0;
}

int
wd_admin_token_add_first(struct wd_store *s, int64_t now,
    struct wd_store_token *ret, struct wd_secret **ret_text)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *text = NULL;
	struct wd_store_token t = { .user = "admin",
		.rules = "*:*",
		.created = now,
		.expires = now + FIRST_SECONDS };
	int r;

	if ((r = wd_admin_token_make(&text, t.sha256)) != 0 ||
	    (r = wd_rand_id(&t.id)) != 0)
		return r;
	r = wd_store_token_add(s, &t);
	if (r != 0) /* both are random: there can be none like it */
		return r > 0 ? WD_F_BUG : r;
	*ret = t;
	*ret_text = WD_TAKE(text);
	return 0;
}
