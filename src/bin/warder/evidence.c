/*
 * Filling a request from texts and files, and judging it.
 */
#include "bin/warder/evidence.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "codec/der.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "crypto/hash.h"
#include "sys/file.h"
#include "verify/arm/cpak.h"

#include <fcntl.h>

enum { ANCHOR_FILE_MAX = 65536 };

void
evidence_done(struct evidence_request *q)
{
	for (size_t i = 0; i < WD_IN_COUNT; i++)
		wd_bytes_freep(&q->part[i]);
	for (size_t i = 0; i < EVIDENCE_ANCHORS_MAX; i++)
		wd_bytes_freep(&q->anchor_der[i]);
}

int
evidence_tee(struct evidence_request *q, struct wd_span name, struct wd_diag *d)
{
	q->tee = wd_tee_by_name(name);
	if (q->tee != WD_TEE_NONE && wd_tee_is_judged(q->tee))
		return 0;
	return wd_reject(d, WD_R_TEE_NOT_SUPPORTED,
	    "evidence of '%.*s' cannot be judged by this version",
	    (int)(name.len < 40 ? name.len : 40), (const char *)name.p);
}

int
evidence_at(struct evidence_request *q, struct wd_span text, struct wd_diag *d)
{
	if (wd_time_parse(text, &q->at))
		return 0;
	return wd_reject(d, WD_R_MALFORMED,
	    "the time is not of the form 2025-07-01T00:00:00Z");
}

