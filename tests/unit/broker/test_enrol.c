/*
 * Enrolment of TPMs: what a credential proves, for how long, and that what was
 * given out is believed in one place alone.
 */
#include "fixture.h"

#include "base/alloc.h"
#include "broker/challenge.h"
#include "broker/enrol.h"
#include "codec/hex.h"

enum { DAY = 86400 };

static const uint8_t ak_name[34] = { 0, 11, 'n', 'a', 'm', 'e' };
static const uint8_t ek[32] = { 'e', 'k' };

struct offer {
	struct wd_bytes *state;
	uint8_t secret[WD_ENROL_SECRET];
};

static struct wd_msg_ek_info
good_info(void)
{
	struct wd_msg_ek_info info = { .ak_name = WD_SPAN(ak_name),
		.ends = T_NOW + 30 * DAY,
		.credential = WD_SPAN_LIT("credential"),
		.secret = WD_SPAN_LIT("secret") };

	wd_copy(info.ek.b, WD_SPAN(ek));
	return info;
}

/* What the client is told of INFO; on 0 the offer, which is the caller's. */
static int
offer(struct t_broker *f, const struct wd_msg_ek_info *info, struct offer *ret)
{
	struct wd_msg_tpm_credential m;
	struct wd_enrol_start start;

	f->b->enrolment_seconds = DAY;
	t_ok(wd_enrol_begin(f->b, f->now, &start, ret->secret, NULL));
	wd_outcome_done(&f->out);
	t_ok(wd_enrol_offer(f->b, &start, info, &f->out));
	if (f->out.result != 0)
		return f->out.result;
	assert_null(f->out.entry);
	t_reply(f, WD_CALL_TPM_ENROL, &m);
	ret->state = wd_bytes_copy(m.state);
	assert_non_null(ret->state);
	return 0;
}

static int
finish(struct t_broker *f, struct wd_span state, struct wd_span secret)
{
	const struct wd_msg_tpm_enrolment_ask ask = { .request = f->request,
		.source = WD_SPAN_LIT("192.0.2.1"),
		.state = state,
		.secret = secret };

	wd_outcome_done(&f->out);
	t_ok(wd_enrol_finish(f->b, &ask, f->now, &f->out));
	return f->out.result;
}

/* An enrolment of INFO, which is the caller's. */
static struct wd_bytes *
enrol(struct t_broker *f, const struct wd_msg_ek_info *info)
{
	struct wd_msg_tpm_enrolment m;
	struct wd_bytes *copy;
	struct offer o;

	t_ok(offer(f, info, &o));
	t_ok(finish(f, wd_bytes_span(o.state), WD_SPAN(o.secret)));
	t_reply(f, WD_CALL_TPM_ENROLMENT, &m);
	copy = wd_bytes_copy(m.enrolment);
	assert_non_null(copy);
	wd_bytes_freep(&o.state);
	return copy;
}

static struct wd_claims
claims_of(struct wd_span name)
{
	struct wd_claims c = { 0 };

	t_ok(wd_claims_put_text(&c, WD_C_TEE, "tpm"));
	t_ok(wd_claims_put_bool(&c, WD_C_SOFTWARE, false));
	t_ok(wd_claims_put(&c, WD_C_PLATFORM_ID, WD_SPAN_LIT("by the key")));
	t_ok(wd_claims_put(&c, WD_C_AK_NAME, name));
	t_ok(wd_claims_put_text(&c, WD_C_AK_TRUST, "none"));
	return c;
}

static int
apply(struct t_broker *f, struct wd_span enrolment)
{
	struct wd_claims c = claims_of(WD_SPAN(ak_name));
	struct wd_diag d = { 0 };
	struct wd_span v;
	int r = wd_enrol_apply(f->b, enrolment, f->now, &c, &d);

	assert_true(wd_claims_get(&c, WD_C_AK_TRUST, &v));
	assert_true(wd_span_is(v, r == 0 ? "enrolled" : "none"));
	assert_true(wd_claims_get(&c, WD_C_PLATFORM_ID, &v));
	assert_int_equal(wd_span_equal(v, WD_SPAN(ek)), r == 0);
	return r;
}

static void
who_opens_the_credential_is_enrolled(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *got = enrol(f, &info);
	struct wd_msg_tpm_enrolment m;

	t_reply(f, WD_CALL_TPM_ENROLMENT, &m);
	assert_int_equal(m.seconds, DAY);
	t_logged(f, "\"event\":\"tpm_enrol\"");
	t_logged(f, "\"ek_trust\":\"chain\"");
	t_not_logged(f, m.enrolment);
	t_ok(apply(f, wd_bytes_span(got)));
}

