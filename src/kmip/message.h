/*
 * Messages of KMIP, 1.2 to 1.4 and 2.0: requests written, responses read as
 * hostile bytes. Pure: no socket, no state. A request holds one operation.
 *
 *   wd_kmip_begin(&q, &wr, &from, WD_KMIP_GET);
 *   wd_kmip_put_get(&q, id, NULL);
 *   if ((r = wd_kmip_end(&q)) != 0) ...
 *
 *   if ((r = wd_kmip_answer(bytes, WD_KMIP_GET, &payload, d)) != 0 ||
 *       (r = wd_kmip_take_object(&payload, &object, d)) != 0) ...
 */
#pragma once

#include "base/diag.h"
#include "base/rd.h"
#include "base/secret.h"
#include "base/wr.h"
#include "kmip/tags.h"

enum {
	WD_KMIP_ID_MAX = 250,         /* bytes of a unique identifier */
	WD_KMIP_NAME_MAX = 255,       /* of a name */
	WD_KMIP_WORDS_MAX = 127,      /* of what a server says of itself */
	WD_KMIP_FOUND_MAX = 4,        /* ids that one search gives */
	WD_KMIP_OPS_MAX = 64,         /* operations that are remembered */
	WD_KMIP_REQUEST_EXTRA = 4096, /* of a request, beside its key */
};

struct wd_kmip_version {
	uint8_t major, minor;
};

/* The versions there are, the best first. */
const struct wd_kmip_version *wd_kmip_versions(size_t *ret_n);

/* A unique identifier: printable ASCII without spaces. */
struct wd_kmip_id {
	char s[WD_KMIP_ID_MAX + 1];
};

/* What every request says of who sends it. */
struct wd_kmip_sender {
	struct wd_kmip_version version;
	uint32_t max_response;
	struct wd_span username, password; /* empty: none is sent */
};

/* ---- requests; errors stick to the writer */

struct wd_kmip_request {
	struct wd_wr *wr;
	struct wd_kmip_version version;
	size_t message, item, payload;
};

void wd_kmip_begin(struct wd_kmip_request *q, struct wd_wr *wr,
    const struct wd_kmip_sender *from, enum wd_kmip_op op);

/* As wd_wr_end(). */
int wd_kmip_end(struct wd_kmip_request *q) WD_MUST_USE;

/* What is to be known of a new object. */
struct wd_kmip_spec {
	enum wd_kmip_object_type type;
	enum wd_kmip_algorithm algorithm; /* of keys */
	unsigned bits;                    /* of keys */
	enum wd_kmip_curve curve;         /* of elliptic ones */
	uint32_t usage; /* enum wd_kmip_usage; of a pair: the private half's */
	uint32_t usage_public;
	struct wd_span name; /* UTF-8 */
};

/* A KEK of the server's and ours: what comes is wrapped under it. */
struct wd_kmip_wrap {
	struct wd_kmip_id id;
	bool encoded; /* the key's whole value, rather than its bytes */
};

void wd_kmip_put_versions(struct wd_kmip_request *q);
void wd_kmip_put_query(struct wd_kmip_request *q);
void wd_kmip_put_create(
    struct wd_kmip_request *q, const struct wd_kmip_spec *spec);
void wd_kmip_put_create_pair(
    struct wd_kmip_request *q, const struct wd_kmip_spec *spec);
void wd_kmip_put_register(struct wd_kmip_request *q,
    const struct wd_kmip_spec *spec, enum wd_kmip_format format,
    struct wd_span material);
void wd_kmip_put_locate(struct wd_kmip_request *q, struct wd_span name);
void wd_kmip_put_get(struct wd_kmip_request *q, const struct wd_kmip_id *id,
    const struct wd_kmip_wrap *wrap);
void wd_kmip_put_get_attributes(
    struct wd_kmip_request *q, const struct wd_kmip_id *id);

/* Of Activate and Destroy. */
void wd_kmip_put_id(struct wd_kmip_request *q, const struct wd_kmip_id *id);
void wd_kmip_put_revoke(struct wd_kmip_request *q, const struct wd_kmip_id *id,
    enum wd_kmip_revocation why);

/* ---- responses */

/*
 * The payload of a response to OP, a view of MESSAGE. WD_R_BACKEND_ANSWER for
 * what is no such response. What the server refused: WD_R_NOT_FOUND,
 * WD_R_PERMISSION, WD_R_CONFLICT (the object's state does not allow it),
 * WD_R_EXISTS, WD_R_UNSUPPORTED, WD_R_MAY_NOT_LEAVE, WD_R_UNAVAILABLE (try
 * again); D has the server's words.
 */
int wd_kmip_answer(struct wd_span message, enum wd_kmip_op op,
    struct wd_rd *ret_payload, struct wd_diag *d) WD_MUST_USE;

/* Payloads: 0, or WD_R_BACKEND_ANSWER. Members that are not known are passed
 * over; those that are known and come twice are not. */

/* Create, Register, Activate, Revoke, Destroy. */
int wd_kmip_take_id(struct wd_rd *payload, struct wd_kmip_id *ret,
    struct wd_diag *d) WD_MUST_USE;
int wd_kmip_take_pair(struct wd_rd *payload, struct wd_kmip_id *ret_private,
    struct wd_kmip_id *ret_public, struct wd_diag *d) WD_MUST_USE;

/* The best version of ours that the server has. WD_R_UNSUPPORTED: none. */
int wd_kmip_take_versions(struct wd_rd *payload, struct wd_kmip_version *ret,
    struct wd_diag *d) WD_MUST_USE;

struct wd_kmip_server {
	uint64_t ops;                       /* bits 1 << enum wd_kmip_op */
	char vendor[WD_KMIP_WORDS_MAX + 1]; /* printable ASCII */
};
int wd_kmip_take_query(struct wd_rd *payload, struct wd_kmip_server *ret,
    struct wd_diag *d) WD_MUST_USE;

/* At most WD_KMIP_FOUND_MAX of those found, each another. */
struct wd_kmip_found {
	size_t n;
	struct wd_kmip_id ids[WD_KMIP_FOUND_MAX];
};
int wd_kmip_take_found(struct wd_rd *payload, struct wd_kmip_found *ret,
    struct wd_diag *d) WD_MUST_USE;

/* 0 for what the server does not say. */
struct wd_kmip_attributes {
	uint32_t type, algorithm, bits, state;
};
/* Those of ID, which has to be said: WD_R_BACKEND_ANSWER. */
int wd_kmip_take_attributes(struct wd_rd *payload, const struct wd_kmip_id *id,
    struct wd_kmip_attributes *ret, struct wd_diag *d) WD_MUST_USE;

struct wd_kmip_object {
	uint32_t type;
	uint32_t format, algorithm, bits; /* 0 where it has none */
	bool wrapped;                     /* MATERIAL is under the KEK */
	bool encoded;                     /* so is the value around it */
	struct wd_span material;          /* a view of the message: secret */
};

/* Of ID. WD_R_UNSUPPORTED too: a form of key that is not read here. */
int wd_kmip_take_object(struct wd_rd *payload, const struct wd_kmip_id *id,
    struct wd_kmip_object *ret, struct wd_diag *d) WD_MUST_USE;

/* The key material in an encoded key value that was unwrapped. */
int wd_kmip_read_value(
    struct wd_span value, struct wd_span *ret, struct wd_diag *d) WD_MUST_USE;
