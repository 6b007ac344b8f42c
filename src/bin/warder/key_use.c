/*
 * warder key encrypt|decrypt|datakey|sign|verify: a key used in the server,
 * which keeps it. Bytes come from a file or standard input and go to one or to
 * standard output, as they are.
 */
#include "base/num.h"
#include "bin/warder/online.h"
#include "bin/warder/verbs.h"
#include "codec/base64.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { DATA_MAX = 32768, CIPHER_MAX = 33024, BODY_MAX = 65536 };

#define ID "6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10"

#define IN_OPTION(what)                                                     \
	{                                                                   \
		"file", "FILE", what "; - for standard input, the default", \
		    false                                                   \
	}
#define OUT_OPTION(what)                                     \
	{                                                    \
		"out", "FILE",                               \
		    what "; by default it goes to standard " \
			 "output",                           \
		    false                                    \
	}
#define AAD_OPTION                                                            \
	{                                                                     \
		"aad", "TEXT",                                                \
		    "what the ciphertext goes with, such as the name of its " \
		    "place: it decrypts with the same text alone. No secret", \
		    false                                                     \
	}
#define VERSION_OPTION(what)                \
	{                                   \
		"version", "N", what, false \
	}
#define ALGORITHM_OPTION                                                \
	{                                                               \
		"algorithm", "NAME",                                    \
		    "PS256 (which RSA keys do by default) PS384 PS512 " \
		    "RS256 RS384 RS512 ES256 "                          \
		    "ES384 ES512 EdDSA",                                \
		    false                                               \
	}

/* ---- asking */

static void
put_bytes(struct wd_jtext *j, const char *key, struct wd_span bytes)
{
	wd_jtext_key(j, key);
	wd_jtext_b64(j, bytes);
}

static void
put_aad(struct wd_jtext *j, const struct cli_args *args)
{
	const char *aad = cli_value(args, "aad");

	if (aad != NULL)
		put_bytes(j, "aad", wd_span_text(aad));
}

/* A member that is a number, when the option was given; false: it is none. */
static bool
put_number(struct wd_jtext *j, const struct cli_args *args, const char *name)
{
	const char *value = cli_value(args, name);
	uint64_t n;

	if (value == NULL)
		return true;
	if (!wd_num_parse(wd_span_text(value), UINT32_MAX, &n)) {
		(void)cli_usage(args, "--%s is no number", name);
		return false;
	}
	wd_jtext_key_uint(j, name, n);
	return true;
}

static bool
read_input(const struct cli_args *args, size_t max, struct wd_secret **ret)
{
	const char *file = cli_value(args, "file");

	return cli_read_secret(file == NULL ? "-" : file, max, ret);
}

/* Sends the body to the path of the use. */
static enum cli_exit
ask(const struct cli_args *args, const char *use, const struct wd_wr *body,
    struct cli_online *o)
{
	const char *id = cli_need_operand(args, 0, "key");
	char path[CLI_PATH_MAX];
	enum cli_exit e;

	if (id == NULL || !cli_path(path, "/admin/v1/keys/", id, use))
		return CLI_USAGE;
	e = cli_online_open(args, true, o);
	return e != CLI_OK ? e : cli_online_send(o, "POST", path, body);
}

/* ---- giving */

static enum cli_exit
complain(const struct wd_diag *d)
{
	(void)fprintf(stderr, "warder: %s\n", d->detail);
	return CLI_FAULT;
}

static enum cli_exit
print(struct wd_span bytes)
{
	if (fwrite(bytes.p, 1, bytes.len, stdout) == bytes.len &&
	    fflush(stdout) == 0)
		return CLI_OK;
	(void)fprintf(stderr, "warder: cannot write the answer\n");
	return CLI_FAULT;
}

static enum cli_exit
put_file(const char *file, struct wd_span bytes, unsigned mode)
{
	const char *slash = strrchr(file, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - file) + 1;
	char path[WD_FILE_PATH_MAX];
	WD_AUTO(wd_fd_closep) int folder = -1;
	struct wd_diag d = { 0 };

	/* One that does not fit is left empty, and no folder. */
	(void)wd_span_to_text(wd_span(file, len), path, sizeof(path));
	folder =
	    open(len == 0 ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		(void)wd_fault_errno(&d, "%.150s", file);
		return complain(&d);
	}
	if (wd_file_write(folder, file + len, bytes, mode, false, &d) != 0)
		return complain(&d);
	return CLI_OK;
}

