/*
 * The front role: HTTP outside, typed messages to one keeper inside. It has a
 * channel to no other role, holds no key but that of TLS, and decides nothing.
 * Shared by the files of this folder.
 */
#pragma once

#include "base/rate.h"
#include "bin/common/role.h"
#include "codec/json.h"
#include "http/query.h"
#include "http/server.h"
#include "proto/door.h"

/* Listeners, as routes name them. */
enum { FRONT_PUBLIC = 1, FRONT_ADMIN = 2, FRONT_BOTH = 3 };

enum {
	FRONT_CALLS = 256,      /* requests that wait for the keeper */
	FRONT_ANSWER = 2 << 20, /* most bytes of an answer */
	FRONT_DOORS = 4,        /* of enum wd_door */
};

struct front;

/* What to do with the reply to a call that went well. MSG is of the call's
 * reply type and lives until the function returns. */
typedef void front_done(
    struct front *f, struct wd_request *rq, const void *msg);

/* A request that waits for the keeper. */
struct front_call {
	front_done *done; /* NULL: free */
	bool own; /* of ours, for no client: DONE gets neither request, nor
		     a message when it went wrong */
	enum wd_call call;
	uint32_t number; /* the keeper's */
	struct wd_request_ref ref;
};

/* Refusals that are to be told to the keeper, added up. */
enum { FRONT_COUNTS = 64 };

struct front_count {
	int reason; /* 0: free */
	char prefix[WD_SOURCE_TEXT];
	uint32_t n;
};

enum { FRONT_STATUSES = 16, FRONT_REASONS = 256 };

struct front_metrics {
	uint64_t answers[FRONT_DOORS][FRONT_STATUSES];
	uint64_t refusals[FRONT_REASONS]; /* by number; faults at 0 */
};

/* Long polls of watch.c: clients that wait to hear what was revoked. */
struct front_poll;

struct front_watch {
	struct front_poll *polls; /* MAX of them */
	unsigned max, n;
	unsigned asked; /* the keeper is asked for so many of them */
	bool looking;   /* it is asked whether anything was revoked */
	struct wd_event *tick;
};

struct front {
	struct wd_role *role;
	const struct wd_msg_config *config;
	enum wd_proc self;
	struct wd_loop *loop;
	struct wd_http *http;
	struct wd_tls *tls, *admin_tls;

	struct wd_peer keeper;
	struct wd_event *keeper_watch; /* NULL: no keeper */
	struct wd_event *flush, *control, *tick;
	struct front_call calls[FRONT_CALLS];

	struct front_watch watch;
	struct wd_rate networks; /* attestations of each */

	struct front_count counts[FRONT_COUNTS];
	struct front_metrics metrics;
	struct wd_msg_health health; /* as the keeper last said; admin's */
	bool health_known, health_asked;
	struct wd_bytes *procs;    /* encoded list of processes; NULL: none */
	struct wd_bytes *backends; /* encoded backend_states; NULL: none */
	bool leaving;
};

/* ---- routes.c */

/* Every route of every door. */
const struct wd_route *front_routes(size_t *ret_n);

/* The door a request is for: its route's, else by its path. */
enum wd_door front_door(const struct wd_request *rq);

/* ---- keeper.c */

/* Takes FD as the channel to the keeper; requests that waited for another
 * are answered with 503. */
void front_keeper_attach(struct front *f, uint16_t cell, int fd);

/*
 * Asks the keeper for RQ: DONE is called with what it replies, if the client is
 * still there; a refusal is answered as it is. Fields `source` and `request` of
 * MSG are filled in here. Answers RQ itself when the keeper cannot be asked.
 */
void front_ask(struct front *f, struct wd_request *rq, enum wd_call call,
    void *msg, front_done *done);

/* As front_ask, with the bearer token as the field `token`; 401 without. */
void front_ask_admin(struct front *f, struct wd_request *rq, enum wd_call call,
    void *msg, front_done *done);

/* As front_ask_admin when reading the request gave R == 0, else refuses it. */
void front_ask_read(struct front *f, struct wd_request *rq, int r,
    const struct wd_diag *d, enum wd_call call, void *msg, front_done *done);

