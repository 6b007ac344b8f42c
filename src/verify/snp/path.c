/*
 * Names of AMD's certificates. They say nothing about trust, but a VCEK under
 * an ASVK, or lines that do not agree, are not what AMD issues.
 */
#include "verify/snp/path.h"

#include "codec/der.h"

#define VCEK_NAME "SEV-VCEK"
#define VLEK_NAME "SEV-VLEK"
#define ASK_START "SEV-"
#define ASVK_START "SEV-VLEK-"
#define ARK_START "ARK-"

/* The line that follows START in NAME; false when NAME does not begin so. */
static bool
line_after(struct wd_span name, const char *start, enum wd_snp_line *ret)
{
	struct wd_rd rd = wd_rd(name);
	struct wd_span head = wd_rd_bytes(&rd, wd_span_text(start).len);
	struct wd_span rest = wd_rd_rest(&rd);

	if (!wd_span_is(head, start))
		return false;
	*ret = wd_snp_line_by_name(rest);
	return *ret != WD_SNP_NO_LINE &&
	    wd_span_is(rest, wd_snp_line_name(*ret));
}

bool
wd_snp_ask_name(
    struct wd_span name, enum wd_snp_line *ret_line, enum wd_snp_key *ret_kind)
{
	*ret_kind = WD_SNP_VLEK;
	if (line_after(name, ASVK_START, ret_line))
		return true;
	*ret_kind = WD_SNP_VCEK;
	return line_after(name, ASK_START, ret_line);
}

static const char *
misplaced_ca(const struct wd_cert *ask, const struct wd_cert *ark)
{
	enum wd_snp_line line, root_line;
	enum wd_snp_key kind;

	if (!wd_snp_ask_name(wd_cert_common_name(ask), &line, &kind))
		return "the signing key's name is none of AMD's";
	if (!line_after(wd_cert_common_name(ark), ARK_START, &root_line))
		return "the root's name is none of AMD's";
	return line == root_line ? NULL : "root and signing key differ in line";
}

static const char *
misplaced_vek(const struct wd_cert *vek, const struct wd_cert *ask)
{
	enum wd_snp_line line;
	enum wd_snp_key kind;

	if (!wd_snp_ask_name(wd_cert_common_name(ask), &line, &kind))
		return "the signing key's name is none of AMD's";
	if (wd_span_is(wd_cert_common_name(vek),
		kind == WD_SNP_VCEK ? VCEK_NAME : VLEK_NAME))
		return NULL;
	return "the leaf's name does not go with its issuer's";
}

static const char *
misplaced(const struct wd_trail *t, size_t i)
{
	if (i == WD_SNP_VEK_PLACE)
		return misplaced_vek(t->cert[0], t->cert[1]);
	if (i == WD_SNP_ASK_PLACE)
		return misplaced_ca(t->cert[1], t->cert[2]);
	return NULL;
}

static const char *
misplaced_alone(const struct wd_trail *t, size_t i)
{
	return i == 0 ? misplaced_ca(t->cert[0], t->cert[1]) : NULL;
}

const struct wd_trail_spec wd_snp_vek_spec = {
	.name = "VEK chain",
	.tee = WD_TEE_SNP,
	.kept = WD_KEPT_VEK_TRAIL,
	.n_min = 3,
	.n_max = 3,
	.leaf_keys = WD_TRAIL_KEY(WD_PKEY_P384),
	.ca_keys = WD_TRAIL_KEY(WD_PKEY_RSA4096),
	.misplaced = misplaced,
};

const struct wd_trail_spec wd_snp_ca_spec = {
	.name = "ASK chain",
	.tee = WD_TEE_SNP,
	.kept = WD_KEPT_AMD_CA_TRAIL,
	.n_min = 2,
	.n_max = 2,
	.leaf_keys = WD_TRAIL_KEY(WD_PKEY_RSA4096),
	.ca_keys = WD_TRAIL_KEY(WD_PKEY_RSA4096),
	.leaf_is_ca = true,
	.misplaced = misplaced_alone,
};

/* Something follows the first certificate: DER says where it ends; a second
 * line of dashes and BEGIN says it in PEM. */
static bool
has_more_der(struct wd_span s)
{
	struct wd_rd rd = wd_rd(s);

	(void)wd_der_whole(&rd, WD_DER_SEQUENCE);
	return wd_rd_more(&rd);
}

static bool
has_more_pem(struct wd_span s)
{
	const struct wd_span begin = WD_SPAN_LIT("-----BEGIN");
	size_t n = 0;

	for (size_t i = 0; i + begin.len <= s.len && n < 2; i++)
		if (wd_span_equal(wd_span(s.p + i, begin.len), begin))
			n++;
	return n > 1;
}

bool
wd_snp_vek_is_whole(struct wd_span s)
{
	return s.len > 0 && s.p[0] == WD_DER_SEQUENCE ? has_more_der(s)
						      : has_more_pem(s);
}

int
wd_snp_path(struct wd_verifier *v, struct wd_span vek, struct wd_span ask,
    int64_t at, const struct wd_trail **ret, struct wd_diag *d)
{
	if (vek.p == NULL)
		return wd_reject(d, WD_R_CHAIN_MISSING,
		    "the certificate of the VCEK or VLEK is not given");
	if (wd_snp_vek_is_whole(vek))
		ask = wd_span(NULL, 0);
	else if (ask.p == NULL)
		return wd_reject(d, WD_R_CHAIN_MISSING,
		    "the certificates above the VCEK or VLEK are not given");
	return wd_trail_get(v, &wd_snp_vek_spec, vek, ask, at, ret, d);
}