/* The member NAME of the answer, to FILE or standard output. */
static enum cli_exit
give(const struct cli_online *o, const char *name, const char *file,
    unsigned mode)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_span text = { NULL, 0 };
	struct wd_diag d = { 0 };

	if (!wd_jval_text(wd_jval_get(wd_json_root(o->doc), name), &text) ||
	    wd_b64_decode(text, &bytes) != 0) {
		(void)wd_fault(
		    &d, WD_F_PEER, "the server's answer has no %s", name);
		return complain(&d);
	}
	return file == NULL ? print(wd_bytes_span(bytes))
			    : put_file(file, wd_bytes_span(bytes), mode);
}

/* --json shows everything; else the one member that was wanted. */
static enum cli_exit
show(const struct cli_online *o, const char *name, unsigned mode)
{
	if (cli_has(o->args, "json"))
		return cli_print_body(o);
	return give(o, name, cli_value(o->args, "out"), mode);
}

/* ---- encrypt, decrypt */

static const struct cli_option encrypt_options[] = {
	CLI_ONLINE_OPTIONS,
	IN_OPTION("what is to be encrypted, at most 32 KiB"),
	AAD_OPTION,
	OUT_OPTION("where the ciphertext goes"),
};

static enum cli_exit
run_encrypt(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(BODY_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	enum cli_exit e;

	if (!read_input(args, DATA_MAX, &plain))
		return CLI_FAULT;
	wd_jtext_object(&j);
	put_aad(&j, args);
	put_bytes(&j, "plaintext", wd_secret_borrow(plain));
	wd_jtext_end(&j);
	e = ask(args, "/encrypt", &wr, &o);
	return e != CLI_OK ? e : show(&o, "ciphertext", 0644);
}

const struct cli_verb cli_verb_key_encrypt = {
	.name = "key encrypt",
	.summary = "encrypt data with a key that stays in the server",
	.operands = "ID",
	.options = encrypt_options,
	.n_options = WD_N(encrypt_options),
	.example = "warder key encrypt " ID " --file plain --out cipher",
	.run = run_encrypt,
};

static const struct cli_option decrypt_options[] = {
	CLI_ONLINE_OPTIONS,
	IN_OPTION("what the key, by encrypt or datakey, has encrypted; for an "
		  "RSA key also what its public key has, by RSA-OAEP with "
		  "SHA-256"),
	AAD_OPTION,
	VERSION_OPTION("of an RSA key whose public key has encrypted it; by "
		       "default the newest"),
	OUT_OPTION("where the plaintext goes, mode 0600"),
};

static enum cli_exit
run_decrypt(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *cipher = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(BODY_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	enum cli_exit e;

	if (!read_input(args, CIPHER_MAX, &cipher))
		return CLI_FAULT;
	wd_jtext_object(&j);
	put_aad(&j, args);
	put_bytes(&j, "ciphertext", wd_secret_borrow(cipher));
	if (!put_number(&j, args, "version"))
		return CLI_USAGE;
	wd_jtext_end(&j);
	e = ask(args, "/decrypt", &wr, &o);
	return e != CLI_OK ? e : show(&o, "plaintext", 0600);
}

const struct cli_verb cli_verb_key_decrypt = {
	.name = "key decrypt",
	.summary = "decrypt data with a key that stays in the server",
	.operands = "ID",
	.options = decrypt_options,
	.n_options = WD_N(decrypt_options),
	.example = "warder key decrypt " ID " --file cipher --out plain",
	.run = run_decrypt,
};

/* ---- datakey */

static const struct cli_option datakey_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "bits", "N", "128 or 256, the default", false },
	AAD_OPTION,
	{ "ciphertext", "FILE",
	    "where the data key goes as the key has encrypted it", false },
	OUT_OPTION("where the data key goes, mode 0600"),
	{ "wrapped", NULL, "it is wanted as the key has encrypted it alone",
	    false },
};

static enum cli_exit
give_both(const struct cli_online *o, const char *cipher)
{
	enum cli_exit e;

	if (cli_has(o->args, "json"))
		return cli_print_body(o);
	/* First what alone brings the key back. */
	e = give(o, "ciphertext", cipher, 0644);
	return e != CLI_OK ? e : show(o, "plaintext", 0600);
}

