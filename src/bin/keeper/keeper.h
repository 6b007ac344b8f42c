/*
 * warder-keeper: the process that holds keys and decides. A poll loop over its
 * front, verify, scribe and seal, with a slot per request that waits for one of
 * them. It blocks only in its own arithmetic. What deciding means is in
 * src/broker/; here is who is asked when, and what waits for the log.
 */
#pragma once

#include "backend/backend.h"
#include "bin/common/role.h"
#include "broker/admin_hsm.h"
#include "broker/broker.h"
#include "broker/rewrap.h"
#include "broker/use.h"
#include "seal/uses.h"

enum {
	KEEPER_OPS = 512,         /* requests that wait for another role */
	KEEPER_WAITING = 256,     /* finished answers that wait for the log */
	KEEPER_ADMIN_QUEUE = 64,  /* admin calls; one is done at a time */
	KEEPER_ADMIN_URGENT = 16, /* of those, that go before the others */
	KEEPER_UNDURABLE = 2048,  /* entries scribe has not confirmed */
	KEEPER_LEASES = 256,      /* rows of a batch */
	KEEPER_VERIFY_MS = 2000,
	KEEPER_SEAL_MS = 10000,
	KEEPER_MIGRATE_MS = 30000, /* a device is asked up to four times */
	KEEPER_HSM_MS = 5000,      /* for one key; seal gives up before */
	KEEPER_HSM_ASKED = 32,
	KEEPER_LOG_MS = 7000, /* less than a client's request may take */
	KEEPER_TICK_MS = 1000,
	KEEPER_BACKEND_PROCS = 8, /* of one backend */
	/* Calls of one process that are not answered, and of one backend: a
	 * backend that hangs must leave slots to all who need none. */
	KEEPER_ASKED = 8,
	KEEPER_BACKEND_ASKED = 16,
	KEEPER_BACKEND_GRACE_MS = 1500, /* after the deadline it was given */
	KEEPER_BACKEND_HUNG_MS = 4000,
	KEEPER_CHECK_MS = 5000, /* from one look at a backend to the next */
	/* Leases that are given back at a time: of all, and of one backend. */
	KEEPER_ENDINGS = 16,
	KEEPER_ENDINGS_EACH = 8,
};

enum op_state {
	OP_FREE,
	OP_VERIFY,  /* evidence, or keys of a TPM, are judged */
	OP_LOG,     /* the finished answer waits for its entry */
	OP_QUEUED,  /* an admin call waits for its turn */
	OP_ADMIN,   /* an admin call has its turn: enum admin_step */
	OP_BACKEND, /* a secret is fetched */
	OP_ENDING,  /* a backend's lease is given back; no request */
};

/* One request of the front while it waits. */
struct op {
	enum op_state state;
	enum wd_call call;
	uint32_t request; /* the front's number */
	uint32_t front; /* which front asked: an answer to another is dropped */
	uint32_t asked; /* our number at the role that is asked */
	uint64_t seq;   /* of its entry */
	int64_t deadline;      /* monotonic ms */
	struct wd_bytes *body; /* the request */
	struct wd_outcome out;
	struct wd_store_lease lease; /* id none: no row */
	struct wd_fetch fetch;       /* BACKEND: what was asked for */
	struct wd_use_asked use;     /* likewise, of WD_CALL_USE */
};

/* A list of slots in the order in which they came. */
struct op_list {
	uint16_t at[KEEPER_OPS];
	size_t first, n;
};

/* What the admin call that has its turn is waiting for. */
enum admin_step {
	ADMIN_IDLE,
	ADMIN_VERIFY,  /* a document or evidence is judged */
	ADMIN_TAIL,    /* scribe reads entries */
	ADMIN_SEAL,    /* seal opens or closes */
	ADMIN_BACKEND, /* a backend is asked */
	ADMIN_LOG,     /* its entry becomes durable */
};

/* The index of leases, completed from the log after a start. */
enum index_step {
	INDEX_LOOK,   /* where the index ends is not known yet */
	INDEX_SEARCH, /* for the first entry that may have a lease left */
	INDEX_READ,
	INDEX_DONE,
};

struct index {
	enum index_step step;
	uint64_t next, end; /* READ: entries left; SEARCH: where to look */
	uint64_t mark;      /* as it is stored */
	uint64_t found;     /* leases */
	uint32_t asked;     /* our number at scribe; 0: nothing */
	int64_t not_before; /* monotonic ms */
};

