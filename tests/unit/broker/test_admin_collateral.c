#include "fixture.h"

#include "verify/collateral.h"

#include <string.h>

/* What a test puts: the request, and what verify says of it. */
struct doc {
	struct wd_msg_collateral_put m;
	struct wd_msg_doc_info info;
};

static const uint8_t fmspc[8] = { 0x00, 0x90, 0x6e, 0xd5 };

static struct doc
tcb_info(struct t_broker *f, const char *text)
{
	return (struct doc){
		.m = { t_head(f), .role = WD_IN_TCB_INFO, .update_class = 's',
		    .doc = wd_span_text(text) },
		.info = { .tee = WD_TEE_SGX,
		    .scope = WD_SPAN(fmspc),
		    .issued = f->now - 1000,
		    .next_update = f->now + 1000,
		    .evaluation_number = 17 },
	};
}

static int
put(struct t_broker *f, const struct doc *x)
{
	struct wd_admin_found found = { .doc = &x->info };

	return t_call_found(f, WD_CALL_COLLATERAL_PUT, &x->m, &found);
}

/* The bytes of the stored document that X would take the place of. */
static int
show(struct t_broker *f, const struct doc *x, struct wd_span *ret)
{
	struct wd_msg_collateral_ask ask = { t_head(f), .role = x->m.role,
		.tee = x->info.tee, .update_class = x->m.update_class,
		.scope = x->info.scope, .software = x->info.software };
	struct wd_msg_collateral_doc answer;
	int r = t_call(f, WD_CALL_COLLATERAL_SHOW, &ask);

	if (r == 0) {
		t_reply(f, WD_CALL_COLLATERAL_SHOW, &answer);
		*ret = answer.doc;
	}
	return r;
}

static void
is_stored(struct t_broker *f, const struct doc *x, const char *text)
{
	struct wd_span bytes = { 0 };

	t_ok(show(f, x, &bytes));
	assert_true(wd_span_is(bytes, text));
}

/* ---- storing */

static void
a_checked_document_is_stored_and_shown(void **state)
{
	struct t_broker *f = *state;
	struct doc x = tcb_info(f, "one");
	struct wd_msg_collateral_record m;

	t_ok(put(f, &x));
	t_reply(f, WD_CALL_COLLATERAL_PUT, &m);
	assert_int_equal(m.role, WD_IN_TCB_INFO);
	assert_int_equal(m.tee, WD_TEE_SGX);
	assert_int_equal(m.update_class, 's');
	t_span_equal(m.scope, WD_SPAN(fmspc));
	assert_int_equal(m.issued, x.info.issued);
	assert_int_equal(m.next_update, x.info.next_update);
	assert_int_equal(m.evaluation_number, 17);
	assert_int_equal(m.size, 3);
	assert_false(m.software);
	t_logged(f, "\"event\":\"collateral_put\"");
	t_logged(f,
	    "tcb_info, tee sgx, scope 00906ed500000000, class standard, "
	    "evaluation number 17");
	t_not_logged(f, WD_SPAN_LIT("\"software\""));
	is_stored(f, &x, "one");
	t_logged(f, "\"event\":\"collateral_show\"");
}

static void
a_scope_shorter_than_its_column_is_filled_up(void **state)
{
	struct t_broker *f = *state;
	struct doc x = tcb_info(f, "one");

	x.info.scope = wd_span(fmspc, 6);
	t_ok(put(f, &x));
	x.info.scope = WD_SPAN(fmspc);
	is_stored(f, &x, "one");
	x.info.scope = wd_span(NULL, 0);
	t_ok(put(f, &x));
}

