/*
 * The keys this process holds: parsed once into libcrypto's own objects in
 * secret memory, found by id and version, gone when their lease ends. Knows who
 * may see and who may use each of them; knows no socket and no clock of its
 * own. Must never give a private key back to anyone, our own process included.
 *
 * Deadlines are seconds of CLOCK_BOOTTIME, as wd_time_boot() says them. Call
 * wd_arena_install(), wd_crypto_use_memory() and wd_crypto_init() first.
 */
#pragma once

#include "base/diag.h"
#include "crypto/pkey.h"
#include "proto/holder.h"

enum {
	WD_HOLD_KEYS_MAX = 512, /* versions of keys, ended ones included */
	WD_HOLD_GRANTS_MAX = 16,
	WD_HOLD_GROUPS_MAX = 64,
};

/* One user or one group that has a right. */
struct wd_hold_grant {
	bool is_group;
	uint32_t id; /* uid or gid */
};

/* To use is to see as well. Root (uid 0) may see every key, and use what it is
 * granted like anybody else. */
struct wd_hold_rights {
	size_t n_see, n_use;
	struct wd_hold_grant see[WD_HOLD_GRANTS_MAX], use[WD_HOLD_GRANTS_MAX];
};

/* Who asks, as the kernel says. Of a user in more groups the primary one counts
 * alone. */
struct wd_hold_user {
	uint32_t uid;
	size_t n_gids; /* at least 1: the first is the primary group */
	uint32_t gids[WD_HOLD_GROUPS_MAX];
};

/* What a release brings. The spans are copied, or parsed and forgotten. */
struct wd_hold_record {
	struct wd_id id;
	uint32_t version;     /* counted from 1 */
	struct wd_span label; /* UTF-8, 1 to WD_HOLDER_LABEL_MAX bytes */
	struct wd_span pkcs8; /* private key, DER; from secret memory */
	struct wd_span spki;  /* in its place, of a key that stays elsewhere */
	struct wd_span chain_pem; /* leaf first; empty: no certificate */
	uint32_t mechs; /* bit N: enum wd_holder_mech N; 0: all that fit */
	const struct wd_hold_rights *rights;
	int64_t deadline;
};

/* USER, or a group of theirs, is among the N. */
bool wd_hold_is_granted(const struct wd_hold_grant *grants, size_t n,
    const struct wd_hold_user *user);

struct wd_hold;

/* Empty, or NULL when there is no memory. */
struct wd_hold *wd_hold_new(void) WD_MUST_USE;
struct wd_hold *wd_hold_free(struct wd_hold *h); /* wipes every key */
void wd_hold_freep(struct wd_hold **h);

/*
 * Adds a version of a key, or replaces it when the hold has it already: a
 * renewal is the same record with a later deadline. Of all versions only the
 * newest is listed; older ones can be used until their own deadlines, so that
 * programs that loaded them can finish.
 *
 * WD_R_MALFORMED (chain), WD_R_KEY_INVALID, WD_R_UNSUPPORTED (no key that
 * signs), WD_R_MISMATCH (the leaf certificate is for another key), WD_R_RANGE
 * (label, version, mechanisms), WD_R_TOO_LARGE (chain), or a fault (too many
 * keys too). The hold is as before unless 0.
 */
int wd_hold_put(struct wd_hold *h, const struct wd_hold_record *record,
    struct wd_diag *d) WD_MUST_USE;

/*
 * All versions of the key are wiped now: its lease was revoked, or it is not
 * configured any more. Users who could use them hear KEY_ENDED, not NO_KEY,
 * until the key comes back or 24 hours have passed. Returns how many were held.
 */
size_t wd_hold_drop(struct wd_hold *h, const struct wd_id *id, int64_t now);

/* Who may see and use the versions of the key from now on. */
void wd_hold_set_rights(struct wd_hold *h, const struct wd_id *id,
    const struct wd_hold_rights *rights);

/* Wipes what is past its deadline; returns how many versions that was. */
size_t wd_hold_expire(struct wd_hold *h, int64_t now);

/* The earliest deadline of a key that is held; INT64_MAX when there is none. */
int64_t wd_hold_next_deadline(const struct wd_hold *h);

/* Versions held and not ended. */
size_t wd_hold_count(const struct wd_hold *h);

/* Newest version held of this key; 0: none. */
uint32_t wd_hold_version(const struct wd_hold *h, const struct wd_id *id);

/*
 * Until this is called with true, local programs hear NOT_READY and wait a
 * moment: say it when every configured key has been asked for once, whatever
 * came of it.
 */
void wd_hold_set_ready(struct wd_hold *h, bool ready);
bool wd_hold_is_ready(const struct wd_hold *h);

/* ---- what bin/agent/serve.c asks */

/* Changes whenever what anyone may see has changed; starts at random, so that
 * a new process is not taken for the old one. */
uint32_t wd_hold_epoch(const struct wd_hold *h);

/*
 * Appends the entries of LIST that USER may see, from number FROM on, as many
 * as leave WR within WD_HOLDER_MAX. Returns the number to ask for next; 0: all.
 */
uint32_t wd_hold_list(const struct wd_hold *h, const struct wd_hold_user *user,
    uint32_t from, struct wd_wr *wr);

/* Appends lines of STATUS, one for each version, up to half of a packet. */
void wd_hold_lines(const struct wd_hold *h, int64_t now, struct wd_wr *wr);

/* May see at least one key. */
bool wd_hold_knows(const struct wd_hold *h, const struct wd_hold_user *user);

/*
 * Of a key whose private half is not here: what its signatures are verified
 * with, as long as it has not ended. False for all others.
 */
struct wd_hold_public {
	const struct wd_pkey *key; /* until the hold changes */
	enum wd_holder_kind kind;
};
bool wd_hold_public(const struct wd_hold *h, const struct wd_id *id,
    uint32_t version, struct wd_hold_public *ret);

/* Whether USER may have the key sign so, for wd_hold_sign() and for keys that
 * stay elsewhere: OK or why not. */
enum wd_holder_status wd_hold_may_sign(const struct wd_hold *h,
    const struct wd_hold_user *user, const struct wd_holder_sign *ask,
    int64_t now) WD_MUST_USE;

/*
 * Signs for USER with a key that is here. Returns the status of the answer;
 * RET_SIG and RET_LEN are set with WD_HOLDER_OK only. Looks at rights before
 * anything else, so that no one learns of keys they may not see; refuses past
 * the deadline even when wd_hold_expire() has not run.
 */
enum wd_holder_status wd_hold_sign(struct wd_hold *h,
    const struct wd_hold_user *user, const struct wd_holder_sign *ask,
    int64_t now, uint8_t ret_sig[WD_HOLDER_SIG_MAX], size_t *ret_len)
    WD_MUST_USE;
