/*
 * The event loop of roles that speak HTTP: descriptors, timers, and tasks that
 * run once everything which is ready now has been looked at (so that what was
 * queued meanwhile goes out in one piece). One thread; knows nothing of HTTP.
 */
#pragma once

#include "base/diag.h"

#include <stdint.h>

struct wd_loop;
struct wd_event;
struct event_base;

int wd_loop_new(struct wd_loop **ret, struct wd_diag *d) WD_MUST_USE;
struct wd_loop *wd_loop_free(struct wd_loop *loop);
void wd_loop_freep(struct wd_loop **loop);

/* Runs until wd_loop_stop(). */
void wd_loop_run(struct wd_loop *loop);
void wd_loop_stop(struct wd_loop *loop);

/* For files of this folder. */
struct event_base *wd_loop_base(struct wd_loop *loop);

/* FN(CTX) runs while FD is readable, and when asked for, writable. */
int wd_loop_watch(struct wd_loop *loop, int fd, void (*fn)(void *ctx),
    void *ctx, struct wd_event **ret) WD_MUST_USE;
void wd_event_want_read(
    struct wd_event *e, bool yes); /* as it is from the start */
void wd_event_want_write(struct wd_event *e, bool yes);

/* FN(CTX) runs once, the given time after each wd_event_after(). */
int wd_loop_timer(struct wd_loop *loop, void (*fn)(void *ctx), void *ctx,
    struct wd_event **ret) WD_MUST_USE;
void wd_event_after(struct wd_event *e, unsigned ms);

/* A timer's function, run once when what is ready now has been looked at. */
void wd_event_soon(struct wd_event *e);

/* Fine within FN. NULL is fine; returns NULL. */
struct wd_event *wd_event_free(struct wd_event *e);
