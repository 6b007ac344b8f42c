/*
 * A TPM 2.0 as an attester: quotes over the registers of the configuration, by
 * an attestation key that the TPM makes anew at each start and that is the same
 * each time. Everything is opened here, while that may still be done: device,
 * event log, IMA's list.
 */
#include "bin/agent/attester.h"

#include "base/alloc.h"
#include "base/num.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "crypto/hash.h"
#include "crypto/pkey.h"
#include "sys/file.h"
#include "sys/log.h"
#include "tss/tss.h"
#include "verify/bundle.h"
#include "verify/tpm/alg.h"
#include "verify/tpm/public.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
	NONCE = 32, /* of the report data, what a TPM's quote has room for */
	TRIES = 3,  /* registers may change while they are read */
	PCRS_TEXT_MAX = 8192,
	LOG_MAX = 131072,
	IMA_PCR = 10,
};

struct ctx {
	struct wd_tss *tss;
	uint16_t bank;
	uint32_t pcrs;
	struct wd_bytes *ak, *certificate, *event_log;
	/* For enrolment; EK NULL: there is none. */
	struct wd_bytes *ek, *ek_certificates, *enrolment;
	char platform[2 * 32 + 1];
	int ima; /* IMA's list, which grows; -1: none */
};

static void
tpm_close(void *at)
{
	struct ctx *x = at;

	if (x == NULL)
		return;
	wd_tss_freep(&x->tss);
	wd_bytes_freep(&x->ak);
	wd_bytes_freep(&x->certificate);
	wd_bytes_freep(&x->event_log);
	wd_bytes_freep(&x->ek);
	wd_bytes_freep(&x->ek_certificates);
	wd_bytes_freep(&x->enrolment);
	wd_fd_closep(&x->ima);
	(void)wd_free(x); /* always NULL */
}

static void
tpm_closep(struct ctx **x)
{
	tpm_close(*x);
}

/* ---- the configuration */

static bool
read_bank(const char *name, uint16_t *ret)
{
	static const enum wd_hash hashes[] = { WD_SHA1, WD_SHA256, WD_SHA384,
		WD_SHA512 };

	for (size_t i = 0; i < WD_N(hashes); i++) {
		if (strcmp(name, wd_tpm_bank_name(hashes[i])) != 0)
			continue;
		*ret = wd_tpm_alg_of(hashes[i]);
		return true;
	}
	return false;
}

/* "0,2,7" */
static bool
read_pcrs(const char *text, uint32_t *ret)
{
	struct wd_span rest = wd_span_text(text);
	uint32_t mask = 0;

	while (rest.len > 0) {
		size_t n = 0;
		uint64_t pcr;

		while (n < rest.len && rest.p[n] != ',')
			n++;
		if (!wd_num_parse(wd_span(rest.p, n), WD_TSS_PCRS - 1, &pcr))
			return false;
		mask |= UINT32_C(1) << pcr;
		n += n < rest.len;
		rest = wd_span(rest.p + n, rest.len - n);
	}
	*ret = mask;
	return mask != 0;
}

static int
read_settings(const struct agent_conf *c, struct ctx *x, struct wd_diag *d)
{
	if (!read_bank(c->tpm_bank, &x->bank))
		return wd_reject(d, WD_R_MALFORMED,
		    "bank in section [tpm] is not sha256, sha384, sha512 or "
		    "sha1");
	if (!read_pcrs(c->tpm_pcrs, &x->pcrs))
		return wd_reject(d, WD_R_MALFORMED,
		    "pcrs in section [tpm] is not numbers of registers, as in "
		    "0,2,7");
	if (strcmp(c->tpm_key, "ecc") != 0 && strcmp(c->tpm_key, "rsa") != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "key in section [tpm] is not ecc or rsa");
	if (strcmp(c->tpm_ek, "ecc") != 0 && strcmp(c->tpm_ek, "rsa") != 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "ek in section [tpm] is not ecc or rsa");
	return 0;
}

/* ---- logs */

/*
 * Files of the kernel do not say how long they are. NULL where there is nothing
 * to be read, or too much of it, which is said: a log that was cut leads
 * nowhere, and would have all of the evidence refused.
 */
static struct wd_bytes *
read_whole(int fd, const char *what, bool *ret_too_long)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *all = wd_bytes_new(LOG_MAX);
	size_t n = 0;

	while (all != NULL && n < LOG_MAX) {
		ssize_t got = read(fd, all->p + n, LOG_MAX - n);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	*ret_too_long = n == LOG_MAX;
	if (*ret_too_long)
		wd_log(WD_LOG_WARNING, "log_too_long", "log", what, NULL);
	if (all == NULL || n == 0 || n == LOG_MAX)
		return NULL;
	all->len = n;
	return WD_TAKE(all);
}

