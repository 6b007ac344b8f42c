/*
 * The broker: what a keeper decides with. It holds the store, the keyring while
 * the server is unsealed, and the keys for challenges, tokens and releases. No
 * sockets, no parser of network formats, no third-party header. Whatever it
 * answers comes as an outcome; the keeper sends it when the log is durable.
 */
#pragma once

#include "audit/entry.h"
#include "base/rate.h"
#include "crypto/pkey.h"
#include "policy/policy.h"
#include "proto/calls.h"
#include "seal/keyring.h"
#include "store/store.h"

enum {
	WD_POLICIES_KEPT = 64, /* compiled policies, by id */
	WD_SETS_KEPT = 256,    /* sets of reference values that they name */
	WD_SESSIONS_KEPT = 256,
	WD_THINGS_KEPT = 64,
	WD_UNWRAPPED_KEPT = 64,
	WD_UNWRAPPED_SECONDS = 300, /* at most */
	WD_CLOCK_BACK = 3600, /* seconds the clock may be behind the latest */
	WD_KEYRING_USES = 1 << 30, /* of a term, unless told otherwise */
};

struct wd_policy_kept {
	struct wd_id id; /* none: free */
	uint8_t version[32];
	struct wd_policy *policy;
};

/* broker/unwrapped.h */
struct wd_unwrapped {
	struct wd_bytes *blob; /* NULL: free */
	struct wd_secret *key;
	int64_t until; /* monotonic ms */
};

/* broker/kept.h */
struct wd_session_kept {
	struct wd_store_session row;
	struct wd_pkey *key; /* NULL: free */
};

struct wd_broker {
	struct wd_store *store;  /* owned */
	const char *server_name; /* borrowed */
	uint32_t session_seconds;
	const char *warnings; /* borrowed: sentences for status, or "" */

	bool open; /* unsealed; what follows is there only then */
	struct wd_keyring ring;
	struct wd_secret *challenge_key, *enrol_key, *upstream_key, *row_key;
	struct wd_pkey *release_key, *token_key;
	struct wd_bytes *release_header, *token_header; /* of the JWS, JSON */

	/* Entries a minute (0: no bound), and who has had how many. */
	uint32_t entries_per_platform, entries_per_session;
	struct wd_rate platforms, by_session;

	uint32_t enrolment_seconds; /* of a TPM */

	/* What the HSM has opened, and for how long it is kept; 0: not. */
	uint32_t unwrapped_seconds;
	struct wd_unwrapped unwrapped[WD_UNWRAPPED_KEPT];

	struct wd_backup *backup; /* broker/backup.h; NULL: none is made here */

	bool changing; /* an admin call's transaction is open (admin.h) */

	/* broker/count.h: how often a term of the keyring may encrypt, the
	 * seconds after which it is old (0: never), and what is reserved. */
	uint64_t keyring_limit;
	int64_t keyring_seconds;
	struct {
		uint32_t term;
		uint64_t left;
	} reserved;

	int64_t latest;         /* the latest time seen, as stored */
	uint64_t revocations;   /* number of the last; 0: none */
	bool revoked_by_use;    /* some of them are asked for at each use */
	bool revocations_lost;  /* some: nothing is known not to be revoked */
	uint64_t store_version; /* wd_store_changed() at the last look */
	int64_t look_again;     /* at revocations, by the monotonic clock */
	size_t next_kept;
	struct wd_policy_kept kept[WD_POLICIES_KEPT];
	size_t n_sets;
	struct wd_reference *sets[WD_SETS_KEPT]; /* owned */
	struct wd_session_kept sessions[WD_SESSIONS_KEPT];
	struct wd_thing *things[WD_THINGS_KEPT]; /* broker/thing.h; owned */
};

/* Takes STORE (also on failure). 0 or a fault. */
int wd_broker_new(struct wd_store *store, const char *server_name,
    uint32_t session_seconds, struct wd_broker **ret, struct wd_diag *d)
    WD_MUST_USE;
struct wd_broker *wd_broker_free(struct wd_broker *b); /* wipes */
void wd_broker_freep(struct wd_broker **b);

/* KEYRING is the flat form. WD_R_WRONG_STORE when the store was made under
 * another one, WD_R_MALFORMED, WD_R_VERSION, or a fault. */
int wd_broker_unseal(
    struct wd_broker *b, struct wd_span keyring, struct wd_diag *d) WD_MUST_USE;
void wd_broker_seal(struct wd_broker *b); /* wipes the keys */

/* To be called before each request: forgets what an admin may have changed.
 * WD_R_CLOCK when NOW is too far behind the latest time seen. */
int wd_broker_look(struct wd_broker *b, int64_t now, struct wd_diag *d)
    WD_MUST_USE;

/* As wd_broker_look(), by what that has seen last: for what needs the clock and
 * nothing of the store. */
int wd_broker_clock(struct wd_broker *b, int64_t now, struct wd_diag *d)
    WD_MUST_USE;

/* Stores NOW as the latest time seen when it is ten minutes later than what is
 * stored. For the keeper that writes store.db. */
int wd_broker_note_time(struct wd_broker *b, int64_t now) WD_MUST_USE;

/* The compiled policy of an id, linked to the sets that it names, and its
 * version; both live until the next
 * wd_broker_look(). WD_R_NOT_FOUND; WD_R_TAMPERED when it does not compile. */
int wd_broker_policy(struct wd_broker *b, const struct wd_id *id,
    const struct wd_policy **ret, const uint8_t **ret_version,
    struct wd_diag *d) WD_MUST_USE;

/*
 * What became of a request: the whole body of the reply (proto/calls.h), and
 * what is to be logged before the reply may go. Both may hold secrets and are
 * wiped when freed.
 */
struct wd_outcome {
	int result;
	struct wd_bytes *reply;
	struct wd_bytes *entry; /* NULL: nothing to log */
};
void wd_outcome_done(struct wd_outcome *o);

/* The reply of CALL with RESULT, D's sentence, and MSG when RESULT is 0; what
 * does not fit or has no memory becomes a fault's reply. */
int wd_outcome_reply(struct wd_outcome *o, enum wd_call call, int result,
    const struct wd_diag *d, const void *msg) WD_MUST_USE;

/* The entry E as canonical JSON into O. */
int wd_outcome_log(struct wd_outcome *o, const struct wd_entry *e) WD_MUST_USE;
