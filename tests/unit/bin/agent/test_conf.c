/*
 * The agent's configuration: what is read, every refusal by its number, and the
 * table it is read by.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "bin/agent/conf.h"
#include "sys/log.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THUMB "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
#define ID "0d3e5bb8-56a4-4a8a-a4f4-3f4f7a1b2c3d"
#define SERVER                         \
	"[server]\n"                   \
	"address = kbs.example:9443\n" \
	"ca = ca.pem\n"                \
	"release_key = " THUMB "\n"    \
	"[attester]\n"                 \
	"kind = swtee\n"

static struct agent_conf conf;

/* MORE follows what must be given. */
static int
parse(const char *more, struct wd_diag *d)
{
	char text[32768];

	(void)snprintf(text, sizeof(text), SERVER "%s", more);
	return agent_conf_parse(wd_span_text(text), "/conf", &conf, d);
}

static void
nothing_more_means_the_defaults(void **state)
{
	(void)state;
	t_ok(parse("", NULL));
	assert_string_equal(conf.socket, "/run/warder-agent/holder.sock");
	assert_true(conf.separate_users);
	assert_string_equal(conf.user, "warder-agent");
	assert_string_equal(conf.link_user, "warder-link");
	assert_int_equal(conf.log_level, WD_LOG_INFO);
	assert_string_equal(conf.token, "warder");
	assert_string_equal(conf.serial, "");
	assert_int_equal(conf.signatures_per_second, 0);
	assert_string_equal(conf.host, "kbs.example");
	assert_int_equal(conf.port, 9443);
	assert_string_equal(conf.ca, "/conf/ca.pem");
	assert_int_equal(conf.release_key[0], 0x37);
	assert_int_equal(conf.release_key[31], 0x7b);
	assert_int_equal(conf.deadline_seconds, 10);
	assert_string_equal(conf.attester, "swtee");
	assert_string_equal(conf.swtee_dir, "");
	assert_true(wd_span_is_zero(WD_SPAN(conf.swtee_mrenclave)));
	assert_int_equal(conf.n_keys, 0);
}

static void
given_values_are_taken(void **state)
{
	(void)state;
	t_ok(parse("[agent]\n"
		   "socket = s\n"
		   "log_level = debug\n"
		   "serial = 0123456789abcdef\n"
		   "[swtee]\n"
		   "dir = /t\n"
		   "isv_svn = 3\n"
		   "debug = yes\n"
		   "mrenclave = "
		   "00112233445566778899aabbccddeeff"
		   "00112233445566778899AABBCCDDEEFF\n"
		   "[key web]\n"
		   "id = 0D3E5BB8-56A4-4A8A-A4F4-3F4F7A1B2C3D\n"
		   "label = my site\n"
		   "see = root 4711, @12\n"
		   "use = 33\n"
		   "[key pass]\n"
		   "path = prod/db/password.v1\n"
		   "get = 0\n",
	    NULL));
	assert_string_equal(conf.socket, "/conf/s");
	assert_int_equal(conf.log_level, WD_LOG_DEBUG);
	assert_string_equal(conf.swtee_dir, "/t");
	assert_int_equal(conf.swtee_isv_svn, 3);
	assert_true(conf.swtee_debug);
	assert_int_equal(conf.swtee_mrenclave[31], 0xff);
	assert_int_equal(conf.n_keys, 2);
	assert_string_equal(conf.keys[0].name, "web");
	assert_string_equal(conf.keys[0].id, ID);
	assert_string_equal(conf.keys[0].path, "default/key/" ID);
	assert_string_equal(conf.keys[0].label, "my site");
	assert_int_equal(conf.keys[0].see.n, 3);
	assert_int_equal(conf.keys[0].see.who[0].id, 0);
	assert_false(conf.keys[0].see.who[1].is_group);
	assert_int_equal(conf.keys[0].see.who[1].id, 4711);
	assert_true(conf.keys[0].see.who[2].is_group);
	assert_int_equal(conf.keys[0].see.who[2].id, 12);
	assert_int_equal(conf.keys[0].use.n, 1);
	assert_string_equal(conf.keys[1].path, "prod/db/password.v1");
	assert_string_equal(conf.keys[1].id, "");
	assert_int_equal(conf.keys[1].get.n, 1);
}

