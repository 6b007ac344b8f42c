/*
 * Keys used without being released: an attested client under the key's policy,
 * or an admin whose token may, has data encrypted, decrypted, signed or
 * verified, or a data key made. The key itself stays in this process or, when
 * it may not leave its backend, there.
 */
#pragma once

#include "broker/remote.h"
#include "broker/thing.h"
#include "proto/use.h"

/* What is wanted; the spans are the caller's. */
struct wd_use_work {
	struct wd_id key;
	enum wd_keyuse use;
	enum wd_keysig sig;
	uint32_t version; /* 0: the newest, or that of the envelope */
	unsigned bits;    /* DATAKEY */
	bool wrapped;     /* DATAKEY: in its envelope alone */
	bool hashed;      /* SIGN, VERIFY: the input is a digest */
	struct wd_span input, aad, signature;
};

struct wd_use_work wd_use_work_of(const struct wd_msg_use_ask *m);
struct wd_use_work wd_use_work_of_admin(const struct wd_msg_key_use *m);

/* What a backend is asked for it, and what that gave. Zeroed at first; what it
 * owns goes with the request. */
struct wd_use_asked {
	struct wd_fetch fetch; /* when wanted, one of the two: */
	bool there; /* the key is used where it rests; else it is fetched */
	uint32_t version;          /* of the key */
	enum wd_keysig sig;        /* SIGN */
	struct wd_secret *datakey; /* DATAKEY: the same in every try */
};
void wd_use_asked_done(struct wd_use_asked *x);

/* What has become of it. */
struct wd_use_done {
	uint32_t version;
	enum wd_keysig sig;
	bool valid;              /* VERIFY */
	struct wd_bytes *output; /* an envelope, or a signature */
	struct wd_secret *plain;
};
void wd_use_done_done(struct wd_use_done *x);

/* Finds the version of the key that W is about. WD_R_NOT_FOUND,
 * WD_R_REVOKED_BY_OPERATOR, WD_R_MISMATCH for the envelope of another key, or a
 * fault. */
int wd_use_find(struct wd_broker *b, const struct wd_use_work *w,
    const struct wd_thing **ret, struct wd_diag *d) WD_MUST_USE;

/*
 * Does W with THING, which whoever asks may use. 0, and either RET or
 * X->fetch.wanted: then a backend is asked, and everything is looked at and
 * this called again with what it answered; once more where the key has changed
 * meanwhile. WD_R_UNSUPPORTED: not with a key of
 * this kind. WD_R_MALFORMED: no envelope. WD_R_MISMATCH: it does not decrypt,
 * for whatever reason. WD_R_RANGE, WD_R_TOO_LARGE; those of
 * wd_remote_take() and wd_remote_open(); or a fault. RET_THEIRS is set when
 * what went wrong is the backend's matter.
 */
int wd_use_do(struct wd_broker *b, const struct wd_thing *thing,
    const struct wd_use_work *w, struct wd_use_asked *x,
    struct wd_use_done *ret, bool *ret_theirs, struct wd_diag *d) WD_MUST_USE;

/* The message with which X->there is asked; its spans view W, X and ROOM. The
 * deadline is the caller's. */
enum { WD_USE_ROOM = 45 + WD_KEYUSE_AAD_MAX };
int wd_use_message(const struct wd_use_work *w, const struct wd_use_asked *x,
    uint8_t room[WD_USE_ROOM], struct wd_msg_backend_work *ret) WD_MUST_USE;

/* "encrypt, 12 bytes", for the log. */
void wd_use_say(const struct wd_use_work *w, struct wd_wr *wr);

/*
 * Answers WD_CALL_USE, as wd_release_with() answers a release: OUT has the
 * reply and, when the session is good, the entry; or X->fetch.wanted is set and
 * nothing is answered yet. 0, or a fault when not even a reply could be made.
 */
int wd_use_with(struct wd_broker *b, const struct wd_msg_use_ask *ask,
    int64_t now, struct wd_use_asked *x, struct wd_outcome *out) WD_MUST_USE;
