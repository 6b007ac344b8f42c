/*
 * Loading a module, and sessions: found by the label or serial number of the
 * token, since slots are numbered anew at each start.
 */
#include "hsm/hsm_in.h"

#include "base/alloc.h"

#include <dlfcn.h>

enum { SLOTS = 64 };

int
wd_hsm_fault(struct wd_diag *d, const char *what, ck_rv_t rv)
{
	return wd_fault(d, WD_F_SYSTEM, "the HSM: cannot %s (%08lx)", what, rv);
}

/* ---- the module */

void
wd_hsm_module_done(struct wd_hsm_module *m)
{
	if (m->initialized)
		(void)m->f->C_Finalize(NULL); /* we leave anyway */
	if (m->library != NULL)
		(void)dlclose(m->library); /* likewise */
	*m = (struct wd_hsm_module){ 0 };
}

int
wd_hsm_module_load(const char *path, struct wd_hsm_module *m, struct wd_diag *d)
{
	CK_C_GetFunctionList list;
	const char *why;

	/* Never unmapped: modules leave threads and exit handlers behind. */
	m->library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (m->library == NULL) {
		why = dlerror();
		return wd_fault(d, WD_F_SYSTEM,
		    "cannot load the module: %.150s", why == NULL ? path : why);
	}
	list = (CK_C_GetFunctionList)(uintptr_t)dlsym(
	    m->library, "C_GetFunctionList");
	if (list == NULL || list(&m->f) != CKR_OK || m->f == NULL)
		return wd_fault(
		    d, WD_F_SYSTEM, "%.150s is no PKCS#11 module", path);
	return 0;
}

ck_rv_t
wd_hsm_module_start(struct wd_hsm_module *m)
{
	/* A thread that it starts would end the process: it is told. */
	struct ck_c_initialize_args args = { .flags = CKF_OS_LOCKING_OK |
		    CKF_LIBRARY_CANT_CREATE_OS_THREADS };
	ck_rv_t rv;

	if (m->initialized)
		(void)m->f->C_Finalize(NULL); /* it starts anew */
	rv = m->f->C_Initialize(&args);
	m->initialized = rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED;
	return m->initialized ? CKR_OK : rv;
}

/* ---- one key of a seal */

void
wd_hsm_close_session(struct wd_hsm *h)
{
	if (h->open)
		(void)h->f->C_CloseSession(h->session); /* may be gone */
	h->open = false;
}

struct wd_hsm *
wd_hsm_free(struct wd_hsm *h)
{
	if (h == NULL)
		return NULL;
	wd_hsm_close_session(h);
	wd_hsm_module_done(&h->module);
	return wd_free(h);
}

void
wd_hsm_freep(struct wd_hsm **h)
{
	*h = wd_hsm_free(*h);
}

int
wd_hsm_load(
    const struct wd_hsm_how *how, struct wd_hsm **ret, struct wd_diag *d)
{
	WD_AUTO(wd_hsm_freep) struct wd_hsm *h = wd_alloc(sizeof(*h));
	ck_rv_t rv;
	int r;

	if (h == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	h->how = *how;
	h->uri = *how->uri;
	if ((r = wd_hsm_module_load(h->uri.module, &h->module, d)) != 0)
		return r;
	if ((rv = wd_hsm_module_start(&h->module)) != CKR_OK)
		return wd_hsm_fault(d, "start", rv);
	h->f = h->module.f;
	*ret = WD_TAKE(h);
	return 0;
}

/* ---- the token */

/* A fixed field of the module, padded with blanks, against a text. */
static bool
is_field(const unsigned char *field, size_t len, const char *text)
{
	while (len > 0 && field[len - 1] == ' ')
		len--;
	return wd_span_is(wd_span(field, len), text);
}

static bool
is_wanted(const struct wd_hsm_uri *u, const struct ck_token_info *t)
{
	return (u->token[0] == '\0' ||
		   is_field(t->label, sizeof(t->label), u->token)) &&
	    (u->serial[0] == '\0' ||
		is_field(
		    t->serial_number, sizeof(t->serial_number), u->serial));
}

int
wd_hsm_slot(const struct wd_hsm_module *m, const struct wd_hsm_uri *u,
    ck_slot_id_t *ret, struct ck_token_info *ret_info, struct wd_diag *d)
{
	ck_slot_id_t slots[SLOTS];
	unsigned long n = SLOTS;
	ck_rv_t rv = m->f->C_GetSlotList(1, slots, &n);
	size_t found = 0;

	if (rv != CKR_OK)
		return wd_hsm_fault(d, "list its slots", rv);
	for (unsigned long i = 0; i < n && i < SLOTS; i++) {
		struct ck_token_info info = { 0 };

		if (m->f->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
		    !is_wanted(u, &info))
			continue;
		*ret = slots[i];
		*ret_info = info;
		found++;
	}
	if (found > 1)
		return wd_reject(d, WD_R_MISMATCH,
		    "more than one token is %.32s: name its serial number too",
		    u->token);
	return found == 1
	    ? 0
	    : wd_reject(d, WD_R_NOT_FOUND, "there is no token %.32s%.16s",
		  u->token, u->serial);
}

/* ---- sessions */

bool
wd_hsm_is_session_lost(ck_rv_t rv)
{
	return rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED ||
	    rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_REMOVED ||
	    rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_USER_NOT_LOGGED_IN ||
	    rv == CKR_KEY_HANDLE_INVALID || rv == CKR_OBJECT_HANDLE_INVALID;
}

static int
login(struct wd_hsm *h, struct wd_diag *d)
{
	/* The interface lacks a const; nobody writes there. */
	unsigned char *pin = (unsigned char *)(uintptr_t)h->how.pin.p;
	ck_rv_t rv = h->f->C_Login(h->session, CKU_USER, pin, h->how.pin.len);

	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
		return 0;
	/* Never a second time by itself: tokens lock after a few. */
	if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED ||
	    rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE ||
	    rv == CKR_PIN_EXPIRED)
		return wd_reject(d, WD_R_PERMISSION,
		    "the HSM refuses the PIN in %.120s (%08lx)",
		    h->uri.pin_file, rv);
	return wd_hsm_fault(d, "log in", rv);
}

int
wd_hsm_login(struct wd_hsm *h, bool write, struct wd_diag *d)
{
	ck_flags_t flags = CKF_SERIAL_SESSION | (write ? CKF_RW_SESSION : 0);
	struct ck_token_info info;
	ck_slot_id_t slot;
	ck_rv_t rv;
	int r;

	wd_hsm_close_session(h);
	if ((r = wd_hsm_slot(&h->module, &h->uri, &slot, &info, d)) != 0)
		return r;
	rv = h->f->C_OpenSession(slot, flags, NULL, NULL, &h->session);
	if (rv != CKR_OK)
		return wd_hsm_fault(d, "open a session", rv);
	h->open = true;
	r = login(h, d);
	if (r != 0)
		wd_hsm_close_session(h);
	return r;
}

int
wd_hsm_session(struct wd_hsm *h, struct wd_diag *d)
{
	int r;

	if (h->open)
		return 0;
	if ((r = wd_hsm_login(h, false, d)) != 0)
		return r;
	r = wd_hsm_find_key(h, d);
	if (r != 0)
		wd_hsm_close_session(h);
	return r;
}