static void
addresses_of_both_kinds_are_taken(void **state)
{
	static const struct {
		const char *given, *host;
		unsigned port;
	} rows[] = {
		{ "192.0.2.1:443", "192.0.2.1", 443 },
		{ "[2001:db8::1]:65535", "2001:db8::1", 65535 },
		{ "a-b.c:1", "a-b.c", 1 },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		char text[1024];

		(void)snprintf(text, sizeof(text),
		    "[server]\naddress = %s\nca = c\nrelease_key = " THUMB
		    "\n[attester]\nkind = swtee\n",
		    rows[i].given);
		t_ok(
		    agent_conf_parse(wd_span_text(text), "/conf", &conf, NULL));
		assert_string_equal(conf.host, rows[i].host);
		assert_int_equal(conf.port, rows[i].port);
	}
}

static void
what_must_be_given_is_asked_for(void **state)
{
	static const char *const names[] = { "address", "ca", "release_key",
		"kind" };

	(void)state;
	for (size_t i = 0; i < WD_N(names); i++) {
		char text[1024];
		struct wd_diag d = { 0 };
		char *line, *end;

		(void)snprintf(text, sizeof(text), "%s", SERVER);
		line = strstr(text, names[i]);
		assert_non_null(line);
		end = strchr(line, '\n') + 1;
		(void)memmove(line, end, strlen(end) + 1);
		assert_int_equal(
		    agent_conf_parse(wd_span_text(text), "/conf", &conf, &d),
		    WD_R_NOT_FOUND);
		assert_non_null(strstr(d.detail, names[i]));
	}
}

static void
bad_values_are_refused(void **state)
{
	static const struct {
		const char *text;
		int r;
	} bad[] = {
		{ "[agent]\nnothing = 1\n", WD_R_UNKNOWN_MEMBER },
		{ "[nothing]\nsocket = 1\n", WD_R_UNKNOWN_MEMBER },
		{ "[key]\nid = " ID "\n", WD_R_UNKNOWN_MEMBER },
		{ "[keyweb]\nid = " ID "\n", WD_R_UNKNOWN_MEMBER },
		{ "[agent]\nsocket = a\nsocket = a\n", WD_R_EXISTS },
		{ "[key a]\nid = " ID "\nid = " ID "\n", WD_R_EXISTS },
		{ "[key a]\nid = " ID "\n[key b]\npath = default/key/" ID "\n",
		    WD_R_EXISTS },
		{ "[agent]\nsocket =\n", WD_R_MALFORMED },
		{ "[agent]\nuser = a b\n", WD_R_MALFORMED },
		{ "[agent]\nseparate_users = maybe\n", WD_R_MALFORMED },
		{ "[agent]\nserial = 0123\n", WD_R_RANGE },
		{ "[agent]\nserial = 0123456789abcdef0\n", WD_R_RANGE },
		{ "[agent]\nlog_level = loud\n", WD_R_MALFORMED },
		{ "[agent]\ntoken = 012345678901234567890123456789012\n",
		    WD_R_RANGE },
		{ "[swtee]\nisv_svn = 65536\n", WD_R_RANGE },
		{ "[swtee]\nisv_svn = -1\n", WD_R_MALFORMED },
		{ "[swtee]\nmrsigner = 00\n", WD_R_MALFORMED },
		{ "[key a]\nlabel = x\n", WD_R_MALFORMED },
		{ "[key a]\nid = " ID "\npath = a/b/c\n", WD_R_MALFORMED },
		{ "[key a]\nid = 1\n", WD_R_MALFORMED },
		{ "[key a b]\nid = " ID "\n", WD_R_MALFORMED },
		{ "[key ]\nid = " ID "\n", WD_R_MALFORMED },
		{ "[key a]\npath = a/b\n", WD_R_MALFORMED },
		{ "[key a]\npath = a/b/c/d\n", WD_R_MALFORMED },
		{ "[key a]\npath = /b/c\n", WD_R_MALFORMED },
		{ "[key a]\npath = a/../c\n", WD_R_MALFORMED },
		{ "[key a]\npath = a/b/\n", WD_R_MALFORMED },
		{ "[key a]\npath = a/b/c?d\n", WD_R_MALFORMED },
		{ "[key a]\nsee = nobody-of-this-name\n", WD_R_NOT_FOUND },
		{ "[key a]\nsee = @nobody-of-this-name\n", WD_R_NOT_FOUND },
		{ "[key a]\nsee = @\n", WD_R_MALFORMED },
		{ "[key a]\nsee = a/b\n", WD_R_MALFORMED },
		{ "[key a]\nuse = 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n",
		    WD_R_RANGE },
		{ "[server]\nca = again\n", WD_R_EXISTS },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		struct wd_diag d = { 0 };
		int r = parse(bad[i].text, &d);

		if (r != bad[i].r)
			fail_msg("%s: %d, not %d (%s)", bad[i].text, r,
			    bad[i].r, d.detail);
	}
}

