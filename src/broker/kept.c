/*
 * A table with one place for each end of a digest. A later session takes the
 * place of an earlier one, which is then found in the store as any other.
 */
#include "broker/kept.h"

static size_t
place_of(const uint8_t cookie_key[32])
{
	return cookie_key[31] % WD_SESSIONS_KEPT; /* as good as random */
}

static void
forget(struct wd_session_kept *k)
{
	wd_store_session_done(&k->row);
	k->key = wd_pkey_free(k->key);
	*k = (struct wd_session_kept){ 0 };
}

void
wd_kept_put(
    struct wd_broker *b, struct wd_store_session *row, struct wd_pkey *key_take)
{
	struct wd_session_kept *k = &b->sessions[place_of(row->cookie)];

	forget(k);
	k->row = *row;
	k->key = key_take;
	row->spki = NULL;
	row->claims = NULL;
	row->nonce = NULL;
}

const struct wd_session_kept *
wd_kept_find(const struct wd_broker *b, const uint8_t cookie_key[32])
{
	const struct wd_session_kept *k = &b->sessions[place_of(cookie_key)];
	struct wd_span key = wd_span(cookie_key, 32);

	if (k->key == NULL || !wd_span_equal(WD_SPAN(k->row.cookie), key))
		return NULL;
	return k;
}

void
wd_kept_forget(struct wd_broker *b)
{
	for (size_t i = 0; i < WD_SESSIONS_KEPT; i++)
		forget(&b->sessions[i]);
}
