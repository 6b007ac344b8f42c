/*
 * What a Vault answers, taken apart: the envelope around every result, and what
 * its refusals mean here. Pure; believes nothing but its form.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "base/secret.h"
#include "codec/json.h"

/* Everything in it lives as long as the reply. Zeroed: a valid one for done. */
struct wd_vault_reply {
	struct wd_json *doc;
	const struct wd_jval *root; /* NULL: it said nothing but yes */
	const struct wd_jval *data; /* objects; NULL: none */
	const struct wd_jval *auth;
	struct wd_span lease_id; /* empty: no lease */
	uint64_t lease_seconds;
	bool renewable;
};
void wd_vault_reply_done(struct wd_vault_reply *r);

/* The body of a success, which may be empty. WD_R_BACKEND_ANSWER, or a fault.
 */
int wd_vault_reply_read(struct wd_span body, struct wd_vault_reply *ret,
    struct wd_diag *d) WD_MUST_USE;

enum { WD_VAULT_TOKEN_MAX = 4096 };

/* What a login or a renewal gives. TOKEN is a view. */
struct wd_vault_grant {
	struct wd_span token;
	uint64_t seconds; /* 0: without end */
	bool renewable;
};
int wd_vault_grant_read(const struct wd_vault_reply *r,
    struct wd_vault_grant *ret, struct wd_diag *d) WD_MUST_USE;

/* The same of a token that asks about itself; TOKEN is left empty. */
int wd_vault_self_read(const struct wd_vault_reply *r,
    struct wd_vault_grant *ret, struct wd_diag *d) WD_MUST_USE;

/* What a refusal asks for. */
enum wd_vault_advice {
	WD_VAULT_FAIL,      /* asking again changes nothing */
	WD_VAULT_AGAIN,     /* was not done; later it may be */
	WD_VAULT_REPEAT,    /* may have been done; what may be done twice */
	WD_VAULT_LOGIN,     /* by another token perhaps */
	WD_VAULT_ELSEWHERE, /* of the server that it names */
};

bool wd_vault_is_success(unsigned status);
enum wd_vault_advice wd_vault_advice(unsigned status);

/*
 * Says in D what WHAT was refused with, and in the server's own words where it
 * has some. Always a rejection: WD_R_MALFORMED, WD_R_PERMISSION,
 * WD_R_NOT_FOUND, WD_R_UNSUPPORTED, WD_R_CONFLICT, WD_R_OVERLOADED,
 * WD_R_TOO_LARGE, WD_R_UNAVAILABLE, WD_R_BACKEND_NOT_CONFIGURED (there is
 * nothing at all where it was asked).
 */
int wd_vault_refused(
    unsigned status, struct wd_span body, const char *what, struct wd_diag *d);

/* A text member of DATA as a secret; WD_R_NOT_FOUND, WD_R_BACKEND_ANSWER for
 * what is no text or longer than MAX, or a fault. With BASE64 the bytes it
 * stands for.
 */
int wd_vault_secret(const struct wd_jval *data, const char *name, size_t max,
    bool base64, struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;

/* Bytes behind "vault:v7:", and the 7. WD_R_MALFORMED. */
int wd_vault_versioned(struct wd_span text, uint64_t *ret_version,
    struct wd_span *ret_rest) WD_MUST_USE;
