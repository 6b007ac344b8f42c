/*
 * keys.txt as the SKC library wrote it: one pkcs11: URI a line that names a key
 * of the server by its id (RFC 7512 in its look, with ';' between all parts).
 * Kept so that a machine that ran SKC moves over with its own files; the token
 * then is called KMS, as those files and nginx.conf say.
 */
#pragma once

#include "base/diag.h"
#include "base/id.h"
#include "proto/holder.h"

#define WD_SKC_TOKEN "KMS"

struct wd_skc_key {
	struct wd_id id;
	char label[WD_HOLDER_LABEL_MAX + 1]; /* the part "object" */
	bool is_private; /* else a secret key, which no program can sign with */
};

/*
 * Takes the next line that says something off TEXT. WD_R_NOT_FOUND at the end;
 * WD_R_MALFORMED for what is no such URI: token other than KMS, a part that is
 * missing, unknown or given twice, an id that is no key's. The PIN must be
 * there (SKC wanted one) and is not kept: who may use a key is in agent.conf.
 */
int wd_skc_next(struct wd_span *text, struct wd_skc_key *ret, struct wd_diag *d)
    WD_MUST_USE;
