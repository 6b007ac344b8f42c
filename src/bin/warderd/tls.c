/*
 * The TLS key and certificate before the fronts get them. A front that cannot
 * use them would end at each start; here an operator reads why. The key is
 * looked at and wiped, never kept.
 */
#include "bin/warderd/supervisor.h"

#include <stdio.h>

#include "base/clock.h"
#include "sys/file.h"

enum { SOON = 14 * 24 * 3600 };

int
sup_tls_check(struct sup_setup *s, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *chain = NULL;
	struct wd_diag why = { 0 };
	int r = wd_file_read_shared(s->tls_key, WD_CTL_PEM_MAX, &key, &why);

	if (r == 0)
		r = wd_file_read_shared(
		    s->tls_certificate, WD_CTL_PEM_MAX, &chain, &why);
	if (r == 0)
		r = wd_tls_pair_check(wd_secret_borrow(key),
		    wd_secret_borrow(chain), &s->tls, &why);
	if (r == 0)
		return 0;
	if (r < 0)
		return wd_fault(d, (enum wd_faults)r, "TLS: %s", why.detail);
	return wd_reject(d, (enum wd_reason)r, "TLS, %.80s and %.80s: %.60s",
	    s->conf.tls_key, s->conf.tls_certificate, why.detail);
}

bool
sup_tls_warning(const struct sup_setup *s, char ret[SUP_SENTENCE])
{
	int64_t now = wd_time_now();
	bool early = now < s->tls.not_before;
	const char *what = early            ? "holds only from"
	    : now > s->tls.not_after        ? "has expired at"
	    : now > s->tls.not_after - SOON ? "expires soon, at"
					    : NULL;
	char time[WD_TIME_TEXT];

	if (what == NULL)
		return false;
	wd_time_format(early ? s->tls.not_before : s->tls.not_after, time);
	(void)snprintf(ret, SUP_SENTENCE, "the TLS certificate %s %s", what,
	    time); /* fits */
	return true;
}
