/*
 * The software TEE's AMD side on the command line.
 */
#include "bin/warder/swtee_snp.h"

#include "attest/swtee_snp.h"
#include "bin/warder/swtee.h"
#include "codec/hex.h"
#include "codec/jtext.h"
#include "crypto/init.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CLAIM(option, kind, member) \
	SWTEE_FIELD(option, kind, struct wd_swtee_snp_claim, member)

static const struct swtee_field claim_fields[] = {
	CLAIM("report-data", SWTEE_PADDED, report_data),
	CLAIM("debug", SWTEE_FLAG, debug),
	CLAIM("report-version", SWTEE_NUMBER, version),
	CLAIM("measurement", SWTEE_HEX, measurement),
	CLAIM("host-data", SWTEE_HEX, host_data),
	CLAIM("vmpl", SWTEE_NUMBER, vmpl),
	CLAIM("guest-svn", SWTEE_NUMBER, guest_svn),
	CLAIM("family-id", SWTEE_HEX, family_id),
	CLAIM("image-id", SWTEE_HEX, image_id),
	CLAIM("id-key-digest", SWTEE_HEX, id_key_digest),
	CLAIM("author-key-digest", SWTEE_HEX, author_key_digest),
	CLAIM("migrate-ma", SWTEE_FLAG, migrate_ma),
	CLAIM("mask-chip", SWTEE_FLAG, mask_chip),
};

enum { SHARED_FIELDS = 2 }; /* the first, which other TEEs have too */

#define SPEC(option, kind, member) \
	SWTEE_FIELD(option, kind, struct wd_swtee_snp_spec, member)

static const struct swtee_field spec_fields[] = {
	SPEC("chip-id", SWTEE_HEX, chip_id),
	SPEC("csp-id", SWTEE_TEXT, csp_id),
	SPEC("made", SWTEE_TIME, made),
};

#define VENDOR(option, kind, member) \
	SWTEE_FIELD(option, kind, struct wd_swtee_snp_collateral, member)

static const struct swtee_field vendor_fields[] = {
	VENDOR("issued", SWTEE_TIME, issued),
	VENDOR("next-update", SWTEE_TIME, next_update),
	VENDOR("revoke-ask", SWTEE_FLAG, revoke_ask),
};

bool
swtee_is_snp(const char *tee)
{
	return tee != NULL && strcmp(tee, "snp") == 0;
}

int
swtee_snp_refuse(const struct cli_args *args, struct wd_diag *d)
{
	for (size_t i = SHARED_FIELDS; i < WD_N(claim_fields); i++)
		if (cli_value(args, claim_fields[i].option) != NULL)
			return wd_reject(d, WD_R_MALFORMED,
			    "--%s: for --tee snp alone",
			    claim_fields[i].option);
	return 0;
}

/* ---- init */

static int
read_spec(const struct cli_args *args, struct wd_swtee_snp_spec *spec,
    struct wd_diag *d)
{
	const char *line = cli_value(args, "line");
	const char *tcb = cli_value(args, "tcb");
	uint8_t b[5] = { 0 };

	if (line != NULL)
		spec->line = wd_snp_line_by_name(wd_span_text(line));
	if (line != NULL && spec->line == WD_SNP_NO_LINE)
		return wd_reject(
		    d, WD_R_MALFORMED, "--line: Milan, Genoa or Turin");
	if (tcb != NULL &&
	    wd_hex_decode_exact(wd_span_text(tcb), b, sizeof(b)) != 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "--tcb: not 5 bytes in hex");
	spec->tcb = (struct wd_snp_tcb){ b[0], b[1], b[2], b[3], b[4] };
	spec->key = cli_has(args, "vlek") ? WD_SNP_VLEK : WD_SNP_VCEK;
	return swtee_fields(args, spec_fields, WD_N(spec_fields), spec, d);
}

static int
write_collateral(const struct wd_swtee_snp *t, int dir,
    const struct wd_swtee_snp_collateral *c, struct wd_diag *d)
{
	WD_AUTO(wd_swtee_snp_docs_done) struct wd_swtee_snp_docs docs = { 0 };
	WD_AUTO(wd_fd_closep) int fd = -1;
	int r;

	if ((r = swtee_folder(dir, "collateral", true, 0755, &fd, d)) != 0 ||
	    (r = wd_swtee_snp_collateral(t, c, &docs, d)) != 0)
		return r;
	return wd_swtee_snp_docs_save(&docs, fd, d);
}

static int
write_all(const char *path, const struct wd_swtee_snp *t, int64_t made,
    struct wd_diag *d)
{
	const struct wd_swtee_snp_collateral c = { .issued = made };
	WD_AUTO(wd_fd_closep) int fd = -1;
	int r;

	if ((r = swtee_folder(AT_FDCWD, path, true, 0700, &fd, d)) != 0 ||
	    (r = wd_swtee_snp_save(t, fd, d)) != 0)
		return r;
	return write_collateral(t, fd, &c, d);
}

