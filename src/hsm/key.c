/*
 * The key: found by its label, and refused when it is not one that stays where
 * it is. Whoever could export it would have every root key it ever wrapped.
 */
#include "hsm/hsm_in.h"

#include "crypto/rand.h"

int
wd_hsm_find(struct wd_hsm *h, ck_object_class_t class, ck_object_handle_t *ret,
    struct wd_diag *d)
{
	struct ck_attribute want[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, h->uri.object, wd_span_text(h->uri.object).len },
	};
	ck_object_handle_t found[2];
	unsigned long n = 0;
	ck_rv_t rv = h->f->C_FindObjectsInit(h->session, want, WD_N(want));

	if (rv == CKR_OK) {
		rv = h->f->C_FindObjects(h->session, found, 2, &n);
		(void)h->f->C_FindObjectsFinal(h->session); /* only a search */
	}
	if (rv != CKR_OK)
		return wd_hsm_fault(d, "look for the key", rv);
	if (n > 1)
		return wd_reject(d, WD_R_MISMATCH,
		    "more than one key has the label %.64s", h->uri.object);
	*ret = n == 1 ? found[0] : 0;
	return 0;
}

/* ---- what it may be */

enum { SECRET = 1, PRIVATE = 2, PUBLIC = 4 };

static const struct {
	ck_attribute_type_t type;
	const char *name;
	unsigned of; /* classes it is looked at on */
	bool want;
} rules[] = {
	{ CKA_TOKEN, "token", SECRET | PRIVATE, true },
	{ CKA_PRIVATE, "private", SECRET | PRIVATE, true },
	{ CKA_SENSITIVE, "sensitive", SECRET | PRIVATE, true },
	{ CKA_ALWAYS_SENSITIVE, "always-sensitive", SECRET | PRIVATE, true },
	{ CKA_EXTRACTABLE, "extractable", SECRET | PRIVATE, false },
	{ CKA_NEVER_EXTRACTABLE, "never-extractable", SECRET | PRIVATE, true },
	{ CKA_ENCRYPT, "encrypt", SECRET | PUBLIC, true },
	{ CKA_DECRYPT, "decrypt", SECRET | PRIVATE, true },
	{ CKA_WRAP, "wrap", SECRET, false },
	{ CKA_UNWRAP, "unwrap", SECRET, false },
	{ CKA_DERIVE, "derive", SECRET | PRIVATE, false },
};

/* One that the module does not know of is not as it should be. */
static int
check(
    struct wd_hsm *h, ck_object_handle_t key, unsigned class, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_N(rules); i++) {
		unsigned char value = rules[i].want ? 0 : 1;
		struct ck_attribute a = { rules[i].type, &value, 1 };
		ck_rv_t rv;

		if ((rules[i].of & class) == 0)
			continue;
		rv = h->f->C_GetAttributeValue(h->session, key, &a, 1);
		if (rv != CKR_OK || a.value_len != 1 ||
		    (value != 0) != rules[i].want)
			return wd_reject(d, WD_R_KEY_INVALID,
			    "the key %.64s in the HSM must %sbe %s",
			    h->uri.object, rules[i].want ? "" : "not ",
			    rules[i].name);
	}
	return 0;
}

static int
check_type(struct wd_hsm *h, ck_object_handle_t key, ck_key_type_t want,
    struct wd_diag *d)
{
	ck_key_type_t type = ~want;
	struct ck_attribute a = { CKA_KEY_TYPE, &type, sizeof(type) };
	ck_rv_t rv = h->f->C_GetAttributeValue(h->session, key, &a, 1);

	if (rv == CKR_OK && type == want)
		return 0;
	return wd_reject(d, WD_R_KEY_INVALID,
	    "the key %.64s in the HSM is neither AES nor RSA", h->uri.object);
}

