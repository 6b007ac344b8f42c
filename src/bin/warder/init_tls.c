/*
 * The TLS key and certificate of a new server: self-signed, for the server's
 * name, until the operator puts better ones in their place. A key that is
 * there is used; a certificate is never replaced, but has to be the key's.
 */
#include "bin/warder/init.h"

#include "bin/common/role.h"
#include "codec/pem.h"
#include "crypto/tls_pair.h"
#include "crypto/x509_make.h"
#include "sys/file.h"

#include <fcntl.h>

enum {
	KEY_PEM_MAX = 512, /* P-256, PKCS#8 */
	CERT_PEM_MAX = 16384,
	SKEW = 300,             /* clocks of clients that are behind */
	LIFE = 825 * 24 * 3600, /* longer is refused by some clients */
};

static int
write_key(const struct init *x, const struct wd_pkey *k, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	WD_AUTO(wd_secret_freep)
	struct wd_secret *pem = wd_secret_new(KEY_PEM_MAX);
	struct wd_wr wr;
	int r;

	if (pem == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if ((r = wd_pkey_to_pkcs8(k, &der)) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot write the TLS key");
	wr = wd_wr_fixed(wd_secret_bytes(pem), KEY_PEM_MAX);
	wd_pem_write(&wr, "PRIVATE KEY", wd_secret_borrow(der));
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_BUG, "the TLS key is too long");
	return init_file_write(
	    x->conf.tls_key, wd_wr_span(&wr), 0600, false, d);
}

static int
make_key(struct init *x, struct wd_pkey **ret, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	int r = wd_pkey_generate(WD_PKEY_P256, &k);

	if (r != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot make the TLS key");
	if ((r = write_key(x, k, d)) != 0)
		return r;
	x->made_key = true;
	*ret = WD_TAKE(k);
	return 0;
}

static int
read_key_file(const struct init *x, struct wd_secret **ret, struct wd_diag *d)
{
	return wd_file_read_secret(
	    AT_FDCWD, x->conf.tls_key, WD_CTL_PEM_MAX, ret, d);
}

static int
read_key(const struct init *x, struct wd_pkey **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *text = NULL;
	int r = read_key_file(x, &text, d);

	if (r != 0)
		return r;
	if ((r = wd_pkey_from_private(wd_secret_borrow(text), ret)) > 0)
		return wd_reject(d, WD_R_KEY_INVALID,
		    "%.150s: not a private key", x->conf.tls_key);
	return r;
}

static int
make_certificate(
    const struct init *x, const struct wd_pkey *k, struct wd_bytes **ret_der)
{
	/* Names longer than a common name may be stand in the list alone. */
	struct wd_rdn name = { "2.5.4.3",
		wd_span_text(x->conf.name).len <= 64 ? x->conf.name
						     : "warder" };
	struct wd_cert_spec spec = {
		.subject = &name,
		.n_subject = 1,
		.not_before = x->now - SKEW,
		.not_after = x->now + LIFE,
		.path_len = -1,
		.key_usage = WD_KU_DIGITAL_SIGNATURE,
		.server_auth = true,
		.dns = x->names,
		.n_dns = x->n_names,
	};

	return wd_cert_make(&spec, k, k, ret_der);
}

static int
write_certificate(struct init *x, const struct wd_pkey *k, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(CERT_PEM_MAX);
	int r = make_certificate(x, k, &der);

	if (r == WD_R_RANGE)
		return wd_reject(
		    d, WD_R_RANGE, "a certificate cannot carry these names");
	if (r != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot make the certificate");
	wd_pem_write(&wr, "CERTIFICATE", wd_bytes_span(der));
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	r = init_file_write(
	    x->conf.tls_certificate, wd_wr_span(&wr), 0644, false, d);
	if (r != 0)
		return r;
	x->made_certificate = true;
	x->certificate_expires = x->now + LIFE;
	return 0;
}

/* Both are the operator's. A server would not start with what does not fit. */
static int
check_pair(struct init *x, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *chain = NULL;
	struct wd_tls_pair pair;
	struct wd_diag why = { 0 };
	int r;

	if ((r = read_key_file(x, &key, d)) != 0 ||
	    (r = wd_file_read(AT_FDCWD, x->conf.tls_certificate, WD_CTL_PEM_MAX,
		 &chain, d)) != 0)
		return r;
	r = wd_tls_pair_check(
	    wd_secret_borrow(key), wd_bytes_span(chain), &pair, &why);
	if (r > 0)
		return wd_reject(d, (enum wd_reason)r, "%.80s and %.80s: %s",
		    x->conf.tls_key, x->conf.tls_certificate, why.detail);
	if (r < 0)
		return wd_fault(d, (enum wd_faults)r, "%s", why.detail);
	x->certificate_expires = pair.not_after;
	return 0;
}

/* The certificate of a backup, when the key is still the one it is for. */
static int
put_back(struct init *x, bool *ret_done, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	struct wd_tls_pair pair;
	int r = read_key_file(x, &key, d);

	if (r != 0)
		return r;
	if (wd_tls_pair_check(
		wd_secret_borrow(key), x->certificate, &pair, NULL) != 0)
		return 0;
	r = init_file_write(
	    x->conf.tls_certificate, x->certificate, 0644, false, d);
	x->made_certificate = *ret_done = r == 0;
	x->certificate_expires = pair.not_after;
	return r;
}

int
init_tls(struct init *x, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	bool has_key = init_file_is_there(x->conf.tls_key);
	bool done = false;
	int r;

	if (init_file_is_there(x->conf.tls_certificate)) {
		if (has_key)
			return check_pair(x, d);
		return wd_reject(d, WD_R_CONFLICT,
		    "%.150s is there without its key", x->conf.tls_certificate);
	}
	if (has_key && x->certificate.len > 0 &&
	    ((r = put_back(x, &done, d)) != 0 || done))
		return r;
	r = has_key ? read_key(x, &k, d) : make_key(x, &k, d);
	return r != 0 ? r : write_certificate(x, k, d);
}