/* What is done for the keyring without being asked; in the admin's cell. */
struct keeper_ring {
	struct wd_uses uses; /* as of the last look; term 0: not known */
	uint32_t fresh;      /* the last term seen made */
	uint32_t asked;      /* our number at seal; 0: nothing */
	bool dropping;       /* that is what seal was asked */
	uint32_t oldest;     /* term that is to stay, then */
	int64_t deadline, next, not_before, older_at; /* monotonic ms */
	const char *why;                              /* it is rotated */
	char why_not[160];                            /* it was not; or empty */
	struct wd_rewrap rewrap; /* of what is under older terms */
	char paused[160];        /* why not now; or empty */
};

/* Sessions of one round, stored together. */
struct round {
	struct op *op[KEEPER_OPS];
	struct wd_opening *opening[KEEPER_OPS];
	size_t n;
};

/* One call that a process of a backend has not answered. */
struct keeper_asked {
	uint32_t number; /* 0: free */
	uint16_t call;   /* what it was asked; it must answer that */
	struct op *op;   /* NULL: nobody waits for it (any more) */
	int64_t deadline;
};

/* A key that the HSM of the seal is asked for. */
struct keeper_hsm_asked {
	uint32_t number; /* at seal; 0: free */
	uint16_t call;
	struct op *op;
	int64_t deadline;
};

/* What the admin call that has its turn needs of the HSM, and has by now. */
struct keeper_hsm_turn {
	struct wd_hsm_plan plan;
	struct wd_bytes *blob[WD_HSM_BLOBS];
	struct wd_secret *key[WD_HSM_BLOBS];
	size_t n;
};

struct keeper_backend_proc {
	struct wd_peer peer;
	struct keeper_asked asked[KEEPER_ASKED];
	size_t n_asked;

	/* What the last check said; in the admin's cell. */
	bool known;
	uint32_t reason, paused_ms;
	uint64_t calls, failures;
};

/* A configured backend, and the processes that serve it. */
struct keeper_backend {
	char name[WD_BACKEND_NAME_MAX + 1];
	enum wd_backend_kind kind;
	char kind_name[17];
	unsigned can;   /* bits of backend/backend.h */
	uint16_t kinds; /* bits of key kinds */
	uint32_t timeout_ms;
	struct keeper_backend_proc procs[KEEPER_BACKEND_PROCS];
	size_t n_asked;
	char words[513];    /* of a check, or what was wrong */
	int64_t next_check; /* monotonic ms */
	bool was_ready;     /* at the last check */
};

/* A backend's lease that is given back. */
struct keeper_ending {
	struct keeper_backend *backend; /* NULL: free */
	struct op *op;                  /* asked; NULL: it is done */
	uint64_t seq;                   /* then, of the entry that says so */
	struct wd_store_upstream row;   /* no blobs */
};

/* What the admin call that has its turn has to do with a backend. */
struct keeper_remote {
	struct keeper_backend *backend;
	struct wd_id id;               /* of the key to be */
	enum wd_key_kind kind;         /* CSR: of a key that comes wrapped */
	uint32_t version;              /* DELETE: the last that was done */
	char made[WD_LOCATOR_MAX + 1]; /* there, and not kept here yet */
	struct wd_use_asked use;       /* KEY_USE */
};

struct keeper {
	struct wd_role *role;
	const struct wd_msg_config *config;
	struct wd_broker *broker; /* NULL: not initialized, or no store */
	int why_no_broker;
	bool draining;

	struct wd_peer front, verify, scribe, seal;

	struct keeper_backend backends[WD_BACKENDS_MAX];
	size_t n_backends;
	struct keeper_remote remote;
	struct keeper_hsm_asked hsm_asked[KEEPER_HSM_ASKED];
	struct keeper_hsm_turn hsm_turn;
	struct keeper_ending endings[KEEPER_ENDINGS];

	/* To which keys are wrapped that may be unwrapped here; NULL without a
	 * backend that can. Of this process, and gone with it. */
	struct wd_pkey *own;
	struct wd_bytes *own_spki;

	/* Seal and scribe say how things stand as soon as they can; the first
	 * requests wait for that, but not for long. */
	bool seal_known, log_known, informed;
	int64_t informed_by;   /* monotonic ms */
	uint32_t front_number; /* rises with each front */

	struct op ops[KEEPER_OPS];
	struct op_list free, judged, waiting, queued, urgent;

