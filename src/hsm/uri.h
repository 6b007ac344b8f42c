/*
 * The name of a token or of a key in it (RFC 7512):
 * pkcs11:token=T;object=K?module-path=/lib/m.so&pin-source=file:/etc/pin
 * where pin-source may be "credential:NAME" (sys/credential.h) too.
 */
#pragma once

#include "base/diag.h"
#include "base/span.h"
#include "base/wr.h"

enum { WD_HSM_ID_MAX = 64, WD_HSM_PATH_MAX = 256 };

enum wd_hsm_class { WD_HSM_ANY, WD_HSM_SECRET, WD_HSM_PRIVATE };

struct wd_hsm_uri {
	char token[33];  /* label; empty: any, told apart by serial */
	char serial[17]; /* empty: any */
	char object[65]; /* label of the key */
	char module[WD_HSM_PATH_MAX + 1],
	    pin_file[WD_HSM_PATH_MAX + 1]; /* absolute paths; or a credential */
	enum wd_hsm_class class;
	uint8_t id[WD_HSM_ID_MAX];
	size_t id_len; /* 0: any */
};

/*
 * The one key of a seal: token or serial, object, module-path and pin-source
 * must be there, once.
 * WD_R_MALFORMED; WD_R_UNSUPPORTED for anything else, a PIN in the text above
 * all; WD_R_RANGE: too long.
 */
int wd_hsm_uri_read(
    struct wd_span text, struct wd_hsm_uri *ret, struct wd_diag *d) WD_MUST_USE;

/* A token: token or serial, and module-path; no key. As above. */
int wd_hsm_uri_read_token(
    struct wd_span text, struct wd_hsm_uri *ret, struct wd_diag *d) WD_MUST_USE;

/* A key: id or object, and type (private or secret-key), token and serial where
 * they are known. No paths. As above. */
int wd_hsm_uri_read_key(
    struct wd_span text, struct wd_hsm_uri *ret, struct wd_diag *d) WD_MUST_USE;

/* Of a key: its class, and its id or else its label, with nothing in it but
 * printable ASCII. */
void wd_hsm_uri_write_key(const struct wd_hsm_uri *u, struct wd_wr *wr);
