/*
 * Sessions: local to the module, the holder does not know them. A session is
 * used by one thread at a time; others wait for it.
 */
#pragma once

#include "base/wr.h"
#include "bin/pkcs11/ck.h"
#include "bin/pkcs11/mech.h"

enum { WD_SESSIONS_MAX = 4096 };

/* Objects found and not handed out yet. */
struct wd_find {
	bool active;
	ck_object_handle_t *handles;
	size_t n, next;
};

/* A signature or digest on its way. */
struct wd_op {
	const struct wd_mech *mech; /* NULL: none is active */
	bool updated;               /* data came in parts */
	struct wd_sha2 sha;         /* when the mechanism hashes */
	struct wd_wr data;          /* else */
	struct wd_holder_sign ask;  /* of a signature: all but the data */
	enum wd_holder_kind kind;
	size_t sig_len;
};

struct wd_session {
	ck_session_handle_t handle;
	bool busy;
	bool closed; /* while it was busy: freed when given back */
	bool rw;
	struct wd_find find;
	struct wd_op sign, digest;
};

struct wd_p11_sessions {
	struct wd_session *at[WD_SESSIONS_MAX];
	size_t n, n_rw;
	uint64_t last_serial;
};

struct wd_p11;

/* Operations that were under way in other threads of the parent are over. */
void wd_p11_sessions_after_fork(struct wd_p11_sessions *sessions);

/* Forgets all without touching it; handles are not given out again. */
void wd_p11_sessions_abandon(struct wd_p11_sessions *sessions);

/* Closes all; with the lock. */
void wd_p11_sessions_close(struct wd_p11_sessions *sessions);

/*
 * The session for the calling thread alone, without the lock:
 * CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID, or
 * CKR_FUNCTION_FAILED when another thread does not let go of it.
 */
ck_rv_t wd_session_take(ck_session_handle_t handle, struct wd_session **ret)
    WD_MUST_USE;
void wd_session_givep(struct wd_session **s); /* NULL is fine */

void wd_find_done(struct wd_find *find);
void wd_op_done(struct wd_op *op);