/* Where there is none the quote stands alone. */
static void
read_log(const char *path, struct wd_bytes **ret)
{
	WD_AUTO(wd_fd_closep) int fd = -1;
	bool too_long;

	if (path[0] != '\0')
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		*ret = read_whole(fd, "event_log", &too_long);
}

static int
open_ima(const char *path)
{
	return path[0] == '\0' ? -1 : open(path, O_RDONLY | O_CLOEXEC);
}

/* It only grows: once too long, it stays so. */
static struct wd_bytes *
read_ima(struct ctx *x)
{
	struct wd_bytes *all;
	bool too_long;

	if (x->ima < 0 || lseek(x->ima, 0, SEEK_SET) != 0)
		return NULL;
	all = read_whole(x->ima, "ima_log", &too_long);
	if (too_long)
		wd_fd_closep(&x->ima);
	return all;
}

/* ---- opening */

static int
open_tpm(const struct agent_conf *c, struct ctx *x, struct wd_diag *d)
{
	enum wd_tss_kind kind =
	    strcmp(c->tpm_key, "rsa") == 0 ? WD_TSS_RSA : WD_TSS_ECC;
	int r;

	if ((r = wd_tss_open(c->tpm_tcti, &x->tss, d)) != 0 ||
	    (r = wd_tss_make_ak(x->tss, kind, &x->ak, d)) != 0)
		return r;
	if (c->tpm_certificate[0] == '\0')
		return 0;
	r = wd_file_read(AT_FDCWD, c->tpm_certificate, AGENT_TPM_CERT_MAX,
	    &x->certificate, d);
	return r > 0 ? wd_reject(d, (enum wd_reason)r,
			   "certificate in section [tpm] cannot be read")
		     : r;
}

/* ---- the endorsement key */

/* PEM to DER, behind what is there: a server takes one form or the other. */
static int
add_pem(struct wd_span pem, struct wd_wr *wr, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(pem);
	int r;

	do {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;

		r = wd_pem_next(&rd, "CERTIFICATE", &der);
		if (r == 0)
			wd_wr_bytes(wr, wd_bytes_span(der));
	} while (r == 0);
	if (r == WD_R_NOT_FOUND)
		return 0;
	return r < 0 ? wd_fault(d, WD_F_MEMORY, "no memory")
		     : wd_reject(d, WD_R_MALFORMED,
			   "ek_certificates in section [tpm] are not in PEM");
}

static int
add_file(const char *path, struct wd_wr *wr, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *pem = NULL;
	int r;

	if (path[0] == '\0')
		return 0;
	r = wd_file_read(AT_FDCWD, path, AGENT_TPM_CERT_MAX, &pem, d);
	if (r > 0)
		return wd_reject(d, (enum wd_reason)r,
		    "ek_certificates in section [tpm] cannot be read");
	return r != 0 ? r : add_pem(wd_bytes_span(pem), wr, d);
}

static int
collect_certificates(const struct agent_conf *c, enum wd_tss_kind kind,
    struct ctx *x, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(AGENT_TPM_CERT_MAX);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *own = NULL;
	struct wd_diag none = { 0 };
	int r;

	/* Many TPMs have none; then an operator vouches for the key. */
	if (wd_tss_ek_certificate(x->tss, kind, &own, &none) == 0)
		wd_wr_bytes(&wr, wd_bytes_span(own));
	if ((r = add_file(c->tpm_ek_certificates, &wr, d)) != 0)
		return r;
	r = wd_wr_take(&wr, &x->ek_certificates);
	return r == 0 ? 0
	    : r < 0   ? wd_fault(d, WD_F_MEMORY, "no memory")
		      : wd_reject(d, WD_R_TOO_LARGE,
			    "too many certificates of the endorsement key");
}

/* What the server will call the platform, for those who vouch for it. */
static int
name_platform(struct ctx *x)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	struct wd_tpm_public p;
	uint8_t digest[32];
	int r;

	if ((r = wd_tpm_public_parse(wd_bytes_span(x->ek), &p, NULL)) != 0 ||
	    (r = wd_tpm_public_key(&p, &key)) != 0 ||
	    (r = wd_pkey_to_spki(key, &spki)) != 0 ||
	    (r = wd_hash(WD_SHA256, wd_bytes_span(spki), digest)) != 0)
		return r;
	wd_hex_format(WD_SPAN(digest), x->platform);
	wd_log(
	    WD_LOG_INFO, "tpm_endorsement_key", "platform", x->platform, NULL);
	return 0;
}

