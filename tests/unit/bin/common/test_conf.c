/*
 * The configuration: what is read, every refusal by its number, and the table
 * it is read by.
 */
#include "lib/t.h"

#include "bin/common/conf.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/hex.h"
#include "codec/pem.h"
#include "crypto/hash.h"
#include "crypto/init.h"
#include "crypto/x509_make.h"
#include "sys/file.h"
#include "sys/log.h"

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static int
parse(const char *text, struct wd_conf *c, struct wd_diag *d)
{
	return wd_conf_parse(wd_span_text(text), "/conf", c, d);
}

/* ---- what is accepted */

static void
nothing_given_means_the_defaults(void **state)
{
	static struct wd_conf c;
	size_t n;

	(void)state;
	t_ok(parse("", &c, NULL));
	assert_string_equal(c.name, "localhost");
	assert_string_equal(c.state_dir, "/var/lib/warder");
	assert_string_equal(c.admin_socket, "/run/warder/admin.sock");
	assert_string_equal(c.tls_key, "/conf/tls.key");
	assert_string_equal(c.client_ca, "");
	assert_int_equal(c.cells, 0);
	assert_int_equal(c.log_level, WD_LOG_INFO);
	assert_true(c.separate_users);
	assert_false(c.admin_on_public);
	assert_false(c.allow_debug);
	assert_int_equal(c.public_listen.at.ss_family, AF_INET);
	assert_int_equal(c.admin_listen.len, 0);
	(void)wd_anchor_vendors(&n);
	assert_int_equal(c.n_anchors, n);
}

static void
given_values_are_taken(void **state)
{
	static struct wd_conf c;
	const struct sockaddr_in6 *in6 =
	    (const struct sockaddr_in6 *)&c.admin_listen.at;

	(void)state;
	t_ok(parse("[server]\n"
		   "name = kbs.example\n"
		   "state_dir = here\n"
		   "run_dir = /r\n"
		   "cells = 3\n"
		   "log_level = debug\n"
		   "[admin]\n"
		   "listen = [::1]:8443\n"
		   "admin_on_public = yes\n"
		   "[users]\n"
		   "scribe = _log-writer\n",
	    &c, NULL));
	assert_string_equal(c.name, "kbs.example");
	assert_string_equal(c.state_dir, "/conf/here");
	assert_string_equal(c.admin_socket, "/r/admin.sock");
	assert_int_equal(c.cells, 3);
	assert_int_equal(c.log_level, WD_LOG_DEBUG);
	assert_int_equal(in6->sin6_family, AF_INET6);
	assert_int_equal(ntohs(in6->sin6_port), 8443);
	assert_true(c.admin_on_public);
	assert_string_equal(c.user_scribe, "_log-writer");
}

static void
anchors_add_up(void **state)
{
	static struct wd_conf c;
	uint8_t want[32];

	(void)state;
	t_ok(parse("[attestation]\n"
		   "vendor_roots = no\n"
		   "anchor = sgx " SHA "\n"
		   "anchor = tdx\t" SHA "\n"
		   "software_anchor = snp " SHA "\n",
	    &c, NULL));
	t_ok(wd_hex_decode_exact(WD_SPAN_LIT(SHA), want, sizeof(want)));
	assert_int_equal(c.n_anchors, 3);
	assert_int_equal(c.anchors[0].tee, WD_TEE_SGX);
	assert_false(c.anchors[0].software);
	assert_int_equal(c.anchors[1].tee, WD_TEE_TDX);
	assert_int_equal(c.anchors[2].tee, WD_TEE_SNP);
	assert_true(c.anchors[2].software);
	t_span_equal(WD_SPAN(c.anchors[2].sha256), WD_SPAN(want));
}

static void
every_default_and_bound_is_accepted(void **state)
{
	static struct wd_conf c;
	size_t n;
	const struct wd_conf_key *keys = wd_conf_keys(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char text[512];

		(void)snprintf(text, sizeof(text), "[%s]\n%s = %s\n",
		    keys[i].section, keys[i].name, keys[i].standard);
		t_ok(parse(text, &c, NULL));
	}
}

