/*
 * Inside of bin/agent/serve.h. Included by serve*.c alone.
 */
#pragma once

#include "bin/agent/serve.h"

#include <sys/types.h>

enum { WD_SERVE_USERS = 32 };

/* Who sent something. */
struct wd_serve_sender {
	pid_t pid;
	uint32_t uid, gid;
};

struct wd_serve_conn {
	int fd; /* -1: the place is free */
	struct wd_serve_sender made_by;
	struct wd_hold_user user;
	bool stranger;    /* could see no key when it came */
	uint64_t away;    /* ticket of what it waits for; 0: nothing */
	uint32_t request; /* its number */
};

/* Signatures a user may still ask for. */
struct wd_serve_budget {
	uint32_t uid;
	int64_t left;  /* thousandths of a signature */
	int64_t since; /* when LEFT was counted; 0: the row is free */
};

struct wd_serve {
	struct wd_hold *hold;
	struct wd_serve_options options;
	int listen_fd;
	int wait_fd;       /* epoll: OWN of the caller and all of ours */
	int64_t no_accept; /* until when the listener is left alone; 0: not */
	bool woken;        /* the caller has something to do */
	uint64_t tickets;  /* given out */
	struct wd_serve_conn *conns; /* WD_SERVE_CONNS of them */
	size_t n_conns;
	struct wd_serve_budget budgets[WD_SERVE_USERS];
	struct wd_serve_counts counts;
	uint8_t in[WD_HOLDER_MAX + 1]; /* one more, to see what is too long */
	struct wd_secret *out; /* WD_HOLDER_MAX bytes; GET fills in secrets */
};

/* What becomes ready: the caller's descriptors by their place in OWN, then
 * these. */
enum { WD_SERVE_AT_LISTENER = WD_SERVE_OWN, WD_SERVE_AT_CONNS };

/* Waits for FD to be ready from now on. */
bool wd_serve_add(struct wd_serve *s, int fd, size_t at) WD_MUST_USE;

/* Whether what it sends next is read from now on. */
bool wd_serve_listen_to(
    struct wd_serve *s, const struct wd_serve_conn *c, bool on) WD_MUST_USE;

/* Takes connections that wait. */
void wd_serve_accept(struct wd_serve *s);

/* Answers one packet, or ends the connection: that is all there is to hear of
 * one that waits. */
void wd_serve_hear(struct wd_serve *s, struct wd_serve_conn *c);

/* Fills USER and MADE_BY with what the kernel says of the other end of FD. */
bool wd_serve_identify(int fd, struct wd_serve_conn *ret) WD_MUST_USE;

/*
 * Takes a packet off FD without waiting: its length, 0 at the end of the
 * connection, -1 when nothing is there, -2 when it broke a rule or the
 * connection failed.
 */
ssize_t wd_serve_receive(int fd, uint8_t *buf, size_t size,
    struct wd_serve_sender *ret_sender) WD_MUST_USE;

/*
 * The answer to PACKET in WR, or none yet when C waits. False: the packet is
 * none, and the connection is to be closed.
 */
bool wd_serve_answer(struct wd_serve *s, struct wd_serve_conn *c,
    const struct wd_serve_sender *sender, struct wd_span packet,
    struct wd_wr *wr) WD_MUST_USE;

/* Has ASK asked for elsewhere: OK, and C waits; or why not. */
enum wd_holder_status wd_serve_away(struct wd_serve *s, struct wd_serve_conn *c,
    uint32_t request, const struct wd_holder_sign *ask) WD_MUST_USE;

/* How many wait, of USER alone unless it is NULL. */
size_t wd_serve_count_away(
    const struct wd_serve *s, const struct wd_hold_user *user);

bool wd_serve_send(int fd, const struct wd_wr *wr) WD_MUST_USE;
void wd_serve_drop(struct wd_serve *s, struct wd_serve_conn *c);
