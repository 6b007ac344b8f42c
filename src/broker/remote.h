/*
 * Keys that rest in a backend: the row of a version then holds, sealed, where.
 * A record is bound to its row and to the backend's name in the row of the key,
 * so that whoever can write the database cannot have another key fetched, nor
 * a stored one taken for a reference.
 */
#pragma once

#include "backend/backend.h"
#include "broker/broker.h"
#include "crypto/wrapped.h"
#include "seal/sealwrap.h"

struct wd_remote {
	char backend[WD_BACKEND_MAX + 1]; /* its name in the configuration */
	enum wd_backend_kind kind;
	char locator[WD_LOCATOR_MAX + 1];
	bool made; /* by us, so that it ends with the key */
	bool stays, leased;
	bool wrapped_only;      /* leaves wrapped to one RSA key, or not */
	bool broker_may_unwrap; /* then also wrapped to ours, for a client */
};

bool wd_remote_is(const struct wd_store_key *key);

/* 1 to WD_LOCATOR_MAX bytes of printable ASCII without spaces. */
bool wd_locator_is_valid(struct wd_span locator);

/* As wd_secret_seal(). */
int wd_remote_seal(struct wd_broker *b, const struct wd_id *key,
    uint32_t version, const struct wd_remote *x, struct wd_bytes **ret,
    struct wd_diag *d) WD_MUST_USE;

/* WD_R_TAMPERED, WD_R_WRONG_STORE, or a fault. */
int wd_remote_open(struct wd_broker *b, const struct wd_store_key *key,
    const struct wd_store_version *v, struct wd_remote *ret, struct wd_diag *d)
    WD_MUST_USE;

/* A key that is used where it rests: it does not leave, or only wrapped. */
bool wd_remote_is_used_there(const struct wd_remote *x);

/* Whether BYTES are what the key of KIND and with SPKI (empty: none) must be:
 * 0, WD_R_BACKEND_ANSWER, or a fault. */
int wd_remote_check(enum wd_key_kind kind, struct wd_span spki,
    struct wd_span bytes, struct wd_diag *d) WD_MUST_USE;

/* How a key leaves its backend. */
enum wd_fetch_how {
	WD_FETCH_PLAIN,
	WD_FETCH_WRAPPED,   /* to the client, who opens it */
	WD_FETCH_UNWRAPPED, /* to this process, for a client who cannot */
};

/* What a release needs of a backend, and what that gave. */
struct wd_fetch {
	bool wanted;           /* set when something is to be fetched */
	bool again;            /* for the second time: see wd_fetch_again() */
	struct wd_id session;  /* whose */
	struct wd_remote what; /* then, and when it was */
	enum wd_key_kind kind;
	enum wd_fetch_how how;
	struct wd_bytes *client; /* WRAPPED: SPKI of the client's RSA key */

	/* Not a backend is asked, but the HSM of the seal, for the key of what
	 * rests here: of that blob. */
	bool by_seal;
	struct wd_bytes *blob;

	/* Wanted is a longer lease of what was released before (row), which
	 * is then released again; otherwise, or when that does not come about
	 * (anew), something new. */
	bool renews, anew;
	struct wd_id row; /* in the store's table of backends' leases */
	uint32_t seconds_asked;
	bool kept; /* the row is there, or was renewed */

	bool answered; /* the rest is set: */
	int result;    /* 0, or why there is nothing */
	struct wd_span why;
	struct wd_span bytes; /* the key; WRAPPED: both layers; BY_SEAL: its */
	enum wd_wrap wrap;    /* WRAPPED: what they are */
	/* The backend's lease; empty: none. */
	char lease[WD_BACKEND_LEASE_MAX + 1];
	bool renewable;
	uint32_t seconds; /* of that lease; 0: without end, or no lease */
};
void wd_fetch_done(struct wd_fetch *f);

/* Whether F was asked for what NOW stands in the store; of a backend, or of the
 * HSM for BLOB. */
bool wd_fetch_is_of(const struct wd_fetch *f, const struct wd_remote *now);
bool wd_fetch_is_of_blob(const struct wd_fetch *f, const struct wd_bytes *blob);

/*
 * What F brought is of something that stands in the store no more: it is
 * forgotten, F is as it was before anything was asked, and the same is planned
 * for what stands there now. Once, and only for an answer that was good;
 * otherwise F stays as it is, and what takes it refuses it.
 */
void wd_fetch_again(struct wd_fetch *f);

/* Has the HSM asked for BLOB, which F takes. */
void wd_fetch_by_seal(struct wd_fetch *f, struct wd_bytes **blob);

/* What it gave for BLOB, as it stands in the store now. The rejections of
 * F->result, or WD_R_UNAVAILABLE: it was asked for something else. */
int wd_fetch_unwrapped(const struct wd_fetch *f, const struct wd_bytes *blob,
    struct wd_sealwrap *ret, struct wd_diag *d) WD_MUST_USE;

/* How the key X may go to a client who ASKS for it wrapped, or does not, and
 * has this public key: 0, or WD_R_MAY_NOT_LEAVE. */
int wd_remote_how(const struct wd_remote *x, bool asks,
    const struct wd_pkey *client, enum wd_fetch_how *ret, struct wd_diag *d)
    WD_MUST_USE;

/* What F brought, when it is what NOW stands in the store. The rejections of
 * F->result, WD_R_UNAVAILABLE when the store has changed meanwhile, those of
 * wd_remote_check(). Of what is WRAPPED nothing can be checked but its form:
 * WD_R_BACKEND_ANSWER. */
int wd_remote_take(const struct wd_fetch *f, const struct wd_remote *now,
    struct wd_span spki, struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;
