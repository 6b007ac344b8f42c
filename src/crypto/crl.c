/*
 * Revocation lists: checked whole when parsed, serials kept sorted, so that a
 * look-up among a hundred thousand takes a dozen comparisons.
 */
#include "crypto/x509.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "codec/der.h"
#include "crypto/x509_der.h"

#include <stdlib.h>

enum {
	CRL_MAX = 16 << 20,
	SERIAL_MAX = 21, /* as in certificates */
	VERSION_2 = 1,
	TAG_EXTENSIONS = 0xa0
};

struct wd_crl {
	struct wd_bytes *der; /* everything below points into it */
	struct wd_signed signature;
	struct wd_span issuer;
	int64_t this_update, next_update;
	bool has_next_update;
	struct wd_span *serials; /* sorted */
	size_t n_serials;
};

struct wd_crl *
wd_crl_free(struct wd_crl *crl)
{
	if (crl == NULL)
		return NULL;
	crl->serials = wd_free(crl->serials);
	crl->der = wd_bytes_free(crl->der);
	return wd_free(crl);
}

void
wd_crl_freep(struct wd_crl **crl)
{
	*crl = wd_crl_free(*crl);
}

/*
 * Extensions of a list or of an entry are checked for their form. A critical
 * one changes what the list means (a delta, another issuer's certificates, one
 * kind only), and none of that is understood here: refused.
 */
static void
check_extensions(struct wd_rd *rd)
{
	struct wd_x509_exts exts;

	wd_der_extensions(rd, &exts);
	for (size_t i = 0; i < exts.n; i++)
		if (exts.at[i].critical)
			wd_rd_fail(rd);
}

/* One revokedCertificates entry, section 5.1.2.6. */
static struct wd_span
take_entry(struct wd_rd *list)
{
	struct wd_rd entry = wd_der_enter(list, WD_DER_SEQUENCE);
	struct wd_span serial = wd_der_integer(&entry, SERIAL_MAX);

	(void)wd_der_time(&entry); /* when; revoked is revoked */
	if (wd_rd_more(&entry))
		check_extensions(&entry);
	if (wd_rd_end(&entry) != 0)
		wd_rd_fail(list);
	return serial;
}

static size_t
count_entries(struct wd_rd list)
{
	size_t n = 0;

	for (; wd_rd_more(&list); n++)
		(void)wd_der_enter(&list, WD_DER_SEQUENCE); /* skips it */
	return n;
}

static int
by_bytes(const void *a, const void *b)
{
	return wd_span_compare(
	    *(const struct wd_span *)a, *(const struct wd_span *)b);
}

/* The array is as long as the entries that are really there. */
static int
parse_entries(struct wd_crl *crl, struct wd_rd list)
{
	size_t n = count_entries(list);

	if ((crl->serials = wd_alloc_array(n, sizeof(*crl->serials))) == NULL)
		return WD_F_MEMORY;
	while (wd_rd_more(&list) && crl->n_serials < n)
		crl->serials[crl->n_serials++] = take_entry(&list);
	if (wd_rd_end(&list) != 0)
		return WD_R_MALFORMED;
	qsort(crl->serials, n, sizeof(*crl->serials), by_bytes);
	return 0;
}

/* Lists of version 1 leave it out. */
static bool
take_version_2(struct wd_rd *tbs)
{
	if (wd_der_peek(tbs) != WD_DER_INTEGER)
		return false;
	if (wd_der_uint(tbs, WD_DER_INTEGER, VERSION_2) != VERSION_2)
		wd_rd_fail(tbs);
	return true;
}

static void
take_extensions(struct wd_rd *tbs, bool version_2)
{
	struct wd_rd in;

	if (!version_2 || !wd_rd_more(tbs))
		return;
	in = wd_der_enter(tbs, TAG_EXTENSIONS);
	check_extensions(&in);
	if (wd_rd_end(&in) != 0)
		wd_rd_fail(tbs);
}

/* TBSCertList, section 5.1. RET_LIST are the entries. */
static int
parse_tbs(struct wd_crl *crl, struct wd_rd *ret_list)
{
	struct wd_rd rd = wd_rd(crl->signature.tbs);
	struct wd_rd tbs = wd_der_enter(&rd, WD_DER_SEQUENCE);
	bool version_2 = take_version_2(&tbs);
	struct wd_rd alg = wd_der_enter(&tbs, WD_DER_SEQUENCE);
	struct wd_span cn;

	if (!wd_span_equal(wd_rd_rest(&alg), crl->signature.alg))
		wd_rd_fail(&tbs);
	crl->issuer = wd_der_name(&tbs, &cn);
	crl->this_update = wd_der_time(&tbs);
	crl->has_next_update = wd_der_is_time(&tbs);
	if (crl->has_next_update)
		crl->next_update = wd_der_time(&tbs);
	*ret_list = (struct wd_rd){ 0 };
	if (wd_der_peek(&tbs) == WD_DER_SEQUENCE)
		*ret_list = wd_der_enter(&tbs, WD_DER_SEQUENCE);
	take_extensions(&tbs, version_2);
	return wd_rd_end(&tbs);
}

static int
parse(struct wd_crl *crl)
{
	struct wd_span der = wd_bytes_span(crl->der);
	struct wd_rd list;
	int r;

	if ((r = wd_signed_split(der, &crl->signature)) != 0 ||
	    (r = parse_tbs(crl, &list)) != 0)
		return r;
	return parse_entries(crl, list);
}

int
wd_crl_parse(struct wd_span der, struct wd_crl **ret)
{
	WD_AUTO(wd_crl_freep) struct wd_crl *crl = NULL;
	int r;

	if (der.len > CRL_MAX)
		return WD_R_MALFORMED;
	if ((crl = wd_alloc(sizeof(*crl))) == NULL ||
	    (crl->der = wd_bytes_copy(der)) == NULL)
		return WD_F_MEMORY;
	if ((r = parse(crl)) != 0)
		return r;
	*ret = WD_TAKE(crl);
	return 0;
}

struct wd_span
wd_crl_issuer(const struct wd_crl *crl)
{
	return crl->issuer;
}

int64_t
wd_crl_this_update(const struct wd_crl *crl)
{
	return crl->this_update;
}

bool
wd_crl_next_update(const struct wd_crl *crl, int64_t *ret)
{
	if (crl->has_next_update)
		*ret = crl->next_update;
	return crl->has_next_update;
}

int
wd_crl_signed_by(const struct wd_crl *crl, const struct wd_pkey *key)
{
	return wd_signed_verify(&crl->signature, key);
}

bool
wd_crl_lists(const struct wd_crl *crl, struct wd_span serial)
{
	return bsearch(&serial, crl->serials, crl->n_serials, sizeof(serial),
		   by_bytes) != NULL;
}
