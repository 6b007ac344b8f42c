/*
 * Sessions and logins. There is no PIN: the holder looks at who asks, so that a
 * login says nothing and is let through for programs that insist on one.
 */
#include "bin/pkcs11/session.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "bin/pkcs11/slot.h"
#include "bin/pkcs11/state.h"

enum {
	SLOT_BITS = 12, /* of a handle; the serial is above */
	SLOT_MASK = WD_SESSIONS_MAX - 1,
	WAIT = 4000, /* milliseconds; a call to the holder takes less */
};

void
wd_find_done(struct wd_find *find)
{
	find->handles = wd_free(find->handles);
	*find = (struct wd_find){ 0 };
}

void
wd_op_done(struct wd_op *op)
{
	wd_wr_done(&op->data);
	*op = (struct wd_op){ 0 };
}

static struct wd_session *
session_free(struct wd_session *s)
{
	if (s == NULL)
		return NULL;
	wd_find_done(&s->find);
	wd_op_done(&s->sign);
	wd_op_done(&s->digest);
	return wd_free(s);
}

void
wd_p11_sessions_after_fork(struct wd_p11_sessions *sessions)
{
	for (size_t i = 0; i < WD_SESSIONS_MAX; i++) {
		struct wd_session *s = sessions->at[i];

		if (s == NULL || !s->busy)
			continue;
		/* Not freed: the thread may have been amid a change. */
		*s = (struct wd_session){ .handle = s->handle, .rw = s->rw };
	}
}

void
wd_p11_sessions_abandon(struct wd_p11_sessions *sessions)
{
	*sessions = (struct wd_p11_sessions){
		.last_serial = sessions->last_serial,
	};
}

/* Takes it out of the table. */
static void
close_one(struct wd_p11_sessions *sessions, size_t i)
{
	struct wd_session *s = sessions->at[i];

	sessions->at[i] = NULL;
	sessions->n--;
	sessions->n_rw -= s->rw;
	if (s->busy)
		s->closed = true;
	else
		(void)session_free(s); /* always NULL */
}

void
wd_p11_sessions_close(struct wd_p11_sessions *sessions)
{
	for (size_t i = 0; i < WD_SESSIONS_MAX; i++)
		if (sessions->at[i] != NULL)
			close_one(sessions, i);
}

static struct wd_session *
find(const struct wd_p11 *p, ck_session_handle_t handle)
{
	struct wd_session *s = p->sessions.at[handle & SLOT_MASK];

	return s != NULL && s->handle == handle ? s : NULL;
}

ck_rv_t
wd_session_take(ck_session_handle_t handle, struct wd_session **ret)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();
	struct wd_session *s;
	int64_t deadline = 0;

	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	while ((s = find(p, handle)) != NULL && s->busy) {
		if (deadline == 0)
			deadline = wd_time_mono_ms() + WAIT;
		if (!wd_p11_wait(deadline))
			return CKR_FUNCTION_FAILED;
	}
	if (s == NULL)
		return CKR_SESSION_HANDLE_INVALID;
	s->busy = true;
	*ret = s;
	return CKR_OK;
}

void
wd_session_givep(struct wd_session **s)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = NULL;

	if (*s == NULL)
		return;
	p = wd_p11_enter_any();
	(*s)->busy = false;
	if ((*s)->closed)
		*s = session_free(*s);
	*s = NULL;
	wd_p11_wake();
}

/* ---- functions of PKCS#11 */

static size_t
free_slot(const struct wd_p11_sessions *sessions)
{
	size_t i = 0;

	while (i < WD_SESSIONS_MAX && sessions->at[i] != NULL)
		i++;
	return i;
}

static ck_rv_t
open_session(
    struct wd_p11_sessions *sessions, bool rw, ck_session_handle_t *ret)
{
	size_t i = free_slot(sessions);
	struct wd_session *s;

	if (i == WD_SESSIONS_MAX)
		return CKR_SESSION_COUNT;
	s = wd_alloc(sizeof(*s));
	if (s == NULL)
		return CKR_HOST_MEMORY;
	s->handle = ++sessions->last_serial << SLOT_BITS | i;
	s->rw = rw;
	sessions->at[i] = s;
	sessions->n++;
	sessions->n_rw += rw;
	*ret = s->handle;
	return CKR_OK;
}

