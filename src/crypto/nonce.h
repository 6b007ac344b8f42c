/*
 * What libcrypto draws at random while it makes an ECDSA signature, drawn
 * ahead. libcrypto hashes it together with the key and the message into the
 * nonce, so that nonces of different messages differ whatever it is.
 */
#pragma once

/* From one to the other libcrypto takes its random bytes from what was drawn;
 * outside of the two, and where there is no memory for it, it draws itself. */
void wd_nonce_begin(void);
void wd_nonce_end(void);
