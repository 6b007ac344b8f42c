/*
 * Admin calls on keys that rest in a backend: what it is to be asked before
 * the call can be done. The call itself comes after, with what the backend has
 * answered, and looks at everything again.
 */
#pragma once

#include "broker/admin.h"
#include "broker/remote.h"
#include "proto/door.h"

/* What a backend has made or knows of a key. */
struct wd_admin_made {
	struct wd_id id; /* the key's */
	const char *backend;
	enum wd_backend_kind kind;
	bool attached; /* it was there before */
	const struct wd_msg_backend_made *msg;
};

/* A key, or its next version, that is to be made in a backend. */
struct wd_admin_plan {
	struct wd_id id;
	uint32_t version;
	enum wd_key_kind kind;
	struct wd_secret *bytes; /* NULL: it is generated there */
	char label[WD_LABEL_MAX + 1];
	bool stays;
	char backend[WD_BACKEND_MAX + 1];  /* of an existing key */
	char previous[WD_LOCATOR_MAX + 1]; /* the version before; or empty */
};
void wd_admin_plan_done(struct wd_admin_plan *p);

/* For KEY_CREATE, without an attached one. WD_R_RANGE, WD_R_MALFORMED,
 * WD_R_KEY_INVALID, WD_R_TOO_LARGE, WD_R_MISMATCH, WD_R_UNSUPPORTED,
 * WD_R_SEALED, or a fault. */
int wd_admin_plan_create(struct wd_broker *b, const struct wd_msg_key_create *m,
    struct wd_admin_plan *ret, struct wd_diag *d) WD_MUST_USE;

/* For KEY_CREATE that says broker_may_unwrap, which takes a right of its own:
 * what wd_admin_allowed() returns. 0 without it. */
int wd_admin_may_unwrap(struct wd_broker *b, const struct wd_msg_key_create *m,
    int64_t now, struct wd_diag *d) WD_MUST_USE;

/* A request for a certificate that a key signs where it rests. */
struct wd_admin_csr {
	enum wd_backend_alg alg;
	bool hashed; /* TO_SIGN is a digest */
	struct wd_bytes *to_sign;
};
void wd_admin_csr_done(struct wd_admin_csr *x);

/* For KEY_CSR of such a key. WD_R_NOT_FOUND, WD_R_UNSUPPORTED (no public part),
 * WD_R_MALFORMED, WD_R_RANGE, or a fault. */
int wd_admin_plan_csr(struct wd_broker *b, const struct wd_msg_key_csr_ask *m,
    struct wd_admin_csr *ret, struct wd_diag *d) WD_MUST_USE;

/* For KEY_ROTATE of a key in a backend. WD_R_NOT_FOUND: there is no such key,
 * or it rests here; WD_R_UNSUPPORTED, what wd_remote_open() returns. */
int wd_admin_plan_rotate(struct wd_broker *b,
    const struct wd_msg_key_csr_ask *m, struct wd_admin_plan *ret,
    struct wd_diag *d) WD_MUST_USE;

/* The record of a VERSION (0: the newest). WD_R_NOT_FOUND as above. */
int wd_admin_remote_of(struct wd_broker *b, const struct wd_id *id,
    uint32_t version, struct wd_remote *ret, enum wd_key_kind *ret_kind,
    struct wd_diag *d) WD_MUST_USE;
