/*
 * Tickets: what is given to a client and believed again when it comes back. A
 * kind says which of the two it is, and is under the MAC with the rest.
 */
#include "broker/enrol.h"

#include "base/clock.h"
#include "base/rd.h"
#include "base/wr.h"
#include "broker/challenge.h"
#include "broker/revoked.h"
#include "codec/hex.h"
#include "codec/jtext.h"
#include "crypto/hash.h"
#include "crypto/rand.h"

enum { VERSION = 1, MAC = 32, NAME_MAX_LEN = 66, TICKET_MAX = 256 };

/* First bytes of all that is under the key. */
enum kind { KIND_SECRET = 1, KIND_STATE = 2, KIND_ENROLMENT = 3 };

enum { SOFTWARE = 1, BY_OPERATOR = 2 };

struct ticket {
	enum kind kind;
	uint8_t flags;
	int64_t made, ends;
	uint8_t nonce[WD_ENROL_NONCE]; /* of a state */
	uint8_t ek[32];
	uint8_t ak_name[NAME_MAX_LEN];
	size_t ak_name_len;
};

static int
mac(const struct wd_broker *b, struct wd_span text, uint8_t ret[MAC])
{
	return wd_hmac_sha256(wd_secret_borrow(b->enrol_key), &text, 1, ret);
}

static int
write_ticket(const struct wd_broker *b, const struct ticket *t,
    uint8_t room[TICKET_MAX], struct wd_span *ret)
{
	struct wd_wr wr = wd_wr_fixed(room, TICKET_MAX);
	uint8_t sum[MAC];
	int r;

	wd_wr_u8(&wr, (uint8_t)t->kind);
	wd_wr_u8(&wr, VERSION);
	wd_wr_u8(&wr, t->flags);
	wd_wr_le64(&wr, (uint64_t)t->made);
	wd_wr_le64(&wr, (uint64_t)t->ends);
	wd_wr_bytes(&wr, WD_SPAN(t->nonce));
	wd_wr_bytes(&wr, WD_SPAN(t->ek));
	wd_wr_u8(&wr, (uint8_t)t->ak_name_len);
	wd_wr_bytes(&wr, wd_span(t->ak_name, t->ak_name_len));
	if ((r = mac(b, wd_wr_span(&wr), sum)) != 0)
		return r;
	wd_wr_bytes(&wr, WD_SPAN(sum));
	*ret = wd_wr_span(&wr);
	return wd_wr_end(&wr) == 0 ? 0 : WD_F_BUG;
}

/* Nothing is read before the MAC is right. WD_R_MALFORMED or a fault. */
static int
read_ticket(const struct wd_broker *b, struct wd_span bytes, enum kind kind,
    struct ticket *ret)
{
	struct ticket t = { .kind = kind };
	uint8_t sum[MAC];
	struct wd_rd rd;
	int r;

	if (bytes.len < MAC || bytes.len > TICKET_MAX)
		return WD_R_MALFORMED;
	rd = wd_rd(wd_span(bytes.p, bytes.len - MAC));
	if ((r = mac(b, wd_span(rd.p, rd.left), sum)) != 0)
		return r;
	if (!wd_ct_equal(WD_SPAN(sum), wd_span(bytes.p + bytes.len - MAC, MAC)))
		return WD_R_MALFORMED;
	if (wd_rd_u8(&rd) != kind || wd_rd_u8(&rd) != VERSION)
		return WD_R_MALFORMED;
	t.flags = wd_rd_u8(&rd);
	t.made = (int64_t)wd_rd_le64(&rd);
	t.ends = (int64_t)wd_rd_le64(&rd);
	wd_rd_copy(&rd, t.nonce, sizeof(t.nonce));
	wd_rd_copy(&rd, t.ek, sizeof(t.ek));
	t.ak_name_len = wd_rd_u8(&rd);
	if (t.ak_name_len > sizeof(t.ak_name))
		return WD_R_MALFORMED;
	wd_rd_copy(&rd, t.ak_name, t.ak_name_len);
	if (wd_rd_end(&rd) != 0)
		return WD_R_MALFORMED;
	*ret = t;
	return 0;
}

