/*
 * Inside warder-seal: the keepers, and the one change that may be under way.
 */
#pragma once

#include "bin/common/keepers.h"
#include "bin/seal/box.h"
#include "bin/seal/delay.h"
#include "bin/seal/progress.h"

enum {
	SEAL_ASKERS = 16,    /* keepers that wait for one change */
	SEAL_WRAPPINGS = 64, /* keys that the HSM is asked for */
};

struct seal_keeper {
	struct wd_keeper base;
	uint64_t serial; /* no two keepers have the same */
	bool admin;      /* has the calls of admins, so it may ask for more */
	bool greeted;    /* it has asked, so it listens */
	bool owes;       /* was told and has not acknowledged */
	uint32_t owed;   /* the number of what it was told */
	struct {
		struct wd_secret *body; /* NULL: none */
		const struct wd_call_row *row;
		uint32_t request;
	} later; /* what it has asked for and waits its turn */
};

/* What all keepers are being told. */
enum seal_doing {
	SEAL_NOTHING,
	SEAL_OPENING,
	SEAL_ROTATING,
	SEAL_DROPPING,
	SEAL_CLOSING
};

/* A key that the HSM is asked to wrap, or to open. */
struct seal_wrapping {
	uint64_t keeper; /* serial; 0: free */
	uint32_t request;
	enum wd_call call;        /* the keeper's */
	uint32_t number;          /* ours at the device */
	struct wd_secret *random; /* SEAL_WRAP */
	int64_t deadline;
};

struct seal {
	struct wd_role *role;
	struct seal_box box;
	struct seal_delay delay;
	struct seal_progress progress; /* a seal of shares */
	struct wd_peer device;         /* chan NULL: none, or not yet */
	struct wd_seal_device device_of_box;
	bool device_away;   /* its process had ended when it was last asked */
	int64_t device_due; /* when opening by it is tried (again) */
	int64_t probe_due;  /* when it is tried for a trial; INT64_MAX: not */
	bool probe_missed;  /* the last trial found its process away */
	/* By the calendar: when it last opened the seal, and since when it does
	 * not; 0: neither. */
	int64_t probe_good, probe_failing;
	struct seal_wrapping wrappings[SEAL_WRAPPINGS];
	size_t n_wrappings;
	int64_t wrap_pause;   /* monotonic ms: until then nothing is asked */
	int64_t wrap_failing; /* by the calendar, since when; 0: not */
	bool locked; /* an operator has sealed: no keeper may have keys */

	struct seal_keeper keepers[WD_KEEPERS];
	uint64_t last_serial;

	enum seal_doing doing;
	bool insisted; /* closing: who does not answer was reported */
	int64_t deadline;
	struct {
		uint64_t keeper; /* serial */
		uint32_t request;
	} askers[SEAL_ASKERS];
	size_t n_askers;
};

/* ---- keepers.c: who is there */

/* Takes FD. */
void seal_keeper_attach(struct seal *s, uint16_t cell, bool admin, int fd);

/* Reads and serves what a keeper has sent. */
void seal_keeper_ready(struct seal *s, struct seal_keeper *k);

/* Reports a keeper and listens to it no more. */
void seal_keeper_condemn(
    struct seal *s, struct seal_keeper *k, const char *why);

/* Sends what waits. */
void seal_keepers_flush(struct seal *s);

/* ---- calls.c: what keepers ask */

/* False when K may not ask that. */
bool seal_call(struct seal *s, struct seal_keeper *k,
    const struct wd_call_row *row, const struct wd_frame *f);

/* ---- files.c: the files at rest, for backups */
void seal_files_tell(
    struct seal *s, struct seal_keeper *k, uint32_t request, const void *none);

/* ---- device.c: the HSM, in a process of its own */

/* Has the box open and wrap by it. Before anything is opened. */
void seal_device_use(struct seal *s);

/* Takes FD. */
void seal_device_attach(struct seal *s, uint16_t cell, int fd);

/* Has the device make a key of the configured name. Its rejections. */
int seal_device_generate(struct seal *s, struct wd_diag *d) WD_MUST_USE;

/* Opens a seal of the device when it is time for that; milliseconds until it
 * is, -1: not at all. */
int seal_device_check(struct seal *s);

