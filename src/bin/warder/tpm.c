/*
 * warder tpm …: endorsement keys of TPMs that an operator vouches for. A key is
 * named by the digest of its public part, which is made here from any form that
 * one comes in.
 */
#include "bin/warder/online.h"
#include "bin/warder/verbs.h"

#include "codec/hex.h"
#include "codec/pem.h"
#include "crypto/hash.h"
#include "crypto/init.h"
#include "crypto/x509.h"
#include "verify/tpm/public.h"

#include <stdio.h>

enum { REQUEST_MAX = 8192, FILE_MAX = 65536, DIGEST = 32 };

static const char tpms_path[] = "/admin/v1/tpms";

static const struct cli_option options[] = { CLI_ONLINE_OPTIONS };

/* ---- what the file holds */

static int
from_certificate(struct wd_span der, struct wd_pkey **ret)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *c = NULL;
	int r = wd_cert_parse(der, &c);

	return r != 0 ? r : wd_pkey_from_spki(wd_cert_spki(c), ret);
}

static int
from_area(struct wd_span bytes, struct wd_pkey **ret)
{
	struct wd_tpm_public p;
	int r = wd_tpm_public_parse(bytes, &p, NULL);

	return r != 0 ? r : wd_tpm_public_key(&p, ret);
}

static int
from_pem(struct wd_span pem, const char *label,
    int (*read)(struct wd_span der, struct wd_pkey **ret), struct wd_pkey **ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	struct wd_rd rd = wd_rd(pem);
	int r = wd_pem_next(&rd, label, &der);

	return r != 0 ? r : read(wd_bytes_span(der), ret);
}

/* The first form that fits. */
static int
read_key(struct wd_span file, struct wd_pkey **ret)
{
	int r;

	if ((r = from_area(file, ret)) <= 0 ||
	    (r = wd_pkey_from_spki(file, ret)) <= 0 ||
	    (r = from_certificate(file, ret)) <= 0 ||
	    (r = from_pem(file, "PUBLIC KEY", wd_pkey_from_spki, ret)) <= 0)
		return r;
	return from_pem(file, "CERTIFICATE", from_certificate, ret);
}

static bool
digest_file(const char *name, uint8_t ret[DIGEST])
{
	WD_AUTO(wd_secret_freep) struct wd_secret *file = NULL;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;

	if (!cli_read_secret(name, FILE_MAX, &file))
		return false;
	if (wd_crypto_init(NULL) == 0 &&
	    read_key(wd_secret_borrow(file), &key) == 0 &&
	    wd_pkey_to_spki(key, &spki) == 0 &&
	    wd_hash(WD_SHA256, wd_bytes_span(spki), ret) == 0)
		return true;
	(void)fprintf(stderr,
	    "warder: %s holds neither a public key of a TPM, nor one in PEM "
	    "or DER, nor a certificate\n",
	    name);
	return false;
}

/* ---- the verbs */

static const struct cli_option enrol_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "label", "TEXT", "what the machine is called", false },
};

static enum cli_exit
run_enrol(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(REQUEST_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	const char *what = cli_need_operand(args, 0, "key");
	char hex[2 * DIGEST + 1];
	uint8_t digest[DIGEST];
	enum cli_exit e;

	if (what == NULL)
		return CLI_USAGE;
	if (wd_hex_decode_exact(wd_span_text(what), digest, DIGEST) != 0 &&
	    !digest_file(what, digest))
		return CLI_FAULT;
	wd_hex_format(WD_SPAN(digest), hex);
	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "ek", hex);
	cli_member(&j, args, "label", "label");
	wd_jtext_end(&j);
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, "POST", tpms_path, &wr)) != CLI_OK)
		return e;
	if (!cli_has(args, "json"))
		(void)printf("enrolled %s\n", hex);
	return CLI_OK;
}

const struct cli_verb cli_verb_tpm_enrol = {
	.name = "tpm enrol",
	.summary = "vouch for the endorsement key of a TPM",
	.operands = "FILE|DIGEST",
	.options = enrol_options,
	.n_options = WD_N(enrol_options),
	.example = "warder tpm enrol ek.pub --label 'rack 4'",
	.run = run_enrol,
};

static const struct cli_column columns[] = {
	{ "ek", "EK", 64 },
	{ "created", "CREATED", 20 },
	{ "label", "LABEL", 0 },
};

static enum cli_exit
run_list(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	enum cli_exit e = cli_online_open(args, true, &o);

	return e != CLI_OK
	    ? e
	    : cli_list(&o, tpms_path, "", columns, WD_N(columns));
}

const struct cli_verb cli_verb_tpm_list = {
	.name = "tpm list",
	.summary = "list the endorsement keys that are vouched for",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder tpm list",
	.run = run_list,
};

static enum cli_exit
run_remove(const struct cli_args *args)
{
	return cli_delete(args, "/admin/v1/tpms/", "key");
}

const struct cli_verb cli_verb_tpm_remove = {
	.name = "tpm remove",
	.summary = "vouch for an endorsement key no longer",
	.operands = "DIGEST",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder tpm remove "
		   "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846"
		   "f6be03",
	.run = run_remove,
};