/* A TPM whose endorsement key cannot be used still attests. */
static int
open_ek(const struct agent_conf *c, struct ctx *x, struct wd_diag *d)
{
	enum wd_tss_kind kind =
	    strcmp(c->tpm_ek, "rsa") == 0 ? WD_TSS_RSA : WD_TSS_ECC;
	struct wd_diag why = { 0 };
	int r;

	if (!c->tpm_enrol)
		return 0;
	if ((r = collect_certificates(c, kind, x, d)) != 0)
		return r;
	if (wd_tss_make_ek(x->tss, kind, &x->ek, &why) == 0 &&
	    name_platform(x) == 0)
		return 0;
	wd_bytes_freep(&x->ek);
	wd_log_result("tpm_no_endorsement_key", WD_F_SYSTEM, &why);
	return 0;
}

static bool
tpm_keys(const void *at, struct agent_tpm_keys *ret)
{
	const struct ctx *x = at;

	if (x->ek == NULL)
		return false;
	*ret = (struct agent_tpm_keys){
		.certificates = wd_bytes_span(x->ek_certificates),
		.ek = wd_bytes_span(x->ek),
		.ak = wd_bytes_span(x->ak),
		.platform = x->platform,
	};
	return true;
}

static int
tpm_activate(void *at, struct wd_span credential, struct wd_span secret,
    struct wd_secret **ret, struct wd_diag *d)
{
	const struct ctx *x = at;

	return wd_tss_activate(x->tss, credential, secret, ret, d);
}

static int
tpm_enrolled(void *at, struct wd_span enrolment, struct wd_diag *d)
{
	struct ctx *x = at;

	wd_bytes_freep(&x->enrolment);
	if (enrolment.len == 0)
		return 0;
	x->enrolment = wd_bytes_copy(enrolment);
	return x->enrolment != NULL ? 0 : wd_fault(d, WD_F_MEMORY, "no memory");
}