static void
bad_addresses_and_thumbprints_are_refused(void **state)
{
	static const struct {
		const char *address, *thumb;
	} bad[] = {
		{ "host", THUMB },
		{ ":1", THUMB },
		{ "host:0", THUMB },
		{ "host:65536", THUMB },
		{ "host:", THUMB },
		{ "https://host:1", THUMB },
		{ "a b:1", THUMB },
		{ "::1:1", THUMB },
		{ "host:1", "abc" },
		{ "host:1", THUMB "A" },
		{ "host:1", "NzbLsXh8uDCcd+6MNwXF4W/7noWXFZAfHkxZsRGC9Xs" },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		char text[1024];

		(void)snprintf(text, sizeof(text),
		    "[server]\naddress = %s\nca = c\nrelease_key = %s\n"
		    "[attester]\nkind = swtee\n",
		    bad[i].address, bad[i].thumb);
		assert_int_equal(
		    agent_conf_parse(wd_span_text(text), "/conf", &conf, NULL),
		    WD_R_MALFORMED);
	}
}

static void
there_is_a_most_of_keys(void **state)
{
	char text[16384];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text) - 1);

	(void)state;
	for (unsigned i = 0; i < AGENT_KEYS_MAX; i++)
		wd_wr_printf(&wr, "[key k%u]\npath = a/b/c%u\n", i, i);
	text[wr.len] = '\0';
	t_ok(parse(text, NULL));
	assert_int_equal(conf.n_keys, AGENT_KEYS_MAX);
	wd_wr_text(&wr, "[key more]\npath = a/b/more\n");
	text[wr.len] = '\0';
	assert_int_equal(parse(text, NULL), WD_R_RANGE);
}

static void
names_of_users_are_looked_up(void **state)
{
	const struct passwd *pw = getpwnam("nobody");

	(void)state;
	if (pw == NULL)
		skip();
	t_ok(parse("[key a]\npath = a/b/c\nuse = nobody\n", NULL));
	assert_int_equal(conf.keys[0].use.who[0].id, pw->pw_uid);
}

static void
file_is_read_from_its_own_folder(void **state)
{
	char name[] = "/tmp/agent-conf-XXXXXX";
	int fd = mkstemp(name);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, SERVER, strlen(SERVER)), strlen(SERVER));
	t_ok(close(fd));
	t_ok(agent_conf_read(name, &conf, NULL));
	assert_string_equal(conf.ca, "/tmp/ca.pem");
	t_ok(unlink(name));
	assert_int_equal(agent_conf_read(name, &conf, NULL), WD_R_NOT_FOUND);
}

static void
reload_may_not_change_what_is_fixed_at_the_start(void **state)
{
	static struct agent_conf old;

	(void)state;
	t_ok(parse("", NULL));
	old = conf;
	t_ok(parse("[key a]\npath = a/b/c\n[swtee]\ndir = /x\n", NULL));
	assert_null(agent_conf_needs_restart(&old, &conf));
	t_ok(parse("[agent]\nsocket = /x\n", NULL));
	assert_string_equal(
	    agent_conf_needs_restart(&old, &conf)->name, "socket");
}

static void
manual_lists_every_key(void **state)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 16);
	const char *text;
	size_t n;
	const struct agent_conf_key *keys = agent_conf_keys(&n);

	(void)state;
	agent_conf_manual(&wr);
	wd_wr_u8(&wr, 0);
	t_ok(wd_wr_end(&wr));
	text = (const char *)wr.p;
	assert_true(n <= 64);
	for (size_t i = 0; i < n; i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), ".It Cm %s\n", keys[i].name);
		assert_non_null(strstr(text, line));
		assert_true(keys[i].manual[strlen(keys[i].manual) - 1] == '.');
	}
}

