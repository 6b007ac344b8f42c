/*
 * Inside warder-scribe: the keepers that send entries, the journal they go to,
 * and what is only counted.
 */
#pragma once

#include "audit/entry.h"
#include "audit/journal.h"
#include "audit/note_key.h"
#include "audit/reader.h"
#include "audit/tiles.h"
#include "bin/common/keepers.h"

enum {
	SCRIBE_COUNTS = 64, /* pairs of reason and prefix a minute */
	SCRIBE_COUNT_TEXT = 64,
	SCRIBE_WHY = 240,
};

struct scribe_keeper {
	struct wd_keeper base;
	bool has_seq;
	uint64_t seq; /* of its last entry */
	bool waits;   /* entries of it are in the batch under way */
};

struct scribe_count {
	char reason[SCRIBE_COUNT_TEXT];
	char prefix[SCRIBE_COUNT_TEXT];
	uint64_t n;
};

/* The log as keepers are told of it. */
struct scribe_state {
	bool writable;
	char why[SCRIBE_WHY]; /* when it is not */
};

struct scribe {
	struct wd_role *role;
	int dir; /* the log folder; the role's */

	struct wd_journal *journal; /* NULL: it cannot be opened so far */
	bool trusted; /* the journal is what the checkpoint was signed over */
	struct scribe_state state;
	int64_t retry_at;  /* when to try again to open it, or to find room */
	int retry_ms;      /* how long the next wait is */
	int64_t worked_at; /* when the last spare work was done */
	uint64_t worked_size; /* entries of the log then */

	struct wd_note_key key;   /* of checkpoints */
	struct wd_tiles *tiles;   /* as long as there is a journal */
	struct wd_reader *reader; /* of what the tiles lack; NULL: not open */
	int64_t publish_at; /* when a checkpoint is due; -1: nothing is new */
	int64_t tiles_retry_at;
	struct wd_reader *tail; /* where who reads on left off; NULL: nobody */
	bool afresh;            /* tiles are made again from the first entry */

	struct scribe_keeper keepers[WD_KEEPERS];

	struct scribe_count counts[SCRIBE_COUNTS];
	size_t n_counts;
	int64_t counts_at; /* when they are to be written; with n_counts > 0 */

	bool leaving;
	int64_t leave_at;
};

/* ---- log.c: the journal and its state */

/* Opens the journal; what hinders it becomes the state, never the end. */
void scribe_log_open(struct scribe *s);

/* Gives the log up for now: it is not writable because of D. */
void scribe_log_distrust(struct scribe *s, const struct wd_diag *d);

/* From here on entries are taken. */
void scribe_log_trust(struct scribe *s);

/* Adds an entry to the batch, committing the one before when it is full.
 * WD_R_AUDIT_UNAVAILABLE when there is no journal to trust; WD_R_RANGE. */
int scribe_log_add(struct scribe *s, struct wd_span entry) WD_MUST_USE;

/* Adds an entry of scribe's own. */
void scribe_log_own(struct scribe *s, enum wd_event event, const char *detail,
    struct wd_span counts);

/* Writes and syncs the batch and tells the keepers. Ends the process when that
 * fails: nobody knows what is on the disk then. */
void scribe_log_commit(struct scribe *s);

/* Whether something of its own waits for idle time. */
bool scribe_log_wants_work(const struct scribe *s);

/* Does a few milliseconds of it. */
void scribe_log_work(struct scribe *s);

/* When scribe_log_work() is due at the latest (monotonic ms); -1: never. */
int64_t scribe_log_due(const struct scribe *s);

/* Tells what failed and ends the process: nobody knows what is on the disk. */
void scribe_log_die(struct scribe *s, int r, const struct wd_diag *d)
    __attribute__((noreturn));

/* ---- tiles.c: tiles and checkpoints, made from the journal */

/* After the journal was opened. The log is trusted once its entries have been
 * found to lead to the checkpoint that is out; with few of them that is now. */
void scribe_tiles_open(struct scribe *s, bool new_log);
void scribe_tiles_close(struct scribe *s);

/* Entries were added. */
void scribe_tiles_note(struct scribe *s);

/* There is something to do in idle time; or at once, idle or not. */
bool scribe_tiles_want(const struct scribe *s);
bool scribe_tiles_press(const struct scribe *s);

/* When scribe_tiles_press() will be true; -1: not by the clock. */
int64_t scribe_tiles_due(const struct scribe *s);

/* Does the work of at most 256 entries. */
void scribe_tiles_work(struct scribe *s);

/* Everything, for the end. */
void scribe_tiles_finish(struct scribe *s);

/* ---- keepers.c: who is there, and what they send */

/* Takes FD. */
void scribe_keeper_attach(struct scribe *s, uint16_t cell, int fd);

/* Reads and serves what a keeper has sent. */
void scribe_keeper_ready(struct scribe *s, struct scribe_keeper *k);

/* Tells every keeper what the state of the log is now. */
void scribe_keepers_tell_state(struct scribe *s);

/* Tells those whose entries were in the batch that it is durable. */
void scribe_keepers_tell_durable(struct scribe *s);

/* Sends what waits; with DEADLINE_MS > 0 until all of it is sent. */
void scribe_keepers_flush(struct scribe *s, int deadline_ms);

bool scribe_keepers_any(const struct scribe *s);

/* ---- tail.c */

/* Answers LOG_TAIL. */
int scribe_tail(struct scribe *s, struct scribe_keeper *k,
    const struct wd_frame *f) WD_MUST_USE;
void scribe_tail_close(struct scribe *s);

/* ---- note.c: how far the log is, for backups */

/* Answers LOG_NOTE. */
int scribe_note(struct scribe *s, struct scribe_keeper *k,
    const struct wd_frame *f) WD_MUST_USE;

/* ---- counts.c: what is counted only */

void scribe_count(struct scribe *s, const struct wd_msg_log_count *m);

/* Writes them as one entry. */
void scribe_counts_write(struct scribe *s);
