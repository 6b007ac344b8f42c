/*
 * The tables of functions and the three doors to them. Everything else in the
 * module is hidden by its export map.
 */
#include "bin/pkcs11/refuse.h"

/* Both versions have these in the same order. */
#define FUNCTIONS(major, minor)                                                \
	{                                                                      \
		.version = { major, minor }, .C_Initialize = C_Initialize,     \
		.C_Finalize = C_Finalize, .C_GetInfo = C_GetInfo,              \
		.C_GetFunctionList = C_GetFunctionList,                        \
		.C_GetSlotList = C_GetSlotList,                                \
		.C_GetSlotInfo = C_GetSlotInfo,                                \
		.C_GetTokenInfo = C_GetTokenInfo,                              \
		.C_GetMechanismList = C_GetMechanismList,                      \
		.C_GetMechanismInfo = C_GetMechanismInfo,                      \
		.C_InitToken = wd_refuse_init_token,                           \
		.C_InitPIN = wd_refuse_init_pin,                               \
		.C_SetPIN = wd_refuse_set_pin, .C_OpenSession = C_OpenSession, \
		.C_CloseSession = C_CloseSession,                              \
		.C_CloseAllSessions = C_CloseAllSessions,                      \
		.C_GetSessionInfo = C_GetSessionInfo,                          \
		.C_GetOperationState = wd_refuse_out,                          \
		.C_SetOperationState = wd_refuse_set_state,                    \
		.C_Login = C_Login, .C_Logout = C_Logout,                      \
		.C_CreateObject = wd_refuse_create,                            \
		.C_CopyObject = C_CopyObject,                                  \
		.C_DestroyObject = C_DestroyObject,                            \
		.C_GetObjectSize = C_GetObjectSize,                            \
		.C_GetAttributeValue = C_GetAttributeValue,                    \
		.C_SetAttributeValue = C_SetAttributeValue,                    \
		.C_FindObjectsInit = C_FindObjectsInit,                        \
		.C_FindObjects = C_FindObjects,                                \
		.C_FindObjectsFinal = C_FindObjectsFinal,                      \
		.C_EncryptInit = wd_refuse_init,                               \
		.C_Encrypt = wd_refuse_in_out,                                 \
		.C_EncryptUpdate = wd_refuse_in_out,                           \
		.C_EncryptFinal = wd_refuse_out,                               \
		.C_DecryptInit = wd_refuse_init,                               \
		.C_Decrypt = wd_refuse_in_out,                                 \
		.C_DecryptUpdate = wd_refuse_in_out,                           \
		.C_DecryptFinal = wd_refuse_out, .C_DigestInit = C_DigestInit, \
		.C_Digest = C_Digest, .C_DigestUpdate = C_DigestUpdate,        \
		.C_DigestKey = wd_refuse_key, .C_DigestFinal = C_DigestFinal,  \
		.C_SignInit = C_SignInit, .C_Sign = C_Sign,                    \
		.C_SignUpdate = C_SignUpdate, .C_SignFinal = C_SignFinal,      \
		.C_SignRecoverInit = wd_refuse_init,                           \
		.C_SignRecover = wd_refuse_in_out,                             \
		.C_VerifyInit = wd_refuse_init, .C_Verify = wd_refuse_in_in,   \
		.C_VerifyUpdate = wd_refuse_in, .C_VerifyFinal = wd_refuse_in, \
		.C_VerifyRecoverInit = wd_refuse_init,                         \
		.C_VerifyRecover = wd_refuse_in_out,                           \
		.C_DigestEncryptUpdate = wd_refuse_in_out,                     \
		.C_DecryptDigestUpdate = wd_refuse_in_out,                     \
		.C_SignEncryptUpdate = wd_refuse_in_out,                       \
		.C_DecryptVerifyUpdate = wd_refuse_in_out,                     \
		.C_GenerateKey = wd_refuse_generate,                           \
		.C_GenerateKeyPair = wd_refuse_generate_pair,                  \
		.C_WrapKey = wd_refuse_wrap, .C_UnwrapKey = wd_refuse_unwrap,  \
		.C_DeriveKey = wd_refuse_derive, .C_SeedRandom = C_SeedRandom, \
		.C_GenerateRandom = C_GenerateRandom,                          \
		.C_GetFunctionStatus = wd_refuse_parallel,                     \
		.C_CancelFunction = wd_refuse_parallel,                        \
		.C_WaitForSlotEvent = C_WaitForSlotEvent,                      \
	}

