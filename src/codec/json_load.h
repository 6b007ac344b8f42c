/*
 * The parser of the JSON library, and the memory it works with. Inside of
 * codec/json.c.
 */
#pragma once

#include "base/diag.h"
#include "base/span.h"

#include <stdbool.h>

struct json_t; /* the library's */

/* 0, WD_R_MALFORMED or a fault. The caller has checked depth and size. */
int wd_json_load(struct wd_span text, struct wd_diag *d, struct json_t **ret)
    WD_MUST_USE;

/*
 * Gives the library its allocator: wd_alloc() in programs of ours
 * (json_own.c), what was in use before in libwarder-verify (json_host.c). Call
 * it before each use of the library; each such allocator asks wd_json_spare()
 * when it has no memory, and keeps what wd_json_is_spare() from being freed.
 */
void wd_json_memory(void);

/*
 * There is no memory for LEN bytes: a text that is being read comes to its
 * end. What the first to ask gets, if it fits; NULL else.
 */
void *wd_json_spare(size_t len);
bool wd_json_is_spare(const void *p);