static void
keys_come_wrapped_as_the_agent_or_their_section_says(void **state)
{
	(void)state;
	t_ok(parse("[key a]\nid = " ID "\n", NULL));
	assert_int_equal(conf.wrapped, WD_WRAPPED_AUTO);
	assert_int_equal(conf.wrap_key_bits, 3072);
	assert_int_equal(conf.keys[0].wrapped, WD_WRAPPED_AUTO);
	t_ok(parse("[agent]\nwrapped = never\nwrap_key_bits = 2048\n"
		   "[key a]\nid = " ID "\n"
		   "[key b]\npath = a/b/c\nwrapped = only\n",
	    NULL));
	assert_int_equal(conf.wrap_key_bits, 2048);
	assert_int_equal(conf.keys[0].wrapped, WD_WRAPPED_NEVER);
	assert_int_equal(conf.keys[1].wrapped, WD_WRAPPED_ONLY);
	assert_int_equal(
	    parse("[agent]\nwrapped = yes\n", NULL), WD_R_MALFORMED);
	assert_int_equal(parse("[agent]\nwrapped =\n", NULL), WD_R_MALFORMED);
	assert_int_equal(
	    parse("[agent]\nwrap_key_bits = 2049\n", NULL), WD_R_RANGE);
	assert_int_equal(
	    parse("[agent]\nwrap_key_bits = 1024\n", NULL), WD_R_RANGE);
}

static void
a_key_may_stay_in_the_server(void **state)
{
	(void)state;
	t_ok(parse("[key a]\nid = " ID "\nmode = remote\nuse = 1\n", NULL));
	assert_int_equal(conf.keys[0].mode, AGENT_MODE_REMOTE);
	assert_string_equal(conf.keys[0].path, "default/public/" ID);
	t_ok(parse("[key a]\nid = " ID "\nmode = release\n", NULL));
	assert_int_equal(conf.keys[0].mode, AGENT_MODE_RELEASE);
	assert_string_equal(conf.keys[0].path, "default/key/" ID);
	assert_int_equal(
	    parse("[key a]\nid = " ID "\nmode = yes\n", NULL), WD_R_MALFORMED);
	assert_int_equal(parse("[key a]\npath = a/b/c\nmode = remote\n", NULL),
	    WD_R_MALFORMED);
	assert_int_equal(parse("[key a]\nid = " ID "\nmode = remote\n"
			       "[key b]\nid = " ID "\n",
			     NULL),
	    WD_R_EXISTS);
}

static void
what_is_public_need_not_come_wrapped(void **state)
{
	(void)state;
	t_ok(parse("[agent]\nwrapped = only\n"
		   "[key a]\nid = " ID "\nmode = remote\nuse = 1\n",
	    NULL));
	assert_int_equal(conf.keys[0].wrapped, WD_WRAPPED_NEVER);
	t_ok(parse(
	    "[key a]\nmode = remote\nwrapped = only\nid = " ID "\n", NULL));
	assert_int_equal(conf.keys[0].wrapped, WD_WRAPPED_NEVER);
}

static void
a_key_that_stays_is_not_held_as_well_by_its_path(void **state)
{
	static const char *const texts[] = {
		"[key a]\nid = " ID "\nmode = remote\n"
		"[key b]\npath = default/key/" ID "\n",
		"[key b]\npath = default/key/" ID "\n"
		"[key a]\nid = " ID "\nmode = remote\n",
		"[key a]\nid = " ID "\nmode = remote\n"
		"[key b]\npath = default/key/" ID ".v2\n",
		"[key a]\nid = " ID "\nmode = remote\n"
		"[key b]\npath = default/public/" ID "\n",
	};

	(void)state;
	for (size_t i = 0; i < WD_N(texts); i++)
		assert_int_equal(parse(texts[i], NULL), WD_R_EXISTS);
	t_ok(parse("[key a]\nid = " ID "\nmode = remote\n"
		   "[key b]\npath = default/cert/" ID "\n",
	    NULL));
}

#define SKC_ID "5b0f7d5e-1a7e-4a53-9a0a-0f6f7f0f2d11"
#define SKC_LINE(id, type)                                        \
	"pkcs11:token=KMS;id=" id ";object=RSAKEY;type=" type ";" \
	"pin-value=1234;\n"

