/*
 * The slot, the token and its mechanisms. The slot is always there and always
 * holds the token: what the holder is doing at the moment shows when it is
 * asked for something.
 */
#include "bin/pkcs11/slot.h"

#include "bin/pkcs11/refresh.h"
#include "bin/pkcs11/state.h"

void
wd_p11_pad(unsigned char *field, size_t size, struct wd_span text)
{
	for (size_t i = 0; i < size; i++)
		field[i] = i < text.len ? text.p[i] : ' ';
}

/* CKR_OK when the module is initialized and the slot is the one there is. */
static ck_rv_t
check_slot(ck_slot_id_t slot_id)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	return slot_id == WD_P11_SLOT ? CKR_OK : CKR_SLOT_ID_INVALID;
}

ck_rv_t
C_GetSlotList(
    unsigned char token_present, ck_slot_id_t *slot_list, unsigned long *count)
{
	ck_rv_t rv = check_slot(WD_P11_SLOT);
	unsigned long room;

	(void)token_present; /* it always is */
	if (rv != CKR_OK)
		return rv;
	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	room = *count;
	*count = 1;
	if (slot_list == NULL)
		return CKR_OK;
	if (room < 1)
		return CKR_BUFFER_TOO_SMALL;
	slot_list[0] = WD_P11_SLOT;
	return CKR_OK;
}

ck_rv_t
C_GetSlotInfo(ck_slot_id_t slot_id, struct ck_slot_info *info)
{
	ck_rv_t rv = check_slot(slot_id);

	if (rv != CKR_OK)
		return rv;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	*info = (struct ck_slot_info){ .flags = CKF_TOKEN_PRESENT };
	wd_p11_pad(info->slot_description, sizeof(info->slot_description),
	    WD_SPAN_LIT("Warder agent"));
	wd_p11_pad(info->manufacturer_id, sizeof(info->manufacturer_id),
	    WD_SPAN_LIT("Warder"));
	return CKR_OK;
}

/* All of the token but its counts. */
static void
describe(const struct wd_p11 *p, struct ck_token_info *info)
{
	*info = (struct ck_token_info){
		.flags =
		    CKF_RNG | CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED,
		.max_session_count = CK_EFFECTIVELY_INFINITE,
		.max_rw_session_count = CK_EFFECTIVELY_INFINITE,
		.max_pin_len = 255,
		.total_public_memory = CK_UNAVAILABLE_INFORMATION,
		.free_public_memory = CK_UNAVAILABLE_INFORMATION,
		.total_private_memory = CK_UNAVAILABLE_INFORMATION,
		.free_private_memory = CK_UNAVAILABLE_INFORMATION,
	};
	wd_copy(info->label, WD_SPAN(p->label));
	wd_copy(info->serial_number, WD_SPAN(p->serial));
	wd_p11_pad(info->manufacturer_id, sizeof(info->manufacturer_id),
	    WD_SPAN_LIT("Warder"));
	wd_p11_pad(info->model, sizeof(info->model), WD_SPAN_LIT("agent"));
	wd_p11_pad(info->utc_time, sizeof(info->utc_time), wd_span(NULL, 0));
}

ck_rv_t
C_GetTokenInfo(ck_slot_id_t slot_id, struct ck_token_info *info)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = NULL;
	ck_rv_t rv = check_slot(slot_id);

	if (rv != CKR_OK)
		return rv;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	if (!wd_refresh_token())
		return CKR_TOKEN_NOT_PRESENT;
	p = wd_p11_enter();
	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	describe(p, info);
	info->session_count = p->sessions.n;
	info->rw_session_count = p->sessions.n_rw;
	return CKR_OK;
}

ck_rv_t
C_GetMechanismList(ck_slot_id_t slot_id, ck_mechanism_type_t *mechanism_list,
    unsigned long *count)
{
	ck_rv_t rv = check_slot(slot_id);
	const struct wd_mech *mechs;
	size_t room, n;

	if (rv != CKR_OK)
		return rv;
	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	mechs = wd_mechs(&n);
	room = *count;
	*count = n;
	if (mechanism_list == NULL)
		return CKR_OK;
	if (room < n)
		return CKR_BUFFER_TOO_SMALL;
	for (size_t i = 0; i < n; i++)
		mechanism_list[i] = mechs[i].type;
	return CKR_OK;
}

ck_rv_t
C_GetMechanismInfo(ck_slot_id_t slot_id, ck_mechanism_type_t type,
    struct ck_mechanism_info *info)
{
	ck_rv_t rv = check_slot(slot_id);
	const struct wd_mech *mech;

	if (rv != CKR_OK)
		return rv;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	mech = wd_mech_find(type);
	if (mech == NULL)
		return CKR_MECHANISM_INVALID;
	*info = wd_mech_info(mech);
	return CKR_OK;
}

/* Tokens neither come nor go. */
ck_rv_t
C_WaitForSlotEvent(ck_flags_t flags, ck_slot_id_t *slot, void *reserved)
{
	ck_rv_t rv = check_slot(WD_P11_SLOT);

	(void)slot; /* nothing happens */
	if (rv != CKR_OK)
		return rv;
	if (reserved != NULL)
		return CKR_ARGUMENTS_BAD;
	return (flags & CKF_DONT_BLOCK) != 0 ? CKR_NO_EVENT
					     : CKR_FUNCTION_NOT_SUPPORTED;
}
