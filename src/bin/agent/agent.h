/*
 * warder-agent: attests, fetches the keys of its configuration, holds them for
 * as long as their leases last and serves local programs. One thread, one loop;
 * the network is the link's (bin/link), reached through calls with deadlines.
 * Inside of bin/agent alone.
 *
 * Clocks: leases run on CLOCK_BOOTTIME, waits on CLOCK_MONOTONIC, both in
 * milliseconds here.
 */
#pragma once

#include "bin/agent/attester.h"
#include "bin/agent/release.h"
#include "bin/agent/remote_sign.h"
#include "bin/agent/serve.h"
#include "bin/agent/starter.h"

enum { AGENT_WHY = 200 };

/* ---- keys */

struct agent_key {
	const struct agent_key_conf *conf;
	struct wd_id
	    id; /* in the hold; none while nothing that signs is held */
	bool held;
	uint32_t version, seconds;
	struct wd_id lease, session; /* the last; none: never had one */
	bool is_wrapped;             /* the server lets it leave only so */
	uint8_t policy[32];          /* its version */
	int64_t since, deadline;     /* of the lease */
	struct wd_secret *secret;    /* what does not sign */
	struct wd_bytes *chain;      /* PEM; NULL: none */

	int64_t due; /* when to ask, by CLOCK_BOOTTIME */
	bool slow;   /* the last answer took long, or did not come */
	unsigned failures;
	int result; /* of the last attempt */
	char why[AGENT_WHY];
};

/* ---- the link */

enum agent_link_state {
	AGENT_LINK_NONE,
	AGENT_LINK_STARTING, /* asked for */
	AGENT_LINK_SETTING_UP,
	AGENT_LINK_READY,
};

struct agent_link {
	enum agent_link_state state;
	uint32_t start; /* LINK_START that is not answered; 0: none */
	struct wd_peer peer;
	enum wd_call call; /* asked and not answered */
	uint32_t request;
	bool more;          /* it may have said more than was taken */
	int64_t deadline;   /* of the state or the call; INT64_MAX: none */
	int64_t not_before; /* for the next start */
	unsigned failures;
};

/* ---- rounds: one attestation, and as many releases as are due */

enum agent_step {
	AGENT_IDLE,
	AGENT_ENROL,     /* a credential is asked for */
	AGENT_ENROLMENT, /* it was opened */
	AGENT_CHALLENGE,
	AGENT_ATTEST,
	AGENT_MARK, /* how many revocations there were before the releases */
	AGENT_RELEASE,
};

enum { AGENT_RELEASES = 8 }; /* asked for at a time; the link has lanes */

enum agent_asking_state {
	AGENT_ASKING_FREE,
	AGENT_ASKING,
	AGENT_ASKING_LEFT, /* its round is over; the link is still at it */
};

struct agent_asking {
	enum agent_asking_state state;
	size_t key; /* whose release it is */
	uint32_t request;
	int64_t asked;    /* when, by CLOCK_BOOTTIME */
	int64_t deadline; /* for the link to answer; CLOCK_MONOTONIC */
};

struct agent_round {
	enum agent_step step;
	struct wd_pkey *own;   /* of this round alone */
	struct wd_pkey *ahead; /* RSA, for the next one; NULL: none */
	struct wd_bytes *challenge;
	bool wanted[AGENT_KEYS_MAX];
	struct agent_asking asking[AGENT_RELEASES];
	int64_t began; /* the first release; CLOCK_BOOTTIME */
	unsigned late; /* releases that did not come, in a row */
	bool heard;    /* one that did */

	int64_t not_before;
	unsigned failures;
	uint64_t n;            /* rounds that came to their end */
	int64_t last_attested; /* CLOCK_REALTIME; 0: never */
	int result;            /* of the last round */
	char why[AGENT_WHY];
};

/* ---- enrolment of a TPM, at the beginning of a round */

struct agent_enrol {
	int64_t due;  /* CLOCK_BOOTTIME; 0: at once */
	int64_t ends; /* of the enrolment; 0: there is none */
	int result;   /* of the last attempt */
	char why[AGENT_WHY];
};

/* ---- word of what was revoked: a call that waits beside the others */

struct agent_watch {
	bool has_after;
	uint64_t after;      /* number of the last revocation heard of */
	uint32_t request;    /* WATCH that is not answered; 0: none */
	uint64_t round;      /* under whose session it was asked */
	int64_t asked;       /* CLOCK_MONOTONIC, like those below */
	int64_t deadline;    /* of the call */
	int64_t not_before;  /* for the next */
	int64_t session_end; /* no use to ask after this; 0: no session */
	unsigned failures;
};

/* ---- signatures by keys that stay in the server */

enum agent_use_state { AGENT_USE_FREE, AGENT_USE_QUEUED, AGENT_USE_ASKED };

struct agent_use {
	enum agent_use_state state;
	uint64_t ticket; /* of bin/agent/serve.h; 0: nobody waits any more */
	struct wd_id id;
	uint32_t version;
	struct wd_remote_sign sign;
	struct wd_bytes *message; /* what was not hashed */
	int64_t deadline;         /* of whoever waits */
	uint32_t request;         /* of the link, once asked */
	int64_t link_end;         /* for the link to answer */
	uint64_t session;         /* number of the one it was asked in */
	bool again;               /* asked before, in a session that ended */
};

