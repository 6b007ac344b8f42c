/*
 * The server that runs, if one does: what it says of itself at the admin
 * socket. Its status needs no token.
 */
#include "bin/warder/doctor.h"

#include "codec/json.h"
#include "http/client.h"

#include <string.h>
#include <sys/stat.h>

enum { DEADLINE_MS = 5000, ANSWER_MAX = 1 << 20 };

static struct wd_span
text_of(const struct wd_jval *v, const char *name)
{
	struct wd_span s = { NULL, 0 };

	/* None is shown as nothing. */
	(void)wd_jval_text(wd_jval_get(v, name), &s);
	return s;
}

static bool
is_true(const struct wd_jval *v)
{
	bool yes = false;

	return wd_jval_bool(v, &yes) && yes;
}

/* ---- what it says */

static void
judge_warnings(struct doctor *dr, const struct wd_jval *list)
{
	static const char foreign[] = "somebody else";
	struct wd_span s;

	for (size_t i = 0; i < wd_jval_count(list); i++)
		if (wd_jval_text(wd_jval_at(list, i), &s))
			doctor_say(dr, DOCTOR_WARNING,
			    memmem(s.p, s.len, foreign, sizeof(foreign) - 1) !=
				    NULL
				? "find out who; warder audit tail names the "
				  "rows, and docs/storage.md what to do"
				: "warder.conf(5) has the key that says so",
			    "%.*s", (int)s.len, (const char *)s.p);
}

static void
judge_process(struct doctor *dr, const struct wd_jval *p)
{
	struct wd_span role = text_of(p, "role");
	const struct wd_jval *missing = wd_jval_get(p, "missing");
	struct wd_span s;
	uint64_t restarts = 0;

	if (!is_true(wd_jval_get(p, "ready")))
		doctor_say(dr, DOCTOR_FAILURE, "its log lines say why",
		    "%.*s is not ready", (int)role.len, (const char *)role.p);
	if (wd_jval_uint(wd_jval_get(p, "restarts"), UINT32_MAX, &restarts) &&
	    restarts > 0)
		doctor_say(dr, DOCTOR_WARNING, "its log lines say why",
		    "%.*s was started again %llu times", (int)role.len,
		    (const char *)role.p, (unsigned long long)restarts);
	for (size_t i = 0; i < wd_jval_count(missing); i++)
		if (wd_jval_text(wd_jval_at(missing, i), &s))
			doctor_say(dr, DOCTOR_WARNING,
			    "a newer kernel, or other limits",
			    "%.*s lacks %.*s", (int)role.len,
			    (const char *)role.p, (int)s.len,
			    (const char *)s.p);
}

/* What the HSM has wrapped. */
static void
judge_wrapped(struct doctor *dr, const struct wd_jval *seal)
{
	const struct wd_jval *failing = wd_jval_get(seal, "wrap_failing_since");
	struct wd_span since;
	uint64_t n = 0;

	if (!wd_jval_uint(wd_jval_get(seal, "wrapped"), INT64_MAX, &n) ||
	    n == 0)
		return;
	if (wd_jval_text(failing, &since))
		doctor_say(dr, DOCTOR_FAILURE,
		    "see to the HSM; `seal` says more",
		    "%llu keys and secrets have seal wrap, and the HSM does "
		    "not open them since %.*s",
		    (unsigned long long)n, (int)since.len,
		    (const char *)since.p);
	else
		doctor_say(dr, DOCTOR_OK, "",
		    "%llu keys and secrets have seal wrap, and the HSM "
		    "answers",
		    (unsigned long long)n);
}

static void
judge(struct doctor *dr, const struct wd_jval *root)
{
	const struct wd_jval *list = wd_jval_get(root, "processes");
	size_t before = dr->n;

	if (!is_true(wd_jval_get(root, "initialized")))
		doctor_say(dr, DOCTOR_FAILURE,
		    "stop it; warder init makes a server",
		    "it runs without a server having been made");
	else if (is_true(wd_jval_get(root, "sealed")))
		doctor_say(dr, DOCTOR_WARNING, "warder unseal",
		    "it is sealed: nothing is released");
	if (!is_true(wd_jval_get(wd_jval_get(root, "log"), "writable")))
		doctor_say(dr, DOCTOR_FAILURE, "see `space` and `log`",
		    "its log cannot be written: nothing is released");
	judge_warnings(dr, wd_jval_get(root, "warnings"));
	for (size_t i = 0; i < wd_jval_count(list); i++)
		judge_process(dr, wd_jval_at(list, i));
	judge_wrapped(dr, wd_jval_get(root, "seal"));
	if (dr->n == before)
		doctor_say(dr, DOCTOR_OK, "", "it runs, and is open");
}

/* ---- asking it */

static int
ask(const struct doctor *dr, struct wd_client_answer *ret, struct wd_diag *d)
{
	WD_AUTO(wd_client_freep) struct wd_client *c = NULL;
	const struct wd_client_options options = {
		.socket = dr->x.conf.admin_socket,
		.host = WD_SPAN_LIT("localhost"),
		.max_body = ANSWER_MAX,
		.deadline_ms = DEADLINE_MS,
	};
	const struct wd_client_ask a = { .path = "/admin/v1/status" };
	int r = wd_client_new(&options, &c, d);

	return r != 0 ? r : wd_client_send(c, &a, ret, d);
}

void
doctor_server(struct doctor *dr)
{
	WD_AUTO(wd_client_answer_done) struct wd_client_answer answer = { 0 };
	struct wd_diag d = { 0 };
	struct stat st;

	if (stat(dr->x.conf.admin_socket, &st) != 0) {
		doctor_say(dr, DOCTOR_OK, "", "no server runs here");
		return;
	}
	if (ask(dr, &answer, &d) != 0)
		doctor_say(dr, DOCTOR_WARNING,
		    "is warderd running? its socket is there",
		    "nobody answers at %s: %s", dr->x.conf.admin_socket,
		    d.detail);
	else if (answer.status != 200 ||
	    wd_json_parse(wd_bytes_span(answer.body), &d, &dr->status) != 0)
		doctor_say(dr, DOCTOR_FAILURE, "its log lines say why",
		    "the server answers %u at %s", answer.status,
		    dr->x.conf.admin_socket);
	else
		judge(dr, wd_json_root(dr->status));
}
