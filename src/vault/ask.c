/*
 * Paths and bodies of calls. A body may hold a secret: it is wiped with the
 * writer that holds it.
 */
#include "vault/ask.h"

#include <stdio.h>

enum { BODY_MAX = 512 << 10 };

int
wd_vault_ask_open(struct wd_vault_ask *a, const char *mount, const char *what,
    struct wd_span name, struct wd_diag *d)
{
	int r, n;

	*a = (struct wd_vault_ask){ .body = wd_wr_growing(BODY_MAX) };
	a->j = wd_jtext(&a->body);
	wd_jtext_object(&a->j);
	if ((r = wd_vault_path_check(wd_span_text(mount), "the mount", d)) !=
		0 ||
	    (r = wd_vault_path_check(name, "the name", d)) != 0)
		return r;
	n = snprintf(a->path, sizeof(a->path), "%s/%s%s%.*s", mount,
	    what == NULL ? "" : what, what == NULL ? "" : "/", (int)name.len,
	    (const char *)name.p);
	return n > 0 && (size_t)n < sizeof(a->path)
	    ? 0
	    : wd_reject(d, WD_R_RANGE, "vault: the path is too long");
}

void
wd_vault_ask_done(struct wd_vault_ask *a)
{
	wd_wr_done(&a->body);
}

int
wd_vault_ask_post(struct wd_vault *v, struct wd_vault_ask *a,
    struct wd_vault_reply *ret, struct wd_diag *d)
{
	struct wd_vault_call call = { .path = a->path, .once = a->once };

	wd_jtext_end(&a->j);
	if (wd_wr_end(&a->body) != 0)
		return wd_reject(
		    d, WD_R_TOO_LARGE, "vault: too large to be sent");
	call.body = wd_wr_span(&a->body);
	return wd_vault_call(v, &call, ret, d);
}

int
wd_vault_ask_bare(struct wd_vault *v, const struct wd_vault_ask *a,
    const char *method, struct wd_vault_reply *ret, struct wd_diag *d)
{
	const struct wd_vault_call call = {
		.path = a->path, .method = method, .once = a->once
	};

	return wd_vault_call(v, &call, ret, d);
}