/* Those that are waited for, and some that the link is still at. */
enum { AGENT_USES = WD_SERVE_AWAY + 8 };

struct agent_uses {
	struct agent_use at[AGENT_USES];
	unsigned in_flight;  /* asked and not answered */
	bool session;        /* there is one to ask in */
	uint64_t n_sessions; /* so far */
	int64_t attested;    /* when; CLOCK_MONOTONIC */
	bool failing;        /* which was logged */
};

struct agent {
	struct agent_setup *setup;
	struct agent_attester *attester;
	struct wd_hold *hold;
	struct wd_serve *serve;
	struct agent_key keys[AGENT_KEYS_MAX]; /* as setup->conf.keys */
	size_t n_keys;
	struct wd_peer starter;
	uint32_t reload; /* AGENT_CONF that is not answered; 0: none */
	struct agent_link link;
	struct agent_round round;
	struct agent_watch watch;
	struct agent_uses uses;
	struct agent_enrol enrol;
	int64_t started; /* CLOCK_MONOTONIC */
	char token[WD_HOLDER_TOKEN_LABEL_MAX + 1];
	char serial[AGENT_SERIAL];
};

/* ---- keys.c */

/* Makes the keys those of the setup: what is held under the same path stays,
 * what is not configured any more is wiped. */
void agent_keys_sync(struct agent *a);

/* Wipes everything. */
void agent_keys_done(struct agent *a);

/* Wipes what is held of one. */
void agent_key_forget(struct agent *a, struct agent_key *k);

/* Ends what is past its lease. */
void agent_keys_expire(struct agent *a, int64_t now);

/* When the next lease ends, and when the next key is due. */
int64_t agent_keys_next_end(const struct agent *a);
int64_t agent_keys_next_due(const struct agent *a);

/* Holds what was released; ASKED is when it was asked for, and the lease counts
 * from there. What the hold refuses, or WD_R_UNSUPPORTED. */
int agent_key_take(struct agent *a, struct agent_key *k,
    struct wd_release *release, int64_t asked, struct wd_diag *d) WD_MUST_USE;

/* Notes that it was not released, and when to ask again. */
void agent_key_failed(
    struct agent_key *k, int result, const struct wd_diag *d, int64_t now);

/* Everything is due now. */
void agent_keys_hurry(struct agent *a);

/* Milliseconds to wait after this many failures in a row: doubled each time up
 * to a minute, half of it by chance. */
int64_t agent_backoff(unsigned failures);

/* GET of the holder protocol. */
enum wd_holder_status agent_get(void *agent, const struct wd_hold_user *user,
    const struct wd_holder_get *ask, struct wd_span *ret);

/* ---- revoke.c */

/* Whether any key is held. */
bool agent_keys_any(const struct agent *a);

/* Wipes what a revocation with one of these digests (32 bytes each) ends; and
 * everything. What is wiped is asked for again, for as long as the agent lives
 * as the renewal of what was revoked. */
void agent_keys_revoked(struct agent *a, struct wd_span digests);
void agent_keys_revoke_all(struct agent *a);

/* The server will not renew it because it was revoked. */
void agent_key_revoke(struct agent *a, struct agent_key *k);

/* ---- link_side.c */

/* Starts a link when there is none, gives up one that keeps us waiting. */
void agent_link_tick(struct agent *a, int64_t now);

/* A link has been started: its end FD is the agent's. */
void agent_link_attach(struct agent *a, int fd);

/* What became of the start with this number: RESULT 0, or it failed. */
void agent_link_started(struct agent *a, uint32_t request, int result);

/* Its channel is readable; and what came with what was taken. One answer at a
 * time: a key that is checked takes long enough for local programs. */
void agent_link_hear(struct agent *a);
void agent_link_go_on(struct agent *a);

/* Asks; the answer comes to agent_round_answer(). False: the link is lost. */
bool agent_link_ask(struct agent *a, enum wd_call call, const void *msg);

/* Milliseconds it has for an answer. */
int64_t agent_link_patience(const struct agent *a);

/* Gives it up; WHY goes to the log. NULL: we want another one. */
void agent_link_drop(struct agent *a, const char *why);

/* ---- round.c */

/* Begins a round when a key is due and a link is there. */
void agent_round_tick(struct agent *a, int64_t now);

/* The link's answer to what the round as such asks: MSG when RESULT is 0, else
 * DETAIL says why not. */
void agent_round_answer(struct agent *a, enum wd_call call, int result,
    struct wd_span detail, const void *msg);

/* All that was to be asked for in it was. */
void agent_round_done(struct agent *a);

/* What a link said of a refusal or failure, into D. */
void agent_refused(struct wd_diag *d, int result, struct wd_span detail);

/* Ends the round because of this. */
void agent_round_fail(struct agent *a, int result, const struct wd_diag *d);

