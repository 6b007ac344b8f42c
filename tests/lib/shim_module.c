/*
 * A PKCS#11 module for tests that hands every call to another one, and fails
 * on command. Its environment names the other one (SHIM_MODULE) and a file
 * (SHIM_FILE) which may change at any time; a line of it is
 *
 *   C_Function RV N     the next N calls of it return RV, in hexadecimal
 *   C_Function hang 1   does not return
 *   C_Function slow MS  takes so many milliseconds
 *   attribute TYPE V    reads as the byte V where it is one byte long
 *   flags F             are those of the token beside its own
 *   oaep sha1           decrypts with SHA-1 whatever was asked for
 *
 * What was called is written to SHIM_FILE.calls, a name a line.
 */
#include "base/span.h"
#include "hsm/ck.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT = 1024, LINES = 16 };

static struct ck_function_list *real;
static struct ck_function_list list;
static char text[TEXT];           /* of the file, when it was looked at last */
static unsigned long used[LINES]; /* of its lines */

/* ---- the file */

static void
look(void)
{
	char now[TEXT] = { 0 };
	int fd = open(getenv("SHIM_FILE"), O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (read(fd, now, sizeof(now) - 1) < 0)
			abort();
		(void)close(fd);
	}
	if (strcmp(now, text) == 0)
		return;
	(void)snprintf(text, sizeof(text), "%s", now);
	for (size_t i = 0; i < LINES; i++)
		used[i] = 0;
}

static void
note(const char *name)
{
	char path[512];
	int fd;

	(void)snprintf(path, sizeof(path), "%s.calls", getenv("SHIM_FILE"));
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || dprintf(fd, "%s\n", name) < 0)
		abort();
	(void)close(fd);
}

/* The line that begins with these words, from its third word on. */
static const char *
line_of(const char *first, const char *second, size_t *ret_number)
{
	char head[64];
	const char *at = text;

	(void)snprintf(head, sizeof(head), "%s %s%s", first, second,
	    second[0] == '\0' ? "" : " ");
	for (size_t i = 0; at != NULL && *at != '\0' && i < LINES; i++) {
		if (strncmp(at, head, strlen(head)) == 0) {
			*ret_number = i;
			return at + strlen(head);
		}
		at = strchr(at, '\n');
		at = at == NULL ? NULL : at + 1;
	}
	return NULL;
}

static bool
fails(const char *name, ck_rv_t *ret)
{
	size_t number = 0;
	const char *rest;
	char *end;

	look();
	note(name);
	rest = line_of(name, "", &number);
	if (rest == NULL)
		return false;
	while (strncmp(rest, "hang", 4) == 0)
		(void)sleep(60);
	if (strncmp(rest, "slow ", 5) == 0) {
		(void)usleep((useconds_t)strtoul(rest + 5, NULL, 10) * 1000);
		return false;
	}
	*ret = strtoul(rest, &end, 16);
	return used[number]++ < strtoul(end, NULL, 10);
}

/* ---- the calls */