/* ---- health.c: what /metrics says of the seal, asked for beforehand */
void front_health_look(struct front *f);

/* Asks for the front itself. False: not now. */
bool front_ask_own(struct front *f, enum wd_call call, front_done *done);

/* Tells the keeper something that has no answer. False: not now. */
bool front_tell(struct front *f, enum wd_call call, const void *msg);

/* ---- begin.c: false when RQ was refused */

/* There is a token, and the query is no more than PARAMS. */
bool front_begin(
    struct front *f, struct wd_request *rq, struct wd_param *params, size_t n);

/* The id in the path; 404 for what is none. */
bool front_id(struct front *f, struct wd_request *rq, struct wd_id *ret);

/* Both, without a query. */
bool front_begin_id(struct front *f, struct wd_request *rq, struct wd_id *ret);

/* ---- answers.c */

/* Answers with a body; WR is done with. A writer that failed becomes 500. */
void front_answer(struct front *f, struct wd_request *rq, int status,
    const char *type, struct wd_wr *wr);
void front_answer_json(
    struct front *f, struct wd_request *rq, int status, struct wd_wr *wr);

/* 204. */
void front_answer_nothing(struct front *f, struct wd_request *rq);

/* A reply to a request whose answer has no body, for front_ask. */
void front_done_nothing(
    struct front *f, struct wd_request *rq, const void *msg);

/* Refuses what the keeper was not asked or writes no entry for: counted. D may
 * be NULL. */
void front_refuse(struct front *f, struct wd_request *rq, int result,
    const struct wd_diag *d);

/* Refuses with what the keeper said and has logged, or with a fault. */
void front_fail(
    struct front *f, struct wd_request *rq, int result, struct wd_span detail);

/* ---- watch.c */

int front_watch_open(struct front *f, struct wd_diag *d) WD_MUST_USE;

/* Answers everybody who waits: the front leaves. */
void front_watch_end(struct front *f);

/* ---- count.c */

void front_count_add(struct front *f, int result, const char *prefix);
void front_count_flush(struct front *f);

/* ---- metrics.c */

void front_metrics_answered(struct front *f, enum wd_door door, int status);
void front_metrics_write(const struct front *f, struct wd_wr *wr);

/* ---- listen.c */

/* TLS and every listening socket the supervisor gave. */
int front_listen(struct front *f, struct wd_diag *d) WD_MUST_USE;

/* ---- coco.c */

/* The session's cookie or else token; false when RQ was refused. */
bool front_coco_credential(struct front *f, struct wd_request *rq,
    struct wd_span *ret_cookie, struct wd_span *ret_token);

/* WD_R_RATE_LIMITED when the network of RQ has attested too often. */
int front_may_attest(struct front *f, const struct wd_request *rq,
    struct wd_diag *d) WD_MUST_USE;

/* ---- doors: handlers of routes; CTX is the front */

void front_healthz(void *ctx, struct wd_request *rq);
void front_readyz(void *ctx, struct wd_request *rq);
void front_metrics(void *ctx, struct wd_request *rq);

void front_coco_auth(void *ctx, struct wd_request *rq);
void front_coco_attest(void *ctx, struct wd_request *rq);
void front_coco_resource(void *ctx, struct wd_request *rq);
void front_coco_leases(void *ctx, struct wd_request *rq);
void front_tpm_enrol(void *ctx, struct wd_request *rq);
void front_tpm_enrolment(void *ctx, struct wd_request *rq);
void front_use(void *ctx, struct wd_request *rq);
void front_coco_put(void *ctx, struct wd_request *rq);
void front_coco_delete(void *ctx, struct wd_request *rq);
void front_coco_policy(void *ctx, struct wd_request *rq);
void front_coco_reference(void *ctx, struct wd_request *rq);

