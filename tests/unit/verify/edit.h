/*
 * Texts with one place changed: how the tests of documents make what must be
 * refused out of what is accepted.
 */
#pragma once

#include "base/wr.h"

/*
 * GOOD with the first FROM replaced by TO, in a static buffer. FROM must be
 * there, so that a test does not quietly test nothing.
 */
struct wd_span t_edit(const char *good, const char *from, const char *to);
