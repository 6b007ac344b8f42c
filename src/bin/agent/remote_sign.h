/*
 * Signatures that a server makes with a key that stays there: what a program
 * asks for in the terms of PKCS#11, said in those of the server's door, and
 * what comes back held against the public key. Pure; the way there and back is
 * agent.h's.
 *
 * Between the agent and the server stands the link, which talks to the network
 * and has the session. One that has been taken over can: keep signatures away
 * or late; see what is signed; have the server sign what it likes as long as
 * the session lasts, with the keys whose policies allow this guest, each of
 * which is in the server's log. It cannot: have the key; make a program be
 * given a signature that is not by the key it sees over what it asked for; put
 * another public key in its place, since that comes in a signed release; go on
 * once the session, the policy or the key is revoked.
 */
#pragma once

#include "crypto/pkey.h"
#include "crypto/sig.h"
#include "proto/holder.h"
#include "proto/use.h"

struct wd_remote_sign {
	enum wd_keysig sig;
	bool hashed;
	size_t len;
	uint8_t digest[WD_KEYUSE_DIGEST_MAX]; /* LEN of it, when HASHED */
};

/*
 * OK and RET, or what the server's door has not, as the holder says it:
 * MECHANISM (no DigestInfo that is known), PARAMETER (PSS of another form),
 * DATA_LENGTH. What is not HASHED is ASK->data as it is.
 *
 * ECDSA takes of any digest the leftmost bits that its curve has room for (FIPS
 * 186-5, section 6.4): cut off or with zeros in front it is the digest that the
 * door takes, and the signature is the same.
 */
enum wd_holder_status wd_remote_sign_of(enum wd_holder_kind kind,
    const struct wd_holder_sign *ask, struct wd_remote_sign *ret) WD_MUST_USE;

/* Whether SIG is by KEY over what was asked: 0, WD_R_MISMATCH, or a fault.
 * MESSAGE is what was not hashed. */
int wd_remote_sign_verify(const struct wd_pkey *key,
    const struct wd_remote_sign *x, struct wd_span message, struct wd_span sig)
    WD_MUST_USE;
