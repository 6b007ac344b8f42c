/*
 * Requests of the HTTP client, and what comes back.
 */
#include "http/client.h"

#include "base/num.h"
#include "http/client_in.h"
#include "http/text.h"

#include <errno.h>
#include <string.h>

enum {
	URL_MAX = 1024,
	HEAD_MAX = 32 << 10,
	/* status line and fields */ FIELD_MAX = 16 << 10,
	WAIT_MAX = 3600,
};

/* ---- what the library gives us */

size_t
wd_client_on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct wd_client *c = ctx;

	(void)size; /* always 1 */
	wd_wr_bytes(&c->body, wd_span(p, n));
	return wd_wr_end(&c->body) == 0 ? n : 0;
}

/* Without the end of the line. */
static struct wd_span
value_of(struct wd_span rest)
{
	while (rest.len > 0 && rest.p[rest.len - 1] < ' ')
		rest.len--;
	return wd_text_trim(rest);
}

/* A date, which it may be too, is taken for nothing. */
static void
take_wait(struct wd_client *c, struct wd_span value)
{
	uint64_t seconds;

	if (wd_num_parse(value, WAIT_MAX, &seconds))
		c->retry_after = (unsigned)seconds;
}

/* "Content-Type: text/html; charset=utf-8" and the like. */
static void
take_field(struct wd_client *c, struct wd_span line)
{
	struct wd_rd rd = wd_rd(line);
	struct wd_span name = wd_text_take_until(&rd, ':');
	struct wd_span value = value_of(wd_rd_rest(&rd));

	if (wd_text_is_word(name, "location"))
		(void)wd_span_to_text(value, c->location,
		    sizeof(c->location)); /* a longer one is none */
	if (wd_text_is_word(name, "retry-after"))
		take_wait(c, value);
	if (!wd_text_is_word(name, "content-type"))
		return;
	rd = wd_rd(value);
	(void)wd_span_to_text(value_of(wd_text_take_until(&rd, ';')), c->type,
	    sizeof(c->type)); /* a longer one is none we know */
}

size_t
wd_client_on_head(char *p, size_t size, size_t n, void *ctx)
{
	struct wd_client *c = ctx;

	(void)size;
	c->head_len += n;
	if (c->head_len > HEAD_MAX)
		return 0;
	take_field(c, wd_span(p, n));
	return n;
}

/* ---- requests */

/* One field more on the list; the library copies the text. */
static bool
add_field(struct curl_slist **l, const char *name, struct wd_span value)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(FIELD_MAX);
	struct curl_slist *next;

	wd_wr_text(&wr, name);
	wd_wr_bytes(&wr, value);
	wd_wr_u8(&wr, 0);
	if (wd_wr_end(&wr) != 0)
		return false;
	next = curl_slist_append(*l, (const char *)wr.p);
	if (next != NULL)
		*l = next;
	return next != NULL;
}

static const char *
or_json(const char *type)
{
	return type == NULL ? "application/json" : type;
}

static bool
has_body(const struct wd_client_ask *ask)
{
	return ask->post || ask->method != NULL;
}

static CURLcode
set_fields(
    struct wd_client *c, const struct wd_client_ask *ask, struct curl_slist **l)
{
	if (!add_field(l, "Accept: ", wd_span_text(or_json(ask->accept))) ||
	    (ask->bearer.len > 0 &&
		!add_field(l, "Authorization: Bearer ", ask->bearer)))
		return CURLE_OUT_OF_MEMORY;
	for (size_t i = 0; i < ask->n_fields; i++)
		if (!add_field(l, ask->fields[i].name, ask->fields[i].value))
			return CURLE_OUT_OF_MEMORY;
	/* No waiting for a 100 before a body goes out, and no type that the
	 * library would make up. */
	if (has_body(ask) &&
	    (!add_field(l,
		 ask->body.len > 0 ? "Content-Type: " : "Content-Type:",
		 ask->body.len > 0 ? wd_span_text(or_json(ask->type))
				   : wd_span(NULL, 0)) ||
		!add_field(l, "Expect:", wd_span(NULL, 0))))
		return CURLE_OUT_OF_MEMORY;
	return curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, *l);
}

static CURLcode
set_body(struct wd_client *c, const struct wd_client_ask *ask)
{
	CURLcode r = curl_easy_setopt(c->curl, CURLOPT_POST, 1L);

	if (r == CURLE_OK)
		r = curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)ask->body.len);
	if (r == CURLE_OK)
		r = curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS,
		    ask->body.p == NULL ? "" : (const char *)ask->body.p);
	return r;
}

static CURLcode
set_request(struct wd_client *c, const struct wd_client_ask *ask)
{
	char url[URL_MAX];
	struct wd_wr wr = wd_wr_fixed(url, sizeof(url) - 1);
	CURLcode r;

	if (c->is_local)
		wd_wr_text(&wr, "http://localhost");
	else
		wd_wr_printf(&wr, "https://%s:%u", c->host, c->port);
	wd_wr_text(&wr, ask->path);
	url[wr.len] = '\0';
	if (wd_wr_end(&wr) != 0)
		return CURLE_URL_MALFORMAT;
	r = curl_easy_setopt(c->curl, CURLOPT_URL, url); /* is copied */
	if (r == CURLE_OK)
		r = has_body(ask)
		    ? set_body(c, ask)
		    : curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L);
	if (r == CURLE_OK) /* NULL: what POST or GET says */
		r = curl_easy_setopt(
		    c->curl, CURLOPT_CUSTOMREQUEST, ask->method);
	if (r == CURLE_OK)
		r = curl_easy_setopt(
		    c->curl, CURLOPT_FRESH_CONNECT, ask->once ? 1L : 0L);
	if (r == CURLE_OK)
		r = curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS,
		    (long)(ask->deadline_ms == 0 ? c->deadline_ms
						 : ask->deadline_ms));
	return r;
}