static void
rules_of_verification_are_taken(void **state)
{
	static struct wd_conf c;

	(void)state;
	t_ok(parse("", &c, NULL));
	assert_int_equal(c.snp_max_vmpl, 3);
	assert_int_equal(c.tpm_required_pcrs, 0);
	assert_false(c.tpm_allow_sha1);
	assert_false(c.tpm_ak_purpose_optional);
	assert_false(c.tpm_ek_crl_required);
	assert_false(c.snp_allow_migrate_ma);
	t_ok(parse("[attestation]\n"
		   "sgx_min_evaluation_number = 17\n"
		   "tdx_min_evaluation_number = 18\n"
		   "snp_min_tcb = Milan boot_loader=4 snp=22 microcode=211\n"
		   "snp_min_tcb = Turin\tfmc=1  tee=255\n"
		   "snp_max_vmpl = 0\n"
		   "tpm_required_pcrs = 0 7 23\n"
		   "tpm_allow_sha1 = yes\n",
	    &c, NULL));
	assert_int_equal(c.sgx_min_evaluation_number, 17);
	assert_int_equal(c.tdx_min_evaluation_number, 18);
	assert_int_equal(c.snp_min_tcb[WD_SNP_MILAN].boot_loader, 4);
	assert_int_equal(c.snp_min_tcb[WD_SNP_MILAN].tee, 0);
	assert_int_equal(c.snp_min_tcb[WD_SNP_MILAN].snp, 22);
	assert_int_equal(c.snp_min_tcb[WD_SNP_MILAN].microcode, 211);
	assert_int_equal(c.snp_min_tcb[WD_SNP_TURIN].fmc, 1);
	assert_int_equal(c.snp_min_tcb[WD_SNP_TURIN].tee, 255);
	assert_int_equal(c.snp_max_vmpl, 0);
	assert_int_equal(c.tpm_required_pcrs, 1 | 1 << 7 | 1 << 23);
	assert_true(c.tpm_allow_sha1);
}

/* ---- what is refused */

