/*
 * Enrolment of the TPM's attestation key: the server makes a credential that
 * only this TPM can open, and gives an enrolment for what was in it, which goes
 * with the evidence from then on. A server that does not want it is no reason
 * not to attest: the key may be known to it in another way.
 */
#include "bin/agent/agent.h"

#include "base/clock.h"
#include "sys/log.h"

#include <stdio.h>

enum { SECOND = 1000, RETRY_MS = 600 * SECOND };

bool
agent_enrol_begin(struct agent *a)
{
	struct agent_tpm_keys keys;
	struct wd_msg_link_enrol_ask m;

	if (wd_time_boot_ms() < a->enrol.due ||
	    !agent_attester_keys(a->attester, &keys))
		return false;
	m = (struct wd_msg_link_enrol_ask){
		.certificates = keys.certificates, .ek = keys.ek, .ak = keys.ak
	};
	a->round.step = AGENT_ENROL;
	(void)agent_link_ask(
	    a, WD_CALL_LINK_ENROL, &m); /* a lost link has ended the round */
	return true;
}

static void
forget(struct agent *a)
{
	struct wd_diag d = { 0 };

	a->enrol.ends = 0;
	if (agent_attester_enrolled(a->attester, wd_span(NULL, 0), &d) != 0)
		wd_log_result("tpm_enrolment_kept", WD_F_BUG, &d);
}

void
agent_enrol_again(struct agent *a, bool shown)
{
	if (shown)
		forget(a);
	if (a->enrol.ends == 0)
		a->enrol.due = 0;
}

/* An enrolment that still counts is used on. */
static void
refused(struct agent *a, int result, const struct wd_diag *d)
{
	struct agent_enrol *e = &a->enrol;

	e->result = result;
	e->due = wd_time_boot_ms() + RETRY_MS;
	(void)snprintf(e->why, sizeof(e->why), "%s: %.150s",
	    wd_reason_name(result), d->detail); /* cut is fine */
	wd_log(WD_LOG_WARNING, "tpm_not_enrolled", "reason",
	    wd_reason_name(result), "detail", d->detail, NULL);
	if (e->ends <= wd_time_boot_ms())
		forget(a);
}

/* What the TPM found goes back; it is no secret of ours. */
static void
open_credential(struct agent *a, const struct wd_msg_tpm_credential *m)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *secret = NULL;
	struct wd_msg_link_enrolment_ask ask = { .state = m->state };
	struct wd_diag d = { 0 };
	int r = agent_attester_activate(
	    a->attester, m->credential, m->secret, &secret, &d);

	if (r != 0) {
		refused(a, r, &d);
		agent_round_challenge(a);
		return;
	}
	ask.secret = wd_secret_borrow(secret);
	a->round.step = AGENT_ENROLMENT;
	(void)agent_link_ask(a, WD_CALL_LINK_ENROLMENT,
	    &ask); /* a lost link has ended the round */
}

/* Again when a quarter of its time is left. */
static void
enrolled(struct agent *a, const struct wd_msg_tpm_enrolment *m)
{
	struct agent_enrol *e = &a->enrol;
	struct agent_tpm_keys keys = { .platform = "" };
	int64_t now = wd_time_boot_ms();
	struct wd_diag d = { 0 };
	int r = agent_attester_enrolled(a->attester, m->enrolment, &d);

	if (r != 0) {
		refused(a, r, &d);
		return;
	}
	e->result = 0;
	e->ends = now + (int64_t)m->seconds * SECOND;
	e->due = now + (int64_t)m->seconds * SECOND / 4 * 3;
	(void)agent_attester_keys(a->attester, &keys); /* for the log */
	wd_log(WD_LOG_INFO, "tpm_enrolled", "platform", keys.platform, NULL);
}

void
agent_enrol_answer(struct agent *a, enum wd_call call, int result,
    const struct wd_diag *d, const void *msg)
{
	if (result < 0) {
		agent_round_fail(a, result, d);
		return;
	}
	if (result == 0 && call == WD_CALL_LINK_ENROL) {
		open_credential(a, msg);
		return;
	}
	if (result == 0)
		enrolled(a, msg);
	else
		refused(a, result, d);
	agent_round_challenge(a);
}

bool
agent_enrol_text(const struct agent *a, char *dst, size_t size)
{
	const struct agent_enrol *e = &a->enrol;
	int64_t left = (e->ends - wd_time_boot_ms()) / SECOND;
	struct agent_tpm_keys keys;

	if (!agent_attester_keys(a->attester, &keys))
		return false;
	if (e->ends != 0 && left > 0)
		(void)snprintf(dst, size,
		    "enrolled, platform %s, ends in "
		    "%lld s%s%.60s",
		    keys.platform, (long long)left, e->result != 0 ? "; " : "",
		    e->result != 0 ? e->why : "");
	else
		(void)snprintf(dst, size, "not enrolled, platform %s%s%.120s",
		    keys.platform, e->result != 0 ? "; " : "",
		    e->result != 0 ? e->why : "");
	return true;
}
