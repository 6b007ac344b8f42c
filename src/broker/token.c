/*
 * What the token says is what verify found, and how that reads in the words of
 * AR4SI; whether a key is released is never read from it.
 */
#include "broker/token.h"

#include "codec/base64.h"
#include "codec/jtext.h"
#include "crypto/jws.h"

#include <string.h>

enum {
	PAYLOAD_MAX = 12288,
	PAYLOAD_REST = 1200, /* bytes of most, but for claims */
	SIGNATURE = 64,
};

/* Values of the trustworthiness vector (draft-ietf-rats-ar4si, section 2.3). */
enum { AFFIRMING = 2, WARNING = 32, CONTRAINDICATED = 96 };

static int
tier(const struct wd_claims *c)
{
	struct wd_span status, tee;
	bool has_status = wd_claims_get(c, WD_C_TCB_STATUS, &status);

	(void)wd_claims_get(c, WD_C_TEE, &tee); /* or empty: no TEE */
	if (wd_tee_has_status(wd_tee_by_name(tee)) != has_status ||
	    tee.len == 0 || wd_claims_bool(c, WD_C_DEBUG) ||
	    wd_span_is(status, "Revoked"))
		return CONTRAINDICATED;
	if (wd_claims_bool(c, WD_C_SOFTWARE))
		return WARNING;
	if (!has_status)
		return AFFIRMING;
	if (wd_span_is(status, "UpToDate") ||
	    wd_span_is(status, "SWHardeningNeeded"))
		return AFFIRMING;
	return WARNING;
}

static const char *
tier_name(int t)
{
	return t == AFFIRMING ? "affirming"
	    : t == WARNING    ? "warning"
			      : "contraindicated";
}

static void
write_runtime_data(struct wd_jtext *j, const struct wd_token_in *in)
{
	uint8_t text[1536];
	struct wd_wr jwk = wd_wr_fixed(text, sizeof(text));

	wd_jwk_write(&jwk, in->client, in->client_alg);
	if (wd_wr_end(&jwk) != 0)
		wd_wr_fail(j->wr);
	wd_jtext_object(j);
	wd_jtext_key(j, "nonce");
	wd_jtext_b64(j, in->nonce);
	wd_jtext_key(j, "tee-pubkey");
	wd_jtext_raw(j, wd_wr_span(&jwk));
	wd_jtext_end(j);
}

/* Members are sorted: some names of TEEs come before the others' members, some
 * behind them. */
static void
write_tee(struct wd_jtext *j, const struct wd_token_in *in, const char *name,
    bool before)
{
	if (before !=
	    (wd_span_compare(wd_span_text(name), WD_SPAN_LIT("report_data")) <
		0))
		return;
	wd_jtext_key(j, name);
	wd_jtext_raw(j, in->claims_json);
}

static void
write_evidence(struct wd_jtext *j, const struct wd_token_in *in)
{
	struct wd_span tee, data;
	char name[16];

	if (!wd_claims_get(in->claims, WD_C_TEE, &tee) ||
	    !wd_span_to_text(tee, name, sizeof(name)))
		wd_wr_fail(j->wr);
	(void)wd_claims_get(in->claims, WD_C_REPORT_DATA, &data); /* or empty */
	wd_jtext_object(j);
	write_tee(j, in, name, true);
	wd_jtext_key(j, "report_data");
	wd_jtext_hex(j, data);
	wd_jtext_key(j, "runtime_data_claims");
	write_runtime_data(j, in);
	write_tee(j, in, name, false);
	wd_jtext_end(j);
}

static void
write_submod(struct wd_jtext *j, const struct wd_token_in *in)
{
	int t = tier(in->claims);

	wd_jtext_object(j);
	wd_jtext_key_text(j, "ear.appraisal-policy-id", "warder");
	wd_jtext_key_text(j, "ear.status", tier_name(t));
	wd_jtext_key(j, "ear.trustworthiness-vector");
	wd_jtext_object(j);
	wd_jtext_key_uint(j, "hardware", (uint64_t)t);
	wd_jtext_key_uint(j, "instance-identity", AFFIRMING);
	wd_jtext_end(j);
	wd_jtext_key(j, "ear.veraison.annotated-evidence");
	write_evidence(j, in);
	wd_jtext_end(j);
}

static void
write_payload(
    struct wd_jtext *j, struct wd_broker *b, const struct wd_token_in *in)
{
	wd_jtext_object(j);
	wd_jtext_key_text(j, "aud", b->server_name);
	wd_jtext_key(j, "ear.verifier-id");
	wd_jtext_object(j);
	wd_jtext_key_text(j, "build", "warder " WARDER_VERSION);
	wd_jtext_key_text(j, "developer", "warder");
	wd_jtext_end(j);
	wd_jtext_key(j, "eat_nonce");
	wd_jtext_b64(j, in->nonce);
	wd_jtext_key_text(j, "eat_profile",
	    "tag:github.com,2024:confidential-containers/Trustee");
	wd_jtext_key_uint(j, "exp", (uint64_t)in->expires);
	wd_jtext_key_uint(j, "iat", (uint64_t)in->now);
	wd_jtext_key_text(j, "iss", b->server_name);
	wd_jtext_key(j, "jti");
	wd_jtext_string(j, wd_id_span(in->session));
	wd_jtext_key_uint(j, "nbf", (uint64_t)in->now);
	wd_jtext_key(j, "submods");
	wd_jtext_object(j);
	wd_jtext_key(j, "cpu0");
	write_submod(j, in);
	wd_jtext_end(j);
	if (wd_claims_bool(in->claims, WD_C_SOFTWARE))
		wd_jtext_key_text(j, "warder.evidence", "SOFTWARE");
	wd_jtext_end(j);
}

/* Digits of three parts, each rounded up, and two dots. */
static size_t
token_len(struct wd_span header, struct wd_span payload)
{
	return (header.len + payload.len + SIGNATURE) / 3 * 4 + 3 * 4 + 2;
}

int
wd_token_make(
    struct wd_broker *b, const struct wd_token_in *in, struct wd_secret **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr payload = wd_wr_growing(PAYLOAD_MAX);
	WD_AUTO(wd_secret_freep) struct wd_secret *token = NULL;
	struct wd_span header = wd_bytes_span(b->token_header);
	struct wd_jtext j = wd_jtext(&payload);
	struct wd_wr wr;
	int r;

	wd_wr_expect(&payload, in->claims_json.len + PAYLOAD_REST);
	write_payload(&j, b, in);
	if ((r = wd_wr_end(&payload)) != 0)
		return r < 0 ? r : WD_F_BUG;
	token = wd_secret_new(token_len(header, wd_wr_span(&payload)));
	if (token == NULL)
		return WD_F_MEMORY;
	wr = wd_wr_fixed(wd_secret_bytes(token), wd_secret_len(token));
	r = wd_jws_sign(b->token_key, header, wd_wr_span(&payload), &wr);
	if (r != 0)
		return r < 0 ? r : WD_F_BUG;
	wd_secret_shorten(token, wr.len);
	*ret = WD_TAKE(token);
	return 0;
}