static void
an_enrolment_ends_with_the_certificates(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *got = NULL;
	struct wd_msg_tpm_enrolment m;
	struct offer o;

	info.ends = f->now + 100;
	got = enrol(f, &info);
	t_reply(f, WD_CALL_TPM_ENROLMENT, &m);
	assert_int_equal(m.seconds, 100);
	f->now += 99;
	t_ok(apply(f, wd_bytes_span(got)));
	f->now++;
	assert_int_equal(apply(f, wd_bytes_span(got)), WD_R_AK_NOT_TRUSTED);
	info.ends = f->now + 1;
	t_ok(offer(f, &info, &o));
	f->now++;
	assert_int_equal(finish(f, wd_bytes_span(o.state), WD_SPAN(o.secret)),
	    WD_R_CHAIN_EXPIRED);
	wd_bytes_freep(&o.state);
}

static void
an_enrolment_ends_when_its_time_is_over(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *got = enrol(f, &info);

	f->now += DAY - 1;
	t_ok(apply(f, wd_bytes_span(got)));
	f->now++;
	assert_int_equal(apply(f, wd_bytes_span(got)), WD_R_AK_NOT_TRUSTED);
	f->now -= DAY + WD_CHALLENGE_AHEAD + 1;
	assert_int_equal(apply(f, wd_bytes_span(got)), WD_R_AK_NOT_TRUSTED);
}

static void
a_state_is_brought_back_within_five_minutes(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	struct offer o;

	t_ok(offer(f, &info, &o));
	f->now += WD_ENROL_SECONDS - 1;
	t_ok(finish(f, wd_bytes_span(o.state), WD_SPAN(o.secret)));
	f->now++;
	assert_int_equal(finish(f, wd_bytes_span(o.state), WD_SPAN(o.secret)),
	    WD_R_CHALLENGE_EXPIRED);
	assert_null(f->out.entry);
	f->now -= WD_ENROL_SECONDS + WD_CHALLENGE_AHEAD + 1;
	assert_int_equal(finish(f, wd_bytes_span(o.state), WD_SPAN(o.secret)),
	    WD_R_CHALLENGE_INVALID);
	wd_bytes_freep(&o.state);
}

static void
only_the_secret_of_the_state_will_do(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	struct offer a, b;

	t_ok(offer(f, &info, &a));
	t_ok(offer(f, &info, &b));
	assert_int_equal(finish(f, wd_bytes_span(a.state), WD_SPAN(b.secret)),
	    WD_R_AK_NOT_TRUSTED);
	assert_int_equal(finish(f, wd_bytes_span(a.state), wd_span(NULL, 0)),
	    WD_R_AK_NOT_TRUSTED);
	assert_null(f->out.entry);
	wd_bytes_freep(&a.state);
	wd_bytes_freep(&b.state);
}