static const struct refusal {
	const char *text;
	int result;
	const char *detail;
} refusals[] = {
	{ "[server]\nnme = x\n", WD_R_UNKNOWN_MEMBER,
	    "line 2: there is no key nme in section [server]" },
	{ "name = x\n", WD_R_UNKNOWN_MEMBER,
	    "line 1: there is no key name in section []" },
	{ "[public]\nname = x\n", WD_R_UNKNOWN_MEMBER,
	    "line 2: there is no key name in section [public]" },
	{ "[server]\nname = x\nname = x\n", WD_R_EXISTS,
	    "line 3: name is given twice" },
	{ "[server]\nname x\n", WD_R_MALFORMED,
	    "line 2: neither [section] nor name = value" },
	{ "[server]\nname = A\n", WD_R_MALFORMED,
	    "line 2: name is not a host name in lower case" },
	{ "[server]\nname =\n", WD_R_MALFORMED,
	    "line 2: name is not a host name in lower case" },
	{ "[server]\nstate_dir =\n", WD_R_MALFORMED,
	    "line 2: state_dir is not a path" },
	{ "[server]\ncells = 64\n", WD_R_RANGE,
	    "line 2: cells is not from 0 to 63" },
	{ "[server]\ncells = -1\n", WD_R_MALFORMED,
	    "line 2: cells is not a decimal number" },
	{ "[server]\nlog_level = loud\n", WD_R_MALFORMED,
	    "line 2: log_level is not error, warning, info or debug" },
	{ "[users]\nseparate = true\n", WD_R_MALFORMED,
	    "line 2: separate is not yes or no" },
	{ "[users]\nfront = -x\n", WD_R_MALFORMED,
	    "line 2: front is not the name of a user or group" },
	{ "[users]\nfront = abcdefghijklmnopqrstuvwxyz0123456\n", WD_R_RANGE,
	    "line 2: front is over 32 bytes" },
	{ "[public]\nlisten = 1.2.3.4\n", WD_R_MALFORMED, NULL },
	{ "[public]\nlisten = 1.2.3:4\n", WD_R_MALFORMED, NULL },
	{ "[public]\nlisten = 1.2.3.4:65536\n", WD_R_MALFORMED, NULL },
	{ "[public]\nlisten = ::1:5\n", WD_R_MALFORMED, NULL },
	{ "[public]\nlisten = [::1:5\n", WD_R_MALFORMED, NULL },
	{ "[public]\nlisten = localhost:5\n", WD_R_MALFORMED, NULL },
	{ "[limits]\nmax_connections = 8\n", WD_R_RANGE,
	    "max_per_source is over max_connections" },
	{ "[attestation]\nanchor = sgx\n", WD_R_MALFORMED, NULL },
	{ "[attestation]\nanchor = abc " SHA "\n", WD_R_MALFORMED, NULL },
	{ "[attestation]\nanchor = sgx " SHA "\n"
	  "software_anchor = sgx " SHA "\n",
	    WD_R_EXISTS, "line 3: this root is trusted for sgx already" },
	{ "[attestation]\nsnp_min_tcb = Milan snp=1\n"
	  "snp_min_tcb = Milan tee=1\n",
	    WD_R_EXISTS, "line 3: snp_min_tcb is given twice for Milan" },
	{ "[attestation]\nsnp_min_tcb = Milan\n", WD_R_MALFORMED,
	    "line 2: snp_min_tcb is not a product line and versions, of the "
	    "form Milan boot_loader=4 snp=22 microcode=211" },
	{ "[attestation]\nsnp_min_tcb = Milan-B0 snp=1\n", WD_R_MALFORMED,
	    NULL },
	{ "[attestation]\nsnp_min_tcb = none snp=1\n", WD_R_MALFORMED, NULL },
	{ "[attestation]\nsnp_min_tcb = Milan fmc=1\n", WD_R_MALFORMED, NULL },
	{ "[attestation]\nsnp_min_tcb = Milan svn=1\n", WD_R_MALFORMED, NULL },
	{ "[attestation]\nsnp_min_tcb = Milan snp\n", WD_R_MALFORMED, NULL },
	{ "[attestation]\nsnp_min_tcb = Milan snp=\n", WD_R_MALFORMED, NULL },
	{ "[attestation]\nsnp_min_tcb = Milan snp=0\n", WD_R_MALFORMED, NULL },
	{ "[attestation]\nsnp_min_tcb = Milan snp=256\n", WD_R_MALFORMED,
	    NULL },
	{ "[attestation]\nsnp_min_tcb = Milan snp=1 snp=2\n", WD_R_MALFORMED,
	    NULL },
	{ "[attestation]\ntpm_required_pcrs = 24\n", WD_R_MALFORMED,
	    "line 2: tpm_required_pcrs is not numbers of registers from 0 to "
	    "23, with blanks between" },
	{ "[attestation]\ntpm_required_pcrs = 0,1\n", WD_R_MALFORMED, NULL },
	{ "[attestation]\ntpm_required_pcrs = 1 1\n", WD_R_MALFORMED, NULL },
	{ "[attestation]\nsnp_max_vmpl = 4\n", WD_R_RANGE, NULL },
	{ "[attestation]\nanchor = sgx none.pem\n", WD_R_NOT_FOUND,
	    "line 2: anchor: /conf/none.pem: no file" },
};

static void
refusals_come_by_number_and_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(refusals); i++) {
		static struct wd_conf c;
		struct wd_diag d = { 0 };

		memset(&c, 0x55, sizeof(c));
		assert_int_equal(
		    parse(refusals[i].text, &c, &d), refusals[i].result);
		if (refusals[i].detail != NULL)
			assert_string_equal(d.detail, refusals[i].detail);
		assert_int_equal(c.name[0], 0x55); /* untouched */
	}
}

static void
numbers_outside_their_range_are_refused(void **state)
{
	static struct wd_conf c;
	size_t n;
	const struct wd_conf_key *keys = wd_conf_keys(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char text[512];

		if (keys[i].type != WD_CONF_IS_NUMBER)
			continue;
		(void)snprintf(text, sizeof(text), "[%s]\n%s = %llu\n",
		    keys[i].section, keys[i].name, keys[i].max + 1ULL);
		assert_int_equal(parse(text, &c, NULL), WD_R_RANGE);
		if (keys[i].min == 0)
			continue;
		(void)snprintf(text, sizeof(text), "[%s]\n%s = %u\n",
		    keys[i].section, keys[i].name, keys[i].min - 1);
		assert_int_equal(parse(text, &c, NULL), WD_R_RANGE);
	}
}

