/*
 * What modules answer, in our words, and what is said of a token. Modules do
 * not agree on their answers: what is in no row here is not understood.
 */
#include "hsm/token_in.h"

#include <string.h>

static const struct {
	ck_rv_t rv;
	enum wd_reason reason;
	const char *words;
} answers[] = {
	{ CKR_PIN_INCORRECT, WD_R_PERMISSION, "the PIN is wrong" },
	{ CKR_PIN_INVALID, WD_R_PERMISSION, "the PIN is wrong" },
	{ CKR_PIN_LEN_RANGE, WD_R_PERMISSION, "the PIN is wrong" },
	{ CKR_PIN_EXPIRED, WD_R_PERMISSION, "the PIN must be changed" },
	{ CKR_PIN_LOCKED, WD_R_PERMISSION, "the PIN is locked" },
	{ CKR_USER_PIN_NOT_INITIALIZED, WD_R_PERMISSION,
	    "it has no user's PIN yet" },
	{ CKR_TOKEN_WRITE_PROTECTED, WD_R_PERMISSION, "it is write-protected" },
	{ CKR_SESSION_READ_ONLY, WD_R_PERMISSION, "it is write-protected" },
	{ CKR_ACTION_PROHIBITED, WD_R_PERMISSION, "it prohibits that" },
	{ CKR_SESSION_HANDLE_INVALID, WD_R_UNAVAILABLE, "the session is lost" },
	{ CKR_SESSION_CLOSED, WD_R_UNAVAILABLE, "the session is lost" },
	{ CKR_USER_NOT_LOGGED_IN, WD_R_UNAVAILABLE, "the login is lost" },
	{ CKR_SESSION_COUNT, WD_R_UNAVAILABLE, "it has no session free" },
	{ CKR_DEVICE_ERROR, WD_R_UNAVAILABLE, "the device fails" },
	{ CKR_DEVICE_REMOVED, WD_R_UNAVAILABLE, "the device is gone" },
	{ CKR_DEVICE_MEMORY, WD_R_UNAVAILABLE, "the device is full" },
	{ CKR_TOKEN_NOT_PRESENT, WD_R_UNAVAILABLE, "the token is gone" },
	{ CKR_TOKEN_NOT_RECOGNIZED, WD_R_UNAVAILABLE,
	    "the token is not recognized" },
	{ CKR_SLOT_ID_INVALID, WD_R_UNAVAILABLE, "the slot is gone" },
	{ CKR_CRYPTOKI_NOT_INITIALIZED, WD_R_UNAVAILABLE,
	    "the module is not initialized" },
	{ CKR_GENERAL_ERROR, WD_R_UNAVAILABLE, "it failed" },
	{ CKR_FUNCTION_FAILED, WD_R_UNAVAILABLE, "it failed" },
	{ CKR_FUNCTION_CANCELED, WD_R_UNAVAILABLE, "it was cancelled" },
	{ CKR_HOST_MEMORY, WD_R_UNAVAILABLE, "it has no memory" },
	{ CKR_OPERATION_ACTIVE, WD_R_UNAVAILABLE, "it is busy" },
	{ CKR_MECHANISM_INVALID, WD_R_UNSUPPORTED, "it has no such mechanism" },
	{ CKR_MECHANISM_PARAM_INVALID, WD_R_UNSUPPORTED,
	    "the mechanism does not take these parameters" },
	{ CKR_ARGUMENTS_BAD, WD_R_UNSUPPORTED,
	    "the mechanism does not take these parameters" },
	{ CKR_NEED_TO_CREATE_THREADS, WD_R_UNSUPPORTED,
	    "it must start threads, which it may not here" },
	{ CKR_FUNCTION_NOT_SUPPORTED, WD_R_UNSUPPORTED, "it cannot do that" },
	{ CKR_KEY_TYPE_INCONSISTENT, WD_R_UNSUPPORTED,
	    "not with a key of this kind" },
	{ CKR_WRAPPING_KEY_TYPE_INCONSISTENT, WD_R_UNSUPPORTED,
	    "not with a key of this kind" },
	{ CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, WD_R_UNSUPPORTED,
	    "not with a key of this kind" },
	{ CKR_KEY_SIZE_RANGE, WD_R_UNSUPPORTED,
	    "not with a key of this length" },
	{ CKR_WRAPPING_KEY_SIZE_RANGE, WD_R_UNSUPPORTED,
	    "not with a key of this length" },
	{ CKR_KEY_FUNCTION_NOT_PERMITTED, WD_R_UNSUPPORTED,
	    "the key is not for that" },
	{ CKR_CURVE_NOT_SUPPORTED, WD_R_UNSUPPORTED, "not on this curve" },
	{ CKR_DOMAIN_PARAMS_INVALID, WD_R_UNSUPPORTED, "not on this curve" },
	{ CKR_TEMPLATE_INCONSISTENT, WD_R_UNSUPPORTED,
	    "it does not take such a key" },
	{ CKR_TEMPLATE_INCOMPLETE, WD_R_UNSUPPORTED,
	    "it does not take such a key" },
	{ CKR_ATTRIBUTE_TYPE_INVALID, WD_R_UNSUPPORTED,
	    "it does not take such a key" },
	{ CKR_ATTRIBUTE_VALUE_INVALID, WD_R_UNSUPPORTED,
	    "it does not take such a key" },
	{ CKR_ATTRIBUTE_READ_ONLY, WD_R_UNSUPPORTED,
	    "it does not take such a key" },
	{ CKR_WRAPPED_KEY_INVALID, WD_R_UNSUPPORTED,
	    "it does not take such a key" },
	{ CKR_DATA_LEN_RANGE, WD_R_UNSUPPORTED, "that is too long for it" },
	{ CKR_KEY_UNEXTRACTABLE, WD_R_MAY_NOT_LEAVE,
	    "the key may not leave, not even wrapped" },
	{ CKR_KEY_NOT_WRAPPABLE, WD_R_MAY_NOT_LEAVE,
	    "the key may not leave wrapped under this key" },
	{ CKR_OBJECT_HANDLE_INVALID, WD_R_NOT_FOUND, "the key is gone" },
	{ CKR_KEY_HANDLE_INVALID, WD_R_NOT_FOUND, "the key is gone" },
};

