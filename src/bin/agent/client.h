/*
 * A connection to the agent that runs, for the verbs of the command line.
 */
#pragma once

#include "base/diag.h"
#include "proto/holder.h"

struct agent_client {
	int fd; /* -1: none */
	uint32_t request;
	uint8_t packet[WD_HOLDER_MAX]; /* the last answer */
};

/* WD_F_PEER when nobody listens at PATH. */
int agent_client_open(
    struct agent_client *c, const char *path, struct wd_diag *d) WD_MUST_USE;
void agent_client_close(struct agent_client *c); /* wipes */

/*
 * Asks, with the body that BODY has; RET views the answer's, until the next
 * question. A rejection for every status but OK, with its sentence in D;
 * WD_F_TIMEOUT, WD_F_PEER.
 */
int agent_client_ask(struct agent_client *c, enum wd_holder_op op,
    struct wd_span body, struct wd_span *ret, struct wd_diag *d) WD_MUST_USE;
