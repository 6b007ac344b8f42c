/*
 * A broker over a real store in a folder of its own, unsealed; and short ways
 * to ask it. Tests may use everything in the struct.
 */
#pragma once

#include "lib/t.h"

#include "base/reason.h"
#include "base/secret.h"
#include "broker/admin.h"
#include "broker/broker.h"
#include "crypto/pkey.h"
#include "proto/door.h"

enum { T_NOW = 1751328000 }; /* 2025-07-01T00:00:00Z */

struct t_broker {
	char dir[64];
	struct wd_broker *b;
	struct wd_secret *keyring; /* flat, to unseal with */
	struct wd_secret *token;   /* of "admin", rules *:*, ends in 24 hours */
	struct wd_id request;      /* that t_head() gives */
	int64_t now;
	struct wd_outcome out; /* of the last call */
};

int t_broker_setup(void **state);
int t_broker_teardown(void **state);

#define with_broker(test) \
	cmocka_unit_test_setup_teardown(test, t_broker_setup, t_broker_teardown)

/* Closes the store and opens it again, sealed. */
void t_reopen(struct t_broker *f);

struct wd_id t_id(uint8_t n);

/* ---- what is in the store */

/* A policy in its flat form: SGX, this signer (32 times the byte). */
struct wd_bytes *t_policy_flat(uint8_t signer);
/* The same, added to the store under an id made of SIGNER. */
struct wd_id t_add_policy(struct t_broker *f, uint8_t signer);

/* A token of RULES for the user "other", valid for an hour from f->now. */
struct wd_secret *t_add_token(struct t_broker *f, const char *rules);

/* All that an admin can change, as one text: equal texts, equal stores. */
struct wd_bytes *t_dump(struct t_broker *f);

/* ---- admin calls */

/* The first three members of a request, by the token of f. */
#define t_head(f)                                                              \
	.token = wd_secret_borrow((f)->token), .source = WD_SPAN_LIT("local"), \
	.request = (f)->request

/* Its result, as the caller is told; f->out has the rest. The transaction is
 * committed when the call was done. */
int t_call_found(struct t_broker *f, enum wd_call call, const void *msg,
    const struct wd_admin_found *found);
int t_call(struct t_broker *f, enum wd_call call, const void *msg);

/* Reads the reply of the last call, which was done. Spans view f->out. */
void t_reply(struct t_broker *f, enum wd_call call, void *ret_msg);

/* The parts of what is wrapped to a client, as an answer has them. */
struct t_jwe {
	struct wd_span protected, encrypted_key, iv, ciphertext, tag;
};
/* What the owner of KEY, of P-256, reads out of it. */
struct wd_secret *t_jwe_opened(const struct wd_pkey *key, struct t_jwe parts);

/* The last entry holds this text, or does not. */
void t_logged(struct t_broker *f, const char *text);
void t_not_logged(struct t_broker *f, struct wd_span bytes);

/*
 * Makes every allocation of the call fail in turn: each time the store must be
 * as before and the caller told of a fault; at last it must succeed, and is
 * undone.
 */
void t_torture(struct t_broker *f, enum wd_call call, const void *msg,
    const struct wd_admin_found *found);
