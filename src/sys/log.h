/*
 * The log of a process: JSON lines on standard error, or fields to journald
 * where standard error is a journal stream. Written once, where an error stops
 * travelling. Never a secret, never bytes from outside unescaped.
 */
#pragma once

#include "base/diag.h"

enum wd_log_level { WD_LOG_ERROR, WD_LOG_WARNING, WD_LOG_INFO, WD_LOG_DEBUG };

/* ROLE is "keeper" and the like; CELL < 0: none. Keeps no copy of ROLE. */
void wd_log_start(const char *role, int cell, enum wd_log_level most);

/* "error", "warning", "info", "debug"; false for anything else. */
bool wd_log_level_parse(struct wd_span name, enum wd_log_level *ret);

/* One event: a name of the form `key_created`, then name/value pairs of texts,
 * ended by NULL. Values are escaped and cut at 512 bytes. */
void wd_log(enum wd_log_level level, const char *event, ...)
    __attribute__((sentinel));

/* A failure with its diag: reason, detail. Level by sign: fault error,
 * rejection info. */
void wd_log_result(const char *event, int result, const struct wd_diag *d);
