/*
 * Names as operators type them.
 */
#include "lib/t.h"

#include "base/diag.h"
#include "base/span.h"
#include "crypto/x509_make.h"

struct parsed {
	struct wd_rdn rdn[4];
	const char *dns[2];
	size_t n_rdn, n_dns;
	struct wd_diag d;
};

/* TEXT is cut, so it must be an array of the caller. */
static int
parse(char *text, struct parsed *p)
{
	*p = (struct parsed){ 0 };
	return wd_subject_parse(text, p->rdn, WD_N(p->rdn), &p->n_rdn, p->dns,
	    WD_N(p->dns), &p->n_dns, &p->d);
}

static void
names_and_dns_go_their_ways(void **state)
{
	char text[] = "CN=a.example,O=Acme\\, Inc.,C=FI, DNS=a.example,"
		      "DNS=192.0.2.1,OU=x=y\\\\z";
	struct parsed p;

	(void)state;
	t_ok(parse(text, &p));
	assert_int_equal(p.n_rdn, 4);
	assert_string_equal(p.rdn[0].oid, "2.5.4.3");
	assert_string_equal(p.rdn[0].value, "a.example");
	assert_string_equal(p.rdn[1].oid, "2.5.4.10");
	assert_string_equal(p.rdn[1].value, "Acme, Inc.");
	assert_string_equal(p.rdn[2].value, "FI");
	assert_string_equal(p.rdn[3].oid, "2.5.4.11");
	assert_string_equal(p.rdn[3].value, "x=y\\z");
	assert_int_equal(p.n_dns, 2);
	assert_string_equal(p.dns[0], "a.example");
	assert_string_equal(p.dns[1], "192.0.2.1");
}

static void
other_texts_are_malformed(void **state)
{
	static const char *const texts[] = {
		"",
		"CN",
		"CN=",
		"=x",
		"cn=x",
		"CN=x,",
		",CN=x",
		"XX=x",
		"CN=x,,O=y",
		"C=FIN",
		"C=F",
		"CN=\x01",
		"CN=a,CN=b,CN=c,CN=d,CN=e",
		"DNS=a,DNS=b,DNS=c",
		"CN=12345678901234567890123456789012345678901234567890123456789"
		"012345",
		"CN=x\\",
	};

	(void)state;
	for (size_t i = 0; i < WD_N(texts); i++) {
		char text[128];
		struct parsed p;
		int r;

		assert_true(wd_span_to_text(
		    wd_span_text(texts[i]), text, sizeof(text)));
		r = parse(text, &p);
		if (i == WD_N(texts) - 1) {
			t_ok(r); /* a last backslash stands for itself */
			continue;
		}
		if (r != WD_R_MALFORMED)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(p.n_rdn, 0);
		assert_int_equal(p.n_dns, 0);
		assert_int_equal(p.d.result, WD_R_MALFORMED);
		assert_true(p.d.detail[0] != '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_dns_go_their_ways),
		cmocka_unit_test(other_texts_are_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
