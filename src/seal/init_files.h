/*
 * Inside src/seal only: the files that make a server, and the mark that tells
 * an attempt under way, or killed, from a server whose seal was lost.
 */
#pragma once

#include "base/diag.h"

/* What is being made; each has a mark of its own, since what one may clear away
 * after it was killed the other may not. */
enum wd_making { WD_MAKING_NEW, WD_MAKING_RESTORED };

/* Marks the folder STATE before the first file is made in it. */
int wd_init_mark(int state, enum wd_making what, struct wd_diag *d) WD_MUST_USE;

/* STATE holds what is left of such an attempt that was killed. */
bool wd_init_is_marked(int state, enum wd_making what);

/* As wd_init_require_none(), for either. */
int wd_making_require_none(int state, enum wd_making what, struct wd_diag *d)
    WD_MUST_USE;

/* The mark becomes the seal file with these bytes, in one step: there is never
 * both a seal and a mark, or neither. */
int wd_init_publish(int state, enum wd_making what, struct wd_span seal,
    struct wd_diag *d) WD_MUST_USE;

/* Removes every file of a server, and the mark last. Only for what no server
 * has used. */
void wd_init_clear(int state, enum wd_making what, const char *state_path);
