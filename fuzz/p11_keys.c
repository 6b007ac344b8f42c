/*
 * What the module makes of a list of keys: the holder's entries become objects,
 * and every attribute of every object is read. The input is what follows the
 * head of LIST's answer.
 */
#include "fuzz.h"

#include "bin/pkcs11/attr.h"

enum { TYPES = 0x220, OTHER_BITS = 2 };

/* Numbers of attributes have gaps; array attributes have a bit more. */
static void
read_attributes(const struct wd_p11_object *o)
{
	static const ck_attribute_type_t bits[OTHER_BITS] = { 0,
		CKF_ARRAY_ATTRIBUTE | 0x600 };
	ck_object_class_t class = CKO_PRIVATE_KEY;
	struct ck_attribute templ = { CKA_CLASS, &class, sizeof(class) };
	size_t n = 0;

	for (size_t i = 0; i < OTHER_BITS; i++)
		for (ck_attribute_type_t type = 0; type < TYPES; type++) {
			struct wd_attr a;

			if (!wd_attr_get(o, type | bits[i], &a))
				continue;
			must(!a.sensitive || o->part == WD_PART_PRIVATE);
			if (!a.sensitive)
				fuzz_touch(a.bytes);
			n++;
		}
	must(n > 15);
	must(wd_attr_match(o, &templ, 1) == (o->part == WD_PART_PRIVATE));
}

static void
read_objects(const struct wd_p11_keys *keys)
{
	struct wd_p11_object o, again;

	for (size_t i = 0; i < keys->n; i++) {
		must(wd_p11_signature_len(&keys->at[i]->k) >= 64);
		for (size_t j = 0; wd_p11_object_of(keys->at[i], j, &o); j++) {
			must(wd_p11_object_at(
			    keys, wd_p11_object_handle(&o), &again));
			must(again.key == o.key && again.part == o.part &&
			    again.cert == o.cert);
			read_attributes(&o);
			fuzz_accepted = true;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wd_p11_keys keys;
	struct wd_span left = wd_span(data, size);
	struct wd_span entry;

	keys.last_serial = 0;
	while (left.len > 0 && wd_holder_next_key(&left, &entry) == 0)
		must(wd_p11_keys_add(&keys, entry) >= 0);
	read_objects(&keys);
	wd_p11_keys_unlist(&keys);
	wd_p11_keys_done(&keys);
	return 0;
}