static int
derive_secret(const struct wd_broker *b, int64_t made,
    const uint8_t nonce[WD_ENROL_NONCE], uint8_t ret[WD_ENROL_SECRET])
{
	uint8_t room[2 + 8 + WD_ENROL_NONCE];
	struct wd_wr wr = wd_wr_fixed(room, sizeof(room));

	wd_wr_u8(&wr, KIND_SECRET);
	wd_wr_u8(&wr, VERSION);
	wd_wr_le64(&wr, (uint64_t)made);
	wd_wr_bytes(&wr, wd_span(nonce, WD_ENROL_NONCE));
	return mac(b, wd_wr_span(&wr), ret);
}

/* ---- whether the endorsement key may stand for a platform */

/* Once an operator has taken it out, neither an old enrolment helps nor an old
 * row that is put back into the store. */
static int
look_up_ek(struct wd_broker *b, const uint8_t ek[32], struct wd_diag *d)
{
	struct wd_store_tpm row;
	char hex[2 * sizeof(row.ek) + 1];
	int r = wd_revocations_known(b, d);

	if (r != 0)
		return r;
	wd_hex_format(wd_span(ek, sizeof(row.ek)), hex);
	r = wd_store_tpm_get(b->store, ek, &row);
	if (r == 0)
		r = wd_store_revoked(b->store, "tpm", hex, row.created);
	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(b->store));
	return r == 0 ? 0
		      : wd_reject(d, WD_R_EK_NOT_TRUSTED,
			    "no operator vouches for the endorsement key");
}

static int
check_ek(struct wd_broker *b, const struct ticket *t, struct wd_diag *d)
{
	char hex[2 * sizeof(t->ek) + 1];
	int r = (t->flags & BY_OPERATOR) != 0 ? look_up_ek(b, t->ek, d) : 0;

	if (r != 0)
		return r;
	wd_hex_format(WD_SPAN(t->ek), hex);
	return wd_is_revoked(b, "platform", hex, d);
}

/* ---- the credential */

