/*
 * PKCS#11 as the module speaks it: the types of p11-kit's header under their
 * own spelling, and what version 3.0 adds, which that header of Debian 12 does
 * not have.
 */
#pragma once

#include "base/span.h"

#include "hsm/ck.h"

enum { WD_CK_FALSE, WD_CK_TRUE };

/* PKCS#11 3.0, section 5.4.4. */
struct wd_ck_interface {
	char *name;
	void *functions;
	ck_flags_t flags;
};

#define WD_CKF_INTERFACE_FORK_SAFE 1ul
#define WD_CKF_FIND_OBJECTS (1ul << 6)

/* A view of what a caller points at; no bytes for a NULL pointer. */
static inline struct wd_span
wd_ck_span(const void *p, unsigned long len)
{
	return wd_span(p, p == NULL ? 0 : len);
}

/* Version 3.0, section 5.4.5 and on, of what the header above lacks. */
ck_rv_t C_GetInterfaceList(
    struct wd_ck_interface *interfaces, unsigned long *count);
ck_rv_t C_GetInterface(unsigned char *name, struct ck_version *version,
    struct wd_ck_interface **interface, ck_flags_t flags);
ck_rv_t C_LoginUser(ck_session_handle_t session, ck_user_type_t user_type,
    unsigned char *pin, unsigned long pin_len, unsigned char *username,
    unsigned long username_len);
ck_rv_t C_SessionCancel(ck_session_handle_t session, ck_flags_t flags);
