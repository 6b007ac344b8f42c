/*
 * Finding objects and reading them.
 */
#include "base/alloc.h"
#include "bin/pkcs11/attr.h"
#include "bin/pkcs11/refresh.h"
#include "bin/pkcs11/state.h"

/* The search says more than which class of objects it wants. */
static bool
is_particular(const struct ck_attribute *templ, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (templ[i].type != CKA_CLASS && templ[i].type != CKA_TOKEN &&
		    templ[i].type != CKA_PRIVATE)
			return true;
	return n == 0;
}

/*
 * libp11 0.4.12 (Debian 12) asks for all keys of a class and gives up when one
 * of them is of a type it does not know: an Ed25519 key beside it would take
 * nginx its RSA key. Programs that know the type ask for it, or for a name.
 */
static bool
is_hidden(const struct wd_p11_object *o, bool particular)
{
	return !particular && o->part != WD_PART_CERT &&
	    o->key->k.kind == WD_HOLDER_ED25519;
}

static bool
is_match(const struct wd_p11_object *o, const struct ck_attribute *templ,
    size_t n_templ, bool particular)
{
	return !is_hidden(o, particular) && wd_attr_match(o, templ, n_templ);
}

/* How many listed objects match; they go to HANDLES unless that is NULL. */
static size_t
each_match(const struct wd_p11_keys *keys, const struct ck_attribute *templ,
    size_t n_templ, ck_object_handle_t *handles)
{
	bool particular = is_particular(templ, n_templ);
	struct wd_p11_object o;
	size_t n = 0;

	for (size_t i = 0; i < keys->n; i++)
		for (size_t j = 0; keys->at[i]->listed &&
		     wd_p11_object_of(keys->at[i], j, &o);
		     j++) {
			if (!is_match(&o, templ, n_templ, particular))
				continue;
			if (handles != NULL)
				handles[n] = wd_p11_object_handle(&o);
			n++;
		}
	return n;
}

static ck_rv_t
collect(struct wd_find *find, const struct ck_attribute *templ, size_t n_templ)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	find->n = each_match(&p->keys, templ, n_templ, NULL);
	find->handles = wd_alloc_array(find->n, sizeof(*find->handles));
	if (find->handles == NULL)
		return CKR_HOST_MEMORY;
	(void)each_match(&p->keys, templ, n_templ, find->handles);
	find->active = true;
	return CKR_OK;
}

static bool
template_fits(const struct ck_attribute *templ, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (templ[i].value == NULL && templ[i].value_len > 0)
			return false;
	return true;
}

ck_rv_t
C_FindObjectsInit(ck_session_handle_t session, struct ck_attribute *templ,
    unsigned long count)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = wd_session_take(session, &s);

	if (rv != CKR_OK)
		return rv;
	if ((templ == NULL && count > 0) || !template_fits(templ, count))
		return CKR_ARGUMENTS_BAD;
	if (s->find.active)
		return CKR_OPERATION_ACTIVE;
	if (!wd_refresh_keys())
		return CKR_DEVICE_ERROR;
	return collect(&s->find, templ, count);
}

ck_rv_t
C_FindObjects(ck_session_handle_t session, ck_object_handle_t *object,
    unsigned long max_object_count, unsigned long *object_count)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = wd_session_take(session, &s);
	unsigned long n = 0;

	if (rv != CKR_OK)
		return rv;
	if (object_count == NULL || (object == NULL && max_object_count > 0))
		return CKR_ARGUMENTS_BAD;
	if (!s->find.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	while (n < max_object_count && s->find.next < s->find.n)
		object[n++] = s->find.handles[s->find.next++];
	*object_count = n;
	return CKR_OK;
}

ck_rv_t
C_FindObjectsFinal(ck_session_handle_t session)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = wd_session_take(session, &s);

	if (rv != CKR_OK)
		return rv;
	if (!s->find.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	wd_find_done(&s->find);
	return CKR_OK;
}

/* ---- attributes */

/* One attribute into the caller's buffer (2.40, section 5.7, C_GetAttribute-
 * Value: the five cases). */
static ck_rv_t
give(const struct wd_p11_object *o, struct ck_attribute *to)
{
	unsigned long room = to->value_len;
	struct wd_attr a;

	to->value_len = CK_UNAVAILABLE_INFORMATION;
	if (!wd_attr_get(o, to->type, &a))
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (a.sensitive)
		return CKR_ATTRIBUTE_SENSITIVE;
	if (to->value == NULL) {
		to->value_len = a.bytes.len;
		return CKR_OK;
	}
	if (room < a.bytes.len)
		return CKR_BUFFER_TOO_SMALL;
	wd_copy(to->value, a.bytes);
	to->value_len = a.bytes.len;
	return CKR_OK;
}

ck_rv_t
C_GetAttributeValue(ck_session_handle_t session, ck_object_handle_t object,
    struct ck_attribute *templ, unsigned long count)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = NULL;
	ck_rv_t rv = wd_session_take(session, &s);
	struct wd_p11_object o;

	if (rv != CKR_OK)
		return rv;
	if (templ == NULL || count == 0)
		return CKR_ARGUMENTS_BAD;
	p = wd_p11_enter();
	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	if (!wd_p11_object_at(&p->keys, object, &o))
		return CKR_OBJECT_HANDLE_INVALID;
	for (unsigned long i = 0; i < count; i++) {
		ck_rv_t one = give(&o, &templ[i]);

		if (one != CKR_OK)
			rv = one;
	}
	return rv;
}

/* What a program may change of an object, and copy, is nothing: said of every
 * object that exists. */
static ck_rv_t
check_object(ck_session_handle_t session, ck_object_handle_t object)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = NULL;
	ck_rv_t rv = wd_session_take(session, &s);
	struct wd_p11_object o;

	if (rv != CKR_OK)
		return rv;
	p = wd_p11_enter();
	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	return wd_p11_object_at(&p->keys, object, &o)
	    ? CKR_ACTION_PROHIBITED
	    : CKR_OBJECT_HANDLE_INVALID;
}

ck_rv_t
C_SetAttributeValue(ck_session_handle_t session, ck_object_handle_t object,
    struct ck_attribute *templ, unsigned long count)
{
	(void)templ; /* refused whatever it says */
	(void)count;
	return check_object(session, object);
}

ck_rv_t
C_CopyObject(ck_session_handle_t session, ck_object_handle_t object,
    struct ck_attribute *templ, unsigned long count,
    ck_object_handle_t *new_object)
{
	(void)templ; /* refused whatever it says */
	(void)count;
	(void)new_object;
	return check_object(session, object);
}

ck_rv_t
C_DestroyObject(ck_session_handle_t session, ck_object_handle_t object)
{
	return check_object(session, object);
}

ck_rv_t
C_GetObjectSize(
    ck_session_handle_t session, ck_object_handle_t object, unsigned long *size)
{
	ck_rv_t rv = check_object(session, object);

	if (rv != CKR_ACTION_PROHIBITED)
		return rv;
	if (size == NULL)
		return CKR_ARGUMENTS_BAD;
	*size = CK_UNAVAILABLE_INFORMATION;
	return CKR_OK;
}
