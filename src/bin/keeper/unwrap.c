/*
 * Keys that leave their HSM wrapped alone, and that a client is to have who
 * cannot open them: they are wrapped to a key of this process and opened in its
 * memory. Which keys that may be done with is none of this file's business.
 */
#include "bin/keeper/keeper.h"

#include "base/reason.h"

static bool
can_wrap(const struct keeper *k)
{
	for (size_t i = 0; i < k->n_backends; i++)
		if ((k->backends[i].can & WD_BACKEND_CAN_WRAP) != 0)
			return true;
	return false;
}

/* Before the first request, which would wait for it. */
int
keeper_unwrap_start(struct keeper *k, struct wd_diag *d)
{
	if (!can_wrap(k))
		return 0;
	if (wd_pkey_generate(WD_PKEY_RSA3072, &k->own) != 0 ||
	    wd_pkey_to_spki(k->own, &k->own_spki) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot make a key");
	return 0;
}

int
keeper_wrap_ask(struct keeper *k, struct keeper_backend *b, const char *locator,
    struct wd_span client, struct op *op, struct wd_diag *d)
{
	struct wd_msg_backend_wrap m = {
		.locator = wd_span_text(locator),
		.client = client.len > 0 ? client : wd_bytes_span(k->own_spki),
		.deadline = keeper_backend_deadline(b),
	};

	if (m.client.len == 0)
		return wd_reject(d, WD_R_UNAVAILABLE,
		    "the backend %s cannot wrap keys", b->name);
	return keeper_backend_ask(k, b, WD_CALL_BACKEND_WRAP, &m, op, d);
}

int
keeper_unwrap(struct keeper *k, const struct wd_msg_backend_wrapped *m,
    enum wd_key_kind kind, struct wd_secret **ret)
{
	const struct wd_key_row *row = wd_key_row(kind);
	int r;

	if (k->own == NULL || row == NULL)
		return WD_F_BUG;
	r = wd_wrapped_open(k->own,
	    m->sha1 ? WD_WRAP_OAEP_SHA1 : WD_WRAP_OAEP_SHA256, m->bytes, ret);
	if (r == 0 && row->pair != WD_PKEY_NONE)
		wd_wrapped_trim(*ret);
	return r > 0 ? WD_R_BACKEND_ANSWER : r;
}