	/* log */
	bool log_writable;
	uint64_t log_size, seq, durable;
	int64_t log_moved_at; /* monotonic ms: nothing waited, or some got on */

	/* verify */
	bool verify_ready;
	int64_t verify_said_at;    /* monotonic ms */
	uint64_t snapshot_version; /* of the last one sent */
	uint64_t snapshot_store;   /* wd_broker.store_version it was made at */
	uint8_t snapshot_digest[32];
	bool snapshot_failed; /* nothing is judged by the one before it */

	/* seal */
	struct wd_msg_seal_state seal_state; /* no texts but kind, nonce */
	char seal_kind[17], seal_nonce[WD_ID_LEN + 1];
	char seal_before[17]; /* its kind, before a migration */

	/* admin */
	enum admin_step step;
	struct op *turn; /* NULL: nobody's */
	bool acted; /* it is done; the entry that says so is not durable yet */

	struct { /* that begins: the files as they were seen last */
		unsigned tries;
		struct wd_bytes *seal, *keyring;
	} backup;

	struct keeper_ring ring;
	struct round round;

	struct { /* rows of the store that somebody else wrote */
		bool met;
		uint64_t bad; /* of the last look at all; with the one now */
		char last[WD_TAMPERED_TEXT];   /* that was logged */
		int64_t minute_ends, next_all; /* monotonic ms */
		unsigned n_minute;             /* entries */
		bool looking;
		struct wd_row_check check;
		uint64_t bad_now;
	} rows;

	size_t n_leases;
	struct wd_store_lease leases[KEEPER_LEASES];
	struct index index;
	int64_t next_tick;
};

/* ---- rows.c: rows of the store that somebody else has written */
/* After requests: has the log say what was met. */
void keeper_rows_look(struct keeper *k);
/* Just unsealed: what was read before was not checked. */
void keeper_rows_unsealed(struct keeper *k);
/* The admin's keeper looks at all of them, some a step. */
void keeper_rows_step(struct keeper *k);
/* WORDS is what status says of them, if anything. */
enum { KEEPER_ROWS_WORDS = 200 };
bool keeper_rows_warn(const struct keeper *k, char words[KEEPER_ROWS_WORDS]);

/* ---- op.c: slots, and answers to the front */
void keeper_ops_start(struct keeper *k);
/* A slot for the request F of the front; NULL when all are taken. */
struct op *keeper_op_new(
    struct keeper *k, const struct wd_frame *f, enum wd_call call);
void keeper_op_free(struct keeper *k, struct op *op);
/* Keeps a copy of the request's bytes. False: no memory. */
bool keeper_op_keep(struct op *op, struct wd_span body);
void op_list_add(struct keeper *k, struct op_list *l, struct op *op);
struct op *op_list_first(struct keeper *k, const struct op_list *l); /* NULL */
void op_list_drop(struct op_list *l); /* the first */
/* Sends what OP has come to and frees the slot. */
void keeper_op_answer(struct keeper *k, struct op *op);
void keeper_op_refuse(
    struct keeper *k, struct op *op, int result, const char *detail);
/* Straight to the front, without a slot. */
void keeper_refuse(struct keeper *k, enum wd_call call, uint32_t request,
    int result, const char *detail);
void keeper_answer(struct keeper *k, enum wd_call call, uint32_t request,
    const struct wd_outcome *out);
/* Writes the reply and sends it; a fault when it cannot be written, so that
 * whoever asks is answered. */
void keeper_reply(struct keeper *k, enum wd_call call, uint32_t request,
    int result, const struct wd_diag *d, const void *msg);

/* ---- public.c */
void keeper_call(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row);
/* Whether the broker can be used now: 0, or the reason. */
int keeper_gate(struct keeper *k, struct wd_diag *d);
/* Whether it can for the public, which sees no change that is being made. */
int keeper_public_gate(struct keeper *k, struct wd_diag *d);
/* Whether one more answer may wait for the log. */
int keeper_waiting_gate(const struct keeper *k, struct wd_diag *d);
/* OUT is what F has come to: its answer leaves when its entry is durable.
 * LEASE may be NULL. 0, or why F has no answer. */
int keeper_hold_answer(struct keeper *k, const struct wd_frame *f,
    enum wd_call call, struct wd_outcome *out,
    const struct wd_store_lease *lease, struct wd_diag *d) WD_MUST_USE;
void keeper_judged(struct keeper *k, struct op *op, int result,
    struct wd_span detail, const struct wd_msg_claims *claims);