static void
vendors_root_cannot_be_a_software_root(void **state)
{
	static struct wd_conf c;
	struct wd_diag d = { 0 };
	char text[256], hex[65];
	size_t n;

	(void)state;
	wd_hex_format(WD_SPAN(wd_anchor_vendors(&n)[0].sha256), hex);
	(void)snprintf(text, sizeof(text),
	    "[attestation]\nsoftware_anchor = sgx %s\n", hex);
	assert_int_equal(parse(text, &c, &d), WD_R_EXISTS);
}

static void
too_many_anchors_are_refused(void **state)
{
	static char text[WD_CONF_ANCHORS * 96];
	static struct wd_conf c;
	int used = snprintf(text, sizeof(text), "[attestation]\n");

	(void)state;
	for (int i = 0; i < WD_CONF_ANCHORS; i++)
		used += snprintf(text + used, sizeof(text) - (size_t)used,
		    "anchor = sgx %064d\n", i);
	assert_int_equal(parse(text, &c, NULL), WD_R_RANGE);
}

/* ---- files */

static char folder[32];
static int dir = -1;

static int
make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/t-conf-XXXXXX");
	assert_non_null(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0;
}

static int
remove_folder(void **state)
{
	static const char *const names[] = { "warder.conf", "root.pem" };

	(void)state;
	for (size_t i = 0; i < WD_N(names); i++)
		(void)unlinkat(dir, names[i], 0); /* not every test's */
	close(dir);
	return rmdir(folder);
}

static void
write_file(const char *name, struct wd_span text)
{
	t_ok(wd_file_write(dir, name, text, 0600, false, NULL));
}

static int
read_conf(struct wd_conf *c, struct wd_diag *d)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/warder.conf", folder);
	return wd_conf_read(path, c, d);
}

static void
paths_are_relative_to_the_file(void **state)
{
	static struct wd_conf c;
	char want[64];

	(void)state;
	write_file("warder.conf", WD_SPAN_LIT("[server]\nstate_dir = s\n"));
	t_ok(read_conf(&c, NULL));
	(void)snprintf(want, sizeof(want), "%s/s", folder);
	assert_string_equal(c.state_dir, want);
	(void)snprintf(want, sizeof(want), "%s/tls.key", folder);
	assert_string_equal(c.tls_key, want);
}

static void
file_that_is_not_there_is_refused(void **state)
{
	static struct wd_conf c;

	(void)state;
	assert_int_equal(read_conf(&c, NULL), WD_R_NOT_FOUND);
}

static void
roots_of_a_pem_file_are_hashed(void **state)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(4096);
	static struct wd_conf c;
	uint8_t want[2][32];

	(void)state;
	wd_pem_write(&wr, "CERTIFICATE", WD_SPAN_LIT("one root"));
	wd_pem_write(&wr, "CERTIFICATE", WD_SPAN_LIT("another"));
	write_file("root.pem", wd_wr_span(&wr));
	write_file("warder.conf",
	    WD_SPAN_LIT("[attestation]\nvendor_roots = no\n"
			"software_anchor = sgx root.pem\n"));
	t_ok(read_conf(&c, NULL));
	t_ok(wd_hash(WD_SHA256, WD_SPAN_LIT("one root"), want[0]));
	t_ok(wd_hash(WD_SHA256, WD_SPAN_LIT("another"), want[1]));
	assert_int_equal(c.n_anchors, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_true(c.anchors[i].software);
		t_span_equal(WD_SPAN(c.anchors[i].sha256), WD_SPAN(want[i]));
	}
}

