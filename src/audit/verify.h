/*
 * Checking a log from outside: the journal against the tiles and the signed
 * checkpoint, and against a checkpoint that somebody has kept. Everything is
 * computed anew from the entries; nothing in the folder is believed.
 */
#pragma once

#include "audit/checkpoint.h"

enum wd_log_finding_kind {
#define WD_LOG_FINDING(NAME, name) WD_LOG_##NAME,
#include "audit/verify.def"
#undef WD_LOG_FINDING
	WD_LOG_FINDING_COUNT
};

const char *wd_log_finding_name(enum wd_log_finding_kind kind);

struct wd_log_finding {
	enum wd_log_finding_kind kind;
	bool has_entry;
	uint64_t entry; /* index of the first entry concerned */
	char text[256]; /* one sentence */
};

struct wd_log_check {
	/* what to check against */
	const struct wd_note_key *key;
	const struct wd_checkpoint *remembered; /* signature checked; or NULL */
	void (*found)(void *ctx, const struct wd_log_finding *f);
	void *ctx;

	/* what was found */
	unsigned n_findings; /* told or not: after 32 only counted */
	uint64_t entries;    /* of the journal, as far as read */
	uint64_t torn;       /* bytes of an unfinished write */
	bool is_signed;      /* there is a checkpoint by the key */
	struct wd_checkpoint checkpoint; /* then: this one */
	uint8_t root[32];                /* over all entries */
};

/* 0 when the log could be checked, whatever was found; a fault when not. The
 * log may be written meanwhile. */
int wd_log_verify(int dir, struct wd_log_check *c, struct wd_diag *d)
    WD_MUST_USE;
