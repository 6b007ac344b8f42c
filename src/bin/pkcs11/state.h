/*
 * All that the module keeps, under one lock that is held for moments only:
 * never while a signature is waited for. A forked child finds everything as the
 * parent left it, but for the connections, which are the parent's.
 */
#pragma once

#include "bin/pkcs11/keys.h"
#include "bin/pkcs11/link.h"
#include "bin/pkcs11/session.h"

enum { WD_P11_PATH = 108 };

struct wd_p11 {
	bool initialized;
	bool forked; /* not initialized again since the fork */
	bool logged_in;

	char path[WD_P11_PATH]; /* of the holder's socket */
	int64_t wait;     /* milliseconds a holder that starts is waited for */
	int64_t patience; /* until when a holder that is away is waited for */
	int64_t haste;    /* until when one that is silent is not waited for */

	bool token_known;
	unsigned char label[32]; /* padded with blanks */
	unsigned char serial[16];

	bool listed; /* keys are those of a LIST, perhaps an old one */
	bool fresh;  /* and one that this process asked for */
	uint32_t epoch;
	struct wd_p11_keys keys;

	struct wd_p11_sessions sessions;
	struct wd_link links[WD_LINKS];
};

/* Makes what the lock and the detection of forks need. Before the first
 * wd_p11_enter(); false when there is no memory. */
bool wd_p11_prepare(void) WD_MUST_USE;

/*
 * Takes the lock. NULL, and no lock, when the module is not initialized; with
 * wd_p11_enter_any() it may be. Leave in any case:
 *
 *   WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();
 *   if (p == NULL)
 *           return CKR_CRYPTOKI_NOT_INITIALIZED;
 */
struct wd_p11 *wd_p11_enter(void) WD_MUST_USE;
struct wd_p11 *wd_p11_enter_any(void) WD_MUST_USE;
void wd_p11_leavep(struct wd_p11 **p);

/* Gives the lock up until somebody called wd_p11_wake() or the deadline
 * (monotonic, milliseconds) has passed: then false. */
bool wd_p11_wait(int64_t deadline) WD_MUST_USE;
void wd_p11_wake(void);
