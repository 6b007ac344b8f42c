/*
 * A client made. What libcurl would do by itself and we do not want is turned
 * off here: other protocols, redirects, proxies, the host's roots. Names are
 * looked up in client_resolve.c, since the library would start a thread for it
 * and the sandbox of a role has none.
 */
#include "http/client.h"

#include "base/alloc.h"
#include "http/client_in.h"
#include "http/text.h"

#include <arpa/inet.h>

enum { CONNECT_MS = 5000 };

static CURLcode
set_limits(struct wd_client *c)
{
	CURL *h = c->curl;
	CURLcode r = curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);

	if (r == CURLE_OK)
		r = curl_easy_setopt(
		    h, CURLOPT_TIMEOUT_MS, (long)c->deadline_ms);
	if (r == CURLE_OK)
		r = curl_easy_setopt(
		    h, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	if (r == CURLE_OK)
		r = curl_easy_setopt(
		    h, CURLOPT_PROTOCOLS_STR, c->is_local ? "http" : "https");
	if (r == CURLE_OK)
		r = curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
	if (r == CURLE_OK)
		r = curl_easy_setopt(h, CURLOPT_PROXY, "");
	if (r == CURLE_OK)
		r = curl_easy_setopt(
		    h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	if (r == CURLE_OK)
		r = curl_easy_setopt(h, CURLOPT_HTTP09_ALLOWED, 0L);
	return r;
}

static CURLcode
set_tls(struct wd_client *c)
{
	struct curl_blob roots = { c->roots->p, c->roots->len,
		CURL_BLOB_NOCOPY };
	CURL *h = c->curl;
	CURLcode r = curl_easy_setopt(h, CURLOPT_SSLVERSION,
	    (long)(c->tls12 ? CURL_SSLVERSION_TLSv1_2
			    : CURL_SSLVERSION_TLSv1_3));

	if (r == CURLE_OK && c->tls12)
		r = curl_easy_setopt(
		    h, CURLOPT_SSL_CIPHER_LIST, "ECDHE+AESGCM:ECDHE+CHACHA20");
	if (r == CURLE_OK)
		r = curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
	if (r == CURLE_OK)
		r = curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
	if (r == CURLE_OK)
		r = curl_easy_setopt(h, CURLOPT_CAINFO, NULL);
	if (r == CURLE_OK)
		r = curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
	if (r == CURLE_OK)
		r = curl_easy_setopt(h, CURLOPT_CAINFO_BLOB, &roots);
	return r;
}

static CURLcode
set_certificate(struct wd_client *c)
{
	struct curl_blob certificate = { c->certificate->p, c->certificate->len,
		CURL_BLOB_NOCOPY };
	struct curl_blob key = { wd_secret_bytes(c->key), wd_secret_len(c->key),
		CURL_BLOB_NOCOPY };
	CURL *h = c->curl;
	CURLcode r;

	if (c->certificate->len == 0)
		return CURLE_OK;
	r = curl_easy_setopt(h, CURLOPT_SSLCERT_BLOB, &certificate);
	if (r == CURLE_OK)
		r = curl_easy_setopt(h, CURLOPT_SSLKEY_BLOB, &key);
	return r;
}

static CURLcode
set_callbacks(struct wd_client *c)
{
	CURL *h = c->curl;
	CURLcode r =
	    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, wd_client_on_body);

	if (r == CURLE_OK)
		r = curl_easy_setopt(h, CURLOPT_WRITEDATA, c);
	if (r == CURLE_OK)
		r = curl_easy_setopt(
		    h, CURLOPT_HEADERFUNCTION, wd_client_on_head);
	if (r == CURLE_OK)
		r = curl_easy_setopt(h, CURLOPT_HEADERDATA, c);
	if (r == CURLE_OK)
		r = curl_easy_setopt(h, CURLOPT_ERRORBUFFER, c->why);
	if (r == CURLE_OK && c->cookies) /* in memory only */
		r = curl_easy_setopt(h, CURLOPT_COOKIEFILE, "");
	return r;
}

