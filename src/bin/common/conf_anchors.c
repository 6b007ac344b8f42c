/*
 * Roots that are trusted. A root counts once per TEE, either as hardware's or
 * as a software TEE's, so that no second line can turn one into the other.
 */
#include "bin/common/conf.h"

#include <fcntl.h>

#include "codec/der.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "crypto/hash.h"
#include "crypto/x509.h"
#include "sys/file.h"

enum { ANCHOR_FILE_MAX = 65536 };

/* Where a root goes. */
struct list {
	struct wd_anchor *rows;
	size_t *n, max;
};

static struct list
all_roots(struct wd_conf *c)
{
	return (struct list){ c->anchors, &c->n_anchors, WD_CONF_ANCHORS };
}

static struct list
ek_roots(struct wd_conf *c)
{
	return (
	    struct list){ c->ek_anchors, &c->n_ek_anchors, WD_CONF_EK_ANCHORS };
}

static int
add(const struct list *l, const struct wd_anchor *a, struct wd_diag *d)
{
	for (size_t i = 0; i < *l->n; i++)
		if (l->rows[i].tee == a->tee &&
		    wd_span_equal(
			WD_SPAN(l->rows[i].sha256), WD_SPAN(a->sha256)))
			return wd_reject(d, WD_R_EXISTS,
			    "this root is trusted for %s already",
			    wd_tee_name(a->tee));
	if (*l->n == l->max)
		return wd_reject(d, WD_R_RANGE, "over %zu roots", l->max);
	l->rows[(*l->n)++] = *a;
	return 0;
}

int
wd_conf_add_vendors(struct wd_conf *conf, struct wd_diag *d)
{
	size_t n;
	const struct wd_anchor *vendors = wd_anchor_vendors(&n);
	const struct list list = all_roots(conf);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add(&list, &vendors[i], d);
	return r;
}

static int
read_pem(
    const struct wd_conf_value *v, struct wd_bytes **ret, struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	char path[WD_CONF_PATH];
	int r = wd_conf_path(v, path, d);

	if (r != 0)
		return r;
	r = wd_file_read(AT_FDCWD, path, ANCHOR_FILE_MAX, ret, &why);
	if (r > 0)
		return wd_reject(
		    d, (enum wd_reason)r, "%s: %s", v->key->name, why.detail);
	return r == 0
	    ? 0
	    : wd_fault(d, WD_F_SYSTEM, "%s: %s", v->key->name, why.detail);
}

/* A file that is one certificate in DER. */
static int
add_der(struct wd_span der, const struct wd_conf_value *v, struct wd_anchor *a,
    const struct list *list, struct wd_diag *d)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *c = NULL;
	int r = wd_cert_parse(der, &c);

	if (r > 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "%s: the file is no certificate in DER", v->key->name);
	if (r == 0)
		r = wd_hash(WD_SHA256, der, a->sha256);
	return r == 0 ? add(list, a, d) : r;
}

/* Every certificate of a file is a root. */
static int
add_file(const struct wd_conf_value *v, struct wd_anchor *a,
    const struct list *list, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *pem = NULL;
	int r = read_pem(v, &pem, d);
	struct wd_rd rd = wd_rd(wd_bytes_span(pem));
	size_t n = 0;

	if (r == 0 && pem->len > 0 && pem->p[0] == WD_DER_SEQUENCE)
		return add_der(wd_bytes_span(pem), v, a, list, d);
	while (r == 0) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;

		r = wd_pem_next(&rd, "CERTIFICATE", &der);
		if (r == WD_R_NOT_FOUND && n++ > 0)
			return 0;
		if (r > 0)
			return wd_reject(d, WD_R_MALFORMED,
			    "%s: the file holds no certificates in PEM",
			    v->key->name);
		if (r == 0)
			r = wd_hash(WD_SHA256, wd_bytes_span(der), a->sha256);
		if (r == 0)
			r = add(list, a, d);
		n++;
	}
	return r;
}

/* "sgx", then blanks, then the rest. */
struct wd_span
wd_conf_word(struct wd_span *rest)
{
	struct wd_span word = { rest->p, 0 };
	size_t i = 0;

	while (i < rest->len && rest->p[i] != ' ' && rest->p[i] != '\t')
		i++;
	word.len = i;
	while (i < rest->len && (rest->p[i] == ' ' || rest->p[i] == '\t'))
		i++;
	*rest = wd_span(rest->p + i, rest->len - i);
	return word;
}

static int
add_text(const struct wd_conf_value *v, struct wd_anchor *a,
    const struct list *list, struct wd_diag *d)
{
	if (wd_hex_decode_exact(v->text, a->sha256, sizeof(a->sha256)) == 0)
		return add(list, a, d);
	return add_file(v, a, list, d);
}

int
wd_conf_set_anchor(
    const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	struct wd_conf_value file = *v;
	const struct list list = all_roots(conf);
	struct wd_anchor a = { .software =
				   v->key->type == WD_CONF_IS_SOFTWARE_ANCHOR };

	a.tee = wd_tee_by_name(wd_conf_word(&file.text));
	if (a.tee == WD_TEE_NONE || file.text.len == 0)
		return wd_reject(d, WD_R_MALFORMED, "%s is not %s",
		    v->key->name, wd_conf_form(v->key->type));
	return add_text(&file, &a, &list, d);
}

int
wd_conf_set_ek_anchor(
    const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	const struct list list = ek_roots(conf);
	struct wd_anchor a = { .tee = WD_TEE_TPM,
		.software = v->key->type == WD_CONF_IS_SOFTWARE_EK_ANCHOR };

	return add_text(v, &a, &list, d);
}
