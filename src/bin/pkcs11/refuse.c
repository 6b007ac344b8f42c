/*
 * Refusals. Parameters other than the session are not looked at.
 */
#include "bin/pkcs11/refuse.h"

#include "bin/pkcs11/session.h"
#include "bin/pkcs11/slot.h"

/* The shapes are given by PKCS#11; all but the session is without meaning. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

static ck_rv_t
refuse(ck_session_handle_t session, ck_rv_t why)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = wd_session_take(session, &s);

	return rv == CKR_OK ? why : rv;
}

ck_rv_t
wd_refuse_init(
    ck_session_handle_t session, struct ck_mechanism *m, ck_object_handle_t key)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_final(ck_session_handle_t session)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_key(ck_session_handle_t session, ck_object_handle_t key)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_in(
    ck_session_handle_t session, unsigned char *in, unsigned long in_len)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_out(
    ck_session_handle_t session, unsigned char *out, unsigned long *out_len)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_in_in(ck_session_handle_t session, unsigned char *a,
    unsigned long a_len, unsigned char *b, unsigned long b_len)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_in_out(ck_session_handle_t session, unsigned char *in,
    unsigned long in_len, unsigned char *out, unsigned long *out_len)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_set_state(ck_session_handle_t session, unsigned char *state,
    unsigned long state_len, ck_object_handle_t encryption_key,
    ck_object_handle_t authentication_key)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_generate(ck_session_handle_t session, struct ck_mechanism *m,
    struct ck_attribute *templ, unsigned long count, ck_object_handle_t *key)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_generate_pair(ck_session_handle_t session, struct ck_mechanism *m,
    struct ck_attribute *public_templ, unsigned long public_count,
    struct ck_attribute *private_templ, unsigned long private_count,
    ck_object_handle_t *public_key, ck_object_handle_t *private_key)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_wrap(ck_session_handle_t session, struct ck_mechanism *m,
    ck_object_handle_t wrapping_key, ck_object_handle_t key,
    unsigned char *wrapped, unsigned long *wrapped_len)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_unwrap(ck_session_handle_t session, struct ck_mechanism *m,
    ck_object_handle_t unwrapping_key, unsigned char *wrapped,
    unsigned long wrapped_len, struct ck_attribute *templ, unsigned long count,
    ck_object_handle_t *key)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_derive(ck_session_handle_t session, struct ck_mechanism *m,
    ck_object_handle_t base_key, struct ck_attribute *templ,
    unsigned long count, ck_object_handle_t *key)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_create(ck_session_handle_t session, struct ck_attribute *templ,
    unsigned long count, ck_object_handle_t *object)
{
	return refuse(session, CKR_TOKEN_WRITE_PROTECTED);
}

ck_rv_t
wd_refuse_init_token(ck_slot_id_t slot_id, unsigned char *pin,
    unsigned long pin_len, unsigned char *label)
{
	struct ck_slot_info info;
	ck_rv_t rv = C_GetSlotInfo(slot_id, &info);

	return rv == CKR_OK ? CKR_TOKEN_WRITE_PROTECTED : rv;
}

ck_rv_t
wd_refuse_init_pin(
    ck_session_handle_t session, unsigned char *pin, unsigned long pin_len)
{
	return refuse(session, CKR_TOKEN_WRITE_PROTECTED);
}

ck_rv_t
wd_refuse_set_pin(ck_session_handle_t session, unsigned char *old_pin,
    unsigned long old_len, unsigned char *new_pin, unsigned long new_len)
{
	return refuse(session, CKR_TOKEN_WRITE_PROTECTED);
}

ck_rv_t
wd_refuse_parallel(ck_session_handle_t session)
{
	return refuse(session, CKR_FUNCTION_NOT_PARALLEL);
}

ck_rv_t
wd_refuse_message_begin(
    ck_session_handle_t session, void *param, unsigned long param_len)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_message_aad(ck_session_handle_t session, void *param,
    unsigned long param_len, unsigned char *aad, unsigned long aad_len)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_message_crypt(ck_session_handle_t session, void *param,
    unsigned long param_len, unsigned char *aad, unsigned long aad_len,
    unsigned char *in, unsigned long in_len, unsigned char *out,
    unsigned long *out_len)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_message_next(ck_session_handle_t session, void *param,
    unsigned long param_len, unsigned char *in, unsigned long in_len,
    unsigned char *out, unsigned long *out_len, ck_flags_t flags)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_message_sign(ck_session_handle_t session, void *param,
    unsigned long param_len, unsigned char *data, unsigned long data_len,
    unsigned char *signature, unsigned long *signature_len)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

ck_rv_t
wd_refuse_message_verify(ck_session_handle_t session, void *param,
    unsigned long param_len, unsigned char *data, unsigned long data_len,
    unsigned char *signature, unsigned long signature_len)
{
	return refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}
