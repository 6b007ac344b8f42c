/*
 * What a keeper asks for while a change is under way and is a change too: it
 * is done once that has ended. The keeper of admins drops older terms of the
 * keyring by itself, and no operator is to be told to try again for that.
 */
#include "bin/seal/seal.h"

bool
seal_later_take(struct seal *s, struct seal_keeper *k,
    const struct wd_call_row *row, const struct wd_frame *f)
{
	/* Behind sealing there is no keyring: it is refused at once. */
	if (s->doing == SEAL_NOTHING || s->doing == SEAL_CLOSING ||
	    k->later.body != NULL)
		return false;
	k->later.body = wd_secret_copy(f->body);
	if (k->later.body == NULL)
		return false;
	k->later.row = row;
	k->later.request = f->request;
	return true;
}

static void
run(struct seal *s, struct seal_keeper *k)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *body = WD_TAKE(k->later.body);
	struct wd_frame f = {
		.call = k->later.row->id,
		.request = k->later.request,
		.body = wd_secret_borrow(body),
		.fd = -1,
	};

	(void)seal_call(s, k, k->later.row, &f); /* was in place when it came */
}

bool
seal_later_run(struct seal *s)
{
	for (size_t i = 0; i < WD_KEEPERS && s->doing == SEAL_NOTHING; i++) {
		struct seal_keeper *k = &s->keepers[i];

		if (k->later.body == NULL)
			continue;
		if (k->base.condemned)
			seal_later_forget(k);
		else
			run(s, k);
		return true;
	}
	return false;
}

void
seal_later_forget(struct seal_keeper *k)
{
	k->later.body = wd_secret_free(k->later.body);
}