static enum cli_exit
run_datakey(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(BODY_MAX);
	const char *cipher = cli_value(args, "ciphertext");
	bool wrapped = cli_has(args, "wrapped");
	struct wd_jtext j = wd_jtext(&wr);
	enum cli_exit e;

	if (wrapped ? cipher != NULL : cipher == NULL && !cli_has(args, "json"))
		return cli_usage(args,
		    "where does it go encrypted: --ciphertext FILE, or "
		    "--wrapped with --out");
	wd_jtext_object(&j);
	put_aad(&j, args);
	if (!put_number(&j, args, "bits"))
		return CLI_USAGE;
	if (wrapped)
		wd_jtext_key_bool(&j, "wrapped", true);
	wd_jtext_end(&j);
	if ((e = ask(args, "/datakey", &wr, &o)) != CLI_OK)
		return e;
	return wrapped ? show(&o, "ciphertext", 0644) : give_both(&o, cipher);
}

const struct cli_verb cli_verb_key_datakey = {
	.name = "key datakey",
	.summary = "make a data key, encrypted by a key that stays in the "
		   "server",
	.operands = "ID",
	.options = datakey_options,
	.n_options = WD_N(datakey_options),
	.example = "warder key datakey " ID
		   " --ciphertext data.key.enc --out data.key",
	.run = run_datakey,
};

/* ---- sign, verify */

#define DIGEST_OPTION                                                      \
	{                                                                  \
		"digest", NULL,                                            \
		    "FILE is not the data but its digest, by the hash of " \
		    "the algorithm; not with Ed25519",                     \
		    false                                                  \
	}

static void
put_message(struct wd_jtext *j, const struct cli_args *args,
    const struct wd_secret *bytes)
{
	cli_member(j, args, "algorithm", "algorithm");
	put_bytes(j, cli_has(args, "digest") ? "digest" : "message",
	    wd_secret_borrow(bytes));
}

static const struct cli_option sign_options[] = {
	CLI_ONLINE_OPTIONS,
	IN_OPTION("what is to be signed, at most 32 KiB"),
	ALGORITHM_OPTION,
	DIGEST_OPTION,
	OUT_OPTION("where the signature goes"),
};

static enum cli_exit
run_sign(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *message = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(BODY_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	enum cli_exit e;

	if (!read_input(args, DATA_MAX, &message))
		return CLI_FAULT;
	wd_jtext_object(&j);
	put_message(&j, args, message);
	wd_jtext_end(&j);
	e = ask(args, "/sign", &wr, &o);
	return e != CLI_OK ? e : show(&o, "signature", 0644);
}

const struct cli_verb cli_verb_key_sign = {
	.name = "key sign",
	.summary = "sign data with a key that stays in the server",
	.operands = "ID",
	.options = sign_options,
	.n_options = WD_N(sign_options),
	.example = "warder key sign " ID " --file letter --out letter.sig",
	.run = run_sign,
};

static const struct cli_option verify_options[] = {
	CLI_ONLINE_OPTIONS,
	IN_OPTION("what was signed"),
	{ "signature", "FILE", "the signature", false },
	ALGORITHM_OPTION,
	DIGEST_OPTION,
	VERSION_OPTION("of the key; by default the newest"),
};

static enum cli_exit
say_valid(const struct cli_online *o)
{
	bool valid = false;

	/* Anything but true is no. */
	if (!wd_jval_bool(wd_jval_get(wd_json_root(o->doc), "valid"), &valid))
		valid = false;
	if (cli_has(o->args, "json"))
		(void)cli_print_body(o);
	else
		(void)printf("%s\n", valid ? "valid" : "not valid");
	return valid ? CLI_OK : CLI_REJECTED;
}

static enum cli_exit
run_verify(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *message = NULL, *sig = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(BODY_MAX);
	const char *file = cli_value(args, "signature");
	struct wd_jtext j = wd_jtext(&wr);
	enum cli_exit e;

	if (file == NULL)
		return cli_usage(args, "which --signature?");
	if (!cli_read_secret(file, DATA_MAX, &sig) ||
	    !read_input(args, DATA_MAX, &message))
		return CLI_FAULT;
	wd_jtext_object(&j);
	put_message(&j, args, message);
	put_bytes(&j, "signature", wd_secret_borrow(sig));
	if (!put_number(&j, args, "version"))
		return CLI_USAGE;
	wd_jtext_end(&j);
	e = ask(args, "/verify", &wr, &o);
	return e != CLI_OK ? e : say_valid(&o);
}

const struct cli_verb cli_verb_key_verify = {
	.name = "key verify",
	.summary = "check a signature by a key in the server",
	.operands = "ID",
	.options = verify_options,
	.n_options = WD_N(verify_options),
	.example =
	    "warder key verify " ID " --file letter --signature letter.sig",
	.run = run_verify,
};
