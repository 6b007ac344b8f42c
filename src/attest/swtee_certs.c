/*
 * Certificates with Intel's names, dates and uses, by keys that are not
 * Intel's.
 */
#include "attest/swtee_in.h"

#include "codec/pem.h"

#define ROOT_URI \
	"https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"
#define PCK_URI "https://api.trustedservices.intel.com/sgx/certification/v4/"

enum { DAY = 86400, YEAR = 365 * DAY, EXTENSION_MAX = 1024 };

/* What a certificate is, by whom it is signed, and how long it lives. */
struct row {
	enum wd_swtee_who signer;
	bool is_ca;
	int path_len;
	int years;
};

static const struct row rows[WD_SWTEE_CERTS] = {
	[WD_SWTEE_ROOT] = { WD_SWTEE_ROOT, true, 1, 30 },
	[WD_SWTEE_CA] = { WD_SWTEE_ROOT, true, 0, 15 },
	[WD_SWTEE_PCK] = { WD_SWTEE_CA, false, -1, 7 },
	[WD_SWTEE_SIGNING] = { WD_SWTEE_ROOT, false, -1, 7 },
};

void
wd_swtee_name(
    enum wd_swtee_who who, bool platform, struct wd_rdn ret[WD_SWTEE_RDNS])
{
	static const char *const names[WD_SWTEE_CERTS] = {
		[WD_SWTEE_ROOT] = "Intel SGX Root CA",
		[WD_SWTEE_CA] = "Intel SGX PCK Processor CA",
		[WD_SWTEE_PCK] = "Intel SGX PCK Certificate",
		[WD_SWTEE_SIGNING] = "Intel SGX TCB Signing",
	};
	const struct wd_rdn name[WD_SWTEE_RDNS] = {
		{ "2.5.4.3",
		    who == WD_SWTEE_CA && platform ? "Intel SGX PCK Platform CA"
						   : names[who] },
		{ "2.5.4.10", "Intel Corporation" },
		{ "2.5.4.7", "Santa Clara" },
		{ "2.5.4.8", "CA" },
		{ "2.5.4.6", "US" },
	};

	for (size_t i = 0; i < WD_SWTEE_RDNS; i++)
		ret[i] = name[i];
}

static const char *
crl_uri(enum wd_swtee_who who, bool platform)
{
	if (who != WD_SWTEE_PCK)
		return ROOT_URI;
	return platform ? PCK_URI "pckcrl?ca=platform&encoding=der"
			: PCK_URI "pckcrl?ca=processor&encoding=der";
}

static int
make(struct wd_swtee *t, enum wd_swtee_who who, int64_t made,
    const struct wd_cert_ext *ext, struct wd_diag *d)
{
	const struct row *row = &rows[who];
	struct wd_rdn subject[WD_SWTEE_RDNS], issuer[WD_SWTEE_RDNS];
	const struct wd_cert_spec spec = {
		.subject = subject,
		.n_subject = WD_SWTEE_RDNS,
		.issuer = issuer,
		.n_issuer = WD_SWTEE_RDNS,
		.not_before = made - DAY, /* clocks differ */
		.not_after = made + row->years * (int64_t)YEAR,
		.is_ca = row->is_ca,
		.path_len = row->path_len,
		.key_usage = row->is_ca ? WD_KU_CERT_SIGN | WD_KU_CRL_SIGN
					: WD_KU_DIGITAL_SIGNATURE,
		.crl_uri = crl_uri(who, t->pck.has_platform),
		.ext = ext,
		.n_ext = ext == NULL ? 0 : 1,
	};
	int r;

	wd_swtee_name(who, t->pck.has_platform, subject);
	wd_swtee_name(row->signer, t->pck.has_platform, issuer);
	r = wd_cert_make(
	    &spec, t->key[who], t->key[row->signer], &t->cert[who]);
	if (r == WD_R_RANGE)
		return wd_reject(d, WD_R_RANGE, "a date that cannot be");
	return r == 0 ? 0
		      : wd_fault(d, WD_F_CRYPTO, "cannot make a certificate");
}

int
wd_swtee_certify(struct wd_swtee *t, int64_t made, struct wd_diag *d)
{
	uint8_t room[EXTENSION_MAX];
	struct wd_wr wr = wd_wr_fixed(room, sizeof(room));
	struct wd_cert_ext ext = { .oid = "1.2.840.113741.1.13.1" };
	int r;

	wd_swtee_write_pck(&wr, &t->pck);
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_BUG, "the SGX extension does not fit");
	ext.der = wd_wr_span(&wr);
	for (size_t i = 0; i < WD_SWTEE_CERTS; i++) {
		r = make(t, (enum wd_swtee_who)i, made,
		    i == WD_SWTEE_PCK ? &ext : NULL, d);
		if (r != 0)
			return r;
	}
	return 0;
}

int
wd_swtee_read_pck(struct wd_swtee *t, struct wd_diag *d)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *c = NULL;
	struct wd_span extension;
	int r = wd_cert_parse(wd_bytes_span(t->cert[WD_SWTEE_PCK]), &c);

	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot read a certificate");
	if (r > 0 || !wd_cert_extension(c, wd_pck_oid(), &extension) ||
	    wd_pck_parse(extension, &t->pck) != 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "not the certificate of a platform");
	return 0;
}

void
wd_swtee_write_chain(struct wd_wr *wr, const struct wd_swtee *t,
    const enum wd_swtee_who *who, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wd_pem_write(wr, "CERTIFICATE", wd_bytes_span(t->cert[who[i]]));
}
