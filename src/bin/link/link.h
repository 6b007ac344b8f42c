/*
 * warder-link: the network side of the agent. Inside of bin/link alone.
 */
#pragma once

#include "bin/common/peer.h"
#include "http/client.h"

struct link {
	struct wd_peer agent;
	struct wd_client *client; /* NULL before SETUP */
	struct wd_client *watch;  /* of its own, for what takes long */
	uint32_t watched;         /* WATCH that is not answered; 0: none */
};

/*
 * Does what a request of the agent says and queues the answer. WD_F_PEER when
 * the request is none the table allows, with words in D.
 */
int link_answer(struct link *l, const struct wd_frame *f,
    const struct wd_call_row *row, struct wd_diag *d) WD_MUST_USE;

/* ---- watch.c: waiting to hear what was revoked */

/* Of the server that the link was set up for. */
int link_watch_open(struct link *l, const struct wd_client_options *options,
    struct wd_diag *d) WD_MUST_USE;

/* WATCH; the answer comes at once or in a later step. */
int link_watch(struct link *l, const struct wd_frame *f,
    const struct wd_msg_link_watch_ask *m) WD_MUST_USE;

/* Takes the request on that waits, if there is one. */
int link_watch_step(struct link *l) WD_MUST_USE;
