/*
 * A PKCS#11 module that starts and then answers nothing, ever.
 */
#include "hsm/ck.h"

#include <unistd.h>

static ck_rv_t
start(void *args)
{
	(void)args;
	return CKR_OK;
}

static ck_rv_t
hang(unsigned char present, ck_slot_id_t *slots, unsigned long *n)
{
	(void)present;
	(void)slots;
	(void)n;
	while (usleep(100000) == 0)
		;
	return CKR_GENERAL_ERROR;
}

static struct ck_function_list list = {
	.version = { 2, 40 },
	.C_Initialize = start,
	.C_GetSlotList = hang,
};

ck_rv_t C_GetFunctionList(struct ck_function_list **ret);

ck_rv_t
C_GetFunctionList(struct ck_function_list **ret)
{
	*ret = &list;
	return CKR_OK;
}