int
wd_enrol_begin(struct wd_broker *b, int64_t now, struct wd_enrol_start *ret,
    uint8_t ret_secret[WD_ENROL_SECRET], struct wd_diag *d)
{
	struct wd_enrol_start s = { .made = now };
	int r;

	if (!b->open)
		return wd_reject(d, WD_R_SEALED, "the server is sealed");
	if ((r = wd_broker_look(b, now, d)) != 0)
		return r;
	if (wd_rand_public(s.nonce, sizeof(s.nonce)) != 0 ||
	    derive_secret(b, now, s.nonce, ret_secret) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no secret");
	*ret = s;
	return 0;
}

/* A certificate that leads nowhere is the answer only when no operator vouches
 * for the key either. */
static int
trust(struct wd_broker *b, const struct wd_msg_ek_info *info, struct ticket *t,
    struct wd_diag *d)
{
	struct wd_diag row = { 0 };
	int r;

	if (info->untrusted == 0)
		return 0;
	r = look_up_ek(b, info->ek.b, &row);
	if (r < 0)
		return wd_fault(d, r, "%s", row.detail);
	if (r > 0)
		return wd_reject(d, (enum wd_reason)info->untrusted, "%.*s",
		    (int)info->why.len, (const char *)info->why.p);
	t->flags = BY_OPERATOR;
	t->ends = INT64_MAX;
	return 0;
}

static int
make_state(struct wd_broker *b, const struct wd_enrol_start *start,
    const struct wd_msg_ek_info *info, uint8_t room[TICKET_MAX],
    struct wd_span *ret, struct wd_diag *d)
{
	struct ticket t = { .kind = KIND_STATE,
		.flags = info->software ? SOFTWARE : 0,
		.made = start->made,
		.ends = info->ends,
		.ak_name_len = info->ak_name.len };
	int r;

	if (!b->open)
		return wd_reject(d, WD_R_SEALED, "the server is sealed");
	wd_copy(t.nonce, WD_SPAN(start->nonce));
	wd_copy(t.ek, WD_SPAN(info->ek.b));
	wd_copy(t.ak_name, info->ak_name); /* of at most 66, by its field */
	if ((r = trust(b, info, &t, d)) != 0 || (r = check_ek(b, &t, d)) != 0)
		return r;
	r = write_ticket(b, &t, room, ret);
	return r == 0 ? 0 : wd_fault(d, WD_F_CRYPTO, "no state");
}

int
wd_enrol_offer(struct wd_broker *b, const struct wd_enrol_start *start,
    const struct wd_msg_ek_info *info, struct wd_outcome *out)
{
	struct wd_msg_tpm_credential msg = { .credential = info->credential,
		.secret = info->secret };
	uint8_t room[TICKET_MAX];
	struct wd_diag d = { 0 };
	int r = make_state(b, start, info, room, &msg.state, &d);

	return wd_outcome_reply(out, WD_CALL_TPM_ENROL, r, &d, &msg);
}

/* ---- the enrolment */

static int
check_age(const struct ticket *t, int64_t now, struct wd_diag *d)
{
	if (t->made > now + WD_CHALLENGE_AHEAD) /* by another node's clock */
		return wd_reject(d, WD_R_CHALLENGE_INVALID,
		    "the state was not made by this server");
	if (now - t->made >= WD_ENROL_SECONDS)
		return wd_reject(d, WD_R_CHALLENGE_EXPIRED,
		    "the credential was not opened in time");
	return 0;
}

static int
check_secret(const struct wd_broker *b, const struct ticket *t,
    struct wd_span secret, struct wd_diag *d)
{
	uint8_t want[WD_ENROL_SECRET];
	bool same;

	if (derive_secret(b, t->made, t->nonce, want) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no secret");
	same = wd_ct_equal(WD_SPAN(want), secret);
	wd_wipe(want, sizeof(want));
	return same ? 0
		    : wd_reject(d, WD_R_AK_NOT_TRUSTED,
			  "the secret is not that of the credential");
}

static int
check_state(struct wd_broker *b, const struct wd_msg_tpm_enrolment_ask *ask,
    int64_t now, struct ticket *t, struct wd_diag *d)
{
	int r;

	if (!b->open)
		return wd_reject(d, WD_R_SEALED, "the server is sealed");
	if ((r = wd_broker_look(b, now, d)) != 0)
		return r;
	r = read_ticket(b, ask->state, KIND_STATE, t);
	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot check the state");
	if (r > 0)
		return wd_reject(d, WD_R_CHALLENGE_INVALID,
		    "the state was not made by this server");
	if ((r = check_age(t, now, d)) != 0)
		return r;
	return check_secret(b, t, ask->secret, d);
}

static int
log_enrolment(const struct wd_msg_tpm_enrolment_ask *ask,
    const struct ticket *t, int64_t now, int result, struct wd_outcome *out)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1024);
	struct wd_jtext j = wd_jtext(&wr);
	char source[65];
	struct wd_entry e = { .event = WD_EV_TPM_ENROL,
		.time = now,
		.request = ask->request,
		.result = result,
		.software = (t->flags & SOFTWARE) != 0 };

	wd_jtext_object(&j);
	wd_jtext_key(&j, "ak_name");
	wd_jtext_hex(&j, wd_span(t->ak_name, t->ak_name_len));
	wd_jtext_key_text(&j, "ek_trust",
	    (t->flags & BY_OPERATOR) != 0 ? "operator" : "chain");
	wd_jtext_key(&j, "ends");
	wd_jtext_time(&j, t->ends);
	wd_jtext_key(&j, "platform_id");
	wd_jtext_hex(&j, WD_SPAN(t->ek));
	wd_jtext_end(&j);
	if (wd_wr_end(&wr) != 0)
		return WD_F_MEMORY;
	e.claims = wd_wr_span(&wr);
	if (wd_span_to_text(ask->source, source, sizeof(source)))
		e.source = source;
	return wd_outcome_log(out, &e);
}

/* The TPM has shown what it is: from here on it is logged what comes of it, and
 * how often is bounded as for its attestations. */
static int
enrol(struct wd_broker *b, struct ticket *t, int64_t now,
    uint8_t room[TICKET_MAX], struct wd_msg_tpm_enrolment *ret,
    struct wd_diag *d)
{
	int64_t ends = now + b->enrolment_seconds;
	int r;

