/*
 * The thing a path names, on its way to a client: found, then judged, then
 * opened.
 */
#pragma once

#include "broker/path.h"
#include "broker/secrets.h"

struct wd_thing {
	struct wd_path path;
	char text[WD_PATH_MAX + 1]; /* the path as asked */
	struct wd_id policy;        /* none: no policy */
	/* "rsa-2048", "opaque", "certificate", "public-key" */
	const char *algorithm;
	uint32_t number;         /* of the version */
	struct wd_store_key key; /* of a key or certificate */
	struct wd_store_version version;
	struct wd_store_secret secret;
};

/* What the store has at PATH, as wd_broker_look() has seen it last. It lives
 * until the next find or look. WD_R_NOT_FOUND, WD_R_REVOKED_BY_OPERATOR, or a
 * fault. */
int wd_thing_find(struct wd_broker *b, struct wd_span path,
    const struct wd_thing **ret, struct wd_diag *d) WD_MUST_USE;

/* What was found is looked up again. */
void wd_things_forget(struct wd_broker *b);

/* Of the path of a version of a key: the key's own. False for any other. */
bool wd_thing_plain_path(const struct wd_thing *t, char ret[WD_PATH_MAX + 1]);

/* What the HSM is to be asked for first, as wd_secret_key_blob(). */
int wd_thing_blob(struct wd_broker *b, const struct wd_thing *t,
    struct wd_bytes **ret, struct wd_diag *d) WD_MUST_USE;

/* The bytes to release, with what the HSM has given for it. WD_R_TAMPERED,
 * WD_R_WRONG_STORE, WD_R_SEALED, WD_R_NOT_FOUND (a key without certificate or
 * public part), WD_R_MAY_NOT_LEAVE, WD_R_HSM_UNAVAILABLE, or a fault.
 */
int wd_thing_open(struct wd_broker *b, const struct wd_thing *t,
    const struct wd_sealwrap *w, struct wd_secret **ret, struct wd_diag *d)
    WD_MUST_USE;

/* The PEM chain that goes with it; may be empty. Lives as long as T. */
struct wd_span wd_thing_chain(const struct wd_thing *t);