static struct ck_function_list functions_2 = FUNCTIONS(2, 40);

/* PKCS#11 3.0, section 3.6: the list of 2.40 and what came after it. */
struct functions_3 {
	struct ck_function_list common;
	ck_rv_t (*get_interface_list)(
	    struct wd_ck_interface *, unsigned long *);
	ck_rv_t (*get_interface)(unsigned char *, struct ck_version *,
	    struct wd_ck_interface **, ck_flags_t);
	ck_rv_t (*login_user)(ck_session_handle_t, ck_user_type_t,
	    unsigned char *, unsigned long, unsigned char *, unsigned long);
	ck_rv_t (*session_cancel)(ck_session_handle_t, ck_flags_t);

	struct {
		CK_C_EncryptInit init;
		__typeof__(&wd_refuse_message_crypt) message;
		__typeof__(&wd_refuse_message_aad) begin;
		__typeof__(&wd_refuse_message_next) next;
		CK_C_GetFunctionStatus final;
	} encrypt, decrypt;
	struct {
		CK_C_SignInit init;
		__typeof__(&wd_refuse_message_sign) message;
		__typeof__(&wd_refuse_message_begin) begin;
		__typeof__(&wd_refuse_message_sign) next;
		CK_C_GetFunctionStatus final;
	} sign;
	struct {
		CK_C_VerifyInit init;
		__typeof__(&wd_refuse_message_verify) message;
		__typeof__(&wd_refuse_message_begin) begin;
		__typeof__(&wd_refuse_message_verify) next;
		CK_C_GetFunctionStatus final;
	} verify;
};

static struct functions_3 functions_3 = {
	.common = FUNCTIONS(3, 0),
	.get_interface_list = C_GetInterfaceList,
	.get_interface = C_GetInterface,
	.login_user = C_LoginUser,
	.session_cancel = C_SessionCancel,
	.encrypt = { wd_refuse_init, wd_refuse_message_crypt,
	    wd_refuse_message_aad, wd_refuse_message_next, wd_refuse_final },
	.decrypt = { wd_refuse_init, wd_refuse_message_crypt,
	    wd_refuse_message_aad, wd_refuse_message_next, wd_refuse_final },
	.sign = { wd_refuse_init, wd_refuse_message_sign,
	    wd_refuse_message_begin, wd_refuse_message_sign, wd_refuse_final },
	.verify = { wd_refuse_init, wd_refuse_message_verify,
	    wd_refuse_message_begin, wd_refuse_message_verify,
	    wd_refuse_final },
};

static char interface_name[] = "PKCS 11";

/* The first is the one that callers without a wish get. */
static struct wd_ck_interface interfaces[] = {
	{ interface_name, &functions_3, WD_CKF_INTERFACE_FORK_SAFE },
	{ interface_name, &functions_2, WD_CKF_INTERFACE_FORK_SAFE },
};

ck_rv_t
C_GetFunctionList(struct ck_function_list **function_list)
{
	if (function_list == NULL)
		return CKR_ARGUMENTS_BAD;
	*function_list = &functions_2;
	return CKR_OK;
}

ck_rv_t
C_GetInterfaceList(struct wd_ck_interface *list, unsigned long *count)
{
	unsigned long room;

	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	room = *count;
	*count = WD_N(interfaces);
	if (list == NULL)
		return CKR_OK;
	if (room < WD_N(interfaces))
		return CKR_BUFFER_TOO_SMALL;
	for (size_t i = 0; i < WD_N(interfaces); i++)
		list[i] = interfaces[i];
	return CKR_OK;
}

static bool
is_wanted(const struct wd_ck_interface *i, const unsigned char *name,
    const struct ck_version *version, ck_flags_t flags)
{
	const struct ck_version *have = i->functions;

	if (name != NULL &&
	    !wd_span_is(wd_span_text((const char *)name), i->name))
		return false;
	if (version != NULL &&
	    (version->major != have->major || version->minor != have->minor))
		return false;
	return (flags & ~i->flags) == 0;
}

ck_rv_t
C_GetInterface(unsigned char *name, struct ck_version *version,
    struct wd_ck_interface **interface, ck_flags_t flags)
{
	if (interface == NULL)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < WD_N(interfaces); i++)
		if (is_wanted(&interfaces[i], name, version, flags)) {
			*interface = &interfaces[i];
			return CKR_OK;
		}
	return CKR_ARGUMENTS_BAD;
}
