/*
 * warder-backend: one process of one configured backend. It does what keepers
 * ask, one thing at a time, each within the deadline that came with it; the
 * rows of src/backend/ do the talking. It decides nothing, and holds nothing
 * but that backend's credentials and what passes through. Key bytes lie in
 * secret memory and are never logged.
 */
#pragma once

#include "backend/backend.h"
#include "bin/backend/breaker.h"
#include "bin/common/keepers.h"

enum {
	BACKEND_QUEUE = 32,       /* calls that wait; more are refused */
	BACKEND_AGAIN_MS = 30000, /* then a start that failed is tried again */
};

/* A call that waits for its turn. */
struct waiting {
	size_t keeper;    /* its slot */
	uint32_t serial;  /* of who had the slot then */
	uint16_t call;    /* enum wd_call */
	uint32_t request; /* the keeper's number */
	struct wd_secret *body;
};

struct backend_keeper {
	struct wd_keeper base; /* the first member */
	uint32_t serial;
};

struct backend {
	struct wd_role *role;
	const struct wd_backend_row *row;
	struct wd_backend_conf conf;
	uint32_t timeout_ms;
	void *x;            /* what the row opened; NULL: it could not */
	struct wd_diag why; /* then */
	int64_t again;      /* then: when to start anew, monotonic ms */
	int64_t keep_at;    /* when the row has something to do by itself */

	struct backend_keeper keepers[WD_KEEPERS];
	uint32_t last_serial;

	struct waiting queue[BACKEND_QUEUE];
	size_t first, n;

	struct breaker breaker;
	uint64_t calls, failures;
};

/* ---- main.c */

/* Reads what keepers and the supervisor have said, for at most so long. */
int backend_listen(struct backend *b, int timeout_ms, struct wd_diag *d)
    WD_MUST_USE;

/* ---- queue.c */

/* 0, or a fault when the peer broke a rule. */
int backend_take(struct backend *b, struct backend_keeper *k,
    const struct wd_frame *f, const struct wd_call_row *row, struct wd_diag *d)
    WD_MUST_USE;

/* Does the next call; false: none waits. */
bool backend_serve_one(struct backend *b);

/* ---- calls.c */

/* One answer on its way. */
struct answer {
	int result;
	struct wd_diag why;
	struct wd_backend_made made;
	struct wd_backend_got got;
	struct wd_bytes *wrapped;
	struct wd_secret *output;
	/* The message of the reply: one of them. */
	union {
		struct wd_msg_backend_made made;
		struct wd_msg_backend_got got;
		struct wd_msg_backend_wrapped wrapped;
		struct wd_msg_backend_output output;
		struct wd_msg_backend_renewed renewed;
		struct wd_msg_backend_state state;
		uint8_t none;
	} msg;
	char words[513];
};
void backend_answer_done(struct answer *a);

/* The deadline MSG, a request of CALL, came with. */
int64_t backend_deadline(enum wd_call call, const void *msg);

/* Asks the row. Fills A. */
void backend_ask(struct backend *b, enum wd_call call, const void *msg,
    int64_t deadline, struct answer *a);

/* For a check whose row was not asked: WHY stands in its words. */
void backend_state(
    const struct backend *b, int reason, const char *why, struct answer *a);
