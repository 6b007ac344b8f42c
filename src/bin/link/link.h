/*
 * warder-link: the network side of the agent. Inside of bin/link alone.
 */
#pragma once

#include "bin/common/peer.h"
#include "http/client.h"

#include <poll.h>

/* What is asked for at a time. */
enum {
	LINK_RELEASES = 8,
	LINK_SIGNS = 8,
	LINK_LANES = 1 + LINK_RELEASES + LINK_SIGNS
};

/* A connection of its own for requests that do not wait for one another. */
struct link_lane {
	struct wd_client
	    *client;       /* NULL before SETUP; waiting: has a request */
	struct wd_wr body; /* of the request */
	uint64_t session;  /* number of the one it shows; 0: none yet */
	enum wd_call call;
	uint32_t request;
};

struct link {
	struct wd_peer agent;
	/* Where sessions are made, by one request at a time. */
	struct link_lane main;
	/* Asks nothing: has what the last attestation has brought, while the
	 * next one is on its way. */
	struct wd_client *session;
	uint64_t n_sessions;
	struct link_lane releases[LINK_RELEASES], signs[LINK_SIGNS];
	struct wd_client *watch; /* of its own, for what takes long */
	uint32_t watched;        /* WATCH that is not answered; 0: none */
};

/*
 * Does what a request of the agent says and queues the answer. WD_F_PEER when
 * the request is none the table allows, with words in D.
 */
int link_answer(struct link *l, const struct wd_frame *f,
    const struct wd_call_row *row, struct wd_diag *d) WD_MUST_USE;

/* ---- talk.c */

/* The answer to request NUMBER of CALL. */
int link_reply(struct link *l, enum wd_call call, uint32_t number, int result,
    const struct wd_diag *d, const void *msg) WD_MUST_USE;

/* ---- lanes.c: requests beside one another */

/* To the server that the link was set up for. */
int link_lanes_open(struct link *l, const struct wd_client_options *options,
    struct wd_diag *d) WD_MUST_USE;

/* There is a new session, which the client of L->main has. 0 or a fault. */
int link_lanes_attested(struct link *l) WD_MUST_USE;

/* One of N that is idle, for what F asks; its body is empty. NULL: none, which
 * is more than an agent asks for. */
struct link_lane *link_lane_take(
    struct link_lane *lanes, size_t n, const struct wd_frame *f) WD_MUST_USE;

/* Begins with what is in its body; the answer comes in a later step. */
int link_lane_begin(struct link *l, struct link_lane *lane,
    struct wd_client_ask *question) WD_MUST_USE;

/* RELEASE and SIGN; the answers come in later steps. */
int link_release(struct link *l, const struct wd_frame *f,
    const struct wd_msg_link_release_ask *m) WD_MUST_USE;
int link_sign(struct link *l, const struct wd_frame *f,
    const struct wd_msg_link_sign_ask *m) WD_MUST_USE;

/* Takes on what waits. */
int link_lanes_step(struct link *l) WD_MUST_USE;

/* Appends what they wait for to FDS, which has room for all, and makes *MS (-1:
 * no end) no later than the next step. Returns how many that were. */
size_t link_lanes_wait(struct link *l, struct pollfd *fds, int *ms);

/* ---- answers.c */

/* What has become of a request of LANE: an answer with status 200 when RESULT
 * is 0. */
int link_take(struct link *l, const struct link_lane *lane,
    const struct wd_client_answer *a, int result, struct wd_diag *d)
    WD_MUST_USE;

/* The form of a release that is asked for. */
#define LINK_NATIVE "application/vnd.warder.release+jwe"

/* ---- watch.c: waiting to hear what was revoked */

/* Of the server that the link was set up for. */
int link_watch_open(struct link *l, const struct wd_client_options *options,
    struct wd_diag *d) WD_MUST_USE;

/* What stands where no revocation was waited for. */
int link_take_watch(struct link *l, const struct link_lane *lane,
    const struct wd_client_answer *a, int result, struct wd_diag *d)
    WD_MUST_USE;

/* WATCH; the answer comes in a later step. */
int link_watch(struct link *l, const struct wd_frame *f,
    const struct wd_msg_link_watch_ask *m) WD_MUST_USE;

/* Takes the request on that waits, if there is one. */
int link_watch_step(struct link *l) WD_MUST_USE;
