/*
 * Inside of the backend of kind vault, for its files alone.
 */
#pragma once

#include "backend/backend.h"
#include "vault/kv.h"
#include "vault/lease.h"
#include "vault/transit.h"

struct wd_backend_vault {
	struct wd_vault *v;
	char mount[WD_BACKEND_VALUE_MAX + 1];
	char transit[WD_BACKEND_VALUE_MAX + 1];
	char paths[WD_BACKEND_VALUE_MAX + 1]; /* ""; all */
	unsigned engine; /* 0: not asked yet */
};

/*
 * Locators: "kv|ENGINE|MOUNT|PATH|VERSION|MEMBER",
 * "transit|MOUNT|NAME|VERSION", "creds|PATH". Paths hold no bars.
 */
enum wd_vault_sort { WD_VAULT_ENTRY, WD_VAULT_STAYS, WD_VAULT_CREDS };

struct wd_vault_locator {
	enum wd_vault_sort sort;
	unsigned engine; /* 1 or 2 */
	char mount[WD_VAULT_PATH_MAX + 1];
	struct wd_span path; /* or name; in the text that was read */
	uint64_t version;    /* 0: the engine has none */
	struct wd_span member;
};

/* WD_R_MALFORMED. */
int wd_vault_locator_read(struct wd_span text, struct wd_vault_locator *ret,
    struct wd_diag *d) WD_MUST_USE;
/* WD_R_UNSUPPORTED when it does not fit. */
int wd_vault_locator_write(const struct wd_vault_locator *l,
    char ret[WD_LOCATOR_MAX + 1], struct wd_diag *d) WD_MUST_USE;

/* What follows the last slash. */
struct wd_span wd_vault_last(struct wd_span path);

/* Types of the transit engine; NULL and WD_KEY_NONE for what has none here. */
const char *wd_vault_type_of(enum wd_key_kind kind);
enum wd_key_kind wd_vault_kind_by_type(const char *type);

/* R as a backend gives it; D's result is changed alike. */
int wd_vault_result(int r, struct wd_diag *d);

/* The next of a list of paths; no bytes at the end. */
struct wd_span wd_vault_next_path(struct wd_span *rest);

/* The engine that keys are kept in. */
int wd_vault_engine(struct wd_backend_vault *x, struct wd_vault_kv *ret,
    struct wd_diag *d) WD_MUST_USE;

/* The row's, in files of their own; results as of the client. */
int wd_vault_attach(struct wd_backend_vault *x, struct wd_span name,
    struct wd_backend_made *out, struct wd_diag *d) WD_MUST_USE;
int wd_vault_use(struct wd_backend_vault *x, const struct wd_backend_work *in,
    struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;
