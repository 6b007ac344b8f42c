/*
 * warder swtee gpu: evidence of GPUs that are software, as guests send it.
 */
#include "bin/warder/swtee.h"
#include "bin/warder/verbs.h"

#include "attest/swtee_gpu.h"
#include "codec/hex.h"
#include "codec/jtext.h"
#include "crypto/init.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>

enum { ENTRY_MAX = 65536, CHAIN_MAX = 16384 };

static const struct cli_option options[] = {
	{ "dir", "DIR", "a folder of its own; made where there is none",
	    false },
	{ "number", "N", "which GPU of the folder, to 65535; 0", false },
	{ "nonce", "HEX", "what it is bound to, 32 bytes", false },
	{ "driver-version", "TEXT", "590.12", false },
	{ "measured", "HEX", "every measurement, 48 bytes", false },
	{ "output", "FILE", "where to write the entry; else to standard output",
	    false },
};

struct asked {
	uint16_t number;
	struct wd_swtee_gpu_claim claim;
};

static const struct swtee_field fields[] = {
	SWTEE_FIELD("number", SWTEE_NUMBER, struct asked, number),
	SWTEE_FIELD("nonce", SWTEE_HEX, struct asked, claim.nonce),
	SWTEE_FIELD("driver-version", SWTEE_TEXT, struct asked, claim.driver),
	SWTEE_FIELD("measured", SWTEE_HEX, struct asked, claim.measured),
};

static void
say_anchor(const struct wd_swtee_gpu *t)
{
	struct wd_anchor a;
	char hex[2 * 32 + 1];

	if (!t->fresh || wd_swtee_gpu_anchor(t, &a) != 0)
		return;
	wd_hex_format(WD_SPAN(a.sha256), hex);
	(void)fprintf(stderr,
	    "warder: a new maker of GPUs; a server believes it with this line "
	    "under [attestation]:\n"
	    "software_anchor = nvidia %s\n",
	    hex);
}

/* The GPU, and the lists it is judged with anew. */
static int
open_gpu(const struct cli_args *args, const struct asked *a,
    struct wd_swtee_gpu *ret, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int dir = -1;
	WD_AUTO(wd_fd_closep) int collateral = -1;
	int r =
	    swtee_folder(AT_FDCWD, cli_value(args, "dir"), true, 0700, &dir, d);

	if (r != 0 ||
	    (r = swtee_folder(dir, "collateral", true, 0755, &collateral, d)) !=
		0 ||
	    (r = wd_swtee_gpu_open(dir, a->number, ret, d)) != 0)
		return r;
	say_anchor(ret);
	return wd_swtee_gpu_collateral(ret, collateral, d);
}

/* A device of the list in "additional_evidence". */
static int
write_entry(const struct wd_swtee_gpu *t, const struct asked *a,
    struct wd_wr *wr, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr chain = wd_wr_growing(CHAIN_MAX);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *evidence = NULL;
	struct wd_jtext j = wd_jtext(wr);
	int r = wd_swtee_gpu_evidence(t, &a->claim, &evidence, d);

	if (r != 0)
		return r;
	wd_swtee_gpu_chain(t, &chain);
	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "arch", "HOPPER");
	wd_jtext_key(&j, "certificate");
	wd_jtext_b64(&j, wd_wr_span(&chain));
	wd_jtext_key(&j, "evidence");
	wd_jtext_b64(&j, wd_bytes_span(evidence));
	wd_jtext_end(&j);
	wd_wr_u8(wr, '\n');
	if (wd_wr_end(&chain) != 0 || wd_wr_end(wr) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for an entry");
	return 0;
}

static int
make_entry(const struct cli_args *args, const struct asked *a,
    const struct wd_swtee_gpu *t, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(ENTRY_MAX);
	int r = write_entry(t, a, &wr, d);

	return r != 0
	    ? r
	    : swtee_write_out(cli_value(args, "output"), wd_wr_span(&wr), d);
}

static enum cli_exit
run(const struct cli_args *args)
{
	WD_AUTO(wd_swtee_gpu_done) struct wd_swtee_gpu t = { 0 };
	struct asked a = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (cli_value(args, "dir") == NULL)
		return cli_usage(args, "--dir is needed");
	if (swtee_fields(args, fields, WD_N(fields), &a, &d) != 0)
		return cli_usage(args, "%s", d.detail);
	if ((r = wd_crypto_init(&d)) != 0 ||
	    (r = open_gpu(args, &a, &t, &d)) != 0 ||
	    (cli_value(args, "nonce") != NULL &&
		(r = make_entry(args, &a, &t, &d)) != 0))
		return swtee_failed(r, &d);
	return CLI_OK;
}

const struct cli_verb cli_verb_swtee_gpu = {
	.name = "swtee gpu",
	.summary =
	    "make evidence of a software GPU, and at first its maker's keys",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder swtee gpu --dir ./gpus --number 1 --nonce 00ff...",
	.run = run,
};
