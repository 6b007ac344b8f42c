/*
 * Certificates with AMD's names, extensions and uses, by keys that are not
 * AMD's; and their files.
 */
#include "attest/swtee_snp_in.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "codec/der.h"
#include "codec/pem.h"
#include "sys/file.h"

enum {
	DAY = 86400,
	YEAR = 365 * DAY,
	LIST_DAYS = 30,
	FILE_MAX = 16384,
	EXTS = 16,
	ROOM = 512,
	SPL_LAST = 9,
};

void
wd_swtee_snp_name(enum wd_amd_who who, enum wd_snp_line line,
    enum wd_snp_key kind, char text[WD_AMD_NAME],
    struct wd_rdn ret[WD_AMD_RDNS])
{
	struct wd_wr wr = wd_wr_fixed(text, WD_AMD_NAME);
	bool vlek = kind == WD_SNP_VLEK;
	const struct wd_rdn name[WD_AMD_RDNS] = {
		{ "2.5.4.11", "Engineering" },
		{ "2.5.4.6", "US" },
		{ "2.5.4.7", "Santa Clara" },
		{ "2.5.4.8", "CA" },
		{ "2.5.4.10", "Advanced Micro Devices" },
		{ "2.5.4.3", text },
	};

	if (who == WD_AMD_VEK) {
		wd_wr_text(&wr, vlek ? "SEV-VLEK" : "SEV-VCEK");
	} else {
		wd_wr_text(&wr,
		    who == WD_AMD_ARK ? "ARK-"
			: vlek        ? "SEV-VLEK-"
				      : "SEV-");
		wd_wr_text(&wr, wd_snp_line_name(line));
	}
	wd_wr_u8(&wr, 0);
	for (size_t i = 0; i < WD_AMD_RDNS; i++)
		ret[i] = name[i];
}

/* ---- extensions of a VEK */

struct exts {
	struct wd_cert_ext at[EXTS];
	char oid[EXTS][40];
	uint8_t room[ROOM];
	size_t n, used;
};

/* One more, whose value WR wrote. */
static void
add(struct exts *e, unsigned first, unsigned second, const struct wd_wr *wr)
{
	struct wd_wr oid = wd_wr_fixed(e->oid[e->n], sizeof(e->oid[0]));

	wd_wr_printf(&oid, "1.3.6.1.4.1.3704.1.%u", first);
	if (second != 0)
		wd_wr_printf(&oid, ".%u", second);
	wd_wr_u8(&oid, 0);
	e->at[e->n].oid = e->oid[e->n];
	e->at[e->n].der = wd_wr_span(wr);
	e->used += wd_wr_span(wr).len;
	e->n++;
}

static struct wd_wr
room_of(struct exts *e)
{
	return wd_wr_fixed(e->room + e->used, sizeof(e->room) - e->used);
}

static void
add_number(struct exts *e, unsigned first, unsigned second, uint8_t n)
{
	const uint8_t bytes[2] = { 0, n };
	struct wd_wr wr = room_of(e);

	wd_der_write(&wr, WD_DER_INTEGER,
	    n < 0x80 ? wd_span(bytes + 1, 1) : WD_SPAN(bytes));
	add(e, first, second, &wr);
}

static void
add_text(struct exts *e, unsigned first, const char *text)
{
	struct wd_wr wr = room_of(e);

	wd_der_write(&wr, WD_DER_IA5_STRING, wd_span_text(text));
	add(e, first, 0, &wr);
}

static void
add_chip(struct exts *e, struct wd_span id, bool wrap)
{
	struct wd_wr wr = room_of(e);

	if (wrap)
		wd_der_write(&wr, WD_DER_OCTET_STRING, id);
	else
		wd_wr_bytes(&wr, id);
	add(e, 4, 0, &wr);
}

static void
fill_exts(struct exts *e, const struct wd_swtee_snp *t,
    const struct wd_swtee_snp_spec *spec)
{
	add_number(e, 1, 0, t->line == WD_SNP_TURIN);
	add_text(e, 2,
	    t->line == WD_SNP_MILAN && t->kind == WD_SNP_VCEK
		? "Milan-B0"
		: wd_snp_line_name(t->line));
	for (unsigned spl = 1; spl <= SPL_LAST; spl++) {
		int place = wd_snp_spl_place(t->line, spl);

		if (place >= 0)
			add_number(e, 3, spl, t->tcb[place]);
	}
	if (t->kind == WD_SNP_VLEK)
		add_text(e, 5,
		    spec->csp_id == NULL ? "CN=software.example"
					 : spec->csp_id);
	else
		add_chip(e, wd_span(t->chip_id, wd_snp_chip_id_len(t->line)),
		    spec->wrap_chip_id);
}

/* ---- certificates */

