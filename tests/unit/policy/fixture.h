/*
 * Evidence and policies to judge. Every claim has a plain value: numbers are 5,
 * bytes 11, flags true, texts "UpToDate", times 2025-07-01; a test changes what
 * it is about.
 */
#pragma once

#include "lib/t.h"

#include "base/reason.h"
#include "policy/eval.h"
#include "policy/parse.h"
#include "policy/text.h"

#include <stdio.h>
#include <string.h>

#define T16 "11111111111111111111111111111111"
#define T32 T16 T16
#define T64 T32 T32
/* Of the same lengths, and never in the evidence. */
#define F16 "22222222222222222222222222222222"
#define F32 F16 F16
#define F64 F32 F32

static const int64_t t_now = 1751328000; /* 2025-07-01T00:00:00Z */

struct change {
	enum wd_claim id; /* 0: none */
	bool absent;
	const char *value; /* texts; NULL: the number */
	uint64_t number;   /* bytes: each of them */
};

static inline int
t_put_list(struct wd_claims *c, enum wd_claim id, const char *value)
{
	return wd_claims_put(
	    c, id, wd_span(value, *value == '\0' ? 0 : strlen(value) + 1));
}

static inline int
t_put_plain(struct wd_claims *c, const struct wd_claim_row *row,
    const char *value, uint64_t number)
{
	uint8_t bytes[64];
	const struct wd_claim_rule *rule = wd_claim_rule(row->id);
	size_t len = rule != NULL && rule->len > 0 ? rule->len : 16;

	switch (row->type) {
	case WD_CLAIM_UINT:
		return wd_claims_put_uint(c, row->id, number);
	case WD_CLAIM_TIME:
		return wd_claims_put_time(c, row->id, (int64_t)number);
	case WD_CLAIM_BOOL:
		return wd_claims_put_bool(c, row->id, number != 0);
	case WD_CLAIM_TEXT:
		return wd_claims_put_text(c, row->id, value);
	case WD_CLAIM_LIST:
	case WD_CLAIM_NUMBERS:
		return t_put_list(c, row->id, value);
	case WD_CLAIM_BYTES:
		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)number;
		return wd_claims_put(c, row->id, wd_span(bytes, len));
	}
	return WD_F_BUG;
}

/* The value a claim has unless a test changes it. */
static inline struct change
t_plain(const struct wd_claim_row *row)
{
	struct change plain = {
		.id = row->id, .value = "UpToDate", .number = 5
	};

	if (row->id == WD_C_TEE)
		plain.value = "sgx";
	if (row->id == WD_C_SOFTWARE || row->id == WD_C_DEBUG)
		plain.number = 0;
	if (row->type == WD_CLAIM_LIST)
		plain.value = "INTEL-SA-00001";
	if (row->type == WD_CLAIM_BYTES)
		plain.number = 0x11;
	if (row->type == WD_CLAIM_TIME)
		plain.number = (uint64_t)t_now;
	return plain;
}

static inline void
t_claims(struct wd_claims *c, const struct change *change)
{
	size_t n;
	const struct wd_claim_row *rows = wd_claim_rows(&n);

	*c = (struct wd_claims){ 0 };
	for (size_t i = 0; i < n; i++) {
		struct change x = t_plain(&rows[i]);

		if (change != NULL && change->id == rows[i].id)
			x = *change;
		if (!x.absent)
			t_ok(t_put_plain(c, &rows[i], x.value, x.number));
	}
}

static inline struct wd_policy *
t_parse(const char *json)
{
	struct wd_policy *p = NULL;
	struct wd_diag d = { 0 };
	int r = wd_policy_parse(wd_span_text(json), &d, &p);

	if (r != 0)
		fail_msg("%d %s\n%s", r, d.detail, json);
	return p;
}

/* The number of the rejection, which the diagnosis must have as well. */
static inline int
t_refused(const char *json)
{
	struct wd_policy *p = NULL;
	struct wd_diag d = { 0 };
	int r = wd_policy_parse(wd_span_text(json), &d, &p);

	assert_int_equal(d.result, r);
	assert_true((r == 0) == (p != NULL));
	p = wd_policy_free(p);
	return r;
}

static const struct wd_client_identity t_client = {
	.cn = { (const uint8_t *)"client", 6 },
	.issuer_cn = { (const uint8_t *)"CMSCA", 5 },
	.permissions = { (const uint8_t *)"nginx\0USA\0", 10 },
};

/*
 * Judges the plain evidence with one CHANGE. The same with and without a trace,
 * and with the policy taken through its flat form.
 */
static inline int
t_judge_as(const char *json, const struct change *change,
    const struct wd_client_identity *client, int64_t now)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = t_parse(json);
	WD_AUTO(wd_policy_freep) struct wd_policy *again = NULL;
	static struct wd_policy_trace trace;
	struct wd_claims claims;
	int r;

	t_claims(&claims, change);
	r = wd_policy_eval(p, &claims, client, now, NULL);
	assert_int_equal(wd_policy_eval(p, &claims, client, now, &trace), r);
	t_ok(wd_policy_adopt(wd_policy_flat(p), NULL, &again));
	assert_int_equal(wd_policy_eval(again, &claims, client, now, NULL), r);
	return r;
}

static inline int
t_judge(const char *json, const struct change *change)
{
	return t_judge_as(json, change, &t_client, t_now);
}
