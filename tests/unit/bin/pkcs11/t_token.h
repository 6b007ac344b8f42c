/*
 * The module as a program loads it, and a holder of fresh keys in a process of
 * its own that can be ended, stopped and started again.
 */
#pragma once

#include "../agent/t_hold.h"

#include "bin/agent/serve.h"
#include "bin/pkcs11/ck.h"
#include "crypto/sig.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct t_token {
	char dir[32], path[64];
	struct t_release p256, rsa, ed;
	struct wd_hold *hold;
	pid_t holder;       /* 0: none */
	void (*loop)(void); /* of another kind of holder; NULL: none */
	struct ck_function_list *f;
	struct wd_ck_interface *v3;
};

static struct t_token t;

/* ---- the holder's side */

static inline void
t_holder_loop(void)
{
	struct wd_serve_options options = { .label = "test",
		.serial = "0123456789abcdef" };
	struct wd_serve *serve = NULL;
	struct wd_diag d = { 0 };
	int fd = -1;

	if (wd_serve_listen(t.path, &fd, &d) != 0 ||
	    wd_serve_new(t.hold, fd, &options, &serve, &d) != 0)
		_exit(1);
	while (wd_serve_wait(serve, NULL, 0, 60000, &d) == 0)
		continue;
	_exit(1);
}

static inline void
t_pause(long ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&ts, NULL);
}

static inline void
t_holder_start(void)
{
	struct stat st;

	(void)unlink(t.path);
	t.holder = fork();
	assert_true(t.holder >= 0);
	if (t.holder == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(t.loop != NULL ? t.loop : t_holder_loop)();
	}
	for (int i = 0; i < 1000 && stat(t.path, &st) != 0; i++)
		t_pause(5);
	t_pause(10); /* between bind and listen */
}

static inline void
t_holder_kill(void)
{
	(void)kill(t.holder, SIGKILL);
	assert_int_equal(waitpid(t.holder, NULL, 0), t.holder);
	t.holder = 0;
}

static inline void
t_hold_key(struct t_release *r, enum wd_pkey_alg alg, const char *label)
{
	struct wd_diag d = { 0 };

	t_release_make(r, alg);
	r->rights.use[0].id = getuid();
	r->record.label = wd_span_text(label);
	t_ok(wd_hold_put(t.hold, &r->record, &d));
}

/* ---- the program's side */

static inline void
t_load(const char *module)
{
	void *lib = dlopen(module, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList list;
	__typeof__(&C_GetInterface) interface;

	if (lib == NULL)
		fail_msg("%s", dlerror());
	*(void **)&list = dlsym(lib, "C_GetFunctionList");
	*(void **)&interface = dlsym(lib, "C_GetInterface");
	assert_non_null(list);
	assert_non_null(interface);
	assert_int_equal(list(&t.f), CKR_OK);
	assert_int_equal(interface(NULL, NULL, &t.v3, 0), CKR_OK);
}

static inline int
t_token_setup(const char *module)
{
	t_ok(wd_crypto_init(NULL));
	(void)snprintf(t.dir, sizeof(t.dir), "/tmp/module-XXXXXX");
	assert_non_null(mkdtemp(t.dir));
	(void)snprintf(t.path, sizeof(t.path), "%s/sock", t.dir);
	assert_int_equal(setenv("WARDER_HOLDER_SOCKET", t.path, 1), 0);
	t.hold = wd_hold_new();
	t_hold_key(&t.p256, WD_PKEY_P256, "p256");
	t_hold_key(&t.rsa, WD_PKEY_RSA2048, "rsa");
	t_hold_key(&t.ed, WD_PKEY_ED25519, "ed");
	wd_hold_set_ready(t.hold, true);
	t_holder_start();
	t_load(module);
	return 0;
}

static inline int
t_token_teardown(void)
{
	if (t.holder != 0)
		t_holder_kill();
	wd_hold_freep(&t.hold);
	t_release_done(&t.p256);
	t_release_done(&t.rsa);
	t_release_done(&t.ed);
	(void)unlink(t.path);
	return rmdir(t.dir);
}

static inline ck_session_handle_t
t_session(void)
{
	ck_session_handle_t s = 0;

	assert_int_equal(
	    t.f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_OK);
	return s;
}

/* The first object of a class and label; 0: none. Asserts nothing of cmocka's,
 * so that threads and children can call it. */
static inline ck_object_handle_t
t_find(ck_session_handle_t s, ck_object_class_t class, const char *label)
{
	struct wd_span l = wd_span_text(label);
	char copy[64];
	struct ck_attribute templ[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, copy, l.len },
	};
	ck_object_handle_t o = 0;
	unsigned long n = 0;

	wd_copy(copy, l);
	if (t.f->C_FindObjectsInit(s, templ, 2) != CKR_OK)
		return 0;
	(void)t.f->C_FindObjects(s, &o, 1, &n);
	(void)t.f->C_FindObjectsFinal(s);
	return n == 1 ? o : 0;
}

/* A signature of DATA that also verifies: its CK_RV, or CKR_SIGNATURE_INVALID.
 */
static inline ck_rv_t
t_sign(ck_session_handle_t s, ck_object_handle_t key, ck_mechanism_type_t type,
    const struct t_release *release, enum wd_sig_alg alg, struct wd_span data)
{
	struct ck_mechanism m = { type, NULL, 0 };
	unsigned char copy[256], sig[WD_SIG_MAX];
	unsigned long len = sizeof(sig);
	ck_rv_t rv = t.f->C_SignInit(s, &m, key);

	if (rv != CKR_OK)
		return rv;
	wd_copy(copy, data);
	rv = t.f->C_Sign(s, copy, data.len, sig, &len);
	if (rv != CKR_OK)
		return rv;
	return wd_sig_verify(release->key, alg, data, wd_span(sig, len)) == 0
	    ? CKR_OK
	    : CKR_SIGNATURE_INVALID;
}

static inline ck_rv_t
t_sign_p256(ck_session_handle_t s, ck_object_handle_t key, struct wd_span data)
{
	return t_sign(s, key, CKM_ECDSA_SHA256, &t.p256, WD_SIG_ES256, data);
}