static void
a_root_may_be_in_der(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	const struct wd_rdn name = { "2.5.4.3", "a root" };
	const struct wd_cert_spec spec = { .subject = &name,
		.n_subject = 1,
		.not_before = 1,
		.not_after = 2000000000,
		.is_ca = true,
		.path_len = -1 };
	static struct wd_conf c;
	uint8_t want[32];

	(void)state;
	t_ok(wd_pkey_generate(WD_PKEY_P256, &key));
	t_ok(wd_cert_make(&spec, key, key, &der));
	write_file("root.pem", wd_bytes_span(der));
	write_file("warder.conf",
	    WD_SPAN_LIT("[attestation]\nvendor_roots = no\n"
			"anchor = tpm root.pem\n"));
	t_ok(read_conf(&c, NULL));
	t_ok(wd_hash(WD_SHA256, wd_bytes_span(der), want));
	assert_int_equal(c.n_anchors, 1);
	t_span_equal(WD_SPAN(c.anchors[0].sha256), WD_SPAN(want));
	write_file("root.pem", wd_span(der->p, der->len - 1));
	assert_int_equal(read_conf(&c, NULL), WD_R_MALFORMED);
}

static void
file_without_certificates_is_refused(void **state)
{
	static const char *const texts[] = { "", "word\n",
		"-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n" };
	static struct wd_conf c;

	(void)state;
	write_file("warder.conf",
	    WD_SPAN_LIT("[attestation]\nanchor = sgx root.pem\n"));
	for (size_t i = 0; i < WD_N(texts); i++) {
		write_file("root.pem", wd_span_text(texts[i]));
		assert_int_equal(read_conf(&c, NULL), WD_R_MALFORMED);
	}
}

/* ---- the table */

static void
keys_are_found_and_documented(void **state)
{
	size_t n;
	const struct wd_conf_key *keys = wd_conf_keys(&n);

	(void)state;
	assert_true(n <= 128); /* conf.c counts on it */
	for (size_t i = 0; i < n; i++) {
		const struct wd_conf_key *k = &keys[i];

		assert_ptr_equal(wd_conf_key(k->section, k->name), k);
		assert_true(strlen(k->manual) > 10);
		assert_int_equal(k->manual[strlen(k->manual) - 1], '.');
		assert_true(k->offset + k->size <= sizeof(struct wd_conf));
	}
	assert_null(wd_conf_key("server", "none"));
}

static void
some_keys_need_a_new_start(void **state)
{
	static struct wd_conf old, fresh;

	(void)state;
	t_ok(parse("", &old, NULL));
	t_ok(parse("[limits]\nmax_body = 100000\n[public]\ntls12 = yes\n",
	    &fresh, NULL));
	assert_null(wd_conf_needs_restart(&old, &fresh));
	t_ok(parse("[server]\nstate_dir = /x\n", &fresh, NULL));
	assert_string_equal(
	    wd_conf_needs_restart(&old, &fresh)->name, "state_dir");
}

static void
manual_lists_every_key(void **state)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(65536);
	size_t n;
	const struct wd_conf_key *keys = wd_conf_keys(&n);

	(void)state;
	wd_conf_manual(&wr);
	wd_wr_u8(&wr, 0);
	t_ok(wd_wr_end(&wr));
	for (size_t i = 0; i < n; i++) {
		char line[80];

		(void)snprintf(line, sizeof(line), ".It Cm %s\n", keys[i].name);
		assert_non_null(strstr((const char *)wr.p, line));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_given_means_the_defaults),
		cmocka_unit_test(given_values_are_taken),
		cmocka_unit_test(anchors_add_up),
		cmocka_unit_test(rules_of_verification_are_taken),
		cmocka_unit_test(every_default_and_bound_is_accepted),
		cmocka_unit_test(refusals_come_by_number_and_line),
		cmocka_unit_test(numbers_outside_their_range_are_refused),
		cmocka_unit_test(vendors_root_cannot_be_a_software_root),
		cmocka_unit_test(too_many_anchors_are_refused),
		cmocka_unit_test_setup_teardown(
		    paths_are_relative_to_the_file, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
		    file_that_is_not_there_is_refused, make_folder,
		    remove_folder),
		cmocka_unit_test_setup_teardown(
		    roots_of_a_pem_file_are_hashed, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
		    a_root_may_be_in_der, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
		    file_without_certificates_is_refused, make_folder,
		    remove_folder),
		cmocka_unit_test(keys_are_found_and_documented),
		cmocka_unit_test(some_keys_need_a_new_start),
		cmocka_unit_test(manual_lists_every_key),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