/* Stores and answers what was judged in this round. */
void keeper_round_end(struct keeper *k);

/* ---- enrol.c: TPMs */
void keeper_enrol(struct keeper *k, const struct wd_frame *f);
void keeper_enrolment(struct keeper *k, const struct wd_frame *f);
void keeper_ek_checked(struct keeper *k, struct op *op, int result,
    struct wd_span detail, const struct wd_msg_ek_info *info);

/* ---- evidence.c: verify */
/* OP waits for an answer of verify. 0, or a fault. */
int keeper_send_verify(struct keeper *k, struct op *op, enum wd_call call,
    const void *msg) WD_MUST_USE;
int keeper_ask_verify(struct keeper *k, struct op *op,
    const struct wd_msg_attest_ask *ask) WD_MUST_USE;
void keeper_snapshot(struct keeper *k);
void keeper_verify_said(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row);
void keeper_verify_gone(struct keeper *k);
void keeper_verify_late(struct keeper *k, int64_t now_ms);

/* ---- record.c: scribe */
/* Queues OUT's entry and frees it. False when the log cannot take it. */
bool keeper_record(struct keeper *k, struct wd_outcome *out, uint64_t *ret_seq);
/* Queues OUT's entry; OP, with its answer, waits until that is durable.
 * WD_R_AUDIT_UNAVAILABLE when the log cannot take it. */
int keeper_hold(struct keeper *k, struct op *op, struct wd_outcome *out,
    struct wd_diag *d) WD_MUST_USE;
bool keeper_log_has_room(const struct keeper *k);
bool keeper_scribe_said(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row);
void keeper_scribe_gone(struct keeper *k);
void keeper_scribe_late(struct keeper *k, int64_t now_ms);

/* ---- index.c: the index of leases */
void keeper_lease(struct keeper *k, const struct wd_store_lease *lease);
void keeper_index_tick(struct keeper *k, int64_t now_ms);
bool keeper_index_asked(const struct keeper *k, uint32_t number);
void keeper_index_tail(struct keeper *k, int result, struct wd_span detail,
    const struct wd_msg_audit_entries *tail);
void keeper_index_scribe_gone(struct keeper *k);
void keeper_index_leave(struct keeper *k); /* nothing comes after this */

/* ---- sealing.c: seal */
void keeper_seal_attached(struct keeper *k);
bool keeper_seal_said(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row);
void keeper_seal_gone(struct keeper *k);

/* ---- ring.c: the keyring, without being asked */
/* Once there is a broker. */
void keeper_ring_start(struct keeper *k);
/* Does what is due now; for when no admin call has its turn. */
void keeper_ring_step(struct keeper *k);
/* Seal has answered a rotation, ours or an operator's. */
void keeper_ring_rotated(
    struct keeper *k, uint32_t request, int result, struct wd_span detail);
void keeper_ring_seal_gone(struct keeper *k);
void keeper_ring_dropped(
    struct keeper *k, uint32_t request, int result, struct wd_span detail);
/* When there is something to do: monotonic ms. */
int64_t keeper_ring_due(const struct keeper *k);
uint64_t keeper_ring_rows_left(const struct keeper *k);
/* Zeros: not known. */
struct wd_uses keeper_ring_uses(const struct keeper *k);
/* What an operator should know. False: nothing. */
enum { KEEPER_RING_WORDS = 288 };
bool keeper_ring_warns(const struct keeper *k, char ret[KEEPER_RING_WORDS]);

/* ---- backup.c: backups that begin */
void keeper_backup_begin(struct keeper *k);
bool keeper_backup_files(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row);
bool keeper_backup_note(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row);

/* ---- backend.c: what rests elsewhere */
enum { KEEPER_BACKEND_PEERS = WD_BACKENDS_MAX * KEEPER_BACKEND_PROCS };
int keeper_backends_start(struct keeper *k, struct wd_diag *d) WD_MUST_USE;
void keeper_backend_attached(struct keeper *k, uint16_t place, int fd);
/* Places of peers, of the backends that are configured: each turn of the loop
 * looks at all of them. */
static inline size_t
keeper_backend_peers(const struct keeper *k)
{
	return k->n_backends * KEEPER_BACKEND_PROCS;
}
/* The N-th peer that is there, or NULL. */
struct wd_peer *keeper_backend_peer(struct keeper *k, size_t n);
void keeper_backend_ready(struct keeper *k, struct wd_peer *p);
void keeper_backend_detach(struct keeper *k, struct wd_peer *p);
struct keeper_backend *keeper_backend_named(
    struct keeper *k, const char *name); /* NULL */