int
evidence_nonce(
    struct evidence_request *q, struct wd_span hex, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	int r = wd_hex_decode(hex, &bytes);

	if (r < 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for the nonce");
	if (r > 0 || bytes->len == 0 || bytes->len > sizeof(q->nonce))
		return wd_reject(
		    d, WD_R_MALFORMED, "the nonce is not 1 to 64 bytes in hex");
	q->nonce_len = bytes->len;
	wd_copy(q->nonce, wd_bytes_span(bytes));
	return 0;
}

/* A root that is not the vendor's has no hardware behind it. */
static bool
is_software(enum wd_tee tee, const uint8_t sha256[32])
{
	size_t n;
	const struct wd_anchor *vendors = wd_anchor_vendors(&n);

	for (size_t i = 0; i < n; i++)
		if (vendors[i].tee == tee &&
		    wd_span_equal(
			WD_SPAN(vendors[i].sha256), wd_span(sha256, 32)))
			return false;
	return true;
}

/* Keeps DER. */
static int
add_anchor(struct evidence_request *q, struct wd_bytes **der, struct wd_diag *d)
{
	struct evidence_rules *rules = &q->rules;
	struct wd_anchor *a;

	if (rules->n_anchors == WD_N(rules->anchor))
		return wd_reject(
		    d, WD_R_MALFORMED, "trust_anchor: too many certificates");
	a = &rules->anchor[rules->n_anchors];
	a->tee = wd_tee_hardware(q->tee);
	a->der = wd_bytes_span(*der);
	if (wd_hash(WD_SHA256, a->der, a->sha256) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	a->software = is_software(a->tee, a->sha256);
	q->anchor_der[rules->n_anchors++] = WD_TAKE(*der);
	return 0;
}

/* One certificate, which judging takes in as a root. */
static int
add_der(struct evidence_request *q, struct wd_span bytes, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = wd_bytes_copy(bytes);
	struct wd_rd rd = wd_rd(bytes);

	(void)wd_der_whole(&rd, WD_DER_SEQUENCE);
	if (wd_rd_end(&rd) != 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "trust_anchor: no certificate in DER");
	if (der == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a root");
	return add_anchor(q, &der, d);
}

static int
add_anchors(struct evidence_request *q, struct wd_span pem, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(pem);
	int r;

	if (pem.len > 0 && pem.p[0] == WD_DER_SEQUENCE)
		return add_der(q, pem, d);
	for (;;) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;

		r = wd_pem_next(&rd, "CERTIFICATE", &der);
		if (r == WD_R_NOT_FOUND && q->rules.n_anchors > 0)
			return 0;
		if (r < 0)
			return wd_fault(d, WD_F_MEMORY, "cannot decode PEM");
		if (r > 0)
			return wd_reject(d, WD_R_MALFORMED,
			    "trust_anchor: not certificates in PEM");
		if ((r = add_anchor(q, &der, d)) != 0)
			return r;
	}
}

/* Too large for its role is a fault of the input, not of the file. */
static int
read_file(
    const char *file, size_t max, struct wd_bytes **ret, struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r = wd_file_read(AT_FDCWD, file, max, ret, &why);

	if (r == WD_R_TOO_LARGE)
		return wd_reject(d, WD_R_MALFORMED, "%s", why.detail);
	if (r != 0)
		return wd_fault(d, WD_F_SYSTEM, "%s", why.detail);
	return 0;
}

/* An Arm platform's key, which no certificate vouches for. */
static int
add_key(struct evidence_request *q, struct wd_span jwk, struct wd_diag *d)
{
	WD_AUTO(wd_cpak_done) struct wd_cpak c = { 0 };
	struct wd_anchor *a = &q->rules.anchor[0];
	int r = wd_cpak_read(jwk, &c, d);

	if (r != 0)
		return r > 0 ? WD_R_MALFORMED : r;
	a->tee = q->tee;
	wd_copy(a->sha256, WD_SPAN(c.sha256));
	a->software = true;
	q->rules.n_anchors = 1;
	return 0;
}

static int
read_anchors(struct evidence_request *q, const char *file, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *pem = NULL;
	int r;

	if (q->rules.n_anchors > 0)
		return wd_reject(d, WD_R_EXISTS, "trust_anchor: given twice");
	if ((r = read_file(file, ANCHOR_FILE_MAX, &pem, d)) != 0)
		return r;
	if (q->tee == WD_TEE_CCA || q->tee == WD_TEE_PSA)
		return add_key(q, wd_bytes_span(pem), d);
	return add_anchors(q, wd_bytes_span(pem), d);
}

int
evidence_input(struct evidence_request *q, struct wd_span role,
    const char *file, struct wd_diag *d)
{
	int which = wd_part_by_name(role);

	if (wd_span_is(role, "trust_anchor"))
		return read_anchors(q, file, d);
	if (which < 0)
		return wd_reject(d, WD_R_UNKNOWN_MEMBER,
		    "there is no role '%.*s'",
		    (int)(role.len < 40 ? role.len : 40), (const char *)role.p);
	if (q->part[which] != NULL)
		return wd_reject(d, WD_R_EXISTS, "%s: given twice",
		    wd_part_name((enum wd_part)which));
	return read_file(
	    file, wd_part_max((enum wd_part)which), &q->part[which], d);
}

static void
read_min_tcb(struct wd_jobj *o, struct wd_appraisal_rules *set)
{
	const struct wd_jval *v = wd_jobj_object(o, "min_tcb", WD_OPTIONAL);
	struct wd_snp_tcb *tcb = &set->min_tcb[WD_SNP_NO_LINE];
	const struct {
		const char *name;
		uint8_t *value;
	} rows[] = {
		{ "fmc", &tcb->fmc },
		{ "boot_loader", &tcb->boot_loader },
		{ "tee", &tcb->tee },
		{ "snp", &tcb->snp },
		{ "microcode", &tcb->microcode },
	};
	struct wd_jobj in;
	int r;

	if (v == NULL)
		return;
	wd_jobj_open(&in, v, o->d, "min_tcb");
	for (size_t i = 0; i < WD_N(rows); i++)
		*rows[i].value = (uint8_t)wd_jobj_uint(
		    &in, rows[i].name, WD_OPTIONAL, UINT8_MAX);
	if ((r = wd_jobj_close(&in)) != 0)
		o->result = r;
}

static void
read_other_rules(struct wd_jobj *o, struct wd_appraisal_rules *set)
{
	set->allow_migrate_ma =
	    wd_jobj_bool(o, "allow_migrate_ma", WD_OPTIONAL, false);
	set->need_amd_crl =
	    wd_jobj_bool(o, "require_amd_crl", WD_OPTIONAL, false);
	set->need_gpu_crl =
	    wd_jobj_bool(o, "require_gpu_crl", WD_OPTIONAL, false);
	set->has_max_vmpl = wd_jobj_has(o, "max_vmpl");
	set->max_vmpl = (uint8_t)wd_jobj_uint(o, "max_vmpl", WD_OPTIONAL, 3);
	read_min_tcb(o, set);
}

static void
read_tpm_rules(struct wd_jobj *o, struct wd_appraisal_rules *set)
{
	const struct wd_jval *pcrs =
	    wd_jobj_array(o, "require_pcrs", WD_OPTIONAL, 24);
	uint64_t pcr;

	set->allow_sha1 = wd_jobj_bool(o, "allow_sha1", WD_OPTIONAL, false);
	set->need_ak_purpose =
	    wd_jobj_bool(o, "require_ak_purpose", WD_OPTIONAL, false);
	for (size_t i = 0; i < wd_jval_count(pcrs); i++) {
		if (!wd_jval_uint(wd_jval_at(pcrs, i), 23, &pcr)) {
			wd_jobj_fail(o, WD_R_MALFORMED,
			    "require_pcrs: not numbers of registers");
			return;
		}
		set->required_pcrs |= UINT32_C(1) << pcr;
	}
}

int
evidence_policy(
    struct evidence_request *q, const struct wd_jval *v, struct wd_diag *d)
{
	struct wd_appraisal_rules *set = &q->rules.set;
	struct wd_jobj o;

	wd_jobj_open(&o, v, d, "policy");
	set->allow_debug = wd_jobj_bool(&o, "allow_debug", WD_OPTIONAL, false);
	set->crl_optional = !wd_jobj_bool(&o, "require_crl", WD_OPTIONAL, true);
	set->min_evaluation_number = (uint32_t)wd_jobj_uint(
	    &o, "min_evaluation_number", WD_OPTIONAL, UINT32_MAX);
	read_other_rules(&o, set);
	read_tpm_rules(&o, set);
	return wd_jobj_close(&o);
}
