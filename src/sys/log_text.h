/*
 * Values of log lines as text that no terminal, journal or JSON parser can
 * misread: printable ASCII, everything else as JSON escapes.
 */
#pragma once

#include "base/wr.h"

enum { WD_LOG_VALUE_MAX = 512 };

/* Appends S, cut at WD_LOG_VALUE_MAX bytes; UTF-8 becomes \uXXXX, bytes that
 * are none become \ufffd. */
void wd_log_text(struct wd_wr *wr, struct wd_span s);