/* ROTATE of the holder protocol: everything is due now. */
void agent_rotate(void *agent);

/* When the next round may begin, by CLOCK_MONOTONIC; INT64_MAX: none is due. */
int64_t agent_round_next(const struct agent *a);

/* Goes on with the challenge, once what is to come before it is done. */
void agent_round_challenge(struct agent *a);

/* ---- releases.c: what is asked for in a round, some at a time */

/* There is a session. */
void agent_releases_begin(struct agent *a);

/* Asks for what has become due meanwhile; gives up a link that is silent. */
void agent_releases_tick(struct agent *a, int64_t now);

/* When the tick has something to do again, by CLOCK_MONOTONIC. */
int64_t agent_releases_next(const struct agent *a);

/* The link's answer to REQUEST: M when RESULT is 0. False: none was asked. */
bool agent_releases_answer(struct agent *a, uint32_t request, int result,
    struct wd_span detail, const struct wd_msg_link_release *m);

/* The round is over; the link is gone. */
void agent_releases_leave(struct agent_round *r);
void agent_releases_lost(struct agent_round *r);

/* ---- wrapping.c: keys that come as their HSM has wrapped them */

/* Makes ahead the RSA key that the next round needs, if it does. */
void agent_wrapping_tick(struct agent *a);

/* The key of this round, into a->round.own. 0 or a fault. */
int agent_wrapping_own(struct agent *a) WD_MUST_USE;

/* Whether the release of K may come so: what the server is told. */
bool agent_wrapping_asks(const struct agent_key *k);

/* K was refused with this RESULT in this round. True: the next round asks for
 * it with an RSA key, at once. */
bool agent_wrapping_again(struct agent *a, struct agent_key *k, int result);

/* There is a key that waits for that. */
bool agent_wrapping_waits(const struct agent *a);

/* ---- enrol.c */

/* Begins when an enrolment is due; false when none is. */
bool agent_enrol_begin(struct agent *a);

/* Answers of the link to ENROL and ENROLMENT. */
void agent_enrol_answer(struct agent *a, enum wd_call call, int result,
    const struct wd_diag *d, const void *msg);

/* The server does not trust the key, or, when it was SHOWN, the enrolment: the
 * next round tries, unless there is one that was not found fault with. */
void agent_enrol_again(struct agent *a, bool shown);

/* One line of the status; false when there is nothing to say. */
bool agent_enrol_text(const struct agent *a, char *dst, size_t size);

/* ---- watch.c */

/* Asks when there is nothing else in the way and something is held. */
void agent_watch_tick(struct agent *a, int64_t now);

/* What has become of it: MSG when RESULT is 0. */
void agent_watch_answer(
    struct agent *a, int result, const struct wd_msg_link_watch *msg);

/* The mark of a round: as agent_watch_answer(), for a call of the round's. */
void agent_watch_mark(
    struct agent *a, int result, const struct wd_msg_link_watch *msg);

/* There is a new session. */
void agent_watch_attested(struct agent *a);

/* The link is gone. */
void agent_watch_lost(struct agent *a);

/* When a new session is needed to go on, by CLOCK_MONOTONIC; INT64_MAX: not
 * now. When the tick has something to do again. */
int64_t agent_watch_due(const struct agent *a);
int64_t agent_watch_next(const struct agent *a);

/* ---- use.c: keys that stay in the server */

/* AWAY and GONE of bin/agent/serve.h. */
enum wd_holder_status agent_use_sign(
    void *agent, uint64_t ticket, const struct wd_holder_sign *ask);
void agent_use_gone(void *agent, uint64_t ticket);

/* Asks for what is next, and gives up what has waited too long. */
void agent_use_tick(struct agent *a, int64_t now);

/* When the tick has something to do again, by CLOCK_MONOTONIC. */
int64_t agent_use_next(const struct agent *a);

/* The link's answer to REQUEST: M when RESULT is 0. False: none was asked. */
bool agent_use_answer(struct agent *a, uint32_t request, int result,
    struct wd_span detail, const struct wd_msg_link_signed *m);

/* There is a new session; the link is gone, and the session with it. */
void agent_use_attested(struct agent *a);
void agent_use_lost(struct agent *a);

/* When another session is needed, by CLOCK_MONOTONIC; INT64_MAX: not for this.
 */
int64_t agent_use_due(const struct agent *a);

/* ---- status.c */

void agent_status(void *agent, struct wd_wr *wr);

/* ---- loop.c */

/* Runs until SIGTERM or SIGINT: 0; or until a fault. */
int agent_loop(struct agent *a, int signals, struct wd_diag *d) WD_MUST_USE;

/* ---- start.c */

enum {
	AGENT_EXIT_FAULT = 1,
	AGENT_EXIT_USAGE = 2,
	AGENT_EXIT_REFUSED = 3,
};

/* The agent, until it is told to stop; the exit status. */
int agent_run(const char *conf_path);

/* ---- verbs.c */

/* "status", "get", "rotate": talks to the agent that runs. -1: WORDS begin with
 * no verb; else the exit status. */
int agent_verb(int n, char **words);