#define SHIM(name, parameters, arguments)                             \
	static ck_rv_t shim_##name parameters                         \
	{                                                             \
		ck_rv_t rv = CKR_OK;                                  \
                                                                      \
		return fails(#name, &rv) ? rv : real->name arguments; \
	}

#define S ck_session_handle_t s
#define O ck_object_handle_t o
#define M struct ck_mechanism *m
#define T struct ck_attribute *t, unsigned long n
#define B                                                            \
	unsigned char *in, unsigned long in_len, unsigned char *out, \
	    unsigned long *len

SHIM(C_Initialize, (void *a), (a))
SHIM(C_Finalize, (void *a), (a))
SHIM(C_GetSlotList, (unsigned char p, ck_slot_id_t *l, unsigned long *n),
    (p, l, n))
SHIM(C_OpenSession,
    (ck_slot_id_t i, ck_flags_t f, void *a, ck_notify_t y,
	ck_session_handle_t *s),
    (i, f, a, y, s))
SHIM(C_GetSessionInfo, (S, struct ck_session_info *i), (s, i))
SHIM(C_Login, (S, ck_user_type_t u, unsigned char *p, unsigned long n),
    (s, u, p, n))
SHIM(C_FindObjectsInit, (S, T), (s, t, n))
SHIM(C_CreateObject, (S, T, ck_object_handle_t *r), (s, t, n, r))
SHIM(C_DestroyObject, (S, O), (s, o))
SHIM(C_GenerateKey, (S, M, T, ck_object_handle_t *r), (s, m, t, n, r))
SHIM(C_WrapKey,
    (S, M, ck_object_handle_t w, O, unsigned char *out, unsigned long *len),
    (s, m, w, o, out, len))
SHIM(C_UnwrapKey,
    (S, M, O, unsigned char *in, unsigned long len, T, ck_object_handle_t *r),
    (s, m, o, in, len, t, n, r))
SHIM(C_EncryptInit, (S, M, O), (s, m, o))
SHIM(C_Decrypt, (S, B), (s, in, in_len, out, len))
SHIM(C_SignInit, (S, M, O), (s, m, o))
SHIM(C_Sign, (S, B), (s, in, in_len, out, len))

static ck_rv_t
shim_C_DecryptInit(S, M, O)
{
	struct ck_rsa_pkcs_oaep_params sha1 = { .hash_alg = CKM_SHA_1,
		.mgf = CKG_MGF1_SHA1,
		.source = CKZ_DATA_SPECIFIED };
	struct ck_mechanism other = { CKM_RSA_PKCS_OAEP, &sha1, sizeof(sha1) };
	ck_rv_t rv = CKR_OK;
	size_t number;

	if (fails("C_DecryptInit", &rv))
		return rv;
	return real->C_DecryptInit(s,
	    m->mechanism == CKM_RSA_PKCS_OAEP &&
		    line_of("oaep", "", &number) != NULL
		? &other
		: m,
	    o);
}

static ck_rv_t
shim_C_GetTokenInfo(ck_slot_id_t id, struct ck_token_info *info)
{
	ck_rv_t rv = CKR_OK;
	size_t number;
	const char *flags;

	if (fails("C_GetTokenInfo", &rv))
		return rv;
	rv = real->C_GetTokenInfo(id, info);
	flags = line_of("flags", "", &number);
	if (rv == CKR_OK && flags != NULL)
		info->flags |= strtoul(flags, NULL, 16);
	return rv;
}

static ck_rv_t
shim_C_GetAttributeValue(S, O, T)
{
	ck_rv_t rv = CKR_OK;
	char type[32];
	size_t number;
	const char *value;

	if (fails("C_GetAttributeValue", &rv))
		return rv;
	rv = real->C_GetAttributeValue(s, o, t, n);
	(void)snprintf(type, sizeof(type), "%lx", t[0].type);
	value = line_of("attribute", type, &number);
	if (rv == CKR_OK && value != NULL && t[0].value_len == 1)
		*(unsigned char *)t[0].value = value[0] == '1';
	return rv;
}

ck_rv_t
C_GetFunctionList(struct ck_function_list **ret)
{
	CK_C_GetFunctionList get;
	void *library = dlopen(getenv("SHIM_MODULE"), RTLD_NOW | RTLD_LOCAL);

	if (library == NULL)
		return CKR_GENERAL_ERROR;
	get = (CK_C_GetFunctionList)(uintptr_t)dlsym(
	    library, "C_GetFunctionList");
	if (get == NULL || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	list = *real;
	list.C_Initialize = shim_C_Initialize;
	list.C_Finalize = shim_C_Finalize;
	list.C_GetSlotList = shim_C_GetSlotList;
	list.C_GetTokenInfo = shim_C_GetTokenInfo;
	list.C_OpenSession = shim_C_OpenSession;
	list.C_GetSessionInfo = shim_C_GetSessionInfo;
	list.C_Login = shim_C_Login;
	list.C_FindObjectsInit = shim_C_FindObjectsInit;
	list.C_GetAttributeValue = shim_C_GetAttributeValue;
	list.C_CreateObject = shim_C_CreateObject;
	list.C_DestroyObject = shim_C_DestroyObject;
	list.C_GenerateKey = shim_C_GenerateKey;
	list.C_WrapKey = shim_C_WrapKey;
	list.C_UnwrapKey = shim_C_UnwrapKey;
	list.C_EncryptInit = shim_C_EncryptInit;
	list.C_DecryptInit = shim_C_DecryptInit;
	list.C_Decrypt = shim_C_Decrypt;
	list.C_SignInit = shim_C_SignInit;
	list.C_Sign = shim_C_Sign;
	*ret = &list;
	return CKR_OK;
}
