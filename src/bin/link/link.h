/*
 * warder-link: the network side of the agent. Inside of bin/link alone.
 */
#pragma once

#include "bin/common/peer.h"
#include "http/client.h"

struct link {
	struct wd_peer agent;
	struct wd_client *client; /* NULL before SETUP */
};

/*
 * Does what a request of the agent says and queues the answer. WD_F_PEER when
 * the request is none the table allows, with words in D.
 */
int link_answer(struct link *l, const struct wd_frame *f,
    const struct wd_call_row *row, struct wd_diag *d) WD_MUST_USE;
