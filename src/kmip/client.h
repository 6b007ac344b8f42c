/*
 * A client of one KMIP server, 1.2 to 1.4 and 2.0: one connection that is kept,
 * made anew when the server has closed it. Every call blocks, until a deadline
 * in monotonic milliseconds at most. Knows nothing of roles and keys of ours.
 *
 * Results of calls, with a sentence that names the server: those of
 * wd_kmip_answer() and of http/tls_stream.h, or a fault. After
 * WD_R_UNAVAILABLE a call that changes something may have been done or not.
 */
#pragma once

#include "kmip/message.h"

struct wd_kmip;

enum {
	WD_KMIP_MATERIAL_MAX = 65536,
	WD_KMIP_RESPONSE_MAX = 131072,
};

struct wd_kmip_config {
	struct wd_span host; /* a name or an address, without brackets */
	uint16_t port;
	struct wd_span roots;      /* PEM: who signs the server's certificate */
	struct wd_span chain, key; /* ours, PEM */
	struct wd_span username, password;     /* empty: none */
	const struct wd_kmip_version *version; /* NULL: the best of both */
};

/* Connects to nothing; nothing of CONFIG is kept. WD_R_RANGE, WD_R_MALFORMED,
 * WD_R_MISMATCH, or a fault. */
int wd_kmip_new(const struct wd_kmip_config *config, struct wd_kmip **ret,
    struct wd_diag *d) WD_MUST_USE;
struct wd_kmip *wd_kmip_free(struct wd_kmip *k);
void wd_kmip_freep(struct wd_kmip **k);

/* As wd_tls_stream_resolve(). */
void wd_kmip_resolve(struct wd_kmip *k);

/* Connects, unless it is, and agrees on a version, whatever was agreed before.
 * RET_SERVER may be NULL. */
int wd_kmip_hello(struct wd_kmip *k, int64_t deadline,
    struct wd_kmip_server *ret_server, struct wd_kmip_version *ret_version,
    struct wd_diag *d) WD_MUST_USE;

/* Whether the server says that it has OP. True when it has said nothing. */
bool wd_kmip_has(const struct wd_kmip *k, enum wd_kmip_op op);

int wd_kmip_create(struct wd_kmip *k, const struct wd_kmip_spec *spec,
    int64_t deadline, struct wd_kmip_id *ret, struct wd_diag *d) WD_MUST_USE;
int wd_kmip_create_pair(struct wd_kmip *k, const struct wd_kmip_spec *spec,
    int64_t deadline, struct wd_kmip_id *ret_private,
    struct wd_kmip_id *ret_public, struct wd_diag *d) WD_MUST_USE;

/* Bytes to be kept there. */
struct wd_kmip_bring {
	struct wd_kmip_spec spec;
	enum wd_kmip_format format;
	struct wd_span material; /* at most WD_KMIP_MATERIAL_MAX */
};
int wd_kmip_register(struct wd_kmip *k, const struct wd_kmip_bring *bring,
    int64_t deadline, struct wd_kmip_id *ret, struct wd_diag *d) WD_MUST_USE;

/* Those of that name, as far as there is room. */
int wd_kmip_find(struct wd_kmip *k, struct wd_span name, int64_t deadline,
    struct wd_kmip_found *ret, struct wd_diag *d) WD_MUST_USE;

/* The one object of that name. WD_R_NOT_FOUND; WD_R_CONFLICT:
 * there are several. */
int wd_kmip_locate(struct wd_kmip *k, struct wd_span name, int64_t deadline,
    struct wd_kmip_id *ret, struct wd_diag *d) WD_MUST_USE;

struct wd_kmip_material {
	struct wd_kmip_object object; /* without its view */
	struct wd_secret *bytes;      /* as they are inside of any wrapping */
};
void wd_kmip_material_done(struct wd_kmip_material *m);

/* A key of 32 bytes that the server has under an identifier too. */
struct wd_kmip_kek {
	struct wd_kmip_wrap wrap;
	struct wd_span key;
};

/* KEK: NULL, or what the material crosses the network under; it says in the
 * object whether it did. WD_R_TAMPERED: it does not unwrap. */
int wd_kmip_get(struct wd_kmip *k, const struct wd_kmip_id *id,
    const struct wd_kmip_kek *kek, int64_t deadline,
    struct wd_kmip_material *ret, struct wd_diag *d) WD_MUST_USE;
int wd_kmip_get_attributes(struct wd_kmip *k, const struct wd_kmip_id *id,
    int64_t deadline, struct wd_kmip_attributes *ret, struct wd_diag *d)
    WD_MUST_USE;

int wd_kmip_activate(struct wd_kmip *k, const struct wd_kmip_id *id,
    int64_t deadline, struct wd_diag *d) WD_MUST_USE;
int wd_kmip_revoke(struct wd_kmip *k, const struct wd_kmip_id *id,
    enum wd_kmip_revocation why, int64_t deadline, struct wd_diag *d)
    WD_MUST_USE;
int wd_kmip_destroy(struct wd_kmip *k, const struct wd_kmip_id *id,
    int64_t deadline, struct wd_diag *d) WD_MUST_USE;