/* The library's own words for it are of no help to people. */
static bool
is_not_trusted(struct wd_client *c, CURLcode r)
{
	long verdict = 0;

	return r == CURLE_PEER_FAILED_VERIFICATION ||
	    (r == CURLE_SSL_CONNECT_ERROR &&
		curl_easy_getinfo(
		    c->curl, CURLINFO_SSL_VERIFYRESULT, &verdict) == CURLE_OK &&
		verdict != 0);
}

/* The handshake ended over the version, before any certificate was seen: in the
 * words of libcrypto, here or by the other side's alert. */
static bool
is_too_old(const struct wd_client *c, CURLcode r)
{
	return r == CURLE_SSL_CONNECT_ERROR && !c->tls12 &&
	    (strstr(c->why, "alert protocol version") != NULL ||
		strstr(c->why, "unsupported protocol") != NULL);
}

/* Not a byte of the request had gone out. */
static bool
got_nowhere(struct wd_client *c)
{
	long sent = 1;

	return curl_easy_getinfo(c->curl, CURLINFO_REQUEST_SIZE, &sent) ==
	    CURLE_OK &&
	    sent == 0;
}

/* libcurl speaks of a host and a port also where there is a socket's path.
 * False: it does not know why either. */
static bool
has_no_socket(struct wd_client *c, CURLcode r, struct wd_diag *d)
{
	long number = 0;

	if (!c->is_local || r != CURLE_COULDNT_CONNECT ||
	    curl_easy_getinfo(c->curl, CURLINFO_OS_ERRNO, &number) !=
		CURLE_OK ||
	    number == 0)
		return false;
	errno = (int)number;
	(void)wd_fault_errno(d, "the socket");
	return true;
}

int
wd_client_failed(struct wd_client *c, CURLcode r, struct wd_diag *d)
{
	const char *why = c->why[0] != '\0' ? c->why : curl_easy_strerror(r);

	c->was_sent = !got_nowhere(c);
	if (has_no_socket(c, r, d))
		return WD_F_PEER;
	if (is_too_old(c, r))
		return wd_fault(d, WD_F_PEER,
		    "%s: it does not speak TLS 1.3: %s", c->host, why);
	if (is_not_trusted(c, r))
		return wd_fault(d, WD_F_PEER,
		    "%s: the server's certificate is not trusted: %s", c->host,
		    why);

	if (r == CURLE_OUT_OF_MEMORY || c->body.no_memory)
		return wd_fault(d, WD_F_MEMORY, "no memory for an answer");
	if (r == CURLE_WRITE_ERROR)
		return wd_reject(d, WD_R_TOO_LARGE, "the answer is too large");
	if (r == CURLE_OPERATION_TIMEDOUT)
		return wd_fault(d, WD_F_TIMEOUT, "%s: %s", c->host, why);
	return wd_fault(d, WD_F_PEER, "%s: %s", c->host, why);
}

int
wd_client_take(
    struct wd_client *c, struct wd_client_answer *ret, struct wd_diag *d)
{
	struct wd_client_answer a = { 0 };
	long status = 0;

	if (curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status) !=
		CURLE_OK ||
	    status < 100 || status > 999)
		return wd_fault(d, WD_F_PEER, "an answer without a status");
	a.status = (unsigned)status;
	wd_copy(a.type, WD_SPAN(c->type));
	wd_copy(a.location, WD_SPAN(c->location));
	a.retry_after = c->retry_after;
	if (c->body.len == 0)
		a.body = wd_bytes_new(0);
	else if (wd_wr_take(&c->body, &a.body) != 0)
		a.body = NULL;
	if (a.body == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for an answer");
	*ret = a;
	return 0;
}

CURLcode
wd_client_prepare(struct wd_client *c, const struct wd_client_ask *ask)
{
	CURLcode r;

	wd_client_tidy(c);
	wd_wr_done(&c->body);
	c->body = wd_wr_growing(c->max_body);
	c->head_len = 0;
	c->type[0] = '\0';
	c->location[0] = '\0';
	c->retry_after = 0;
	c->was_sent = true;
	c->why[0] = '\0';
	r = set_fields(c, ask, &c->fields);
	return r == CURLE_OK ? set_request(c, ask) : r;
}

/* The list of fields goes with its request. */
void
wd_client_tidy(struct wd_client *c)
{
	(void)curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(c->fields);
	c->fields = NULL;
}

int
wd_client_send(struct wd_client *c, const struct wd_client_ask *ask,
    struct wd_client_answer *ret, struct wd_diag *d)
{
	CURLcode r = wd_client_prepare(c, ask);

	if (r == CURLE_OK)
		r = curl_easy_perform(c->curl);
	wd_client_tidy(c);
	return r == CURLE_OK ? wd_client_take(c, ret, d)
			     : wd_client_failed(c, r, d);
}

bool
wd_client_was_sent(const struct wd_client *c)
{
	return c->was_sent;
}

void
wd_client_answer_done(struct wd_client_answer *a)
{
	wd_bytes_freep(&a->body);
}

void
wd_client_forget(struct wd_client *c)
{
	(void)curl_easy_setopt(
	    c->curl, CURLOPT_COOKIELIST, "ALL"); /* cannot fail */
}
