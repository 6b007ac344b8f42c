/*
 * Keys, PINs, tokens, passphrases, shared secrets. The type cannot be printed
 * or copied by accident, has no comparison but wd_ct_equal on its span, and is
 * wiped when freed. Roles that install an arena (sys/arena.h) keep it in
 * memory that no other process can read.
 */
#pragma once

#include "base/span.h"

struct wd_secret;

/* LEN zero bytes to be filled; NULL when there is no memory. */
struct wd_secret *wd_secret_new(size_t len) WD_MUST_USE;
struct wd_secret *wd_secret_copy(struct wd_span s) WD_MUST_USE;

/* NULL is fine; returns NULL. */
struct wd_secret *wd_secret_free(struct wd_secret *s);
void wd_secret_freep(struct wd_secret **s);

/* Borrowed views: valid until the secret is freed. Empty for NULL. */
struct wd_span wd_secret_borrow(const struct wd_secret *s);
uint8_t *wd_secret_bytes(struct wd_secret *s);
size_t wd_secret_len(const struct wd_secret *s);

/* Cuts the secret to LEN bytes (not longer than it is) and wipes the rest. */
void wd_secret_shorten(struct wd_secret *s, size_t len);

/*
 * Where secrets live. ALLOC gives zeroed memory or NULL; RELEASE wipes. Set
 * once, before the first secret is made.
 */
void wd_secret_set_memory(void *(*alloc)(size_t), void (*release)(void *));