static void
each_place_is_its_own(void **state)
{
	struct t_broker *f = *state;
	static const uint8_t other[8] = { 1 };
	struct doc first = tcb_info(f, "first"), x;

	t_ok(put(f, &first));
	x = tcb_info(f, "early");
	x.m.update_class = 'e';
	x.info.evaluation_number = 3;
	t_ok(put(f, &x));
	t_logged(f, "class early");
	x = tcb_info(f, "other scope");
	x.info.scope = WD_SPAN(other);
	x.info.evaluation_number = 3;
	t_ok(put(f, &x));
	x = tcb_info(f, "other tee");
	x.info.tee = WD_TEE_TDX;
	x.info.evaluation_number = 3;
	t_ok(put(f, &x));
	x = tcb_info(f, "software");
	x.info.software = true;
	x.info.evaluation_number = 3;
	t_ok(put(f, &x));
	t_logged(f, "\"software\":\"SOFTWARE\"");
	is_stored(f, &x, "software");
	x = tcb_info(f, "identity");
	x.m.role = WD_IN_QE_IDENTITY;
	x.info.evaluation_number = 3;
	t_ok(put(f, &x));
	is_stored(f, &first, "first");
}

static void
what_is_older_is_a_rollback(void **state)
{
	struct t_broker *f = *state;
	struct doc kept = tcb_info(f, "kept"), x = tcb_info(f, "older");

	t_ok(put(f, &kept));
	x.info.evaluation_number = 16;
	x.info.issued = kept.info.issued + 1;
	assert_int_equal(put(f, &x), WD_R_ROLLBACK);
	t_logged(f, "\"reason\":\"rollback\"");
	t_logged(f, "tcb_info, tee sgx");
	x.info.evaluation_number = 17;
	x.info.issued = kept.info.issued - 1;
	assert_int_equal(put(f, &x), WD_R_ROLLBACK);
	is_stored(f, &kept, "kept");
}

static void
what_is_as_new_or_newer_takes_the_place(void **state)
{
	struct t_broker *f = *state;
	struct doc x = tcb_info(f, "one");

	t_ok(put(f, &x));
	t_ok(put(f, &x)); /* the same once more */
	x.m.doc = WD_SPAN_LIT("two");
	x.info.issued++;
	t_ok(put(f, &x));
	is_stored(f, &x, "two");
	x.m.doc = WD_SPAN_LIT("three");
	x.info.issued -= 500;
	x.info.evaluation_number++;
	t_ok(put(f, &x));
	is_stored(f, &x, "three");
}

static void
what_verify_refuses_is_refused_and_logged(void **state)
{
	struct t_broker *f = *state;
	struct doc x = tcb_info(f, "bad");
	struct wd_admin_found found = { .result = WD_R_TCB_INFO_BAD_SIGNATURE,
		.why = WD_SPAN_LIT("the signature is wrong"),
		.doc = &x.info };
	struct wd_span bytes;

	assert_int_equal(t_call_found(f, WD_CALL_COLLATERAL_PUT, &x.m, &found),
	    WD_R_TCB_INFO_BAD_SIGNATURE);
	t_logged(f, "\"detail\":\"tcb_info: the signature is wrong\"");
	t_logged(f, "\"reason\":\"tcb_info_bad_signature\"");
	assert_int_equal(show(f, &x, &bytes), WD_R_NOT_FOUND);
}

static void
without_what_verify_found_nothing_is_stored(void **state)
{
	struct t_broker *f = *state;
	struct doc x = tcb_info(f, "one");
	struct wd_admin_found none = { 0 };

	assert_true(t_call(f, WD_CALL_COLLATERAL_PUT, &x.m) < 0);
	t_logged(f, "\"result\":\"fault\"");
	assert_true(t_call_found(f, WD_CALL_COLLATERAL_PUT, &x.m, &none) < 0);
}

/* A verify that was taken over must not get a row stored that breaks the
 * snapshot for all. */
