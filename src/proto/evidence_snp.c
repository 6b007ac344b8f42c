/*
 * Fields of a report by name, place and size, for both directions. What is not
 * in the table is reserved and zero.
 */
#include "proto/evidence_snp.h"

#include "codec/der.h"
#include "codec/pem.h"
#include "verify/snp/report.h"

enum kind {
	NUMBER,   /* little endian */
	OPTIONAL, /* likewise; absent or null is zero */
	BYTES,    /* an array of numbers */
	TCB,      /* an object of components */
	FIRMWARE, /* build, minor, major */
	SIGNATURE,
};

/* In the order of their names, in which they are written. */
static const struct field {
	const char *name;
	enum kind kind;
	size_t at, len;
} fields[] = {
	{ "author_key_digest", BYTES, 0x110, 48 },
	{ "chip_id", BYTES, 0x1a0, 64 },
	{ "committed", FIRMWARE, 0x1ec, 3 },
	{ "committed_tcb", TCB, 0x1e0, 8 },
	{ "cpuid_fam_id", OPTIONAL, 0x188, 1 },
	{ "cpuid_mod_id", OPTIONAL, 0x189, 1 },
	{ "cpuid_step", OPTIONAL, 0x18a, 1 },
	{ "current", FIRMWARE, 0x1e8, 3 },
	{ "current_mit_vector", OPTIONAL, 0x200, 8 },
	{ "current_tcb", TCB, 0x038, 8 },
	{ "family_id", BYTES, 0x010, 16 },
	{ "guest_svn", NUMBER, 0x004, 4 },
	{ "host_data", BYTES, 0x0c0, 32 },
	{ "id_key_digest", BYTES, 0x0e0, 48 },
	{ "image_id", BYTES, 0x020, 16 },
	{ "key_info", NUMBER, 0x048, 4 },
	{ "launch_mit_vector", OPTIONAL, 0x1f8, 8 },
	{ "launch_tcb", TCB, 0x1f0, 8 },
	{ "measurement", BYTES, 0x090, 48 },
	{ "plat_info", NUMBER, 0x040, 8 },
	{ "policy", NUMBER, 0x008, 8 },
	{ "report_data", BYTES, 0x050, 64 },
	{ "report_id", BYTES, 0x140, 32 },
	{ "report_id_ma", BYTES, 0x160, 32 },
	{ "reported_tcb", TCB, 0x180, 8 },
	{ "sig_algo", NUMBER, 0x034, 4 },
	{ "signature", SIGNATURE, 0x2a0, 144 },
	{ "version", NUMBER, 0x000, 4 },
	{ "vmpl", NUMBER, 0x030, 4 },
};

/* Of a signature. */
static const struct field halves[] = {
	{ "r", BYTES, 0x2a0, 72 },
	{ "s", BYTES, 0x2e8, 72 },
};

static const struct component {
	const char *name;
	size_t at;
} firmware[] = { { "build", 0 }, { "major", 2 }, { "minor", 1 } };

enum { CHAIN_MAX = 6, CERT_MAX = 8192, VEK_MAX = 16384 };

/* ---- reading */

static uint64_t
max_of(size_t len)
{
	return len >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * len) - 1;
}

static void
set_number(uint8_t *dst, size_t len, uint64_t v)
{
	for (size_t i = 0; i < len; i++)
		dst[i] = (uint8_t)(v >> 8 * i);
}

static void
read_number(struct wd_jobj *o, const struct field *f, uint8_t *report)
{
	const struct wd_jval *v = wd_jobj_take(
	    o, f->name, f->kind == OPTIONAL ? WD_OPTIONAL : WD_REQUIRED);
	uint64_t n;

	if (v == NULL || (f->kind == OPTIONAL && wd_jval_type(v) == WD_JNULL))
		return;
	if (wd_jval_uint(v, max_of(f->len), &n))
		set_number(report + f->at, f->len, n);
	else
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "member \"%s\" is no number of its size", f->name);
}

/* Numbers of V, each a byte. */
static bool
take_bytes(const struct wd_jval *v, uint8_t *dst, size_t len)
{
	uint64_t n;

	if (wd_jval_type(v) != WD_JARRAY || wd_jval_count(v) != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!wd_jval_uint(wd_jval_at(v, i), UINT8_MAX, &n))
			return false;
		dst[i] = (uint8_t)n;
	}
	return true;
}