/*
 * Never asks the holder: programs (libp11 0.4.12) wait for a session for ever
 * when one cannot be had.
 */
ck_rv_t
C_OpenSession(ck_slot_id_t slot_id, ck_flags_t flags, void *application,
    ck_notify_t notify, ck_session_handle_t *session)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

	(void)application; /* there is nothing to notify of */
	(void)notify;
	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	if (slot_id != WD_P11_SLOT)
		return CKR_SLOT_ID_INVALID;
	if (session == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((flags & CKF_SERIAL_SESSION) == 0)
		return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
	return open_session(
	    &p->sessions, (flags & CKF_RW_SESSION) != 0, session);
}

ck_rv_t
C_CloseSession(ck_session_handle_t session)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	if (find(p, session) == NULL)
		return CKR_SESSION_HANDLE_INVALID;
	close_one(&p->sessions, session & SLOT_MASK);
	if (p->sessions.n == 0)
		p->logged_in = false;
	return CKR_OK;
}

ck_rv_t
C_CloseAllSessions(ck_slot_id_t slot_id)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	if (slot_id != WD_P11_SLOT)
		return CKR_SLOT_ID_INVALID;
	wd_p11_sessions_close(&p->sessions);
	p->logged_in = false;
	return CKR_OK;
}

static ck_state_t
state_of(const struct wd_session *s, bool logged_in)
{
	if (s->rw)
		return logged_in ? CKS_RW_USER_FUNCTIONS
				 : CKS_RW_PUBLIC_SESSION;
	return logged_in ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION;
}

ck_rv_t
C_GetSessionInfo(ck_session_handle_t session, struct ck_session_info *info)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();
	const struct wd_session *s;

	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	s = find(p, session);
	if (s == NULL)
		return CKR_SESSION_HANDLE_INVALID;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	*info = (struct ck_session_info){
		.slot_id = WD_P11_SLOT,
		.state = state_of(s, p->logged_in),
		.flags = CKF_SERIAL_SESSION | (s->rw ? CKF_RW_SESSION : 0),
	};
	return CKR_OK;
}

ck_rv_t
C_Login(ck_session_handle_t session, ck_user_type_t user_type,
    unsigned char *pin, unsigned long pin_len)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

	(void)pin; /* see the top of this file */
	(void)pin_len;
	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	if (find(p, session) == NULL)
		return CKR_SESSION_HANDLE_INVALID;
	if (user_type == CKU_CONTEXT_SPECIFIC)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (user_type != CKU_USER) /* nothing here is to be administered */
		return user_type == CKU_SO ? CKR_PIN_LOCKED
					   : CKR_USER_TYPE_INVALID;
	if (p->logged_in)
		return CKR_USER_ALREADY_LOGGED_IN;
	p->logged_in = true;
	return CKR_OK;
}

ck_rv_t
C_LoginUser(ck_session_handle_t session, ck_user_type_t user_type,
    unsigned char *pin, unsigned long pin_len, unsigned char *username,
    unsigned long username_len)
{
	(void)username; /* one kind of user */
	(void)username_len;
	return C_Login(session, user_type, pin, pin_len);
}

ck_rv_t
C_Logout(ck_session_handle_t session)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	if (find(p, session) == NULL)
		return CKR_SESSION_HANDLE_INVALID;
	if (!p->logged_in)
		return CKR_USER_NOT_LOGGED_IN;
	p->logged_in = false;
	return CKR_OK;
}

ck_rv_t
C_SessionCancel(ck_session_handle_t session, ck_flags_t flags)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = wd_session_take(session, &s);

	if (rv != CKR_OK)
		return rv;
	if ((flags & WD_CKF_FIND_OBJECTS) != 0)
		wd_find_done(&s->find);
	if ((flags & CKF_SIGN) != 0)
		wd_op_done(&s->sign);
	if ((flags & CKF_DIGEST) != 0)
		wd_op_done(&s->digest);
	return CKR_OK;
}