static void
each_bit_of_state_and_enrolment_counts(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *got = enrol(f, &info);
	struct offer o;

	t_ok(offer(f, &info, &o));
	for (size_t i = 0; i < o.state->len * 8; i++) {
		o.state->p[i / 8] ^= (uint8_t)(1U << i % 8);
		assert_int_equal(
		    finish(f, wd_bytes_span(o.state), WD_SPAN(o.secret)),
		    WD_R_CHALLENGE_INVALID);
		o.state->p[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	for (size_t i = 0; i < got->len * 8; i++) {
		got->p[i / 8] ^= (uint8_t)(1U << i % 8);
		assert_int_equal(
		    apply(f, wd_bytes_span(got)), WD_R_AK_NOT_TRUSTED);
		got->p[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	for (size_t n = 0; n < got->len; n++)
		assert_int_equal(
		    apply(f, wd_span(got->p, n)), WD_R_AK_NOT_TRUSTED);
	/* And one is not the other. */
	assert_int_equal(apply(f, wd_bytes_span(o.state)), WD_R_AK_NOT_TRUSTED);
	assert_int_equal(finish(f, wd_bytes_span(got), WD_SPAN(o.secret)),
	    WD_R_CHALLENGE_INVALID);
	t_ok(apply(f, wd_bytes_span(got)));
	wd_bytes_freep(&o.state);
}

static void
an_enrolment_is_of_one_key_in_one_store(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *got = enrol(f, &info);
	struct wd_claims c = claims_of(WD_SPAN_LIT("\0\x0b another"));
	void *other = NULL;

	assert_int_equal(
	    wd_enrol_apply(f->b, wd_bytes_span(got), f->now, &c, NULL),
	    WD_R_AK_NOT_TRUSTED);
	t_ok(t_broker_setup(&other));
	assert_int_equal(apply(other, wd_bytes_span(got)), WD_R_AK_NOT_TRUSTED);
	t_ok(t_broker_teardown(&other));
}

static void
a_key_that_nothing_vouches_for_is_refused_for_its_reason(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	struct offer o;

	info.untrusted = WD_R_CHAIN_UNTRUSTED_ROOT;
	info.why = WD_SPAN_LIT("its root is no trust anchor");
	assert_int_equal(offer(f, &info, &o), WD_R_CHAIN_UNTRUSTED_ROOT);
	assert_null(f->out.entry);
}

static struct wd_span
ek_hex(char room[65])
{
	wd_hex_format(WD_SPAN(ek), room);
	return wd_span_text(room);
}

static void
an_operator_vouches_and_takes_it_back(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	char hex[65];
	const struct wd_msg_tpm_add add = { t_head(f), .ek = ek_hex(hex) };
	const struct wd_msg_tpm_ask gone = { t_head(f), .ek = ek_hex(hex) };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *got = NULL;
	struct offer o;

	info.untrusted = WD_R_EK_NOT_TRUSTED;
	t_ok(t_call(f, WD_CALL_TPM_ADD, &add));
	got = enrol(f, &info);
	t_logged(f, "\"ek_trust\":\"operator\"");
	t_ok(apply(f, wd_bytes_span(got)));
	t_ok(offer(f, &info, &o));
	t_ok(t_call(f, WD_CALL_TPM_REMOVE, &gone));
	t_logged(f, hex);
	assert_int_equal(apply(f, wd_bytes_span(got)), WD_R_AK_NOT_TRUSTED);
	assert_int_equal(finish(f, wd_bytes_span(o.state), WD_SPAN(o.secret)),
	    WD_R_EK_NOT_TRUSTED);
	wd_bytes_freep(&o.state);
}

/* Its MAC is as good as it was. */
static void
an_old_row_that_is_put_back_vouches_for_nothing(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	char hex[65];
	const struct wd_msg_tpm_add add = { t_head(f), .ek = ek_hex(hex) };
	const struct wd_msg_tpm_ask gone = { t_head(f), .ek = ek_hex(hex) };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *got = NULL;
	struct wd_store_tpm row;

	info.untrusted = WD_R_EK_NOT_TRUSTED;
	t_ok(t_call(f, WD_CALL_TPM_ADD, &add));
	got = enrol(f, &info);
	t_ok(wd_store_tpm_get(f->b->store, ek, &row));
	t_ok(t_call(f, WD_CALL_TPM_REMOVE, &gone));
	t_ok(wd_store_tpm_add(f->b->store, &row));
	assert_int_equal(apply(f, wd_bytes_span(got)), WD_R_AK_NOT_TRUSTED);
	/* An operator may vouch for it again, also in the same second. */
	t_ok(t_call(f, WD_CALL_TPM_REMOVE, &gone));
	t_ok(t_call(f, WD_CALL_TPM_ADD, &add));
	t_ok(apply(f, wd_bytes_span(got)));
}

static void
a_revoked_platform_enrols_no_more(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	char hex[65];
	const struct wd_msg_revoke revoke = { t_head(f),
		.kind = WD_SPAN_LIT("platform"), .what = ek_hex(hex) };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *got = enrol(f, &info);
	struct offer o, none;

	t_ok(offer(f, &info, &o));
	t_ok(t_call(f, WD_CALL_REVOKE, &revoke));
	t_ok(wd_broker_look(f->b, f->now, NULL));
	assert_int_equal(offer(f, &info, &none), WD_R_REVOKED_BY_OPERATOR);
	assert_int_equal(finish(f, wd_bytes_span(o.state), WD_SPAN(o.secret)),
	    WD_R_REVOKED_BY_OPERATOR);
	t_logged(f, "\"event\":\"tpm_enrol\"");
	assert_int_equal(
	    apply(f, wd_bytes_span(got)), WD_R_REVOKED_BY_OPERATOR);
	wd_bytes_freep(&o.state);
}

static void
software_stays_marked(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	struct wd_claims c = claims_of(WD_SPAN(ak_name));
	WD_AUTO(wd_bytes_freep) struct wd_bytes *got = NULL;

	info.software = true;
	got = enrol(f, &info);
	t_logged(f, "\"software\":\"SOFTWARE\"");
	t_ok(wd_enrol_apply(f->b, wd_bytes_span(got), f->now, &c, NULL));
	assert_true(wd_claims_bool(&c, WD_C_SOFTWARE));
}

static void
one_platform_cannot_fill_the_log(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	struct offer o;

	f->b->entries_per_platform = 3;
	t_ok(offer(f, &info, &o));
	for (int i = 0; i < 3; i++)
		t_ok(finish(f, wd_bytes_span(o.state), WD_SPAN(o.secret)));
	assert_int_equal(finish(f, wd_bytes_span(o.state), WD_SPAN(o.secret)),
	    WD_R_RATE_LIMITED);
	assert_null(f->out.entry);
	wd_bytes_freep(&o.state);
}

static void
a_sealed_server_enrols_nobody(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	uint8_t secret[WD_ENROL_SECRET];
	struct wd_enrol_start start;
	struct offer o;

	t_ok(offer(f, &info, &o));
	wd_broker_seal(f->b);
	assert_int_equal(
	    wd_enrol_begin(f->b, f->now, &start, secret, NULL), WD_R_SEALED);
	assert_int_equal(
	    finish(f, wd_bytes_span(o.state), WD_SPAN(o.secret)), WD_R_SEALED);
	wd_bytes_freep(&o.state);
}

static void
no_memory_is_a_fault(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_ek_info info = good_info();
	struct offer o;
	bool done = false;

	t_ok(offer(f, &info, &o));
	for (uint64_t k = 1; !done; k++) {
		const struct wd_msg_tpm_enrolment_ask ask = {
			.request = f->request,
			.state = wd_bytes_span(o.state),
			.secret = WD_SPAN(o.secret),
		};
		int r;

		wd_outcome_done(&f->out);
		f->out = (struct wd_outcome){ 0 };
		(void)wd_alloc_fail_at(k);
		r = wd_enrol_finish(f->b, &ask, f->now, &f->out);
		(void)wd_alloc_fail_at(0);
		assert_true(r <= 0);
		assert_true(r < 0 || f->out.result <= 0);
		done = r == 0 && f->out.result == 0;
		assert_true(k < 1000);
		if (done)
			assert_non_null(f->out.entry);
	}
	wd_bytes_freep(&o.state);
}

static void
keys_are_listed_in_pages_and_named_in_hex(void **state)
{
	struct t_broker *f = *state;
	char hex[65];
	const struct wd_msg_tpm_add add = { t_head(f), .ek = ek_hex(hex),
		.label = WD_SPAN_LIT("rack 4") };
	const struct wd_msg_tpm_add bad = { t_head(f),
		.ek = WD_SPAN_LIT("rack 4") };
	struct wd_msg_tpm_list_ask ask = { t_head(f), .limit = 1 };
	const struct wd_msg_tpm_ask none = { t_head(f),
		.ek = wd_span_text("00000000000000000000000000000000"
				   "00000000000000000000000000000000") };
	struct wd_msg_tpm_list list;
	struct wd_msg_tpm_record row;
	struct wd_rd rd;

	assert_int_equal(t_call(f, WD_CALL_TPM_ADD, &bad), WD_R_MALFORMED);
	t_torture(f, WD_CALL_TPM_ADD, &add, NULL);
	t_ok(t_call(f, WD_CALL_TPM_ADD, &add));
	assert_int_equal(t_call(f, WD_CALL_TPM_ADD, &add), WD_R_EXISTS);
	t_ok(t_call(f, WD_CALL_TPM_LIST, &ask));
	t_reply(f, WD_CALL_TPM_LIST, &list);
	assert_false(list.more);
	rd = wd_rd(list.tpms);
	t_ok(wd_list_next(&rd, &wd_msg_tpm_record_type, &row));
	assert_true(wd_span_is(row.label, "rack 4"));
	assert_true(wd_span_is(row.ek, hex));
	t_ok(wd_rd_end(&rd));
	ask.after = ek_hex(hex);
	t_ok(t_call(f, WD_CALL_TPM_LIST, &ask));
	t_reply(f, WD_CALL_TPM_LIST, &list);
	assert_int_equal(list.tpms.len, 0);
	ask.limit = 0;
	assert_int_equal(t_call(f, WD_CALL_TPM_LIST, &ask), WD_R_RANGE);
	assert_int_equal(t_call(f, WD_CALL_TPM_REMOVE, &none), WD_R_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(who_opens_the_credential_is_enrolled),
		with_broker(an_enrolment_ends_with_the_certificates),
		with_broker(an_enrolment_ends_when_its_time_is_over),
		with_broker(a_state_is_brought_back_within_five_minutes),
		with_broker(only_the_secret_of_the_state_will_do),
		with_broker(each_bit_of_state_and_enrolment_counts),
		with_broker(an_enrolment_is_of_one_key_in_one_store),
		with_broker(
		    a_key_that_nothing_vouches_for_is_refused_for_its_reason),
		with_broker(an_operator_vouches_and_takes_it_back),
		with_broker(an_old_row_that_is_put_back_vouches_for_nothing),
		with_broker(a_revoked_platform_enrols_no_more),
		with_broker(software_stays_marked),
		with_broker(one_platform_cannot_fill_the_log),
		with_broker(a_sealed_server_enrols_nobody),
		with_broker(no_memory_is_a_fault),
		with_broker(keys_are_listed_in_pages_and_named_in_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