/* How much B may be asked at a time: as much as its processes take. */
size_t keeper_backend_room(const struct keeper_backend *b);
/* What MSG of CALL is to have as its deadline. */
uint64_t keeper_backend_deadline(const struct keeper_backend *b);
/*
 * Asks the process of B that has least to do; OP (NULL: nobody) waits for it,
 * until its deadline. 0; WD_R_UNAVAILABLE, WD_R_OVERLOADED.
 */
int keeper_backend_ask(struct keeper *k, struct keeper_backend *b,
    enum wd_call call, const void *msg, struct op *op, struct wd_diag *d)
    WD_MUST_USE;
/* As that of the process P, for which nobody waits. */
int keeper_backend_ask_proc(struct keeper *k, struct keeper_backend *b,
    struct keeper_backend_proc *p, enum wd_call call, const void *msg,
    struct wd_diag *d) WD_MUST_USE;
void keeper_backend_late(struct keeper *k, int64_t now_ms);

/* The session that OP asks for; none: it is no client's. */
const struct wd_id *keeper_asks_for(const struct op *op);
/* What OP was waiting for: RESULT, and the reply of CALL when it is 0. Nothing
 * when nobody waits (NULL). */
void keeper_give(struct keeper *k, struct op *op, enum wd_call call, int result,
    struct wd_span why, const void *msg);

/* ---- hsm.c: secrets that the HSM of the seal wraps too */
/* Has the HSM asked for the key of BLOB; OP waits, as for a backend. 0;
 * WD_R_HSM_UNAVAILABLE, WD_R_OVERLOADED. */
int keeper_hsm_unwrap(struct keeper *k, struct wd_span blob, struct op *op,
    struct wd_diag *d) WD_MUST_USE;
bool keeper_hsm_said(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row);
void keeper_hsm_gone(struct keeper *k); /* seal is */
void keeper_hsm_late(struct keeper *k, int64_t now_ms);
/* The admin call that has its turn is done, once the HSM has given what it
 * needs of it. */
void keeper_hsm_begin(struct keeper *k);
/* MSG of CALL has come for it. */
void keeper_hsm_admin(struct keeper *k, enum wd_call call, const void *msg);
void keeper_hsm_settle(struct keeper *k); /* it is over */
void keeper_hsm_wipe(struct keeper *k);   /* the server is sealed */

/* ---- remote.c: admin calls on keys in backends */
/* False: the call whose turn it is has nothing to do with them. */
bool keeper_remote_begin(struct keeper *k);
/* OP's request, as a struct of its row, which is freed; NULL: it is malformed,
 * or the caller may not. */
void *keeper_admin_request(struct keeper *k, const struct op *op);
void keeper_admin_backend(struct keeper *k, enum wd_call call, int result,
    struct wd_span why, const void *msg);
/* The call is over; what was made in a backend is kept here, or destroyed. */
void keeper_remote_settle(struct keeper *k, bool kept);
/* Nobody waits any more for what was made. */
void keeper_remote_unwanted(struct keeper *k, struct keeper_backend *b,
    const struct wd_msg_backend_made *made);

/* ---- backend_state.c: how backends are, for status and metrics */
void keeper_backend_checked(struct keeper *k, struct keeper_backend *b,
    struct keeper_backend_proc *p, int result, struct wd_span why,
    const struct wd_msg_backend_state *m);
void keeper_backends_look(struct keeper *k, int64_t now_ms);
/* What is known, to the front; again whenever there is another one. */
void keeper_backends_tell(struct keeper *k);

/* ---- main.c */
/*
 * Public requests, and what is decided anew for them, read both databases in
 * one state, taken after they have arrived: a change that was acknowledged
 * before is in it. False, and nothing is to be ended: not in the admin's cell,
 * which writes, nor without a store.
 */
bool keeper_read_begin(struct keeper *k);

/* ---- unwrap.c: keys that leave their HSM wrapped alone, opened here */
/* Makes the key for it, when a backend can wrap. 0 or a fault. */
int keeper_unwrap_start(struct keeper *k, struct wd_diag *d) WD_MUST_USE;
/* Asks B for the key at LOCATOR, wrapped to CLIENT (SPKI; empty: to our own
 * key). As keeper_backend_ask(). */
