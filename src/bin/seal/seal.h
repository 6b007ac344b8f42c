/*
 * Inside warder-seal: the keepers, and the one change that may be under way.
 */
#pragma once

#include "bin/common/keepers.h"
#include "bin/seal/box.h"
#include "bin/seal/delay.h"

enum {
	SEAL_ASKERS = 16, /* keepers that wait for one change */
};

struct seal_keeper {
	struct wd_keeper base;
	uint64_t serial; /* no two keepers have the same */
	bool greeted;    /* it has asked, so it listens */
	bool owes;       /* was told and has not acknowledged */
	uint32_t owed;   /* the number of what it was told */
};

/* What all keepers are being told. */
enum seal_doing { SEAL_NOTHING, SEAL_OPENING, SEAL_CLOSING };

struct seal {
	struct wd_role *role;
	struct seal_box box;
	struct seal_delay delay;
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
void seal_keeper_attach(struct seal *s, uint16_t cell, int fd);

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

/* ---- change.c: telling every keeper, and answering once they know */

/* The state as every answer gives it; spans view S. */
struct wd_msg_seal_state seal_state(const struct seal *s);

/* Starts a change that K has asked for; the box is open or closed already. */
void seal_change(struct seal *s, enum seal_doing what, struct seal_keeper *k,
    uint32_t request);

/* Tells K to wipe, outside of any change. */
void seal_wipe(struct seal *s, struct seal_keeper *k);

/* K waits for the change that is under way. */
void seal_change_join(struct seal *s, struct seal_keeper *k, uint32_t request);

/* Answers when nobody owes any more, or the time is up. */
void seal_change_check(struct seal *s);

/* Milliseconds until seal_change_check() is due; -1: never. */
int seal_change_due(const struct seal *s);
