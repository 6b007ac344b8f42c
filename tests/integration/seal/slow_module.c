/*
 * A PKCS#11 module that is SoftHSM 2, but for its start: that takes as many
 * milliseconds as the file says that is named as the one of SOFTHSM2_CONF with
 * ".slow" after it. No file: none.
 */
#include "hsm/ck.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REAL "/usr/lib/softhsm/libsofthsm2.so"

static struct ck_function_list *real;
static struct ck_function_list list;

static unsigned long
milliseconds(void)
{
	const char *conf = getenv("SOFTHSM2_CONF");
	char path[512], text[32] = { 0 };
	int fd;

	(void)snprintf(path, sizeof(path), "%s.slow", conf == NULL ? "" : conf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		abort();
	(void)close(fd);
	return strtoul(text, NULL, 10);
}

static ck_rv_t
start(void *args)
{
	(void)usleep((useconds_t)milliseconds() * 1000);
	return real->C_Initialize(args);
}

ck_rv_t C_GetFunctionList(struct ck_function_list **ret);

ck_rv_t
C_GetFunctionList(struct ck_function_list **ret)
{
	void *library = dlopen(REAL, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get;

	if (library == NULL)
		return CKR_GENERAL_ERROR;
	get = (CK_C_GetFunctionList)(uintptr_t)dlsym(
	    library, "C_GetFunctionList");
	if (get == NULL || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	list = *real;
	list.C_Initialize = start;
	*ret = &list;
	return CKR_OK;
}
