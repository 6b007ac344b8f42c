/*
 * Inside of kmip/client.h, for client*.c and ops.c alone.
 */
#pragma once

#include "http/tls_stream.h"
#include "kmip/client.h"

struct wd_kmip {
	struct wd_tls_stream *stream;
	struct wd_secret *username, *password; /* NULL: none */
	struct wd_kmip_version wanted;         /* major 0: the best */
	bool agreed;                           /* on what follows */
	struct wd_kmip_version version;
	struct wd_kmip_server server;
};

/* One question and its answer. */
struct wd_kmip_call {
	enum wd_kmip_op op;
	int64_t deadline;
	struct wd_kmip_request q; /* into the writer below */
	struct wd_wr wr;
	struct wd_secret *request, *response;
	struct wd_rd payload; /* a view of the response */
};

/* Connects and agrees, where that has not been done, and begins a request with
 * room for MATERIAL bytes of a key. */
int wd_kmip_call_begin(struct wd_kmip *k, struct wd_kmip_call *c,
    size_t material, struct wd_diag *d) WD_MUST_USE;

/* Sends it and takes the answer, as wd_kmip_answer(). */
int wd_kmip_call_send(
    struct wd_kmip *k, struct wd_kmip_call *c, struct wd_diag *d) WD_MUST_USE;
void wd_kmip_call_done(struct wd_kmip_call *c);
