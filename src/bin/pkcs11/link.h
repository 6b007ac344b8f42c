/*
 * Connections to the holder: as many as threads ask at a time, up to a cap. One
 * packet out, one packet in; whatever goes wrong, a call comes back within its
 * deadline. A connection belongs to the process that made it.
 */
#pragma once

#include "proto/holder.h"

#include <sys/types.h>

enum {
	WD_LINKS = 4, /* the holder answers one question at a time */
	/* Milliseconds of one call, retry included; and of those that come
	 * soon after one that was not answered: libraries ask twice. */
	WD_LINK_DEADLINE = 1500,
	WD_LINK_DEADLINE_HASTY = 250,
};

struct wd_link {
	bool open, busy;
	int fd;
	dev_t dev; /* of the socket, to know it again: the program may have */
	ino_t ino; /* closed all descriptors it does not know */
	int timeout;
	uint32_t request;
};

/* The connections of a parent are closed, all are free. */
void wd_links_after_fork(struct wd_link links[WD_LINKS]);

/* Closes those that no thread uses; the others are closed when given back. */
void wd_links_close(struct wd_link links[WD_LINKS]);

/* One question to the holder and its answer. */
struct wd_ask {
	struct wd_wr packet; /* finished, with request number 0 */
	uint8_t *answer;     /* room of ANSWER_SIZE bytes */
	size_t answer_size;

	unsigned status; /* these when 0 came back */
	uint32_t epoch;
	struct wd_span body; /* views ANSWER */
};

/* Starts the packet of ASK with the head of OP. */
void wd_ask_start(struct wd_ask *ask, enum wd_holder_op op);

/*
 * Asks without the lock held, by any free connection. A connection that turned
 * out dead is replaced once. 0; WD_F_PEER when the holder is not there or
 * breaks the protocol; WD_F_TIMEOUT; WD_F_BUG when the packet is none.
 */
int wd_ask(struct wd_ask *ask) WD_MUST_USE;

/* As wd_ask(), but waits for a holder that is away or has no keys yet, as long
 * as the module has patience since it was initialized. */
int wd_ask_patiently(struct wd_ask *ask) WD_MUST_USE;