static void
what_verify_cannot_have_found_is_a_fault(void **state)
{
	struct t_broker *f = *state;
	struct doc x = tcb_info(f, "one");
	static const uint8_t nine[9] = { 1 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *snapshot = NULL;

	x.info.tee = 200;
	assert_true(put(f, &x) < 0);
	x.info.tee = WD_TEE_SGX;
	x.info.scope = WD_SPAN(nine);
	assert_true(put(f, &x) < 0);
	t_ok(wd_collateral_snapshot(f->b, &snapshot));
	t_ok(wd_snapshot_check(wd_bytes_span(snapshot)));
	assert_int_equal(snapshot->len, 4);
}

static void
what_is_no_collateral_is_unsupported(void **state)
{
	struct t_broker *f = *state;
	struct doc x = tcb_info(f, "one");

	x.m.role = WD_IN_QUOTE;
	assert_int_equal(put(f, &x), WD_R_UNSUPPORTED);
	x.m.role = WD_IN_COUNT;
	assert_int_equal(put(f, &x), WD_R_UNSUPPORTED);
	x.m.role = 255;
	assert_int_equal(put(f, &x), WD_R_UNSUPPORTED);
}

static void
a_class_is_one_of_two(void **state)
{
	struct t_broker *f = *state;
	struct doc x = tcb_info(f, "one");

	x.m.update_class = 0;
	assert_int_equal(put(f, &x), WD_R_RANGE);
	x.m.update_class = 'S';
	assert_int_equal(put(f, &x), WD_R_RANGE);
}

static void
a_document_has_the_size_of_its_kind(void **state)
{
	struct t_broker *f = *state;
	struct doc x = tcb_info(f, "");
	static uint8_t bytes[65537];

	x.m.role = WD_IN_QE_IDENTITY;
	x.m.doc = wd_span(bytes, 65537);
	assert_int_equal(put(f, &x), WD_R_TOO_LARGE);
	x.m.doc = wd_span(bytes, 65536);
	t_ok(put(f, &x));
}

static void
all_documents_fit_into_one_list(void **state)
{
	struct t_broker *f = *state;
	struct doc x = tcb_info(f, "one more");
	struct wd_msg_admin_ask ask = { t_head(f) };
	WD_AUTO(wd_store_doc_done)
	struct wd_store_doc row = {
		.role = WD_IN_TCB_INFO, .tee = WD_TEE_SGX, .update_class = 's'
	};

	row.doc = wd_bytes_new(8);
	t_ok(wd_store_begin(f->b->store));
	for (size_t i = 0; i < 4096; i++) {
		row.scope[6] = (uint8_t)(i >> 8);
		row.scope[7] = (uint8_t)i;
		t_ok(wd_store_doc_put(f->b->store, &row));
	}
	t_ok(wd_store_commit(f->b->store));
	assert_int_equal(put(f, &x), WD_R_TOO_LARGE);
	t_ok(t_call(f, WD_CALL_COLLATERAL_LIST, &ask));
	wd_wipe(row.scope, 8);
	x.info.scope = WD_SPAN(row.scope); /* what is there may be renewed */
	t_ok(put(f, &x));
}

/* ---- showing */

static void
the_list_has_every_document_without_its_bytes(void **state)
{
	struct t_broker *f = *state;
	struct doc x = tcb_info(f, "the document");
	struct wd_msg_admin_ask ask = { t_head(f) };
	struct wd_msg_collateral_list answer;
	struct wd_msg_collateral_record m;
	struct wd_rd rd;

	t_ok(t_call(f, WD_CALL_COLLATERAL_LIST, &ask));
	t_reply(f, WD_CALL_COLLATERAL_LIST, &answer);
	assert_int_equal(answer.docs.len, 0);
	t_ok(put(f, &x));
	x.m.role = WD_IN_QE_IDENTITY;
	t_ok(put(f, &x));
	t_ok(t_call(f, WD_CALL_COLLATERAL_LIST, &ask));
	t_logged(f, "\"event\":\"collateral_list\"");
	t_reply(f, WD_CALL_COLLATERAL_LIST, &answer);
	rd = wd_rd(answer.docs);
	t_ok(wd_list_next(&rd, &wd_msg_collateral_record_type, &m));
	assert_int_equal(m.role, WD_IN_TCB_INFO);
	assert_int_equal(m.size, 12);
	t_ok(wd_list_next(&rd, &wd_msg_collateral_record_type, &m));
	assert_int_equal(m.role, WD_IN_QE_IDENTITY);
	t_ok(wd_rd_end(&rd));
}

static void
only_what_can_be_there_is_asked_for(void **state)
{
	struct t_broker *f = *state;
	struct doc x = tcb_info(f, "one");
	static const uint8_t nine[9] = { 1 };
	struct wd_span bytes;

	assert_int_equal(show(f, &x, &bytes), WD_R_NOT_FOUND);
	t_logged(f, "there is no such document");
	t_logged(f, "scope 00906ed500000000");
	x.m.role = WD_IN_QUOTE;
	assert_int_equal(show(f, &x, &bytes), WD_R_UNSUPPORTED);
	x = tcb_info(f, "one");
	x.m.update_class = 'x';
	assert_int_equal(show(f, &x, &bytes), WD_R_RANGE);
	x = tcb_info(f, "one");
	x.info.tee = 99;
	assert_int_equal(show(f, &x, &bytes), WD_R_RANGE);
	x = tcb_info(f, "one");
	x.info.scope = WD_SPAN(nine);
	assert_int_equal(show(f, &x, &bytes), WD_R_RANGE);
}

static void
the_snapshot_holds_what_is_stored(void **state)
{
	struct t_broker *f = *state;
	struct doc x = tcb_info(f, "the document");
	WD_AUTO(wd_bytes_freep) struct wd_bytes *snapshot = NULL;

	t_ok(put(f, &x));
	t_ok(wd_collateral_snapshot(f->b, &snapshot));
	t_ok(wd_snapshot_check(wd_bytes_span(snapshot)));
	assert_int_equal(snapshot->len, 4 + 28 + 12);
	assert_non_null(memmem(snapshot->p, snapshot->len, "the document", 12));
}

static void
without_memory_collateral_stays_as_it_is(void **state)
{
	struct t_broker *f = *state;
	struct doc x = tcb_info(f, "one");
	struct wd_admin_found found = { .doc = &x.info };
	struct wd_msg_admin_ask all = { t_head(f) };
	struct wd_msg_collateral_ask one = { t_head(f), .role = WD_IN_TCB_INFO,
		.tee = WD_TEE_SGX, .update_class = 's',
		.scope = WD_SPAN(fmspc) };

	t_torture(f, WD_CALL_COLLATERAL_PUT, &x.m, &found);
	t_ok(put(f, &x));
	t_torture(f, WD_CALL_COLLATERAL_PUT, &x.m, &found);
	t_torture(f, WD_CALL_COLLATERAL_LIST, &all, NULL);
	t_torture(f, WD_CALL_COLLATERAL_SHOW, &one, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(a_checked_document_is_stored_and_shown),
		with_broker(a_scope_shorter_than_its_column_is_filled_up),
		with_broker(each_place_is_its_own),
		with_broker(what_is_older_is_a_rollback),
		with_broker(what_is_as_new_or_newer_takes_the_place),
		with_broker(what_verify_refuses_is_refused_and_logged),
		with_broker(without_what_verify_found_nothing_is_stored),
		with_broker(what_verify_cannot_have_found_is_a_fault),
		with_broker(what_is_no_collateral_is_unsupported),
		with_broker(a_class_is_one_of_two),
		with_broker(a_document_has_the_size_of_its_kind),
		with_broker(all_documents_fit_into_one_list),
		with_broker(the_list_has_every_document_without_its_bytes),
		with_broker(only_what_can_be_there_is_asked_for),
		with_broker(the_snapshot_holds_what_is_stored),
		with_broker(without_memory_collateral_stays_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