/* Policies name the key by it. */
static int
say_name(const struct ctx *x, struct wd_diag *d)
{
	char hex[2 * WD_TPM_NAME_MAX + 1];
	uint8_t name[WD_TPM_NAME_MAX];
	struct wd_tpm_public p;
	size_t len = 0;
	int r = wd_tpm_public_parse(wd_bytes_span(x->ak), &p, d);

	if (r != 0)
		return wd_fault(d, WD_F_SYSTEM, "the TPM's key is strange");
	if (wd_tpm_public_name(&p, name, &len) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	wd_hex_format(wd_span(name, len), hex);
	wd_log(WD_LOG_INFO, "tpm_key", "name", hex, NULL);
	return 0;
}

static int
tpm_open(const struct agent_conf *c, void **ret, struct wd_diag *d)
{
	WD_AUTO(tpm_closep) struct ctx *x = wd_alloc(sizeof(*x));
	int r;

	if (x == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	x->ima = -1;
	if ((r = read_settings(c, x, d)) != 0 || (r = open_tpm(c, x, d)) != 0)
		return r;
	if ((r = say_name(x, d)) != 0 || (r = open_ek(c, x, d)) != 0)
		return r;
	read_log(c->tpm_event_log, &x->event_log);
	if ((x->pcrs >> IMA_PCR & 1) != 0)
		x->ima = open_ima(c->tpm_ima_log);
	*ret = WD_TAKE(x);
	return 0;
}

/* ---- quoting */

/* All registers there are: others than ours read them in their places. */
static int
write_pcrs(const struct wd_tss_pcrs *p, struct wd_wr *wr)
{
	const char *comma = "";

	wd_wr_text(wr, "{");
	for (unsigned i = 0; i < WD_TSS_PCRS; i++) {
		if (p->len[i] == 0)
			continue;
		wd_wr_printf(wr, "%s\"%u\":\"", comma, i);
		wd_hex_write(wr, wd_span(p->value[i], p->len[i]));
		wd_wr_text(wr, "\"");
		comma = ",";
	}
	wd_wr_text(wr, "}");
	return wd_wr_end(wr);
}

static bool
same_values(const struct wd_tss_pcrs *a, const struct wd_tss_pcrs *b)
{
	for (size_t i = 0; i < WD_TSS_PCRS; i++)
		if (a->len[i] != b->len[i] ||
		    !wd_span_equal(wd_span(a->value[i], a->len[i]),
			wd_span(b->value[i], b->len[i])))
			return false;
	return true;
}

struct quote {
	struct wd_bytes *attest, *signature, *ima;
	struct wd_tss_pcrs pcrs;
};

static void
quote_done(struct quote *q)
{
	wd_bytes_freep(&q->attest);
	wd_bytes_freep(&q->signature);
	wd_bytes_freep(&q->ima);
}

/* The values are those of the quote when they are the same on both sides. */
static int
take_quote(
    struct ctx *x, struct wd_span nonce, struct quote *q, struct wd_diag *d)
{
	const uint32_t all = (UINT32_C(1) << WD_TSS_PCRS) - 1;

	for (int i = 0; i < TRIES; i++) {
		struct wd_tss_pcrs before;
		int r;

		quote_done(q);
		r = wd_tss_read_pcrs(x->tss, x->bank, all, &before, d);
		if (r != 0)
			return r;
		if ((r = wd_tss_quote(x->tss, x->bank, x->pcrs, nonce,
			 &q->attest, &q->signature, d)) != 0 ||
		    (r = wd_tss_read_pcrs(x->tss, x->bank, all, &q->pcrs, d)) !=
			0)
			return r;
		if (same_values(&before, &q->pcrs))
			break;
	}
	q->ima = read_ima(x); /* behind the quote, so not shorter than it */
	return 0;
}

static void
add(struct wd_wr *wr, enum wd_part role, const struct wd_bytes *bytes)
{
	if (bytes != NULL)
		wd_bundle_add(wr, role, wd_bytes_span(bytes));
}

static int
write_bundle(const struct ctx *x, const struct quote *q, struct wd_bytes **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_BUNDLE_MAX);
	WD_AUTO(wd_wr_done) struct wd_wr pcrs = wd_wr_growing(PCRS_TEXT_MAX);

	if (write_pcrs(&q->pcrs, &pcrs) != 0)
		return WD_F_MEMORY;
	add(&wr, WD_IN_EVENT_LOG, x->event_log);
	add(&wr, WD_IN_IMA_LOG, q->ima);
	add(&wr, WD_IN_AK, x->ak);
	add(&wr, WD_IN_AK_CERT, x->certificate);
	add(&wr, WD_IN_ATTEST, q->attest);
	add(&wr, WD_IN_SIGNATURE, q->signature);
	wd_bundle_add(&wr, WD_IN_PCRS, wd_wr_span(&pcrs));
	add(&wr, WD_IN_TPM_ENROLMENT, x->enrolment);
	return wd_wr_take(&wr, ret);
}

static int
tpm_quote(void *at, const uint8_t report_data[AGENT_REPORT_DATA],
    struct wd_bytes **ret, struct wd_diag *d)
{
	struct ctx *x = at;
	WD_AUTO(quote_done) struct quote q = { 0 };
	int r = take_quote(x, wd_span(report_data, NONCE), &q, d);

	if (r != 0)
		return r;
	r = write_bundle(x, &q, ret);
	return r == 0 ? 0 : wd_fault(d, WD_F_MEMORY, "no memory");
}

static bool
tpm_is_same(const struct agent_conf *a, const struct agent_conf *b)
{
	return strcmp(a->tpm_tcti, b->tpm_tcti) == 0 &&
	    strcmp(a->tpm_key, b->tpm_key) == 0 &&
	    strcmp(a->tpm_bank, b->tpm_bank) == 0 &&
	    strcmp(a->tpm_pcrs, b->tpm_pcrs) == 0 &&
	    strcmp(a->tpm_certificate, b->tpm_certificate) == 0 &&
	    a->tpm_enrol == b->tpm_enrol && strcmp(a->tpm_ek, b->tpm_ek) == 0 &&
	    strcmp(a->tpm_ek_certificates, b->tpm_ek_certificates) == 0 &&
	    strcmp(a->tpm_event_log, b->tpm_event_log) == 0 &&
	    strcmp(a->tpm_ima_log, b->tpm_ima_log) == 0;
}

const struct agent_attester_row agent_attester_tpm = {
	.name = "tpm",
	.tee = WD_TEE_TPM,
	.software = false,
	.open = tpm_open,
	.close = tpm_close,
	.quote = tpm_quote,
	.keys = tpm_keys,
	.activate = tpm_activate,
	.enrolled = tpm_enrolled,
	.is_same = tpm_is_same,
};
