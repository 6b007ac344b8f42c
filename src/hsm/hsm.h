/*
 * One key in an HSM, through its maker's PKCS#11 module. The module is foreign
 * code that may hang or crash: only in a process that holds nothing else and
 * whose callers have a deadline. Every failure to decrypt counts as a wrong
 * key or bytes, since modules do not agree on what they answer.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "base/secret.h"
#include "hsm/uri.h"

struct wd_hsm;

struct wd_hsm_how {
	const struct wd_hsm_uri *uri;
	struct wd_span pin; /* must outlive it */
	bool oaep_sha1;     /* RSA: for modules that have nothing better */
};

/*
 * Loads and initializes the module; maps executable memory, so before a
 * sandbox closes. Nothing is asked of the HSM yet. A fault says what failed.
 */
int wd_hsm_load(const struct wd_hsm_how *how, struct wd_hsm **ret,
    struct wd_diag *d) WD_MUST_USE;
struct wd_hsm *wd_hsm_free(struct wd_hsm *h);
void wd_hsm_freep(struct wd_hsm **h);

/*
 * Makes an AES-256 key of that label that never leaves the HSM and can only
 * encrypt and decrypt. WD_R_EXISTS: there is a key of the label; or a fault.
 */
int wd_hsm_generate(struct wd_hsm *h, struct wd_diag *d) WD_MUST_USE;

/*
 * KEY under the key in the HSM: AES-GCM, or RSA-OAEP where it is an RSA key.
 * Before that, each time a session is opened anew, the key's attributes are
 * looked at: WD_R_KEY_INVALID when it could leave the HSM, could ever have, or
 * may do more than it should. WD_R_NOT_FOUND: no such token or key;
 * WD_R_PERMISSION: the PIN is refused; or a fault.
 */
int wd_hsm_wrap(struct wd_hsm *h, struct wd_span key,
    struct wd_bytes **ret_blob, struct wd_diag *d) WD_MUST_USE;

/* As above, and WD_R_UNSEAL_REFUSED: it is not what this key has wrapped;
 * WD_R_MALFORMED. */
int wd_hsm_unwrap(struct wd_hsm *h, struct wd_span blob,
    struct wd_secret **ret_key, struct wd_diag *d) WD_MUST_USE;