static void
read_bytes(struct wd_jobj *o, const struct field *f, uint8_t *report)
{
	const struct wd_jval *v = wd_jobj_take(o, f->name, WD_REQUIRED);

	if (v != NULL && !take_bytes(v, report + f->at, f->len))
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "member \"%s\" is no array of %zu bytes", f->name, f->len);
}

/* The object NAME of O, opened. False when that failed. */
static bool
open_object(struct wd_jobj *o, const char *name, struct wd_jobj *ret)
{
	const struct wd_jval *v = wd_jobj_object(o, name, WD_REQUIRED);

	if (v == NULL)
		return false;
	wd_jobj_open(ret, v, o->d, name);
	return true;
}

static void
close_object(struct wd_jobj *o, struct wd_jobj *in)
{
	int r = wd_jobj_close(in);

	if (r != 0 && o->result == 0)
		o->result = r;
}

static uint8_t
byte_of(struct wd_jobj *o, const char *name)
{
	return (uint8_t)wd_jobj_uint(o, name, WD_REQUIRED, UINT8_MAX);
}

/* Only where there is an FMC it is said: the layout follows from that. */
static void
read_tcb(struct wd_jobj *o, const struct field *f, uint8_t *report)
{
	struct wd_snp_tcb tcb = { 0 };
	const struct wd_jval *fmc;
	struct wd_jobj in;
	uint64_t n = 0;
	bool has_fmc;

	if (!open_object(o, f->name, &in))
		return;
	fmc = wd_jobj_take(&in, "fmc", WD_OPTIONAL);
	has_fmc = fmc != NULL && wd_jval_type(fmc) != WD_JNULL;
	if (has_fmc && !wd_jval_uint(fmc, UINT8_MAX, &n))
		wd_jobj_fail(&in, WD_R_MALFORMED, "\"fmc\" is no byte");
	tcb.fmc = (uint8_t)n;
	tcb.boot_loader = byte_of(&in, "bootloader");
	tcb.tee = byte_of(&in, "tee");
	tcb.snp = byte_of(&in, "snp");
	tcb.microcode = byte_of(&in, "microcode");
	wd_snp_tcb_write(
	    has_fmc ? WD_SNP_TURIN : WD_SNP_MILAN, &tcb, report + f->at);
	close_object(o, &in);
}

static void
read_firmware(struct wd_jobj *o, const struct field *f, uint8_t *report)
{
	struct wd_jobj in;

	if (!open_object(o, f->name, &in))
		return;
	for (size_t i = 0; i < WD_N(firmware); i++)
		report[f->at + firmware[i].at] = byte_of(&in, firmware[i].name);
	close_object(o, &in);
}

static void
read_signature(struct wd_jobj *o, const struct field *f, uint8_t *report)
{
	struct wd_jobj in;

	if (!open_object(o, f->name, &in))
		return;
	for (size_t i = 0; i < WD_N(halves); i++)
		read_bytes(&in, &halves[i], report);
	close_object(o, &in);
}

static void
read_field(struct wd_jobj *o, const struct field *f, uint8_t *report)
{
	switch (f->kind) {
	case NUMBER:
	case OPTIONAL:
		read_number(o, f, report);
		break;
	case BYTES:
		read_bytes(o, f, report);
		break;
	case TCB:
		read_tcb(o, f, report);
		break;
	case FIRMWARE:
		read_firmware(o, f, report);
		break;
	case SIGNATURE:
		read_signature(o, f, report);
		break;
	}
}

static void
read_report(struct wd_jobj *o, uint8_t *report)
{
	struct wd_jobj in;

	if (!open_object(o, "attestation_report", &in))
		return;
	for (size_t i = 0; i < WD_N(fields); i++)
		read_field(&in, &fields[i], report);
	close_object(o, &in);
}

/* ---- certificates */

/* Which place in a chain a type has: leaf first; -1: none. */
static int
place_of(struct wd_span type)
{
	static const struct {
		const char *name;
		int place;
	} rows[] = { { "VCEK", 0 }, { "VLEK", 0 }, { "ASK", 1 }, { "ASVK", 1 },
		{ "ARK", 2 } };

	for (size_t i = 0; i < WD_N(rows); i++)
		if (wd_span_is(type, rows[i].name))
			return rows[i].place;
	return -1;
}

