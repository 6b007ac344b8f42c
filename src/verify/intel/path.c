/*
 * Checking a path, from the root down: pinned, then each signature, then what
 * the certificate may be used for. A table says what each kind of path
 * consists of and by which reasons it is refused.
 */
#include "verify/intel/path.h"

#include "base/alloc.h"
#include "codec/pem.h"
#include "crypto/sig.h"

#define ROOT_NAME "Intel SGX Root CA"
#define PLATFORM_NAME "Intel SGX PCK Platform CA"
#define PROCESSOR_NAME "Intel SGX PCK Processor CA"
#define PCK_NAME "Intel SGX PCK Certificate"
#define SIGNING_NAME "Intel SGX TCB Signing"

/* A place in a path. */
struct place {
	const char *name[2]; /* common names that may stand here */
	bool is_ca;
	int path_len; /* that a CA must have; -1: any */
};

static const struct place pck_places[] = {
	{ { PCK_NAME, NULL }, false, -1 },
	{ { PROCESSOR_NAME, PLATFORM_NAME }, true, 0 },
	{ { ROOT_NAME, NULL }, true, -1 },
};

static const struct place signing_places[] = {
	{ { SIGNING_NAME, NULL }, false, -1 },
	{ { ROOT_NAME, NULL }, true, -1 },
};

struct kind {
	const char *name;
	const struct place *places;
	size_t n;
	enum wd_reason malformed, untrusted, bad_signature, not_ca, expired;
};

static const struct kind kinds[] = {
	[WD_PATH_PCK] = { "PCK chain", pck_places, WD_N(pck_places),
	    WD_R_PCK_CHAIN_MALFORMED, WD_R_PCK_CHAIN_UNTRUSTED_ROOT,
	    WD_R_PCK_CHAIN_BAD_SIGNATURE, WD_R_PCK_CHAIN_NOT_CA,
	    WD_R_PCK_CHAIN_EXPIRED },
	[WD_PATH_TCB_SIGNING] = { "TCB signing chain", signing_places,
	    WD_N(signing_places), WD_R_TCB_SIGNING_CHAIN_MALFORMED,
	    WD_R_TCB_SIGNING_CHAIN_UNTRUSTED_ROOT,
	    WD_R_TCB_SIGNING_CHAIN_BAD_SIGNATURE, WD_R_TCB_SIGNING_CHAIN_NOT_CA,
	    WD_R_TCB_SIGNING_CHAIN_EXPIRED },
	[WD_PATH_QE_IDENTITY] = { "QE identity chain", signing_places,
	    WD_N(signing_places), WD_R_QE_IDENTITY_CHAIN_MALFORMED,
	    WD_R_QE_IDENTITY_CHAIN_UNTRUSTED_ROOT,
	    WD_R_QE_IDENTITY_CHAIN_BAD_SIGNATURE, WD_R_QE_IDENTITY_CHAIN_NOT_CA,
	    WD_R_QE_IDENTITY_CHAIN_EXPIRED },
	[WD_PATH_PCK_CA] = { "PCK CA chain", pck_places + 1,
	    WD_N(pck_places) - 1, WD_R_PCK_CHAIN_MALFORMED,
	    WD_R_PCK_CHAIN_UNTRUSTED_ROOT, WD_R_PCK_CHAIN_BAD_SIGNATURE,
	    WD_R_PCK_CHAIN_NOT_CA, WD_R_PCK_CHAIN_EXPIRED },
};

struct wd_path *
wd_path_free(struct wd_path *p)
{
	if (p == NULL)
		return NULL;
	for (size_t i = 0; i < WD_PATH_MAX; i++)
		p->cert[i] = wd_cert_free(p->cert[i]);
	return wd_free(p);
}

void
wd_path_freep(struct wd_path **p)
{
	*p = wd_path_free(*p);
}

static int
refuse(const struct kind *k, enum wd_reason reason, const char *what,
    struct wd_diag *d)
{
	return wd_reject(d, reason, "%s: %s", k->name, what);
}

