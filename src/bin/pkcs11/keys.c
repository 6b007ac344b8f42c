/*
 * The table of keys. A key that is not listed any more stays until its place is
 * needed: programs may go on with its handles.
 */
#include "bin/pkcs11/keys.h"

#include "base/alloc.h"
#include "base/reason.h"

enum { PARTS = 16, PRIVATE = 1, PUBLIC = 2, CERTS = 3 };

static struct wd_p11_key *
key_free(struct wd_p11_key *key)
{
	if (key == NULL)
		return NULL;
	key->entry = wd_bytes_free(key->entry);
	return wd_free(key);
}

static void
key_freep(struct wd_p11_key **key)
{
	*key = key_free(*key);
}

void
wd_p11_keys_done(struct wd_p11_keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		key_freep(&keys->at[i]);
	keys->n = 0;
}

void
wd_p11_keys_abandon(struct wd_p11_keys *keys)
{
	keys->n = 0;
}

void
wd_p11_keys_unlist(struct wd_p11_keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		keys->at[i]->listed = false;
}

static struct wd_p11_key *
find(struct wd_p11_keys *keys, const struct wd_holder_key *k)
{
	for (size_t i = 0; i < keys->n; i++) {
		const struct wd_holder_key *have = &keys->at[i]->k;

		if (have->generation == k->generation &&
		    wd_span_equal(wd_id_span(&have->id), wd_id_span(&k->id)))
			return keys->at[i];
	}
	return NULL;
}

/* Forgets the key that has been away longest; false when none is. */
static bool
make_room(struct wd_p11_keys *keys)
{
	size_t i = 0;

	if (keys->n < WD_P11_KEYS_MAX)
		return true;
	while (i < keys->n && keys->at[i]->listed)
		i++;
	if (i == keys->n)
		return false;
	key_freep(&keys->at[i]);
	for (keys->n--; i < keys->n; i++)
		keys->at[i] = keys->at[i + 1];
	return true;
}

/* A key of which nothing but the serial is missing. */
static int
read_key(struct wd_span entry, struct wd_p11_key **ret)
{
	WD_AUTO(key_freep) struct wd_p11_key *key = wd_alloc(sizeof(*key));
	int r;

	if (key == NULL || (key->entry = wd_bytes_copy(entry)) == NULL)
		return WD_F_MEMORY;
	r = wd_holder_read_key(wd_bytes_span(key->entry), &key->k);
	if (r != 0)
		return r;
	while (key->n_certs < key->k.n_certs &&
	    wd_p11_cert_read(
		key->k.certs[key->n_certs], &key->certs[key->n_certs]))
		key->n_certs++;
	key->listed = true;
	*ret = WD_TAKE(key);
	return 0;
}

int
wd_p11_keys_add(struct wd_p11_keys *keys, struct wd_span entry)
{
	WD_AUTO(key_freep) struct wd_p11_key *key = NULL;
	struct wd_p11_key *old;
	int r = read_key(entry, &key);

	if (r != 0)
		return r;
	old = find(keys, &key->k);
	if (old != NULL) {
		struct wd_p11_key swap = *old;

		key->serial = old->serial;
		*old = *key;
		*key = swap;
		return 0;
	}
	if (!make_room(keys))
		return WD_F_MEMORY;
	key->serial = ++keys->last_serial;
	keys->at[keys->n++] = WD_TAKE(key);
	return 0;
}

/* ---- objects */

ck_object_handle_t
wd_p11_object_handle(const struct wd_p11_object *o)
{
	static const uint8_t parts[] = { [WD_PART_PRIVATE] = PRIVATE,
		[WD_PART_PUBLIC] = PUBLIC,
		[WD_PART_CERT] = CERTS };

	return o->key->serial * PARTS + parts[o->part] + o->cert;
}

bool
wd_p11_object_of(
    const struct wd_p11_key *key, size_t i, struct wd_p11_object *ret)
{
	struct wd_p11_object o = { key, WD_PART_PRIVATE, 0 };

	if (i >= CERTS - PRIVATE + key->n_certs)
		return false;
	if (i == PUBLIC - PRIVATE)
		o.part = WD_PART_PUBLIC;
	if (i >= CERTS - PRIVATE) {
		o.part = WD_PART_CERT;
		o.cert = i - (CERTS - PRIVATE);
	}
	*ret = o;
	return true;
}

bool
wd_p11_object_at(const struct wd_p11_keys *keys, ck_object_handle_t handle,
    struct wd_p11_object *ret)
{
	size_t part = handle % PARTS;

	for (size_t i = 0; part >= PRIVATE && i < keys->n; i++)
		if (keys->at[i]->serial == handle / PARTS)
			return wd_p11_object_of(
			    keys->at[i], part - PRIVATE, ret);
	return false;
}

size_t
wd_p11_signature_len(const struct wd_holder_key *k)
{
	switch (k->kind) {
	case WD_HOLDER_RSA:
		return k->n_or_x.len;
	case WD_HOLDER_P256:
	case WD_HOLDER_P384:
	case WD_HOLDER_P521:
	case WD_HOLDER_ED25519:
		return 2 * k->n_or_x.len;
	}
	return 0;
}
