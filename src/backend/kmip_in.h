/*
 * Inside of the backend of kind kmip, for its files alone.
 */
#pragma once

#include "backend/backend.h"
#include "kmip/client.h"

enum { WD_KMIP_KEK = 32 };

struct wd_backend_kmip {
	struct wd_kmip *k;
	struct wd_secret *kek; /* NULL: keys come plain, inside of TLS */
	bool kek_only;
	struct wd_span kek_name; /* in the text below */
	char kek_text[WD_KMIP_NAME_MAX + 1];
	struct wd_kmip_id kek_id; /* empty: not found yet */
};

/*
 * Locators: "ID|PUBLIC", the identifiers of a key and of its public half, which
 * may be none.
 */
struct wd_kmip_locator {
	struct wd_kmip_id id, public;
};
int wd_kmip_locator_read(struct wd_span text, struct wd_kmip_locator *ret,
    struct wd_diag *d) WD_MUST_USE;
/* WD_R_UNSUPPORTED: an identifier has a bar. */
int wd_kmip_locator_write(const struct wd_kmip_locator *l,
    char ret[WD_LOCATOR_MAX + 1], struct wd_diag *d) WD_MUST_USE;

/* The material of an object, wrapped on its way where that was asked for. */
int wd_kmip_fetch(struct wd_backend_kmip *x, const struct wd_kmip_id *id,
    int64_t deadline, struct wd_kmip_material *ret, struct wd_diag *d)
    WD_MUST_USE;

/* As the kind that it must be; WD_KEY_NONE: as what it is, which comes back. */
int wd_kmip_convert(const struct wd_kmip_material *m, enum wd_key_kind *kind,
    struct wd_secret **ret, struct wd_bytes **ret_spki, struct wd_diag *d)
    WD_MUST_USE;

/* A key made or kept there, active. */
int wd_kmip_make(struct wd_backend_kmip *x, const struct wd_backend_make *in,
    int64_t deadline, struct wd_kmip_locator *ret, struct wd_diag *d)
    WD_MUST_USE;

/* Ends and destroys an object; one that is gone is 0. */
int wd_kmip_end_of(struct wd_backend_kmip *x, const struct wd_kmip_id *id,
    int64_t deadline, struct wd_diag *d) WD_MUST_USE;