/* One certificate more than a path has is refused like one that is missing. */
static int
parse_pem(const struct kind *k, struct wd_span pem, struct wd_path *p,
    struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(pem);
	int r;

	for (;;) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;

		r = wd_pem_next(&rd, "CERTIFICATE", &der);
		if (r == WD_R_NOT_FOUND && p->n == k->n)
			return 0;
		if (r < 0)
			return wd_fault(d, WD_F_MEMORY, "cannot decode PEM");
		if (r != 0)
			return refuse(k, k->malformed,
			    r == WD_R_NOT_FOUND ? "too few certificates"
						: "not PEM",
			    d);
		if (p->n == k->n)
			return refuse(
			    k, k->malformed, "too many certificates", d);
		r = wd_cert_parse(wd_bytes_span(der), &p->cert[p->n]);
		if (r < 0)
			return wd_fault(
			    d, WD_F_CRYPTO, "cannot take in a certificate");
		if (r > 0)
			return refuse(k, k->malformed, "not a certificate", d);
		p->n++;
	}
}

static int
digests(struct wd_path *p)
{
	int r;

	if ((r = wd_hash(WD_SHA256, wd_cert_der(p->cert[0]), p->leaf_sha256)) !=
		0 ||
	    (r = wd_hash(WD_SHA256, wd_cert_der(p->cert[1]), p->ca_sha256)) !=
		0)
		return r;
	return wd_hash(WD_SHA256, wd_cert_der(wd_path_root(p)), p->root_sha256);
}

const struct wd_anchor *
wd_path_anchor(const uint8_t root_sha256[32], const struct wd_anchor *anchors,
    size_t n_anchors, enum wd_tee tee)
{
	for (size_t i = 0; i < n_anchors; i++)
		if ((tee == WD_TEE_NONE || anchors[i].tee == tee) &&
		    wd_span_equal(
			WD_SPAN(anchors[i].sha256), wd_span(root_sha256, 32)))
			return &anchors[i];
	return NULL;
}

int
wd_path_untrusted(enum wd_path_kind kind, struct wd_diag *d)
{
	const struct kind *k = &kinds[kind];

	return refuse(k, k->untrusted, "its root is no trust anchor", d);
}

/* A chain that does not end in a root is malformed rather than untrusted. */
static int
check_root(enum wd_path_kind kind, const struct wd_path *p,
    const struct wd_anchor *anchors, size_t n_anchors, enum wd_tee tee,
    struct wd_diag *d)
{
	const struct kind *k = &kinds[kind];
	const struct wd_cert *root = wd_path_root(p);

	if (wd_path_anchor(p->root_sha256, anchors, n_anchors, tee) != NULL)
		return 0;
	if (!wd_span_equal(wd_cert_issuer(root), wd_cert_subject(root)))
		return refuse(k, k->malformed, "it does not end in a root", d);
	return wd_path_untrusted(kind, d);
}

/* The next in the path; the root issued itself. */
static const struct wd_cert *
issuer_of(const struct wd_path *p, size_t i)
{
	return p->cert[i + 1 < p->n ? i + 1 : i];
}

/* From the root down. */
static int
check_signatures(
    const struct kind *k, const struct wd_path *p, struct wd_diag *d)
{
	for (size_t left = p->n; left > 0; left--) {
		size_t i = left - 1;
		int r =
		    wd_cert_signed_by(p->cert[i], wd_cert_key(issuer_of(p, i)));

		if (r < 0)
			return wd_fault(
			    d, WD_F_CRYPTO, "cannot check a signature");
		if (r > 0)
			return refuse(k, k->bad_signature,
			    "a certificate is not signed by the next", d);
	}
	return 0;
}

static bool
has_name(const struct wd_cert *c, const struct place *place)
{
	struct wd_span cn = wd_cert_common_name(c);

	return wd_span_is(cn, place->name[0]) ||
	    (place->name[1] != NULL && wd_span_is(cn, place->name[1]));
}

static bool
may_issue(const struct wd_cert *c, const struct place *place)
{
	return wd_cert_is_ca(c) && wd_cert_may_sign_certs(c) &&
	    (place->path_len < 0 || wd_cert_path_len(c) == place->path_len);
}

