/*
 * Key and certificate of TLS.
 */
#include "bin/warder/doctor.h"

#include "base/clock.h"
#include "base/rd.h"
#include "bin/common/role.h"
#include "codec/pem.h"
#include "crypto/tls_pair.h"
#include "sys/file.h"

#include <fcntl.h>

enum { SOON = 30 * 86400, DNS_NAME = 0x82 };

static void
judge_dates(struct doctor *dr, const struct wd_tls_pair *pair)
{
	const char *advice = "put another certificate in its place and reload "
			     "warderd";
	char until[WD_TIME_TEXT];

	wd_time_format(pair->not_after, until);
	if (dr->now > pair->not_after)
		doctor_say(dr, DOCTOR_FAILURE, advice,
		    "the certificate has expired at %s", until);
	else if (dr->now < pair->not_before)
		doctor_say(dr, DOCTOR_FAILURE, "is the clock right?",
		    "the certificate is not valid yet");
	else if (dr->now > pair->not_after - SOON)
		doctor_say(dr, DOCTOR_WARNING, advice,
		    "the certificate expires soon, at %s", until);
	else
		doctor_say(dr, DOCTOR_OK, "",
		    "key and certificate fit, until %s", until);
}

/* As the extension has it: tag, length, name. Where these bytes stand is not
 * looked at: this is a hint, and clients are who decide. */
static bool
names(struct wd_span der, struct wd_span name)
{
	for (size_t i = 0; i + 2 + name.len <= der.len; i++)
		if (der.p[i] == DNS_NAME && der.p[i + 1] == name.len &&
		    wd_span_equal(wd_span(der.p + i + 2, name.len), name))
			return true;
	return false;
}

static void
judge_name(struct doctor *dr, struct wd_span chain)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *leaf = NULL;
	struct wd_rd rd = wd_rd(chain);
	struct wd_span name = wd_span_text(dr->x.conf.name);

	if (wd_pem_next(&rd, "CERTIFICATE", &leaf) == 0 &&
	    !names(wd_bytes_span(leaf), name))
		doctor_say(dr, DOCTOR_WARNING,
		    "let it name what clients connect to",
		    "the certificate does not name %s, the server's name",
		    dr->x.conf.name);
}

void
doctor_tls(struct doctor *dr)
{
	const struct wd_conf *c = &dr->x.conf;
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *chain = NULL;
	struct wd_tls_pair pair;
	struct wd_diag d = { 0 };
	int r;

	if ((r = wd_file_read_secret(
		 AT_FDCWD, c->tls_key, WD_CTL_PEM_MAX, &key, &d)) == 0)
		r = wd_file_read(
		    AT_FDCWD, c->tls_certificate, WD_CTL_PEM_MAX, &chain, &d);
	if (r == 0)
		r = wd_tls_pair_check(
		    wd_secret_borrow(key), wd_bytes_span(chain), &pair, &d);
	if (r != 0) {
		doctor_say(dr, DOCTOR_FAILURE,
		    r == WD_R_MISMATCH
			? "put the certificate of this key in its place"
			: "both are files in PEM, the key not encrypted",
		    "%s", d.detail);
		return;
	}
	judge_dates(dr, &pair);
	judge_name(dr, wd_bytes_span(chain));
}
