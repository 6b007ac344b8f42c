/*
 * What is attached may be a key that this server has made itself, under another
 * id: who may do no more than register keys would have it released under a
 * policy of their own. That takes the right to give it another policy. Names in
 * backends begin with the key's id, so that it is found in the locator; where a
 * backend has identifiers of its own, the key's row has the one of its first
 * version.
 */
#include "broker/admin_in.h"

#include "broker/admin_remote.h"

#include <string.h>

/* RET: the key of that id, when it rests in BACKEND. */
static int
key_in(
    struct wd_admin *a, const struct wd_id *id, const char *backend, bool *ret)
{
	struct wd_store_key key;
	int r = wd_store_key_get(a->b->store, id, &key);

	if (r < 0)
		return wd_fault(a->d, r, "%s", wd_store_why(a->b->store));
	*ret = r == 0 && strcmp(key.backend, backend) == 0;
	return 0;
}

/* An id anywhere in what the backend calls it. */
static int
find_by_name(struct wd_admin *a, struct wd_span locator, const char *backend,
    struct wd_id *ret_id, bool *ret_found)
{
	bool found = false;
	int r = 0;

	for (size_t i = 0; i + WD_ID_LEN <= locator.len && !found; i++) {
		if (!wd_id_parse(wd_span(locator.p + i, WD_ID_LEN), ret_id))
			continue;
		if ((r = key_in(a, ret_id, backend, &found)) != 0)
			return r;
	}
	*ret_found = found;
	return 0;
}

/* Up to the bar, behind which there is what only we know of it. */
static int
find_by_object(struct wd_admin *a, struct wd_span locator, const char *backend,
    struct wd_id *ret_id, bool *ret_found)
{
	char object[WD_LOCATOR_MAX + 1];
	size_t n = 0;
	int r;

	while (n < locator.len && locator.p[n++] != '|')
		;
	if (!wd_span_to_text(wd_span(locator.p, n), object, sizeof(object)))
		return wd_fault(a->d, WD_F_BUG, "a name that does not fit");
	r = wd_store_key_at(a->b->store, backend, object, ret_id);
	if (r < 0)
		return wd_fault(a->d, r, "%s", wd_store_why(a->b->store));
	*ret_found = r == 0;
	return 0;
}

int
wd_admin_check_attached(struct wd_admin *a, const struct wd_msg_key_create *m)
{
	const struct wd_admin_made *made = a->found->made;
	struct wd_span locator = made->msg->locator;
	struct wd_store_token who;
	struct wd_diag why = { 0 };
	struct wd_id id = { 0 };
	bool found = false;
	int r = find_by_name(a, locator, made->backend, &id, &found);

	if (r == 0 && !found && made->kind == WD_BACKEND_KMIP)
		r = find_by_object(a, locator, made->backend, &id, &found);
	if (r != 0 || !found)
		return r;
	r = wd_admin_may(a->b, "keys", "update", m->token, a->now, &who, &why);
	if (r <= 0)
		return r == 0 ? 0 : wd_fault(a->d, r, "%s", why.detail);
	return wd_reject(a->d, (enum wd_reason)r,
	    "it is the key %s of this server: to have it under another policy "
	    "takes the right keys:update",
	    id.s);
}