	t->kind = KIND_ENROLMENT;
	t->made = now;
	t->ends = ends < t->ends ? ends : t->ends;
	wd_wipe(t->nonce, sizeof(t->nonce));
	if ((r = check_ek(b, t, d)) != 0)
		return r;
	if (t->ends <= now)
		return wd_reject(d, WD_R_CHAIN_EXPIRED,
		    "the endorsement key's certificates have ended");
	if (write_ticket(b, t, room, &ret->enrolment) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no enrolment");
	ret->seconds = (uint32_t)(t->ends - now);
	return 0;
}

static int
limit(struct wd_broker *b, const struct ticket *t, int64_t mono_ms,
    struct wd_diag *d)
{
	if (wd_rate_take(&b->platforms, b->entries_per_platform, WD_SPAN(t->ek),
		mono_ms))
		return 0;
	return wd_reject(
	    d, WD_R_RATE_LIMITED, "too many requests from this platform");
}

int
wd_enrol_finish(struct wd_broker *b, const struct wd_msg_tpm_enrolment_ask *ask,
    int64_t now, struct wd_outcome *out)
{
	struct wd_msg_tpm_enrolment msg = { 0 };
	uint8_t room[TICKET_MAX];
	struct wd_diag d = { 0 };
	struct ticket t;
	int r = check_state(b, ask, now, &t, &d);

	if (r == 0)
		r = limit(b, &t, wd_time_mono_ms(), &d);
	if (r != 0)
		return wd_outcome_reply(
		    out, WD_CALL_TPM_ENROLMENT, r, &d, NULL);
	r = enrol(b, &t, now, room, &msg, &d);
	if (log_enrolment(ask, &t, now, r, out) != 0)
		r = wd_fault(&d, WD_F_MEMORY, "no memory for the log");
	return wd_outcome_reply(out, WD_CALL_TPM_ENROLMENT, r, &d, &msg);
}

/* ---- its use */

static int
refuse(struct wd_diag *d, const char *why)
{
	return wd_reject(d, WD_R_AK_NOT_TRUSTED, "enrolment: %s", why);
}

/* Values of claims that an enrolment changes, in their flat form. */
static void
write_claim(
    struct wd_wr *wr, const struct wd_claim_row *row, struct wd_span value)
{
	wd_wr_u8(wr, (uint8_t)row->id);
	wd_wr_u8(wr, (uint8_t)row->type);
	wd_wr_le16(wr, (uint16_t)value.len);
	wd_wr_bytes(wr, value);
}

static int
change_claims(struct wd_claims *claims, const struct ticket *t)
{
	static const uint8_t yes[1] = { 1 };
	struct wd_claims fresh = { 0 };
	uint8_t room[WD_CLAIMS_MAX];
	struct wd_wr wr = wd_wr_fixed(room, sizeof(room));
	const struct wd_claim_row *row;
	struct wd_span value;
	size_t at = 0;

	while (wd_claims_next(claims, &at, &row, &value)) {
		if (row->id == WD_C_PLATFORM_ID)
			value = WD_SPAN(t->ek);
		if (row->id == WD_C_AK_TRUST)
			value = WD_SPAN_LIT("enrolled");
		if (row->id == WD_C_SOFTWARE && (t->flags & SOFTWARE) != 0)
			value = WD_SPAN(yes);
		write_claim(&wr, row, value);
	}
	if (wd_wr_end(&wr) != 0 ||
	    wd_claims_adopt(&fresh, wd_wr_span(&wr)) != 0)
		return WD_F_BUG;
	*claims = fresh;
	return 0;
}

int
wd_enrol_apply(struct wd_broker *b, struct wd_span enrolment, int64_t now,
    struct wd_claims *claims, struct wd_diag *d)
{
	struct wd_span name;
	struct ticket t;
	int r = read_ticket(b, enrolment, KIND_ENROLMENT, &t);

	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot check an enrolment");
	if (r > 0)
		return refuse(d, "it was not made by this server");
	if (now >= t.ends || t.made > now + WD_CHALLENGE_AHEAD)
		return refuse(d, "it has ended");
	if (!wd_claims_get(claims, WD_C_AK_NAME, &name) ||
	    !wd_span_equal(name, wd_span(t.ak_name, t.ak_name_len)))
		return refuse(d, "it is of another attestation key");
	if ((r = check_ek(b, &t, d)) == WD_R_EK_NOT_TRUSTED)
		return refuse(d, "its endorsement key was taken out");
	if (r != 0)
		return r;
	r = change_claims(claims, &t);
	return r == 0 ? 0 : wd_fault(d, r, "cannot change the claims");
}
