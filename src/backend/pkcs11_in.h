/*
 * Inside of the backend of kind pkcs11, for its files alone.
 */
#pragma once

#include "backend/backend.h"
#include "hsm/token.h"

struct wd_backend_pkcs11 {
	struct wd_token *t;
	bool oaep_sha1;
};

/* Locators are URIs of keys (RFC 7512). WD_R_UNSUPPORTED. */
int wd_pkcs11_locator(
    struct wd_span text, struct wd_hsm_uri *ret, struct wd_diag *d) WD_MUST_USE;

/* See struct wd_backend_row. */
int wd_pkcs11_use(void *x, const struct wd_backend_work *in, int64_t deadline,
    struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;

/*
 * A module may hang, and nothing in this process could end its call: then the
 * process ends, half a second after DEADLINE, and is started again by whoever
 * started it. Ends with wd_pkcs11_watch_end().
 */
void wd_pkcs11_watch(int64_t deadline);
void wd_pkcs11_watch_end(void);
