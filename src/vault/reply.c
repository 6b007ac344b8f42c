/*
 * Answers of a Vault. Whatever is in them, here it ends as one of our own
 * results; no text of the server's decides anything but which words a person
 * is told, except for refusals that have no status of their own.
 */
#include "vault/reply.h"

#include "base/num.h"
#include "base/rd.h"
#include "codec/base64.h"

#include <string.h>

enum {
	SECONDS_MAX = 60 * 365 * 86400, /* longer is as good as that */
	WORDS_MAX = 110,                /* of the server's, in a diagnosis */
	LEASE_ID_MAX = 512,
};

void
wd_vault_reply_done(struct wd_vault_reply *r)
{
	wd_json_freep(&r->doc);
	*r = (struct wd_vault_reply){ 0 };
}

/* Absent and null are the same to a Vault. */
static const struct wd_jval *
object(const struct wd_jval *v, const char *name)
{
	const struct wd_jval *m = wd_jval_get(v, name);

	return wd_jval_type(m) == WD_JOBJECT ? m : NULL;
}

static bool
seconds(const struct wd_jval *v, const char *name, uint64_t *ret)
{
	const struct wd_jval *m = wd_jval_get(v, name);
	int64_t n = 0;

	if (m != NULL && wd_jval_type(m) != WD_JNULL &&
	    (!wd_jval_int(m, &n) || n < 0))
		return false;
	*ret = n > SECONDS_MAX ? SECONDS_MAX : (uint64_t)n;
	return true;
}

static bool
flag(const struct wd_jval *v, const char *name)
{
	bool set = false;

	return wd_jval_bool(wd_jval_get(v, name), &set) && set;
}

static struct wd_span
word(const struct wd_jval *v, const char *name, size_t max)
{
	struct wd_span s = { 0 };

	if (!wd_jval_text(wd_jval_get(v, name), &s) || s.len > max ||
	    !wd_span_is_word(s))
		return wd_span(NULL, 0);
	return s;
}

int
wd_vault_reply_read(
    struct wd_span body, struct wd_vault_reply *ret, struct wd_diag *d)
{
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply r = { 0 };
	int result;

	if (body.len == 0)
		return 0;
	result = wd_json_parse(body, NULL, &r.doc);
	if (result > 0)
		return wd_reject(
		    d, WD_R_BACKEND_ANSWER, "vault: an answer that is no JSON");
	if (result < 0)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	r.root = wd_json_root(r.doc);
	if (wd_jval_type(r.root) != WD_JOBJECT ||
	    !seconds(r.root, "lease_duration", &r.lease_seconds))
		return wd_reject(
		    d, WD_R_BACKEND_ANSWER, "vault: an answer of another form");
	r.data = object(r.root, "data");
	r.auth = object(r.root, "auth");
	r.lease_id = word(r.root, "lease_id", LEASE_ID_MAX);
	r.renewable = flag(r.root, "renewable");
	*ret = r;
	r = (struct wd_vault_reply){ 0 };
	return 0;
}

/* ---- tokens */

int
wd_vault_grant_read(const struct wd_vault_reply *r, struct wd_vault_grant *ret,
    struct wd_diag *d)
{
	struct wd_vault_grant g = { 0 };

	g.token = word(r->auth, "client_token", WD_VAULT_TOKEN_MAX);
	g.renewable = flag(r->auth, "renewable");
	if (g.token.len == 0 || !seconds(r->auth, "lease_duration", &g.seconds))
		return wd_reject(
		    d, WD_R_BACKEND_ANSWER, "vault: a login without a token");
	*ret = g;
	return 0;
}

int
wd_vault_self_read(const struct wd_vault_reply *r, struct wd_vault_grant *ret,
    struct wd_diag *d)
{
	struct wd_vault_grant g = { 0 };

	g.renewable = flag(r->data, "renewable");
	if (r->data == NULL || !seconds(r->data, "ttl", &g.seconds))
		return wd_reject(
		    d, WD_R_BACKEND_ANSWER, "vault: nothing said of the token");
	*ret = g;
	return 0;
}

/* ---- refusals */

static const struct refusal {
	unsigned status;
	enum wd_reason reason;
	enum wd_vault_advice advice;
	const char *words;
} refusals[] = {
	{ 301, WD_R_UNAVAILABLE, WD_VAULT_ELSEWHERE, "it names another" },
	{ 302, WD_R_UNAVAILABLE, WD_VAULT_ELSEWHERE, "it names another" },
	{ 307, WD_R_UNAVAILABLE, WD_VAULT_ELSEWHERE, "it names another" },
	{ 308, WD_R_UNAVAILABLE, WD_VAULT_ELSEWHERE, "it names another" },
	{ 400, WD_R_MALFORMED, WD_VAULT_FAIL, "refused as wrong" },
	{ 401, WD_R_PERMISSION, WD_VAULT_LOGIN, "access refused" },
	{ 403, WD_R_PERMISSION, WD_VAULT_LOGIN, "access refused" },
	{ 404, WD_R_NOT_FOUND, WD_VAULT_FAIL, "not there" },
	{ 405, WD_R_UNSUPPORTED, WD_VAULT_FAIL, "not done there" },
	{ 412, WD_R_UNAVAILABLE, WD_VAULT_AGAIN, "it lags behind" },
	{ 413, WD_R_TOO_LARGE, WD_VAULT_FAIL, "too large for it" },
	{ 429, WD_R_OVERLOADED, WD_VAULT_AGAIN, "too many requests for it" },
	{ 472, WD_R_UNAVAILABLE, WD_VAULT_FAIL,
	    "it stands by to replace another cluster" },
	{ 473, WD_R_UNAVAILABLE, WD_VAULT_AGAIN, "it stands by" },
	{ 500, WD_R_UNAVAILABLE, WD_VAULT_REPEAT, "it failed" },
	{ 501, WD_R_UNAVAILABLE, WD_VAULT_FAIL, "it was never initialized" },
	{ 502, WD_R_UNAVAILABLE, WD_VAULT_REPEAT,
	    "what it needs itself failed" },
	{ 503, WD_R_UNAVAILABLE, WD_VAULT_AGAIN,
	    "it is sealed or being maintained" },
	{ 504, WD_R_UNAVAILABLE, WD_VAULT_REPEAT, "it was not reached" },
};
static const struct refusal odd = { 0, WD_R_UNAVAILABLE, WD_VAULT_FAIL,
	"an answer that it does not give" };

