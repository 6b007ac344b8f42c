/*
 * The name of a key in an HSM (RFC 7512), as the configuration has it:
 * pkcs11:token=T;object=K?module-path=/lib/m.so&pin-source=file:/etc/pin
 */
#pragma once

#include "base/diag.h"
#include "base/span.h"

struct wd_hsm_uri {
	char token[33];  /* label; empty: any, told apart by serial */
	char serial[17]; /* empty: any */
	char object[65]; /* label of the key */
	char module[257], pin_file[257]; /* absolute paths */
};

/*
 * token or serial, object, module-path and pin-source must be there, once.
 * WD_R_MALFORMED; WD_R_UNSUPPORTED for anything else, a PIN in the text above
 * all; WD_R_RANGE: too long.
 */
int wd_hsm_uri_read(
    struct wd_span text, struct wd_hsm_uri *ret, struct wd_diag *d) WD_MUST_USE;