static int
make(struct wd_swtee_snp *t, enum wd_amd_who who, int64_t made,
    const struct exts *exts, struct wd_diag *d)
{
	static const int years[WD_AMD_WHO] = { 25, 25, 7 };
	static const uint8_t zero[1] = { 0 };
	enum wd_amd_who signer = who == WD_AMD_VEK ? WD_AMD_ASK : WD_AMD_ARK;
	struct wd_rdn subject[WD_AMD_RDNS], issuer[WD_AMD_RDNS];
	char text[2][WD_AMD_NAME];
	struct wd_cert_spec spec = {
		.subject = subject,
		.n_subject = WD_AMD_RDNS,
		.issuer = issuer,
		.n_issuer = WD_AMD_RDNS,
		.serial = who == WD_AMD_VEK ? WD_SPAN(zero) : wd_span(NULL, 0),
		.not_before = made - DAY, /* clocks differ */
		.not_after = made + years[who] * (int64_t)YEAR,
		.is_ca = who != WD_AMD_VEK,
		.path_len = who == WD_AMD_ASK ? 0 : -1,
		.key_usage = who == WD_AMD_ARK
		    ? WD_KU_CERT_SIGN | WD_KU_CRL_SIGN
		    : who == WD_AMD_ASK ? (unsigned)WD_KU_CERT_SIGN
					: 0U,
		.ext = exts->at,
		.n_ext = who == WD_AMD_VEK ? exts->n : 0,
		.pss = true,
	};
	int r;

	if (who == WD_AMD_VEK && t->kind == WD_SNP_VLEK)
		spec.not_after = made + YEAR;
	wd_swtee_snp_name(who, t->line, t->kind, text[0], subject);
	wd_swtee_snp_name(signer, t->line, t->kind, text[1], issuer);
	r = wd_cert_make(&spec, t->key[who], t->key[signer], &t->cert[who]);
	if (r == WD_R_RANGE)
		return wd_reject(d, WD_R_RANGE, "a date that cannot be");
	return r == 0 ? 0
		      : wd_fault(d, WD_F_CRYPTO, "cannot make a certificate");
}

int
wd_swtee_snp_certify(struct wd_swtee_snp *t,
    const struct wd_swtee_snp_spec *spec, struct wd_diag *d)
{
	int64_t made = spec->made == 0 ? wd_time_now() : spec->made;
	struct exts exts = { .n = 0 };
	int r = 0;

	fill_exts(&exts, t, spec);
	for (size_t i = 0; i < WD_AMD_WHO && r == 0; i++)
		r = make(t, (enum wd_amd_who)i, made, &exts, d);
	return r;
}

/* ---- collateral */

void
wd_swtee_snp_docs_done(struct wd_swtee_snp_docs *docs)
{
	wd_bytes_freep(&docs->ask);
	wd_bytes_freep(&docs->crl);
	wd_bytes_freep(&docs->vek);
	wd_bytes_freep(&docs->trust_anchor);
}

/* The certificates from FIRST up to the ARK, in N steps. */
static int
make_pem(const struct wd_swtee_snp *t, enum wd_amd_who first, size_t n,
    struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(FILE_MAX);

	for (size_t i = 0; i < n; i++)
		wd_pem_write(
		    &wr, "CERTIFICATE", wd_bytes_span(t->cert[first - i]));
	if (wd_wr_take(&wr, ret) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for a chain");
	return 0;
}

static int
make_list(const struct wd_swtee_snp *t, const struct wd_swtee_snp_collateral *c,
    struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *ask = NULL;
	int64_t issued = c->issued == 0 ? wd_time_now() : c->issued;
	struct wd_rdn issuer[WD_AMD_RDNS];
	char text[WD_AMD_NAME];
	struct wd_span serial;
	struct wd_crl_spec spec = {
		.issuer = issuer,
		.n_issuer = WD_AMD_RDNS,
		.this_update = issued,
		.next_update = c->next_update != 0
		    ? c->next_update
		    : issued + LIST_DAYS * (int64_t)DAY,
		.revoked = &serial,
		.n_revoked = c->revoke_ask ? 1 : 0,
		.pss = true,
	};
	int r;

	if (t->key[WD_AMD_ARK] == NULL)
		return wd_reject(d, WD_R_KEY_INVALID,
		    "the key that signs lists is not in the folder");
	if (wd_cert_parse(wd_bytes_span(t->cert[WD_AMD_ASK]), &ask) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot read a certificate");
	serial = wd_cert_serial(ask);
	wd_swtee_snp_name(WD_AMD_ARK, t->line, t->kind, text, issuer);
	r = wd_crl_make(&spec, t->key[WD_AMD_ARK], ret);
	if (r == WD_R_RANGE)
		return wd_reject(d, WD_R_RANGE, "a date that cannot be");
	return r == 0 ? 0 : wd_fault(d, WD_F_CRYPTO, "cannot make a list");
}

int
wd_swtee_snp_collateral(const struct wd_swtee_snp *t,
    const struct wd_swtee_snp_collateral *c, struct wd_swtee_snp_docs *ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_swtee_snp_docs_done) struct wd_swtee_snp_docs docs = { 0 };
	int r;

	if ((r = make_pem(t, WD_AMD_ASK, 2, &docs.ask, d)) != 0 ||
	    (r = make_pem(t, WD_AMD_VEK, 1, &docs.vek, d)) != 0 ||
	    (r = make_pem(t, WD_AMD_ARK, 1, &docs.trust_anchor, d)) != 0 ||
	    (r = make_list(t, c, &docs.crl, d)) != 0)
		return r;
	*ret = docs;
	docs = (struct wd_swtee_snp_docs){ 0 };
	return 0;
}

int
wd_swtee_snp_docs_save(
    const struct wd_swtee_snp_docs *docs, int dir, struct wd_diag *d)
{
	const struct {
		const char *name;
		const struct wd_bytes *doc;
	} rows[] = {
		{ "ask.pem", docs->ask },
		{ "amd_crl.der", docs->crl },
		{ "vek_kept.pem", docs->vek },
		{ "trust_anchor.pem", docs->trust_anchor },
	};
	int r = 0;

	for (size_t i = 0; i < WD_N(rows) && r == 0; i++)
		r = wd_file_write(dir, rows[i].name, wd_bytes_span(rows[i].doc),
		    0644, false, d);
	return r;
}