enum { PLACES = 3 };

/* DER of the certificate in BYTES, which may be PEM. */
static int
to_der(struct wd_jobj *o, struct wd_bytes **bytes)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	struct wd_rd rd = wd_rd(wd_bytes_span(*bytes));
	int r;

	if (wd_der_peek(&rd) == WD_DER_SEQUENCE)
		return 0;
	r = wd_pem_next(&rd, "CERTIFICATE", &der);
	if (r > 0) {
		wd_jobj_fail(
		    o, WD_R_MALFORMED, "a certificate is neither DER nor PEM");
		return 0;
	}
	if (r == 0) {
		wd_bytes_freep(bytes);
		*bytes = WD_TAKE(der);
	}
	return r;
}

static int
read_cert(struct wd_jobj *o, struct wd_bytes *chain[PLACES])
{
	const struct wd_jval *type = wd_jobj_take(o, "cert_type", WD_REQUIRED);
	const struct wd_jval *data =
	    wd_jobj_array(o, "data", WD_REQUIRED, CERT_MAX);
	struct wd_span name;
	int place;

	/* Types without a name of their own are objects. */
	if (o->result != 0 || !wd_jval_text(type, &name))
		return 0;
	place = place_of(name);
	if (place < 0 || wd_jval_count(data) == 0)
		return 0;
	if (chain[place] != NULL) {
		wd_jobj_fail(o, WD_R_MALFORMED, "two certificates of a kind");
		return 0;
	}
	chain[place] = wd_bytes_new(wd_jval_count(data));
	if (chain[place] == NULL)
		return WD_F_MEMORY;
	if (!take_bytes(data, chain[place]->p, chain[place]->len)) {
		wd_jobj_fail(
		    o, WD_R_MALFORMED, "\"data\" is no array of bytes");
		return 0;
	}
	return to_der(o, &chain[place]);
}

static int
read_chain(struct wd_jobj *o, struct wd_bytes *chain[PLACES])
{
	const struct wd_jval *v = wd_jobj_take(o, "cert_chain", WD_OPTIONAL);
	int r = 0;

	if (v == NULL || wd_jval_type(v) == WD_JNULL)
		return 0;
	if (wd_jval_type(v) != WD_JARRAY || wd_jval_count(v) > CHAIN_MAX) {
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "\"cert_chain\" is no list of up to %d", CHAIN_MAX);
		return 0;
	}
	for (size_t i = 0; i < wd_jval_count(v) && r == 0; i++) {
		struct wd_jobj in;

		wd_jobj_open(&in, wd_jval_at(v, i), o->d, "cert_chain");
		r = read_cert(&in, chain);
		close_object(o, &in);
	}
	return r;
}

/* Part of a path is of no use: it is whole, or the leaf alone. */
static int
add_chain(struct wd_bytes *chain[PLACES], struct wd_wr *bundle)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(VEK_MAX);
	bool whole = chain[1] != NULL && chain[2] != NULL;

	if (chain[0] == NULL)
		return 0;
	for (size_t i = 0; i < (whole ? PLACES : 1); i++)
		wd_wr_bytes(&wr, wd_bytes_span(chain[i]));
	if (wd_wr_end(&wr) != 0)
		return wr.no_memory ? WD_F_MEMORY : WD_R_TOO_LARGE;
	wd_bundle_add(bundle, WD_IN_VEK, wd_wr_span(&wr));
	return 0;
}

int
wd_evidence_snp_read(struct wd_jobj *o, struct wd_wr *bundle)
{
	struct wd_bytes *chain[PLACES] = { 0 };
	uint8_t report[WD_SNP_REPORT] = { 0 };
	int r;

	read_report(o, report);
	r = read_chain(o, chain);
	wd_bundle_add(bundle, WD_IN_REPORT, WD_SPAN(report));
	if (r == 0 && o->result == 0)
		r = add_chain(chain, bundle);
	for (size_t i = 0; i < PLACES; i++)
		wd_bytes_freep(&chain[i]);
	if (r <= 0)
		return r;
	wd_jobj_fail(o, WD_R_TOO_LARGE, "\"cert_chain\" is too large");
	return 0;
}

/* ---- writing */