static const struct refusal *
find(unsigned status)
{
	for (size_t i = 0; i < WD_N(refusals); i++)
		if (refusals[i].status == status)
			return &refusals[i];
	return &odd;
}

bool
wd_vault_is_success(unsigned status)
{
	return status >= 200 && status < 300;
}

enum wd_vault_advice
wd_vault_advice(unsigned status)
{
	return find(status)->advice;
}

/* The first of its errors; a body that is no JSON is somebody else's. */
static struct wd_span
first_error(const struct wd_jval *root)
{
	const struct wd_jval *list = wd_jval_get(root, "errors");
	struct wd_span s = { 0 };

	if (wd_jval_text(wd_jval_at(list, 0), &s))
		return s;
	return wd_span(NULL, 0);
}

static bool
says(struct wd_span text, const char *words)
{
	return text.len > 0 &&
	    memmem(text.p, text.len, words, strlen(words)) != NULL;
}

/* A version that was deleted is told from a path that never was. */
static bool
is_deleted(const struct wd_jval *root)
{
	return object(object(root, "data"), "metadata") != NULL;
}

static enum wd_reason
reason_of(const struct refusal *row, struct wd_span error)
{
	if (row->status == 400 &&
	    says(error, "check-and-set parameter did not match"))
		return WD_R_CONFLICT;
	if (row->status == 400 && says(error, "key not found"))
		return WD_R_NOT_FOUND;
	if (row->status == 404 && says(error, "no handler for route"))
		return WD_R_BACKEND_NOT_CONFIGURED;
	return row->reason;
}

int
wd_vault_refused(
    unsigned status, struct wd_span body, const char *what, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	const struct refusal *row = find(status);
	const char *words = row->words;
	const struct wd_jval *root = NULL;
	struct wd_span error = { 0 };
	enum wd_reason reason;

	if (wd_json_parse(body, NULL, &doc) == 0)
		root = wd_json_root(doc);
	error = first_error(root);
	reason = reason_of(row, error);
	if (reason == WD_R_BACKEND_NOT_CONFIGURED)
		words = "nothing is mounted there";
	if (reason == WD_R_CONFLICT)
		words = "there is another version";
	if (status == 404 && is_deleted(root))
		words = "was deleted";
	if (error.len > WORDS_MAX)
		error.len = WORDS_MAX;
	return wd_reject(d, reason, "vault: %.64s: %s (%u%s%.*s)", what, words,
	    status, error.len > 0 ? ": " : "", (int)error.len,
	    error.p == NULL ? "" : (const char *)error.p);
}

/* ---- values */

/* Bytes that a base64 text stands for; where it is wrong decoding says so. */
static size_t
decoded_len(struct wd_span text)
{
	size_t len = text.len / 4 * 3;

	for (size_t i = 0; i < 2 && i < text.len; i++)
		if (text.p[text.len - 1 - i] == '=' && len > 0)
			len--;
	return len;
}

static int
decode(struct wd_span text, struct wd_secret **ret)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *s = wd_secret_new(decoded_len(text));
	int r;

	if (s == NULL)
		return WD_F_MEMORY;
	r = wd_b64_decode_exact(text, wd_secret_bytes(s), wd_secret_len(s));
	if (r == 0)
		*ret = WD_TAKE(s);
	return r;
}

int
wd_vault_secret(const struct wd_jval *data, const char *name, size_t max,
    bool base64, struct wd_secret **ret, struct wd_diag *d)
{
	const struct wd_jval *v = wd_jval_get(data, name);
	struct wd_secret *s = NULL;
	struct wd_span text;
	int r = 0;

	if (v == NULL)
		return wd_reject(
		    d, WD_R_NOT_FOUND, "vault: there is no member %.64s", name);
	if (!wd_jval_text(v, &text) || text.len > max)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "vault: member %.64s is no text or too long", name);
	if (base64)
		r = decode(text, &s);
	else if ((s = wd_secret_copy(text)) == NULL)
		r = WD_F_MEMORY;
	if (r > 0)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "vault: member %.64s is not base64", name);
	if (r < 0)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	*ret = s;
	return 0;
}

int
wd_vault_versioned(
    struct wd_span text, uint64_t *ret_version, struct wd_span *ret_rest)
{
	const struct wd_span start = WD_SPAN_LIT("vault:v");
	struct wd_rd rd = wd_rd(text);
	struct wd_span number;
	uint64_t version;

	if (!wd_span_equal(wd_rd_bytes(&rd, start.len), start))
		return WD_R_MALFORMED;
	number = wd_rd_rest(&rd);
	for (size_t i = 0; i < number.len; i++)
		if (number.p[i] == ':') {
			if (!wd_num_parse(
				wd_span(number.p, i), UINT32_MAX, &version))
				return WD_R_MALFORMED;
			*ret_version = version;
			*ret_rest =
			    wd_span(number.p + i + 1, number.len - i - 1);
			return 0;
		}
	return WD_R_MALFORMED;
}