static int
add_skc(const char *text)
{
	struct wd_diag d = { 0 };

	return agent_conf_add_skc(&conf, wd_span_text(text), &d);
}

static void
keys_of_skc_have_the_rights_of_their_section(void **state)
{
	(void)state;
	t_ok(parse("[agent]\nwrapped = only\n"
		   "[skc]\nkeys = keys.txt\nsee = 1, @2\nuse = 3\n",
	    NULL));
	assert_string_equal(conf.skc_keys, "/conf/keys.txt");
	assert_string_equal(conf.token, "KMS");
	t_ok(add_skc(SKC_LINE(SKC_ID, "private")));
	assert_int_equal(conf.n_keys, 1);
	assert_string_equal(conf.keys[0].name, SKC_ID);
	assert_string_equal(conf.keys[0].path, "default/key/" SKC_ID);
	assert_string_equal(conf.keys[0].label, "RSAKEY");
	assert_int_equal(conf.keys[0].see.n, 2);
	assert_int_equal(conf.keys[0].use.who[0].id, 3);
	assert_int_equal(conf.keys[0].wrapped, WD_WRAPPED_ONLY);
	t_ok(add_skc(SKC_LINE(SKC_ID, "private")));
	assert_int_equal(conf.n_keys, 1);
}

static void
a_section_of_its_own_comes_before_keys_txt(void **state)
{
	(void)state;
	t_ok(parse("[agent]\ntoken = mine\n[skc]\nkeys = k\nuse = 3\n"
		   "[key web]\nid = " SKC_ID "\nuse = 4\n",
	    NULL));
	assert_string_equal(conf.token, "mine");
	t_ok(add_skc(SKC_LINE(SKC_ID, "secret-key")));
	assert_int_equal(conf.n_keys, 1);
	assert_int_equal(conf.keys[0].use.who[0].id, 4);
	t_ok(parse("[skc]\nkeys = k\n"
		   "[key web]\nid = " SKC_ID "\nmode = remote\n",
	    NULL));
	t_ok(add_skc(SKC_LINE(SKC_ID, "private")));
	assert_int_equal(conf.n_keys, 1);
}

static void
lines_of_skc_that_do_not_fit_are_refused(void **state)
{
	char line[256];

	(void)state;
	t_ok(parse("", NULL));
	assert_int_equal(add_skc("RSAKEY\n"), WD_R_MALFORMED);
	assert_int_equal(
	    add_skc(SKC_LINE(SKC_ID, "secret-key")), WD_R_UNSUPPORTED);
	for (int i = 0; i <= AGENT_KEYS_MAX; i++) {
		(void)snprintf(line, sizeof(line),
		    SKC_LINE(
			"5b0f7d5e-1a7e-4a53-9a0a-000000000%03x", "private"),
		    (unsigned)i);
		assert_int_equal(
		    add_skc(line), i < AGENT_KEYS_MAX ? 0 : WD_R_RANGE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_more_means_the_defaults),
		cmocka_unit_test(given_values_are_taken),
		cmocka_unit_test(addresses_of_both_kinds_are_taken),
		cmocka_unit_test(what_must_be_given_is_asked_for),
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(bad_addresses_and_thumbprints_are_refused),
		cmocka_unit_test(there_is_a_most_of_keys),
		cmocka_unit_test(names_of_users_are_looked_up),
		cmocka_unit_test(file_is_read_from_its_own_folder),
		cmocka_unit_test(
		    reload_may_not_change_what_is_fixed_at_the_start),
		cmocka_unit_test(
		    keys_come_wrapped_as_the_agent_or_their_section_says),
		cmocka_unit_test(a_key_may_stay_in_the_server),
		cmocka_unit_test(what_is_public_need_not_come_wrapped),
		cmocka_unit_test(
		    a_key_that_stays_is_not_held_as_well_by_its_path),
		cmocka_unit_test(keys_of_skc_have_the_rights_of_their_section),
		cmocka_unit_test(a_section_of_its_own_comes_before_keys_txt),
		cmocka_unit_test(lines_of_skc_that_do_not_fit_are_refused),
		cmocka_unit_test(manual_lists_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
