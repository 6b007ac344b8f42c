/*
 * What the steps of judging a TPM's quote hand on to each other.
 */
#pragma once

#include "verify/chain.h"
#include "verify/eventlog/eventlog.h"
#include "verify/tpm/ak.h"
#include "verify/tpm/ima.h"
#include "verify/tpm/tpm_quote.h"

struct wd_tpm_case {
	const struct wd_tpm_ak *ak;
	const struct wd_trail *trail; /* NULL: no certificate that counts */
	struct wd_tpm_quote quote;
	bool has_quote; /* else only a certificate is asked about */
	bool has_log, has_ima;
	struct wd_tpm_log {
		size_t events;
		uint32_t matching; /* bits of registers */
		struct wd_eventlog_facts facts;
	} log;
	struct wd_ima ima;
};

_Static_assert(sizeof(struct wd_tpm_case) <= WD_STATE_MAX, "state");

static inline struct wd_tpm_case *
wd_tpm_case(struct wd_appraisal *a)
{
	return (struct wd_tpm_case *)(void *)a->state;
}

/* The certificate of the key, down from an anchor. The chain_… rejections,
 * WD_R_AK_NOT_TRUSTED when it is of another key, or lacks the purpose that the
 * rules want. */
int wd_tpm_step_chain(struct wd_appraisal *a) WD_MUST_USE;

/* Both logs, where they were given. WD_R_EVENT_LOG_… */
int wd_tpm_step_event_log(struct wd_appraisal *a) WD_MUST_USE;
int wd_tpm_step_ima(struct wd_appraisal *a) WD_MUST_USE;

int wd_tpm_step_claims(struct wd_appraisal *a) WD_MUST_USE;
