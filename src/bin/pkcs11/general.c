/*
 * Start and end of the module in a process, and what is local to it. The
 * environment is read at the first start only: worker processes of nginx have
 * none.
 */
#include "base/clock.h"
#include "base/env.h"
#include "base/num.h"
#include "bin/pkcs11/slot.h"
#include "bin/pkcs11/state.h"

#include <sys/random.h>

enum {
	WAIT = 5, /* seconds a holder that starts is waited for */
	WAIT_MAX = 60,
	RANDOM_CHUNK = 256,
};

/* All four functions or none; what they do is done by pthreads (2.40, section
 * 5.4, C_Initialize). */
static bool
args_fit(const struct ck_c_initialize_args *args)
{
	int given = (args->create_mutex != NULL) +
	    (args->destroy_mutex != NULL) + (args->lock_mutex != NULL) +
	    (args->unlock_mutex != NULL);

	return args->reserved == NULL && (given == 0 || given == 4);
}

static void
read_configuration(struct wd_p11 *p)
{
	const char *path = wd_env("WARDER_HOLDER_SOCKET");
	uint64_t wait;

	if (p->path[0] != '\0')
		return;
	if (!wd_num_parse(
		wd_span_text(wd_env("WARDER_HOLDER_WAIT")), WAIT_MAX, &wait))
		wait = WAIT;
	p->wait = (int64_t)wait * 1000;
	if (path == NULL)
		path = WD_HOLDER_SOCKET;
	/* A path that is too long stays empty: nobody listens there. */
	(void)wd_span_to_text(wd_span_text(path), p->path, sizeof(p->path));
}

static void
close_all(struct wd_p11 *p)
{
	wd_p11_sessions_close(&p->sessions);
	p->logged_in = false;
}

/* A child starts again without having ended: then its sessions are gone. */
static ck_rv_t
start(struct wd_p11 *p)
{
	if (p->initialized && !p->forked)
		return CKR_CRYPTOKI_ALREADY_INITIALIZED;
	if (p->initialized)
		close_all(p);
	read_configuration(p);
	if (!p->listed)
		p->patience = wd_time_mono_ms() + p->wait;
	p->forked = false;
	p->initialized = true;
	return CKR_OK;
}

ck_rv_t
C_Initialize(void *init_args)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = NULL;

	if (init_args != NULL && !args_fit(init_args))
		return CKR_ARGUMENTS_BAD;
	if (!wd_p11_prepare())
		return CKR_HOST_MEMORY;
	p = wd_p11_enter_any();
	return start(p);
}

/* The list of keys is kept: whoever starts again finds the same handles, and
 * the holder need not be there at once. */
ck_rv_t
C_Finalize(void *reserved)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	if (reserved != NULL)
		return CKR_ARGUMENTS_BAD;
	close_all(p);
	wd_links_close(p->links);
	p->initialized = false;
	p->fresh = false;
	wd_p11_wake();
	return CKR_OK;
}

/* Always the same: programs compare it before and after a fork. */
ck_rv_t
C_GetInfo(struct ck_info *info)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	*info = (struct ck_info){
		.cryptoki_version = { 2, 40 },
		.library_version = { 0, 1 },
	};
	wd_p11_pad(info->manufacturer_id, sizeof(info->manufacturer_id),
	    WD_SPAN_LIT("Warder"));
	wd_p11_pad(info->library_description, sizeof(info->library_description),
	    WD_SPAN_LIT("Keys held by warder-agent"));
	return CKR_OK;
}

/* Straight from the kernel, in pieces that cannot be interrupted. */
static bool
fill(unsigned char *dst, size_t len)
{
	while (len > 0) {
		size_t n = len < RANDOM_CHUNK ? len : RANDOM_CHUNK;

		if (getrandom(dst, n, 0) != (ssize_t)n)
			return false;
		dst += n;
		len -= n;
	}
	return true;
}

ck_rv_t
C_GenerateRandom(ck_session_handle_t session, unsigned char *random_data,
    unsigned long random_len)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = wd_session_take(session, &s);

	if (rv != CKR_OK)
		return rv;
	if (random_data == NULL)
		return random_len == 0 ? CKR_OK : CKR_ARGUMENTS_BAD;
	return fill(random_data, random_len) ? CKR_OK : CKR_DEVICE_ERROR;
}

ck_rv_t
C_SeedRandom(
    ck_session_handle_t session, unsigned char *seed, unsigned long seed_len)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = wd_session_take(session, &s);

	(void)seed; /* the kernel's generator needs none */
	(void)seed_len;
	return rv == CKR_OK ? CKR_RANDOM_SEED_NOT_SUPPORTED : rv;
}
