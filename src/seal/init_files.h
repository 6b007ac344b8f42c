/*
 * Inside src/seal only: the files that make a server, and the mark that tells
 * an attempt under way, or killed, from a server whose seal was lost.
 */
#pragma once

#include "base/diag.h"

/* Marks the folder STATE before the first file is made in it. */
int wd_init_mark(int state, struct wd_diag *d) WD_MUST_USE;

/* The mark becomes the seal file with these bytes, in one step: there is never
 * both a seal and a mark, or neither. */
int wd_init_publish(int state, struct wd_span seal, struct wd_diag *d)
    WD_MUST_USE;

/* Removes every file of a server, and the mark last. Only for what no server
 * has used. */
void wd_init_clear(int state, const char *state_path);
