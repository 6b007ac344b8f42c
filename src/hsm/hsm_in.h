/*
 * What the files of this folder share.
 */
#pragma once

#include "base/reason.h"
#include "hsm/ck.h"
#include "hsm/hsm.h"

struct wd_hsm_module {
	void *library;
	struct ck_function_list *f;
	bool initialized;
};
/* Into M, which is zeroed and needs its end on failure too. 0 or a fault. */
int wd_hsm_module_load(
    const char *path, struct wd_hsm_module *m, struct wd_diag *d) WD_MUST_USE;
void wd_hsm_module_done(struct wd_hsm_module *m);

/* C_Initialize, after C_Finalize where it was initialized. */
ck_rv_t wd_hsm_module_start(struct wd_hsm_module *m) WD_MUST_USE;

/* The slot of the token that U names. WD_R_NOT_FOUND, WD_R_MISMATCH: there are
 * several; or a fault. */
int wd_hsm_slot(const struct wd_hsm_module *m, const struct wd_hsm_uri *u,
    ck_slot_id_t *ret, struct ck_token_info *ret_info, struct wd_diag *d)
    WD_MUST_USE;

struct wd_hsm {
	struct wd_hsm_how how;
	struct wd_hsm_uri uri;
	struct wd_hsm_module module;
	struct ck_function_list *f; /* the module's */
	bool open;
	ck_session_handle_t session;
	/* of an open session: the one key, or the halves of a pair */
	ck_object_handle_t encrypt, decrypt;
	bool is_rsa;
};

/* What the module would not do, with its answer in hex. */
int wd_hsm_fault(struct wd_diag *d, const char *what, ck_rv_t rv);

/* Opens a session, logs in, finds the key and looks at it, unless that was
 * done. Rejections as wd_hsm_wrap(). */
int wd_hsm_session(struct wd_hsm *h, struct wd_diag *d) WD_MUST_USE;

/* Opens a session and logs in; the key need not be there. */
int wd_hsm_login(struct wd_hsm *h, bool write, struct wd_diag *d) WD_MUST_USE;

/* Forgets the session, so that the next call opens another. */
void wd_hsm_close_session(struct wd_hsm *h);

/* An answer that a new session may cure. */
bool wd_hsm_is_session_lost(ck_rv_t rv);

/* Finds the key of the label, of one class; *RET is 0 when there is none.
 * WD_R_MISMATCH: more than one. */
int wd_hsm_find(struct wd_hsm *h, ck_object_class_t class,
    ck_object_handle_t *ret, struct wd_diag *d) WD_MUST_USE;

/* The key of an open session. */
int wd_hsm_find_key(struct wd_hsm *h, struct wd_diag *d) WD_MUST_USE;