static uint64_t
number_at(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	for (size_t i = len; i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

static void
write_bytes(struct wd_jtext *j, const char *name, struct wd_span s)
{
	wd_jtext_key(j, name);
	wd_jtext_array(j);
	for (size_t i = 0; i < s.len; i++)
		wd_jtext_uint(j, s.p[i]);
	wd_jtext_end(j);
}

static void
write_tcb(struct wd_jtext *j, const struct field *f, struct wd_span bytes,
    enum wd_snp_line line)
{
	struct wd_snp_tcb tcb = wd_snp_tcb_read(line, bytes);

	wd_jtext_key(j, f->name);
	wd_jtext_object(j);
	wd_jtext_key_uint(j, "bootloader", tcb.boot_loader);
	wd_jtext_key(j, "fmc");
	if (wd_snp_has_fmc(line))
		wd_jtext_uint(j, tcb.fmc);
	else
		wd_jtext_null(j);
	wd_jtext_key_uint(j, "microcode", tcb.microcode);
	wd_jtext_key_uint(j, "snp", tcb.snp);
	wd_jtext_key_uint(j, "tee", tcb.tee);
	wd_jtext_end(j);
}

static void
write_firmware(struct wd_jtext *j, const struct field *f, const uint8_t *p)
{
	wd_jtext_key(j, f->name);
	wd_jtext_object(j);
	for (size_t i = 0; i < WD_N(firmware); i++)
		wd_jtext_key_uint(j, firmware[i].name, p[firmware[i].at]);
	wd_jtext_end(j);
}

static void
write_signature(
    struct wd_jtext *j, const struct field *f, const uint8_t *report)
{
	wd_jtext_key(j, f->name);
	wd_jtext_object(j);
	for (size_t i = 0; i < WD_N(halves); i++)
		write_bytes(j, halves[i].name,
		    wd_span(report + halves[i].at, halves[i].len));
	wd_jtext_end(j);
}

static void
write_field(struct wd_jtext *j, const struct field *f, const uint8_t *report,
    enum wd_snp_line line)
{
	struct wd_span bytes = wd_span(report + f->at, f->len);

	switch (f->kind) {
	case NUMBER:
	case OPTIONAL:
		wd_jtext_key_uint(j, f->name, number_at(bytes.p, bytes.len));
		break;
	case BYTES:
		write_bytes(j, f->name, bytes);
		break;
	case TCB:
		write_tcb(j, f, bytes, line);
		break;
	case FIRMWARE:
		write_firmware(j, f, bytes.p);
		break;
	case SIGNATURE:
		write_signature(j, f, report);
		break;
	}
}

static void
write_chain(struct wd_jtext *j, struct wd_span vek, bool vlek)
{
	static const char *const above[] = { "ASK", "ARK" };
	struct wd_rd rd = wd_rd(vek);

	wd_jtext_key(j, "cert_chain");
	if (vek.p == NULL) {
		wd_jtext_null(j);
		return;
	}
	wd_jtext_array(j);
	for (size_t i = 0; i < PLACES && wd_rd_more(&rd); i++) {
		wd_jtext_object(j);
		wd_jtext_key_text(j, "cert_type",
		    i > 0      ? above[i - 1]
			: vlek ? "VLEK"
			       : "VCEK");
		write_bytes(j, "data", wd_der_whole(&rd, WD_DER_SEQUENCE));
		wd_jtext_end(j);
	}
	wd_jtext_end(j);
}

/* The part VEK of ours is DER. */
void
wd_evidence_snp_write(struct wd_jtext *j, const struct wd_inputs *in)
{
	struct wd_span report = in->part[WD_IN_REPORT];
	struct wd_snp_report parsed;

	if (wd_snp_report_parse(report, &parsed, NULL) != 0) {
		wd_jtext_null(j);
		wd_wr_fail(j->wr);
		return;
	}
	if (parsed.line == WD_SNP_NO_LINE)
		parsed.line = WD_SNP_MILAN; /* before version 3 */
	wd_jtext_object(j);
	wd_jtext_key(j, "attestation_report");
	wd_jtext_object(j);
	for (size_t i = 0; i < WD_N(fields); i++)
		write_field(j, &fields[i], report.p, parsed.line);
	wd_jtext_end(j);
	write_chain(j, in->part[WD_IN_VEK], parsed.key == WD_SNP_VLEK);
	wd_jtext_end(j);
}
