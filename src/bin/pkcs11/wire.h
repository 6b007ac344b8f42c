/*
 * One connection to the holder. For link.c, which owns them.
 */
#pragma once

#include "bin/pkcs11/link.h"

/* The descriptor still is what was opened here. */
bool wd_wire_is_ours(const struct wd_link *l);

/* Leaves a descriptor alone that is not ours any more. */
void wd_wire_close(struct wd_link *l);

/* Connects L, which is closed. 0; WD_F_PEER when nobody listens; WD_F_TIMEOUT;
 * WD_F_SYSTEM. */
int wd_wire_open(struct wd_link *l, const char *path, int64_t deadline)
    WD_MUST_USE;

/* How long the kernel blocks in one call. */
int wd_wire_set_timeout(struct wd_link *l, int64_t ms) WD_MUST_USE;

/* One question, one answer: as wd_ask(). */
int wd_wire_exchange(struct wd_link *l, struct wd_ask *ask, int64_t deadline)
    WD_MUST_USE;

void wd_pause_ms(long ms);
