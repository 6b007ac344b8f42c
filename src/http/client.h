/*
 * An HTTPS client of one server, for programs that call out: TLS 1.3, the roots
 * it is given and no others, no redirects, no proxy, every size and every wait
 * bounded. TLS 1.2, with forward secrecy, only where it is asked for. Blocks;
 * one request at a time over a connection that is kept. Cookies are remembered,
 * until told to forget, only where that is asked for. Call wd_crypto_init()
 * first.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"

enum {
	WD_CLIENT_HOST_MAX = 253,
	WD_CLIENT_TYPE_MAX = 64,
	WD_CLIENT_LOCATION_MAX = 512,
};

struct wd_client_options {
	/* A local stream socket, spoken to without TLS; NULL: the network. Host
	 * is then only the name in requests. */
	const char *socket;
	struct wd_span host; /* a name or an address, without brackets */
	uint16_t port;
	struct wd_span roots; /* PEM certificates */
	size_t max_body;      /* of an answer */
	unsigned deadline_ms; /* a request, whole */
	bool tls12;           /* of servers that have nothing newer */
	/* Takes cookies and shows them. A server that sets others each time has
	 * all of them kept: only for who forgets them. */
	bool cookies;
	/* PEM, shown to a server that asks for one, and its key; or empty. */
	struct wd_span certificate, key;
};

struct wd_client;

/* Nothing of OPTIONS is kept. WD_R_RANGE for a host that is none, or a fault.
 * ROOTS are read when they are needed: with none in them nobody is trusted. */
int wd_client_new(const struct wd_client_options *options,
    struct wd_client **ret, struct wd_diag *d) WD_MUST_USE;
struct wd_client *wd_client_free(struct wd_client *c);
void wd_client_freep(struct wd_client **c);

/*
 * Looks the server's name up, so that requests need not. Blocks as long as the
 * system's resolver does. When nothing is found the addresses found before are
 * kept. The first call, before a sandbox closes, also loads what the resolver
 * needs.
 */
void wd_client_resolve(struct wd_client *c);

struct wd_client_field {
	const char *name; /* "Name: " */
	struct wd_span value;
};

struct wd_client_ask {
	const char *path;      /* printable, starts with a slash */
	const char *accept;    /* NULL: anything */
	bool post;             /* else GET */
	const char *method;    /* another one; NULL: as POST says */
	struct wd_span body;   /* for what is no GET */
	const char *type;      /* of the body; NULL: JSON */
	struct wd_span bearer; /* shown as Authorization; empty: none is */
	const struct wd_client_field *fields; /* more of them */
	size_t n_fields;
	unsigned deadline_ms; /* 0: the client's */
	/* Never sent twice: over a new connection, since one that was kept may
	 * have ended, and then the library sends it once more by itself. */
	bool once;
};

struct wd_client_answer {
	unsigned status;
	char type[WD_CLIENT_TYPE_MAX]; /* media type, without parameters */
	char location[WD_CLIENT_LOCATION_MAX]; /* as it came; empty: none */
	unsigned retry_after; /* seconds, at most an hour; 0: none given */
	struct wd_bytes *body;
};

/*
 * 0 for every status; the body is the caller's. WD_R_TOO_LARGE, WD_F_TIMEOUT,
 * WD_F_PEER (not reached, not trusted, not HTTP), or another fault; D says what
 * happened.
 */
int wd_client_send(struct wd_client *c, const struct wd_client_ask *ask,
    struct wd_client_answer *ret, struct wd_diag *d) WD_MUST_USE;
void wd_client_answer_done(struct wd_client_answer *a);

/* Whether the server may have seen the last request that failed. */
bool wd_client_was_sent(const struct wd_client *c);

/* Forgets the cookies. */
void wd_client_forget(struct wd_client *c);

/*
 * A request whose answer may take long, without blocking: begun, then taken on
 * by steps until it is done. One at a time, of a client that has made no other
 * request and makes no other one meanwhile.
 */
int wd_client_begin(struct wd_client *c, const struct wd_client_ask *ask,
    struct wd_diag *d) WD_MUST_USE;
bool wd_client_is_waiting(const struct wd_client *c);

/* What the next step waits for: a descriptor (-1: none) and poll()'s events,
 * and milliseconds (-1: no end). */
void wd_client_waits_for(
    struct wd_client *c, int *ret_fd, short *ret_events, int *ret_ms);

/* RET_DONE says whether that was the last step; then 0 and the rest as
 * wd_client_send(). */
int wd_client_step(struct wd_client *c, bool *ret_done,
    struct wd_client_answer *ret, struct wd_diag *d) WD_MUST_USE;

/* Gives the request up. Fine without one. */
void wd_client_cancel(struct wd_client *c);

/* Takes the addresses and the cookies that FROM has, of the same server. WD_F_
 * MEMORY. */
int wd_client_follow(struct wd_client *c, const struct wd_client *from)
    WD_MUST_USE;