void front_isecl_version(void *ctx, struct wd_request *rq);
void front_isecl_key_create(void *ctx, struct wd_request *rq);
void front_isecl_key_list(void *ctx, struct wd_request *rq);
void front_isecl_key_show(void *ctx, struct wd_request *rq);
void front_isecl_key_delete(void *ctx, struct wd_request *rq);
void front_isecl_policy_create(void *ctx, struct wd_request *rq);
void front_isecl_policy_list(void *ctx, struct wd_request *rq);
void front_isecl_policy_show(void *ctx, struct wd_request *rq);
void front_isecl_policy_put(void *ctx, struct wd_request *rq);
void front_isecl_policy_delete(void *ctx, struct wd_request *rq);
void front_isecl_release(void *ctx, struct wd_request *rq);
void front_isecl_reports(void *ctx, struct wd_request *rq);

void front_admin_key_create(void *ctx, struct wd_request *rq);
void front_admin_key_list(void *ctx, struct wd_request *rq);
void front_admin_key_show(void *ctx, struct wd_request *rq);
void front_admin_key_delete(void *ctx, struct wd_request *rq);
void front_admin_key_policy(void *ctx, struct wd_request *rq);
void front_admin_key_unwrap(void *ctx, struct wd_request *rq);
void front_admin_key_rotate(void *ctx, struct wd_request *rq);
void front_admin_key_hsm(void *ctx, struct wd_request *rq);
void front_admin_key_csr(void *ctx, struct wd_request *rq);
void front_admin_key_chain(void *ctx, struct wd_request *rq);
void front_admin_key_set_chain(void *ctx, struct wd_request *rq);
void front_admin_key_use(void *ctx, struct wd_request *rq);
void front_admin_policy_add(void *ctx, struct wd_request *rq);
void front_admin_policy_list(void *ctx, struct wd_request *rq);
void front_admin_policy_show(void *ctx, struct wd_request *rq);
void front_admin_policy_put(void *ctx, struct wd_request *rq);
void front_admin_policy_delete(void *ctx, struct wd_request *rq);
void front_admin_explain(void *ctx, struct wd_request *rq);
void front_admin_reference_add(void *ctx, struct wd_request *rq);
void front_admin_reference_list(void *ctx, struct wd_request *rq);
void front_admin_reference_show(void *ctx, struct wd_request *rq);
void front_admin_reference_put(void *ctx, struct wd_request *rq);
void front_admin_reference_delete(void *ctx, struct wd_request *rq);
void front_admin_bind(void *ctx, struct wd_request *rq);
void front_admin_unbind(void *ctx, struct wd_request *rq);
void front_admin_secret_put(void *ctx, struct wd_request *rq);
void front_admin_secret_get(void *ctx, struct wd_request *rq);
void front_admin_secret_list(void *ctx, struct wd_request *rq);
void front_admin_secret_delete(void *ctx, struct wd_request *rq);
void front_admin_secret_hsm(void *ctx, struct wd_request *rq);
void front_admin_collateral_put(void *ctx, struct wd_request *rq);
void front_admin_collateral_list(void *ctx, struct wd_request *rq);
void front_admin_collateral_show(void *ctx, struct wd_request *rq);
void front_admin_token_create(void *ctx, struct wd_request *rq);
void front_admin_token_list(void *ctx, struct wd_request *rq);
void front_admin_token_revoke(void *ctx, struct wd_request *rq);
void front_admin_tpm_add(void *ctx, struct wd_request *rq);
void front_admin_tpm_list(void *ctx, struct wd_request *rq);
void front_admin_tpm_remove(void *ctx, struct wd_request *rq);
void front_admin_lease_list(void *ctx, struct wd_request *rq);
void front_admin_revoke(void *ctx, struct wd_request *rq);
void front_admin_backup_begin(void *ctx, struct wd_request *rq);
void front_admin_backup_rows(void *ctx, struct wd_request *rq);
void front_admin_backup_end(void *ctx, struct wd_request *rq);
void front_admin_audit(void *ctx, struct wd_request *rq);
void front_admin_unseal(void *ctx, struct wd_request *rq);
void front_admin_seal(void *ctx, struct wd_request *rq);
void front_admin_keyring_rotate(void *ctx, struct wd_request *rq);
void front_admin_seal_migrate(void *ctx, struct wd_request *rq);
void front_admin_status(void *ctx, struct wd_request *rq);
