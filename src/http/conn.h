/*
 * One connection of the server. For files of this folder.
 */
#pragma once

#include "http/server.h"

struct wd_wr;
struct wd_stream;
struct evconnlistener;

struct wd_listener {
	struct wd_http *http;
	struct evconnlistener *ev;
	struct wd_tls *tls; /* NULL: plain */
	unsigned bit;
};

enum wd_conn_state {
	WD_CONN_HEAD,    /* waiting for a request, or within its head */
	WD_CONN_BODY,    /* within its body */
	WD_CONN_HANDLED, /* a handler has it */
	WD_CONN_SENDING, /* the answer is on its way */
	WD_CONN_LINGER,  /* closed by us; reading what the client still sends,
			    so that the answer is not lost to a reset */
};

struct wd_conn {
	struct wd_request rq; /* first: a request is its connection */
	struct wd_http *http;
	struct wd_stream *stream;
	struct wd_event *timer;
	enum wd_conn_state state;
	bool begun;         /* the first byte of a request has come */
	bool last;          /* closes after this answer */
	bool fresh;         /* no request was answered yet */
	bool hung_up;       /* the client sends nothing more */
	bool waits;         /* for an answer that is worth nothing without it */
	bool rests;         /* has given back what an idle one needs not */
	int64_t idle_since; /* monotonic ms: opened, or the last answer sent */
	uint32_t place;
	uint64_t serial; /* of the request */
	size_t seen;     /* bytes of the head looked at */
	struct wd_bytes *head;
	size_t taken;    /* bytes of the stream that the body takes */
	size_t lingered; /* bytes read since we closed */
};

/* Takes FD. 0, or a fault with FD closed. */
int wd_conn_open(struct wd_listener *l, int fd, const struct wd_source *source,
    uint32_t place, struct wd_conn **ret) WD_MUST_USE;
struct wd_conn *wd_conn_free(struct wd_conn *c);

/* No request is under way. */
bool wd_conn_is_idle(const struct wd_conn *c);

/* Closes if no request is under way, else after its answer. One that is new
 * has a moment for its first: who has just connected means to ask. */
void wd_conn_drain(struct wd_conn *c);

/* Hands a request without a handler to the server's refuse function. */
void wd_conn_refuse(
    struct wd_conn *c, int result, const char *detail, unsigned allowed);

/* Status line and fields of an answer. */
void wd_answer_head(struct wd_wr *wr, const struct wd_answer *a,
    const struct wd_id *request, bool last);

/* ---- the server, as connections see it */

struct wd_http {
	struct wd_http_config config;
	struct wd_loop *loop;
	struct wd_conn **conns; /* max_connections places */
	struct wd_listener *listeners[8];
	size_t n_listeners;
	unsigned n_conns;
	uint64_t serial;
	struct wd_event *again; /* accepts again after a failure */
	bool accepting, draining;
};

/* The connection in PLACE is gone. */
void wd_http_left(struct wd_http *http, uint32_t place);
