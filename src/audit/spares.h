/*
 * Segments made in advance: allocated, written with zeros and synced, so that
 * a commit is one write and one fdatasync. All but one of them are the reserve
 * that keeps the log writable when something else has filled the disk: taking
 * one is a rename, and nobody can be quicker.
 */
#pragma once

#include "base/diag.h"

#include <sys/types.h>

struct wd_spares {
	int folder;       /* borrowed */
	uint64_t segment; /* bytes of one */
	unsigned want;    /* how many there should be */
	unsigned have;
	int making; /* the one under way; -1: none */
	uint64_t made;
	uint64_t goal; /* bytes that the one under way will have */
	bool give;     /* files go to this owner */
	uid_t uid;
	gid_t gid;
};

/* Counts what FOLDER has and removes what a crash left half made. S->folder,
 * segment, want and the owner are set. */
void wd_spares_open(struct wd_spares *s);
void wd_spares_done(struct wd_spares *s);

/* There are fewer than there should be. */
bool wd_spares_missing(const struct wd_spares *s);

/*
 * Does a slice of the work that is missing, a few milliseconds at most. 0, or
 * WD_R_AUDIT_UNAVAILABLE when the disk has no room for all that are missing, or
 * a fault; both may be tried again.
 */
int wd_spares_work(struct wd_spares *s, struct wd_diag *d) WD_MUST_USE;

/*
 * Renames one to NAME and opens it; *RET_ROOM is its size, at least NEED. When
 * there is none, a smaller one is made at once: somebody waits for it. As
 * above.
 */
int wd_spares_take(struct wd_spares *s, const char *name, uint64_t need,
    int *ret_fd, uint64_t *ret_room, struct wd_diag *d) WD_MUST_USE;
