/*
 * Leases.
 */
#include "vault/lease.h"

#include "vault/ask.h"

enum { LEASE_MAX = 512 };

/* Paths have a mount in front; where it ends does not matter here. */
static int
open_path(struct wd_vault_call *call, char *dst, size_t size,
    struct wd_span path, struct wd_diag *d)
{
	int r = wd_vault_path_check(path, "the path", d);

	if (r == 0 && !wd_span_to_text(path, dst, size))
		r = wd_reject(d, WD_R_RANGE, "vault: the path is too long");
	call->path = dst;
	return r;
}

int
wd_vault_lease_make(struct wd_vault *v, struct wd_span path,
    struct wd_span parameters, struct wd_vault_reply *ret, struct wd_diag *d)
{
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	char text[WD_VAULT_ASK_PATH];
	struct wd_vault_call call = { .body = parameters, .once = true };
	int r = open_path(&call, text, sizeof(text), path, d);

	if (r == 0)
		r = wd_vault_call(v, &call, &reply, d);
	if (r != 0)
		return r;
	if (reply.data == NULL || reply.lease_id.len == 0)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "vault: what was made has no lease");
	*ret = reply;
	reply = (struct wd_vault_reply){ 0 };
	return 0;
}

static int
open_ask(struct wd_vault_ask *a, const char *what, struct wd_diag *d)
{
	return wd_vault_ask_open(a, "sys/leases", NULL, wd_span_text(what), d);
}

static int
check(struct wd_span lease, struct wd_diag *d)
{
	return lease.len > 0 && lease.len <= LEASE_MAX && wd_span_is_word(lease)
	    ? 0
	    : wd_reject(d, WD_R_RANGE, "vault: no id of a lease");
}

int
wd_vault_lease_renew(struct wd_vault *v, struct wd_span lease, uint64_t seconds,
    uint64_t *ret_seconds, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	struct wd_diag why = { 0 };
	int r = open_ask(&a, "renew", d);

	if (r != 0 || (r = check(lease, d)) != 0)
		return r;
	wd_jtext_key_uint(&a.j, "increment", seconds);
	wd_jtext_key(&a.j, "lease_id");
	wd_jtext_string(&a.j, lease);
	r = wd_vault_ask_post(v, &a, &reply, &why);
	if (r == WD_R_MALFORMED) /* all that a Vault says of such a lease */
		return wd_reject(d, WD_R_NOT_FOUND,
		    "vault: the lease is over or cannot be renewed");
	if (r == 0)
		*ret_seconds = reply.lease_seconds;
	else if (d != NULL && d->result == 0)
		*d = why;
	return r;
}

int
wd_vault_lease_revoke(
    struct wd_vault *v, struct wd_span lease, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	int r = open_ask(&a, "revoke", d);

	if (r != 0 || (r = check(lease, d)) != 0)
		return r;
	wd_jtext_key(&a.j, "lease_id");
	wd_jtext_string(&a.j, lease);
	wd_jtext_key_bool(&a.j, "sync", true);
	return wd_vault_ask_post(v, &a, &reply, d);
}
