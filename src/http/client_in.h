/*
 * Inside of http/client.h, for client*.c alone.
 */
#pragma once

#include "base/secret.h"
#include "base/wr.h"
#include "http/client.h"

#include <curl/curl.h>

struct wd_client {
	CURL *curl;
	struct curl_slist *addresses; /* of the host; NULL: is one itself */
	char host[WD_CLIENT_HOST_MAX + 3]; /* in brackets if IPv6 */
	bool is_address;
	bool is_local; /* a socket of this machine, without TLS */
	uint16_t port;
	struct wd_bytes *roots;
	struct wd_bytes *certificate;
	struct wd_secret *key;
	bool tls12, cookies;
	size_t max_body;
	unsigned deadline_ms;

	CURLM *multi; /* NULL: has never waited */
	bool waiting;

	/* of the request in hand */
	struct curl_slist *fields;
	struct wd_wr body;
	size_t head_len;
	char type[WD_CLIENT_TYPE_MAX];
	char location[WD_CLIENT_LOCATION_MAX];
	unsigned retry_after;
	bool was_sent;
	char why[CURL_ERROR_SIZE];
};

/* A request made ready, and what it leaves behind. */
CURLcode wd_client_prepare(
    struct wd_client *c, const struct wd_client_ask *ask);
void wd_client_tidy(struct wd_client *c);

/* What it has come to. */
int wd_client_take(struct wd_client *c, struct wd_client_answer *ret,
    struct wd_diag *d) WD_MUST_USE;
int wd_client_failed(struct wd_client *c, CURLcode r, struct wd_diag *d)
    WD_MUST_USE;

/* What the library calls with an answer; anything but N ends the transfer. */
size_t wd_client_on_body(char *p, size_t size, size_t n, void *client);
size_t wd_client_on_head(char *p, size_t size, size_t n, void *client);