int keeper_wrap_ask(struct keeper *k, struct keeper_backend *b,
    const char *locator, struct wd_span client, struct op *op,
    struct wd_diag *d) WD_MUST_USE;
/* Opens a key of KIND that was wrapped to our own: 0; WD_R_BACKEND_ANSWER, or a
 * fault. */
int keeper_unwrap(struct keeper *k, const struct wd_msg_backend_wrapped *m,
    enum wd_key_kind kind, struct wd_secret **ret) WD_MUST_USE;

/* ---- fetch.c: releases of what rests in a backend */
/* The release F, which OP will stand for, waits for what FETCH names. 0, and
 * FETCH is taken; or why it cannot: then it is to be decided without. */
int keeper_fetch(struct keeper *k, const struct wd_frame *f,
    struct wd_fetch *fetch, struct wd_diag *d) WD_MUST_USE;
/* Asks B for the key at LOCATOR. As keeper_backend_ask(). */
int keeper_fetch_ask(struct keeper *k, struct keeper_backend *b,
    const char *locator, enum wd_key_kind kind, struct op *op,
    struct wd_diag *d) WD_MUST_USE;
/* Nobody waits any more for what was fetched. */
void keeper_fetch_unwanted(struct keeper *k, struct keeper_backend *b,
    const struct wd_msg_backend_got *got);
/* What a client is told of a backend's RESULT. */
int keeper_fetch_result(int result);
/* RESULT, and the reply of CALL when it is 0: what was fetched, wrapped or
 * renewed. */
void keeper_fetched(struct keeper *k, struct op *op, enum wd_call call,
    int result, struct wd_span why, const void *msg);
/* The answer of OP will not leave: what a backend has leased for it is to be
 * given back. */
void keeper_fetch_unsent(struct keeper *k, struct op *op);

/* ---- upstream.c: leases of backends that end, in the admin's cell */
void keeper_upstream_tick(struct keeper *k, int64_t now_ms);
void keeper_upstream_answer(
    struct keeper *k, struct op *op, int result, struct wd_span why);
/* Entries up to SEQ are durable; or the log is lost. */
void keeper_upstream_durable(struct keeper *k, uint64_t seq);
void keeper_upstream_log_lost(struct keeper *k);
/* B can be reached (again). */
void keeper_upstream_ready(struct keeper *k, const struct keeper_backend *b);

/* ---- use.c: uses of keys */
void keeper_use(struct keeper *k, const struct wd_frame *f);
/* Asks B for what W of X needs; OP waits. As keeper_backend_ask(), and
 * WD_R_UNSUPPORTED, WD_R_MISMATCH, WD_R_BACKEND_NOT_CONFIGURED. */
int keeper_use_ask(struct keeper *k, const struct wd_use_work *w,
    const struct wd_use_asked *x, struct op *op, struct wd_diag *d) WD_MUST_USE;
/* What came of it, into X; WHY and MSG outlive its use. */
void keeper_use_answer(struct wd_use_asked *x, enum wd_call call, int result,
    struct wd_span why, const void *msg);
/* RESULT, and the reply of CALL when it is 0. */
void keeper_used(struct keeper *k, struct op *op, enum wd_call call, int result,
    struct wd_span why, const void *msg);

/* ---- admin.c */
struct wd_admin_found;
/* Of the call whose turn it is: whether the caller may; ask another role; do it
 * with what was found; or refuse it. */
bool keeper_admin_is_allowed(struct keeper *k, struct wd_span token);
void keeper_admin_ask(struct keeper *k, struct wd_peer *peer, enum wd_call call,
    const void *msg, enum admin_step step, int timeout_ms);
void keeper_admin_run(struct keeper *k, const struct wd_admin_found *found);
void keeper_admin_refuse(struct keeper *k, int result, const char *detail);
void keeper_admin_call(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row);
void keeper_admin_next(struct keeper *k);
void keeper_admin_doc(struct keeper *k, int result, struct wd_span detail,
    const struct wd_msg_doc_info *doc);
void keeper_admin_appraised(struct keeper *k, int result, struct wd_span detail,
    const struct wd_msg_claims *claims);
void keeper_admin_tail(struct keeper *k, int result, struct wd_span detail,
    const struct wd_msg_audit_entries *tail);
void keeper_admin_seal(struct keeper *k, int result, struct wd_span detail);
void keeper_admin_durable(struct keeper *k);
void keeper_admin_log_lost(struct keeper *k);
void keeper_admin_late(struct keeper *k, int64_t now_ms);