/* What is wrong with the certificate at place I; NULL when nothing is. */
static const char *
misplaced(const struct kind *k, const struct wd_path *p, size_t i)
{
	const struct wd_cert *c = p->cert[i];

	if (!has_name(c, &k->places[i]))
		return "an unexpected name";
	if (!k->places[i].is_ca && wd_cert_is_ca(c))
		return "its leaf is a CA";
	if (!wd_span_equal(wd_cert_issuer(c), wd_cert_subject(issuer_of(p, i))))
		return "names do not link up";
	if (wd_pkey_alg(wd_cert_key(c)) != WD_PKEY_P256)
		return "a key is not P-256";
	if (wd_cert_has_unknown_critical(c))
		return "a critical extension that is not known";
	return NULL;
}

static int
check_places(const struct kind *k, const struct wd_path *p, struct wd_diag *d)
{
	for (size_t left = p->n; left > 0; left--) {
		const struct place *place = &k->places[left - 1];
		const char *what;

		if (place->is_ca && !may_issue(p->cert[left - 1], place))
			return refuse(k, k->not_ca, "an issuer is no CA", d);
		what = misplaced(k, p, left - 1);
		if (what != NULL)
			return refuse(k, k->malformed, what, d);
	}
	return 0;
}

static void
take_dates(struct wd_path *p)
{
	p->not_before = wd_cert_not_before(p->cert[0]);
	p->not_after = wd_cert_not_after(p->cert[0]);
	for (size_t i = 1; i < p->n; i++) {
		int64_t from = wd_cert_not_before(p->cert[i]);
		int64_t to = wd_cert_not_after(p->cert[i]);

		if (from > p->not_before)
			p->not_before = from;
		if (to < p->not_after)
			p->not_after = to;
	}
}

/* Platform CAs certify a platform instance, Processor CAs do not. */
static int
take_pck(enum wd_path_kind kind, struct wd_path *p, struct wd_diag *d)
{
	const struct kind *k = &kinds[kind];
	const struct wd_cert *ca = p->cert[kind == WD_PATH_PCK ? 1 : 0];
	struct wd_span extension;

	p->is_platform = wd_span_is(wd_cert_common_name(ca), PLATFORM_NAME);
	if (kind != WD_PATH_PCK)
		return 0;
	if (!wd_cert_extension(p->cert[0], wd_pck_oid(), &extension))
		return refuse(k, k->malformed, "no SGX extension", d);
	if (wd_pck_parse(extension, &p->pck) != 0 ||
	    p->pck.has_platform != p->is_platform)
		return refuse(k, k->malformed, "a bad SGX extension", d);
	return 0;
}

int
wd_path_verify(enum wd_path_kind kind, struct wd_span pem,
    const struct wd_anchor *anchors, size_t n_anchors, enum wd_tee tee,
    struct wd_path **ret, struct wd_diag *d)
{
	const struct kind *k = &kinds[kind];
	WD_AUTO(wd_path_freep) struct wd_path *p = wd_alloc(sizeof(*p));
	int r;

	if (p == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a chain");
	if ((r = parse_pem(k, pem, p, d)) != 0)
		return r;
	if (digests(p) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash a certificate");
	if ((r = check_root(kind, p, anchors, n_anchors, tee, d)) != 0 ||
	    (r = check_signatures(k, p, d)) != 0 ||
	    (r = check_places(k, p, d)) != 0)
		return r;
	take_dates(p);
	if (kind == WD_PATH_PCK || kind == WD_PATH_PCK_CA)
		if ((r = take_pck(kind, p, d)) != 0)
			return r;
	*ret = WD_TAKE(p);
	return 0;
}

int
wd_path_dates(const struct wd_path *p, enum wd_path_kind kind, int64_t at,
    struct wd_diag *d)
{
	const struct kind *k = &kinds[kind];

	if (at >= p->not_before && at <= p->not_after)
		return 0;
	return refuse(k, k->expired, "a certificate is outside its dates", d);
}
