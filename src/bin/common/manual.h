/*
 * Parts of manual pages that are written from tables.
 */
#pragma once

#include "base/wr.h"

/* Appends plain English as mdoc(7): lines of at most 72 characters, each
 * sentence's end at the end of one. */
void wd_manual_fill(struct wd_wr *wr, const char *text);