const char *
wd_token_name(const struct wd_token *t)
{
	const struct wd_hsm_uri *u = &t->how.uri;

	return u->token[0] != '\0' ? u->token : u->serial;
}

int
wd_token_refuse(
    struct wd_token *t, struct wd_diag *d, const char *what, ck_rv_t rv)
{
	t->rv = rv;
	for (size_t i = 0; i < WD_N(answers); i++)
		if (answers[i].rv == rv)
			return wd_reject(d, answers[i].reason,
			    "token %s cannot %s: %s (CKR 0x%lx)",
			    wd_token_name(t), what, answers[i].words, rv);
	return wd_reject(d, WD_R_BACKEND_ANSWER,
	    "token %s cannot %s: an answer that is not known (CKR 0x%lx)",
	    wd_token_name(t), what, rv);
}

bool
wd_token_is_away(ck_rv_t rv)
{
	return rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_REMOVED ||
	    rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_TOKEN_NOT_RECOGNIZED ||
	    rv == CKR_SLOT_ID_INVALID || rv == CKR_CRYPTOKI_NOT_INITIALIZED;
}

bool
wd_token_is_lost(ck_rv_t rv)
{
	return wd_token_is_away(rv) || wd_hsm_is_session_lost(rv);
}

/* ---- in words */

/* A field that is padded with blanks; nothing but printable ASCII. */
static void
write_field(struct wd_wr *wr, const unsigned char *field, size_t len)
{
	while (len > 0 && field[len - 1] <= ' ')
		len--;
	for (size_t i = 0; i < len; i++)
		wd_wr_u8(
		    wr, field[i] >= ' ' && field[i] <= '~' ? field[i] : '?');
}

static const struct {
	ck_flags_t flag;
	const char *words;
} warnings[] = {
	{ CKF_USER_PIN_COUNT_LOW,
	    "; a wrong PIN was shown to it since the last login" },
	{ CKF_USER_PIN_FINAL_TRY, "; one wrong PIN more locks it" },
	{ CKF_USER_PIN_LOCKED, "; its PIN is locked" },
	{ CKF_USER_PIN_TO_BE_CHANGED, "; its PIN is to be changed" },
	{ CKF_WRITE_PROTECTED, "; it is write-protected" },
};

static void
write_sessions(struct wd_wr *wr, const struct ck_token_info *i)
{
	if (i->session_count == CK_UNAVAILABLE_INFORMATION)
		return;
	wd_wr_printf(wr, ", %lu session%s open", i->session_count,
	    i->session_count == 1 ? "" : "s");
	if (i->max_session_count != CK_EFFECTIVELY_INFINITE &&
	    i->max_session_count != CK_UNAVAILABLE_INFORMATION)
		wd_wr_printf(wr, " of %lu", i->max_session_count);
}

static int
describe(struct wd_token *t, void *ctx, struct wd_diag *d)
{
	struct wd_wr *wr = ctx;
	struct ck_token_info i = { 0 };
	ck_rv_t rv = t->f->C_GetTokenInfo(t->slot, &i);

	if (rv != CKR_OK)
		return wd_token_refuse(t, d, "say what it is", rv);
	wd_wr_text(wr, "token ");
	write_field(wr, i.label, sizeof(i.label));
	wd_wr_text(wr, ", serial number ");
	write_field(wr, i.serial_number, sizeof(i.serial_number));
	wd_wr_text(wr, ", ");
	write_field(wr, i.manufacturer_id, sizeof(i.manufacturer_id));
	wd_wr_text(wr, " ");
	write_field(wr, i.model, sizeof(i.model));
	wd_wr_printf(wr, ", firmware %u.%u", i.firmware_version.major,
	    i.firmware_version.minor);
	write_sessions(wr, &i);
	if (t->how.oaep_sha1)
		wd_wr_text(wr, "; RSA-OAEP with SHA-1");
	for (size_t k = 0; k < WD_N(warnings); k++)
		if ((i.flags & warnings[k].flag) != 0)
			wd_wr_text(wr, warnings[k].words);
	return 0;
}

int
wd_token_check(struct wd_token *t, struct wd_wr *words, struct wd_diag *d)
{
	return wd_token_run(t, false, describe, words, d);
}
