/*
 * The event loop over libevent. Its memory comes from base, so that what
 * clients sent and were sent is wiped when it is released.
 */
#include "http/loop.h"

#include <event2/event.h>

#include "base/alloc.h"

struct wd_loop {
	struct event_base *base;
};

struct wd_event {
	struct event *read;  /* of a descriptor, or the timer */
	struct event *write; /* NULL for timers */
	void (*fn)(void *ctx);
	void *ctx;
};

/* libevent asks for a release through the same doors it allocated by. */
static void *
allocate(size_t len)
{
	return wd_alloc(len);
}

static void *
reallocate(void *p, size_t len)
{
	return wd_realloc(p, len);
}

static void
release(void *p)
{
	(void)wd_free(p); /* always NULL */
}

int
wd_loop_new(struct wd_loop **ret, struct wd_diag *d)
{
	static bool memory_is_set;
	WD_AUTO(wd_loop_freep) struct wd_loop *loop = NULL;

	if (!memory_is_set) /* before libevent's first allocation, once */
		event_set_mem_functions(allocate, reallocate, release);
	memory_is_set = true;
	loop = wd_alloc(sizeof(*loop));
	if (loop == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for the loop");
	loop->base = event_base_new();
	if (loop->base == NULL)
		return wd_fault(d, WD_F_SYSTEM, "the event loop cannot start");
	*ret = WD_TAKE(loop);
	return 0;
}

struct wd_loop *
wd_loop_free(struct wd_loop *loop)
{
	if (loop == NULL)
		return NULL;
	if (loop->base != NULL)
		event_base_free(loop->base);
	return wd_free(loop);
}

void
wd_loop_freep(struct wd_loop **loop)
{
	*loop = wd_loop_free(*loop);
}

void
wd_loop_run(struct wd_loop *loop)
{
	(void)event_base_loop(loop->base,
	    EVLOOP_NO_EXIT_ON_EMPTY); /* ends by wd_loop_stop() alone */
}

void
wd_loop_stop(struct wd_loop *loop)
{
	(void)event_base_loopbreak(loop->base); /* cannot fail on a loop */
}

struct event_base *
wd_loop_base(struct wd_loop *loop)
{
	return loop->base;
}

static void
fired(evutil_socket_t fd, short what, void *ctx)
{
	struct wd_event *e = ctx;

	(void)fd;
	(void)what;
	e->fn(e->ctx);
}

static struct wd_event *
event_object(
    struct wd_loop *loop, int fd, short what, void (*fn)(void *ctx), void *ctx)
{
	struct wd_event *e = wd_alloc(sizeof(*e));

	if (e == NULL)
		return NULL;
	e->fn = fn;
	e->ctx = ctx;
	e->read = event_new(loop->base, fd, what, fired, e);
	return e->read == NULL ? wd_event_free(e) : e;
}

int
wd_loop_watch(struct wd_loop *loop, int fd, void (*fn)(void *ctx), void *ctx,
    struct wd_event **ret)
{
	struct wd_event *e =
	    event_object(loop, fd, EV_READ | EV_PERSIST, fn, ctx);

	if (e != NULL)
		e->write =
		    event_new(loop->base, fd, EV_WRITE | EV_PERSIST, fired, e);
	if (e == NULL || e->write == NULL || event_add(e->read, NULL) != 0) {
		(void)wd_event_free(e); /* always NULL */
		return WD_F_MEMORY;
	}
	*ret = e;
	return 0;
}

static void
want(struct event *ev, bool yes)
{
	/* An event that was added once is not refused again. */
	if (yes)
		(void)event_add(ev, NULL);
	else
		(void)event_del(ev);
}

void
wd_event_want_read(struct wd_event *e, bool yes)
{
	want(e->read, yes);
}

void
wd_event_want_write(struct wd_event *e, bool yes)
{
	want(e->write, yes);
}

int
wd_loop_timer(struct wd_loop *loop, void (*fn)(void *ctx), void *ctx,
    struct wd_event **ret)
{
	struct wd_event *e = event_object(loop, -1, 0, fn, ctx);

	if (e == NULL)
		return WD_F_MEMORY;
	*ret = e;
	return 0;
}

void
wd_event_after(struct wd_event *e, unsigned ms)
{
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	(void)event_add(e->read, &tv); /* refused only without memory: the
					  timer's place exists already */
}

void
wd_event_soon(struct wd_event *e)
{
	event_active(e->read, EV_TIMEOUT, 0);
}

struct wd_event *
wd_event_free(struct wd_event *e)
{
	if (e == NULL)
		return NULL;
	if (e->read != NULL)
		event_free(e->read);
	if (e->write != NULL)
		event_free(e->write);
	return wd_free(e);
}