static int
check_aes(struct wd_hsm *h, struct wd_diag *d)
{
	unsigned long len = 0;
	struct ck_attribute a = { CKA_VALUE_LEN, &len, sizeof(len) };
	int r = check_type(h, h->encrypt, CKK_AES, d);

	if (r != 0)
		return r;
	if (h->f->C_GetAttributeValue(h->session, h->encrypt, &a, 1) !=
		CKR_OK ||
	    len != 32)
		return wd_reject(d, WD_R_KEY_INVALID,
		    "the key %.64s in the HSM is not of 256 bits",
		    h->uri.object);
	return check(h, h->encrypt, SECRET, d);
}

static int
check_pair(struct wd_hsm *h, struct wd_diag *d)
{
	int r = check_type(h, h->decrypt, CKK_RSA, d);

	if (r != 0 || (r = check(h, h->decrypt, PRIVATE, d)) != 0)
		return r;
	return check(h, h->encrypt, PUBLIC, d);
}

int
wd_hsm_find_key(struct wd_hsm *h, struct wd_diag *d)
{
	int r = wd_hsm_find(h, CKO_SECRET_KEY, &h->encrypt, d);

	if (r != 0)
		return r;
	h->decrypt = h->encrypt;
	h->is_rsa = h->encrypt == 0;
	if (!h->is_rsa)
		return check_aes(h, d);
	if ((r = wd_hsm_find(h, CKO_PRIVATE_KEY, &h->decrypt, d)) != 0 ||
	    (r = wd_hsm_find(h, CKO_PUBLIC_KEY, &h->encrypt, d)) != 0)
		return r;
	if (h->decrypt == 0 || h->encrypt == 0)
		return wd_reject(d, WD_R_NOT_FOUND,
		    "there is no key %.64s in the HSM", h->uri.object);
	return check_pair(h, d);
}

/* ---- a new one */

int
wd_hsm_generate(struct wd_hsm *h, struct wd_diag *d)
{
	ck_object_class_t class = CKO_SECRET_KEY;
	ck_key_type_t type = CKK_AES;
	unsigned long len = 32;
	unsigned char yes = 1, no = 0, id[16];
	struct ck_attribute t[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_VALUE_LEN, &len, sizeof(len) },
		{ CKA_LABEL, h->uri.object, wd_span_text(h->uri.object).len },
		{ CKA_ID, id, sizeof(id) },
		{ CKA_TOKEN, &yes, 1 },
		{ CKA_PRIVATE, &yes, 1 },
		{ CKA_SENSITIVE, &yes, 1 },
		{ CKA_EXTRACTABLE, &no, 1 },
		{ CKA_ENCRYPT, &yes, 1 },
		{ CKA_DECRYPT, &yes, 1 },
		{ CKA_WRAP, &no, 1 },
		{ CKA_UNWRAP, &no, 1 },
		{ CKA_SIGN, &no, 1 },
		{ CKA_VERIFY, &no, 1 },
		{ CKA_DERIVE, &no, 1 },
	};
	struct ck_mechanism m = { CKM_AES_KEY_GEN, NULL, 0 };
	ck_object_handle_t one, two;
	ck_rv_t rv;
	int r;

	if ((r = wd_rand(id, sizeof(id))) != 0 ||
	    (r = wd_hsm_login(h, true, d)) != 0 ||
	    (r = wd_hsm_find(h, CKO_SECRET_KEY, &one, d)) != 0 ||
	    (r = wd_hsm_find(h, CKO_PRIVATE_KEY, &two, d)) != 0)
		return r == WD_R_MISMATCH ? WD_R_EXISTS : r;
	if (one != 0 || two != 0)
		return wd_reject(d, WD_R_EXISTS,
		    "there is a key %.64s in the HSM already", h->uri.object);
	rv = h->f->C_GenerateKey(h->session, &m, t, WD_N(t), &one);
	wd_hsm_close_session(h);
	return rv == CKR_OK ? 0 : wd_hsm_fault(d, "make a key", rv);
}