/* ---- wrapping.c: keys for seal wrap, by the HSM */

/* Answers SEAL_WRAP and SEAL_UNWRAP of K, once the HSM has. WD_R_NO_HSM: the
 * seal is another; WD_R_HSM_UNAVAILABLE; WD_R_TAMPERED: not what it has
 * wrapped; WD_R_OVERLOADED, WD_R_SEALED, or a fault. */
void seal_wrap(
    struct seal *s, struct seal_keeper *k, uint32_t request, const void *none);
void seal_unwrap(
    struct seal *s, struct seal_keeper *k, uint32_t request, const void *msg);

/* The process of the device is another one, or none. */
void seal_wrapping_device(struct seal *s);

/* Forgets the keys; what is asked is answered that the server is sealed. */
void seal_wrapping_forget(struct seal *s);

/* Sends what waits. */
void seal_wrapping_flush(struct seal *s);

/* Reads what the device answers. */
void seal_wrapping_ready(struct seal *s);

/* Has all that was asked answered, or given up: before the device is asked by
 * somebody who waits for its answer. */
void seal_wrapping_settle(struct seal *s);

/* Gives up what takes too long; milliseconds until that is due, -1: never. */
void seal_wrapping_check(struct seal *s);
int seal_wrapping_due(const struct seal *s);

/* ---- probe.c: whether the device would open the seal at the next start */

/* What came of an attempt to open by it: 0 or why not. */
void seal_probe_note(struct seal *s, int result);

/* Another seal, or another process of the device: the next trial is soon. */
void seal_probe_soon(struct seal *s);

/* Makes a trial when it is due; milliseconds until one is, -1: none. */
int seal_probe_check(struct seal *s);

/* ---- shares.c: seals that several operators open */

/*
 * Takes one share, or forgets the attempt. 0: it counts; *RET_SECRET is what
 * all give together once there are enough, else untouched. WD_R_MALFORMED: not
 * a share; WD_R_EXISTS: given already; WD_R_CONFLICT: meant for another
 * attempt; or a fault.
 */
int seal_share_take(struct seal *s, const struct wd_msg_unseal *m,
    struct wd_secret **ret_secret, struct wd_diag *d) WD_MUST_USE;

/* Forgets the attempt, if there is one; keepers are told. */
void seal_share_forget(struct seal *s, const char *why);

/* Forgets an attempt that takes too long; milliseconds until one may, -1: there
 * is none. */
int seal_share_check(struct seal *s);

/* ---- migrate.c: another seal */

/* As seal_box_migrate(), and WD_R_UNSUPPORTED for a kind that is not known;
 * both, and what came of it, are logged. */
int seal_migrate(struct seal *s, const struct wd_msg_seal_migrate *m,
    struct wd_diag *d) WD_MUST_USE;

/* ---- change.c: telling every keeper, and answering once they know */

/* The state as every answer gives it; spans view S. */
struct wd_msg_seal_state seal_state(const struct seal *s);

/* Starts a change that K has asked for; the box is open or closed already. */
void seal_change(struct seal *s, enum seal_doing what, struct seal_keeper *k,
    uint32_t request);

/* Tells all keepers that have asked how things stand, with the keyring when it
 * is open, outside of any change; they owe nothing. */
void seal_tell_state(struct seal *s);

/* The same without the keyring, for those that have it. */
void seal_tell_news(struct seal *s);

/* Tells K to wipe, outside of any change. */
void seal_wipe(struct seal *s, struct seal_keeper *k);

/* K waits for the change that is under way. */
void seal_change_join(struct seal *s, struct seal_keeper *k, uint32_t request);

/* Answers when nobody owes any more, or the time is up. */
void seal_change_check(struct seal *s);

/* Milliseconds until seal_change_check() is due; -1: never. */
int seal_change_due(const struct seal *s);

/* ---- later.c: what waits for the end of a change */

/* Keeps F of K until the change that is under way has ended. False: none is,
 * or it cannot be kept. */
bool seal_later_take(struct seal *s, struct seal_keeper *k,
    const struct wd_call_row *row, const struct wd_frame *f);

/* Serves one that was kept, once nothing is under way; whether there was one.
 */
bool seal_later_run(struct seal *s);

/* K is gone. */
void seal_later_forget(struct seal_keeper *k);
