/*
 * Requests whose answers take long: the library's own loop, a step at a time.
 */
#include "http/client.h"

#include "http/client_in.h"

#include <poll.h>

enum { SOON_MS = 100 };

static bool
has_multi(struct wd_client *c)
{
	if (c->multi == NULL)
		c->multi = curl_multi_init();
	return c->multi != NULL;
}

int
wd_client_begin(
    struct wd_client *c, const struct wd_client_ask *ask, struct wd_diag *d)
{
	CURLcode r;

	wd_client_cancel(c);
	if (!has_multi(c))
		return wd_fault(d, WD_F_MEMORY, "no memory for a request");
	r = wd_client_prepare(c, ask);
	if (r != CURLE_OK) {
		wd_client_tidy(c);
		return wd_client_failed(c, r, d);
	}
	if (curl_multi_add_handle(c->multi, c->curl) != CURLM_OK)
		return wd_fault(d, WD_F_MEMORY, "no memory for a request");
	c->waiting = true;
	return 0;
}

bool
wd_client_is_waiting(const struct wd_client *c)
{
	return c->waiting;
}

/* The one descriptor of the one connection; the library may have none yet, or
 * just now. */
static void
find_fd(struct wd_client *c, int *ret_fd, short *ret_events)
{
	fd_set in, out, odd;
	int last = -1;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&odd);
	*ret_fd = -1;
	*ret_events = 0;
	if (curl_multi_fdset(c->multi, &in, &out, &odd, &last) != CURLM_OK ||
	    last < 0)
		return;
	*ret_fd = last;
	*ret_events = (short)((FD_ISSET(last, &in) ? POLLIN : 0) |
	    (FD_ISSET(last, &out) ? POLLOUT : 0));
}

void
wd_client_waits_for(
    struct wd_client *c, int *ret_fd, short *ret_events, int *ret_ms)
{
	long ms = -1;

	find_fd(c, ret_fd, ret_events);
	if (curl_multi_timeout(c->multi, &ms) != CURLM_OK || ms > 60000)
		ms = 60000;
	if (*ret_fd < 0 && (ms < 0 || ms > SOON_MS))
		ms = SOON_MS;
	*ret_ms = (int)ms;
}

void
wd_client_cancel(struct wd_client *c)
{
	if (!c->waiting)
		return;
	(void)curl_multi_remove_handle(c->multi, c->curl); /* it is in it */
	wd_client_tidy(c);
	c->waiting = false;
}

int
wd_client_step(struct wd_client *c, bool *ret_done,
    struct wd_client_answer *ret, struct wd_diag *d)
{
	CURLcode r = CURLE_FAILED_INIT;
	CURLMsg *msg;
	int running = 0, left;

	*ret_done = true;
	if (!c->waiting)
		return wd_fault(d, WD_F_BUG, "no request is waited for");
	if (curl_multi_perform(c->multi, &running) == CURLM_OK) {
		if (running > 0) {
			*ret_done = false;
			return 0;
		}
		while ((msg = curl_multi_info_read(c->multi, &left)) != NULL)
			if (msg->msg == CURLMSG_DONE)
				r = msg->data.result;
	}
	wd_client_cancel(c);
	return r == CURLE_OK ? wd_client_take(c, ret, d)
			     : wd_client_failed(c, r, d);
}

/* ---- what another client of the same server knows */

static CURLcode
copy_cookies(struct wd_client *c, const struct wd_client *from)
{
	struct curl_slist *cookies = NULL;
	CURLcode r =
	    curl_easy_getinfo(from->curl, CURLINFO_COOKIELIST, &cookies);

	wd_client_forget(c);
	for (struct curl_slist *x = cookies; r == CURLE_OK && x != NULL;
	     x = x->next)
		r = curl_easy_setopt(c->curl, CURLOPT_COOKIELIST, x->data);
	curl_slist_free_all(cookies);
	return r;
}

static CURLcode
copy_addresses(struct wd_client *c, const struct wd_client *from)
{
	struct curl_slist *fresh = NULL;

	for (struct curl_slist *x = from->addresses; x != NULL; x = x->next)
		fresh = curl_slist_append(fresh, x->data);
	if (from->addresses == NULL)
		return CURLE_OK;
	if (fresh == NULL ||
	    curl_easy_setopt(c->curl, CURLOPT_RESOLVE, fresh) != CURLE_OK) {
		curl_slist_free_all(fresh);
		return CURLE_OUT_OF_MEMORY;
	}
	curl_slist_free_all(c->addresses);
	c->addresses = fresh;
	return CURLE_OK;
}

int
wd_client_follow(struct wd_client *c, const struct wd_client *from)
{
	return copy_addresses(c, from) == CURLE_OK &&
		copy_cookies(c, from) == CURLE_OK
	    ? 0
	    : WD_F_MEMORY;
}