static int
set_options(struct wd_client *c, struct wd_diag *d)
{
	CURLcode r = set_limits(c);

	if (r == CURLE_OK)
		r = set_tls(c);
	if (r == CURLE_OK)
		r = set_certificate(c);
	if (r == CURLE_OK)
		r = set_callbacks(c);
	return r == CURLE_OK
	    ? 0
	    : wd_fault(d, WD_F_SYSTEM, "libcurl: %s", curl_easy_strerror(r));
}

/* ---- the server's name */

static bool
is_host(struct wd_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!wd_text_is_host(s.p[i]) || s.p[i] == '[' || s.p[i] == ']')
			return false;
	return s.len > 0 && s.len <= WD_CLIENT_HOST_MAX;
}

static int
take_host(struct wd_client *c, struct wd_span host, struct wd_diag *d)
{
	char name[WD_CLIENT_HOST_MAX + 1];
	struct wd_wr wr = wd_wr_fixed(c->host, sizeof(c->host) - 1);
	struct in6_addr six;
	struct in_addr four;
	bool is_six;

	if (!is_host(host) || !wd_span_to_text(host, name, sizeof(name)))
		return wd_reject(d, WD_R_RANGE, "the server's name is none");
	is_six = inet_pton(AF_INET6, name, &six) == 1;
	c->is_address = is_six || inet_pton(AF_INET, name, &four) == 1;
	wd_wr_text(&wr, is_six ? "[" : "");
	wd_wr_bytes(&wr, host);
	wd_wr_text(&wr, is_six ? "]" : "");
	c->host[wr.len] = '\0';
	return wd_wr_end(&wr) == 0 ? 0 : WD_F_BUG;
}

/* ---- the library's memory: it has tokens of requests and keys of answers, and
 * is wiped when it is released */

static void
release(void *p)
{
	(void)wd_free(p); /* always NULL */
}

static char *
library_copy(const char *text)
{
	struct wd_span s = wd_span_text(text);
	char *copy = wd_alloc(s.len + 1);

	if (copy != NULL)
		wd_copy(copy, s);
	return copy;
}

/* ---- life */

static void
start_library(void)
{
	static bool started;

	if (!started &&
	    curl_global_init_mem(CURL_GLOBAL_DEFAULT, wd_alloc, release,
		wd_realloc, library_copy, wd_alloc_array) == CURLE_OK)
		started = true; /* else curl_easy_init() tries and says so */
}

int
wd_client_new(const struct wd_client_options *options, struct wd_client **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_client_freep) struct wd_client *c = wd_alloc(sizeof(*c));
	int r;

	if (c == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	c->port = options->port;
	c->max_body = options->max_body;
	c->deadline_ms = options->deadline_ms;
	c->is_local = options->socket != NULL;
	if ((r = take_host(c, options->host, d)) != 0)
		return r;
	c->tls12 = options->tls12;
	c->cookies = options->cookies;
	c->roots = wd_bytes_copy(options->roots);
	c->certificate = wd_bytes_copy(options->certificate);
	c->key = wd_secret_copy(options->key);
	start_library();
	c->curl = curl_easy_init();
	if (c->roots == NULL || c->certificate == NULL || c->key == NULL ||
	    c->curl == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if ((r = set_options(c, d)) != 0)
		return r;
	if (c->is_local &&
	    curl_easy_setopt(
		c->curl, CURLOPT_UNIX_SOCKET_PATH, options->socket) != CURLE_OK)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	*ret = WD_TAKE(c);
	return 0;
}

struct wd_client *
wd_client_free(struct wd_client *c)
{
	if (c == NULL)
		return NULL;
	wd_client_cancel(c);
	curl_slist_free_all(c->fields);
	if (c->curl != NULL)
		curl_easy_cleanup(c->curl);
	if (c->multi != NULL)
		(void)curl_multi_cleanup(c->multi); /* nothing is in it */
	curl_slist_free_all(c->addresses);
	wd_wr_done(&c->body);
	wd_bytes_freep(&c->roots);
	wd_bytes_freep(&c->certificate);
	wd_secret_freep(&c->key);
	return wd_free(c);
}

void
wd_client_freep(struct wd_client **c)
{
	*c = wd_client_free(*c);
}