static void
write_words(struct wd_wr *wr, const char *path, const struct wd_anchor *a)
{
	wd_wr_printf(wr,
	    "SOFTWARE TEE in %.200s: it protects nothing, and serves\n"
	    "development, demonstrations and tests only.\n"
	    "Its collateral is in %.200s/collateral, the list good for 30 "
	    "days.\n"
	    "A server believes it with this line under [attestation]:\n\n"
	    "software_anchor = snp ",
	    path, path);
	wd_hex_write(wr, WD_SPAN(a->sha256));
	wd_wr_u8(wr, '\n');
}

static void
write_json(struct wd_wr *wr, const struct wd_anchor *a)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	wd_jtext_key(&j, "root_sha256");
	wd_jtext_hex(&j, WD_SPAN(a->sha256));
	wd_jtext_key_bool(&j, "software", true);
	wd_jtext_key_text(&j, "tee", "snp");
	wd_jtext_end(&j);
	wd_wr_u8(wr, '\n');
}

static enum cli_exit
answer(
    const struct cli_args *args, const char *path, const struct wd_swtee_snp *t)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(4096);
	struct wd_anchor a;

	if (wd_swtee_snp_anchor(t, &a) != 0)
		return CLI_FAULT;
	if (cli_has(args, "json"))
		write_json(&wr, &a);
	else
		write_words(&wr, path, &a);
	if (wd_wr_end(&wr) != 0 || fwrite(wr.p, 1, wr.len, stdout) != wr.len ||
	    fflush(stdout) != 0)
		return CLI_FAULT;
	return CLI_OK;
}

enum cli_exit
swtee_snp_init(const struct cli_args *args, const char *path)
{
	WD_AUTO(wd_swtee_snp_freep) struct wd_swtee_snp *t = NULL;
	struct wd_swtee_snp_spec spec = { .line = WD_SNP_NO_LINE };
	struct wd_diag d = { 0 };
	int r;

	if ((r = wd_crypto_init(&d)) != 0)
		return swtee_failed(r, &d);
	if (read_spec(args, &spec, &d) != 0)
		return cli_usage(args, "%s", d.detail);
	if ((r = wd_swtee_snp_new(&spec, &t, &d)) != 0 ||
	    (r = write_all(path, t, spec.made, &d)) != 0)
		return swtee_failed(r, &d);
	return answer(args, path, t);
}

/* ---- quote, collateral */

static int
open_dir(const struct cli_args *args, int *ret_fd, struct wd_swtee_snp **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int fd = -1;
	int r;

	if ((r = wd_crypto_init(d)) != 0 ||
	    (r = swtee_folder(
		 AT_FDCWD, cli_value(args, "dir"), false, 0, &fd, d)) != 0 ||
	    (r = wd_swtee_snp_open(fd, ret, d)) != 0)
		return r;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int
read_claim(const struct cli_args *args, struct wd_swtee_snp_claim *c,
    struct wd_diag *d)
{
	const char *fault = cli_value(args, "fault");
	int r = swtee_fields(args, claim_fields, WD_N(claim_fields), c, d);

	if (r != 0 || fault == NULL)
		return r;
	c->fault = wd_swtee_snp_fault_by_name(wd_span_text(fault));
	if (c->fault == WD_SWTEE_SNP_FAULTS)
		return wd_reject(
		    d, WD_R_MALFORMED, "--fault %s: there is none", fault);
	return 0;
}

enum cli_exit
swtee_snp_quote(const struct cli_args *args)
{
	WD_AUTO(wd_swtee_snp_freep) struct wd_swtee_snp *t = NULL;
	WD_AUTO(wd_fd_closep) int fd = -1;
	struct wd_swtee_snp_claim c = { .fault = WD_SWTEE_SNP_SOUND };
	uint8_t report[WD_SNP_REPORT];
	struct wd_diag d = { 0 };
	int r;

	if (read_claim(args, &c, &d) != 0)
		return cli_usage(args, "%s", d.detail);
	if ((r = open_dir(args, &fd, &t, &d)) != 0 ||
	    (r = wd_swtee_snp_report(t, &c, report, &d)) != 0 ||
	    (r = swtee_write_out(
		 cli_value(args, "output"), WD_SPAN(report), &d)) != 0)
		return swtee_failed(r, &d);
	return CLI_OK;
}

enum cli_exit
swtee_snp_collateral(const struct cli_args *args)
{
	WD_AUTO(wd_swtee_snp_freep) struct wd_swtee_snp *t = NULL;
	WD_AUTO(wd_fd_closep) int fd = -1;
	struct wd_swtee_snp_collateral c = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (swtee_fields(args, vendor_fields, WD_N(vendor_fields), &c, &d) != 0)
		return cli_usage(args, "%s", d.detail);
	if ((r = open_dir(args, &fd, &t, &d)) != 0 ||
	    (r = wd_swtee_snp_open_vendor(fd, t, &d)) != 0 ||
	    (r = write_collateral(t, fd, &c, &d)) != 0)
		return swtee_failed(r, &d);
	return CLI_OK;
}
