/*
 * One PEM block a file.
 */
#include "attest/key_file.h"

#include "base/wr.h"
#include "codec/pem.h"
#include "sys/file.h"

enum { FILE_MAX = 16384 };

static int
save_pem(int dir, const char *name, const char *label, struct wd_span der,
    unsigned mode, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(FILE_MAX);

	wd_pem_write(&wr, label, der);
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for %s", name);
	return wd_file_write(dir, name, wd_wr_span(&wr), mode, true, d);
}

int
wd_key_file_save(
    int dir, const char *name, const struct wd_pkey *key, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;

	if (wd_pkey_to_pkcs8(key, &der) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot write a key");
	return save_pem(
	    dir, name, "PRIVATE KEY", wd_secret_borrow(der), 0600, d);
}

int
wd_cert_file_save(
    int dir, const char *name, struct wd_span der, struct wd_diag *d)
{
	return save_pem(dir, name, "CERTIFICATE", der, 0644, d);
}

int
wd_key_file_open(int dir, const char *name, bool needed, struct wd_pkey **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *pem = NULL;
	struct wd_diag why = { 0 };
	int r = wd_file_read_secret(dir, name, FILE_MAX, &pem, &why);

	if (r == WD_R_NOT_FOUND && !needed)
		return 0;
	if (r == WD_R_NOT_FOUND)
		return wd_reject(d, WD_R_NOT_FOUND, "%s", why.detail);
	if (r == 0)
		r = wd_pkey_from_private(wd_secret_borrow(pem), ret);
	if (r > 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "%s: not a private key", name);
	return r == 0 ? 0
		      : wd_fault(d, WD_F_SYSTEM, "%s: %s", name, why.detail);
}

int
wd_cert_file_open(
    int dir, const char *name, struct wd_bytes **ret_der, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *pem = NULL;
	struct wd_diag why = { 0 };
	struct wd_rd rd;
	int r = wd_file_read(dir, name, FILE_MAX, &pem, &why);

	if (r == WD_R_NOT_FOUND)
		return wd_reject(d, WD_R_NOT_FOUND, "%s", why.detail);
	if (r < 0)
		return wd_fault(d, WD_F_SYSTEM, "%s", why.detail);
	rd = wd_rd(wd_bytes_span(pem));
	if (r == 0)
		r = wd_pem_next(&rd, "CERTIFICATE", ret_der);
	if (r < 0)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	return r == 0 ? 0
		      : wd_reject(d, WD_R_MALFORMED,
			    "%s: not a certificate in PEM", name);
}
