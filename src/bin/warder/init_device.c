/*
 * The HSM or TPM of a new server. A module runs in this process, which lives no
 * longer than the server takes to be made; an alarm ends both when the module
 * hangs, and the next init clears away what was left.
 */
#include "bin/warder/init.h"

#include "bin/warder/args.h"
#include "sys/credential.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of the service that the packages install, while it runs. */
#define CREDENTIALS "/run/credentials/warderd.service"

enum { PIN_MAX = 256, HANG_SECONDS = 60 };

/* ---- what is asked */

static char given[WD_FILE_PATH_MAX]; /* of the environment that there was */

void
init_credentials_note(void)
{
	const char *folder = wd_credential_folder();

	if (folder != NULL)
		/* What is too long is no folder. */
		(void)!wd_span_to_text(
		    wd_span_text(folder), given, sizeof(given));
}

int
init_credential(
    struct wd_span value, char ret[WD_FILE_PATH_MAX], struct wd_diag *d)
{
	const char *folder = given[0] != '\0' ? given : wd_credential_folder();

	return wd_credential_path(
	    value, folder == NULL ? CREDENTIALS : folder, ret, d);
}

static int
read_pin(struct init *x, const char *path, struct wd_diag *d)
{
	char place[WD_FILE_PATH_MAX];
	size_t len;
	int r;

	if (wd_credential_is(wd_span_text(path))) {
		if ((r = init_credential(wd_span_text(path), place, d)) != 0)
			return r;
		path = place;
	}
	r = wd_file_read_secret(AT_FDCWD, path, PIN_MAX, &x->pin, NULL);
	if (r != 0)
		return wd_reject(d, WD_R_NOT_FOUND,
		    "%.150s, which shall hold the PIN, cannot be read", path);
	len = wd_secret_len(x->pin);
	while (len > 0 && wd_secret_borrow(x->pin).p[len - 1] <= ' ')
		len--;
	wd_secret_shorten(x->pin, len);
	return 0;
}

int
init_device_plan(const struct cli_args *args, struct init *x, struct wd_diag *d)
{
	struct wd_hsm_uri uri;
	int r;

	x->generate = cli_has(args, "generate-key");
	if (x->kind == WD_SEAL_TPM && x->conf.seal_tpm[0] == '\0')
		return wd_reject(d, WD_R_MALFORMED,
		    "--seal tpm needs --tpm, or a configuration with that key");
	if (x->kind != WD_SEAL_PKCS11)
		return x->generate
		    ? wd_reject(d, WD_R_MALFORMED,
			  "--generate-key goes with --seal pkcs11")
		    : 0;
	if (x->conf.pkcs11[0] == '\0')
		return wd_reject(d, WD_R_MALFORMED,
		    "--seal pkcs11 needs --pkcs11, or a configuration with "
		    "that key");
	r = wd_hsm_uri_read(wd_span_text(x->conf.pkcs11), &uri, d);
	return r != 0 ? r : read_pin(x, uri.pin_file, d);
}

/* ---- opening it */

/* As the user whose files the module may look for, then as the one who makes
 * the state folder. */
static int
wrap(void *ctx, enum wd_seal_kind kind, struct wd_span key,
    struct wd_bytes **ret_blob, struct wd_diag *d)
{
	struct init *x = ctx;
	int r, back;

	init_owner_leave();
	if ((r = init_owner_enter(x, x->conf.user_device, d)) == 0)
		r = kind == WD_SEAL_TPM
		    ? wd_tss_seal(
			  x->tpm, x->conf.seal_tpm_pcrs, key, ret_blob, d)
		    : wd_hsm_wrap(x->hsm, key, ret_blob, d);
	init_owner_leave();
	back = init_owner_enter(x, x->conf.user_keeper, d);
	return r != 0 ? r : back;
}

/* As wrap(), by the device alone: nothing is being made. */
static int
unwrap(void *ctx, enum wd_seal_kind kind, struct wd_span blob,
    struct wd_secret **ret_key, struct wd_diag *d)
{
	struct init *x = ctx;
	int r = init_owner_enter(x, x->conf.user_device, d);

	if (r == 0)
		r = kind == WD_SEAL_TPM
		    ? wd_tss_unseal(x->tpm, blob, ret_key, d)
		    : wd_hsm_unwrap(x->hsm, blob, ret_key, d);
	init_owner_leave();
	return r;
}

static int
set_environment(const struct init *x, struct wd_diag *d)
{
	char text[WD_CONF_PATH], *value;

	if (x->conf.pkcs11_environment[0] == '\0')
		return 0;
	wd_copy(text, WD_SPAN(x->conf.pkcs11_environment));
	value = strchr(text, '='); /* the reader has looked */
	*value++ = '\0';
	return setenv(text, value, 1) == 0
	    ? 0
	    : wd_fault_errno(d, "cannot set the environment");
}

/* What was wrapped must open again before anything relies on it. */
static int
prove(struct init *x, struct wd_diag *d)
{
	static const uint8_t probe[32] = "a probe, which is no secret";
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *back = NULL;
	uint32_t pcrs = x->conf.seal_tpm_pcrs;
	int r = x->tpm != NULL
	    ? wd_tss_seal(x->tpm, pcrs, WD_SPAN(probe), &blob, d)
	    : wd_hsm_wrap(x->hsm, WD_SPAN(probe), &blob, d);

	if (r == 0)
		r = x->tpm != NULL
		    ? wd_tss_unseal(x->tpm, wd_bytes_span(blob), &back, d)
		    : wd_hsm_unwrap(x->hsm, wd_bytes_span(blob), &back, d);
	if (r != 0)
		return r;
	return wd_ct_equal(wd_secret_borrow(back), WD_SPAN(probe))
	    ? 0
	    : wd_fault(d, WD_F_SYSTEM,
		  "the device does not decrypt what it "
		  "encrypted");
}

static int
open_hsm(struct init *x, struct wd_diag *d)
{
	struct wd_hsm_uri uri;
	struct wd_hsm_how how = { &uri, wd_secret_borrow(x->pin),
		x->conf.pkcs11_oaep_sha1 };
	int r;

	if ((r = wd_hsm_uri_read(wd_span_text(x->conf.pkcs11), &uri, d)) != 0 ||
	    (r = set_environment(x, d)) != 0 ||
	    (r = wd_hsm_load(&how, &x->hsm, d)) != 0 ||
	    (x->generate && (r = wd_hsm_generate(x->hsm, d)) != 0))
		return r;
	return 0;
}

int
init_device_open(struct init *x, struct wd_seal_device *ret, struct wd_diag *d)
{
	int r = init_owner_enter(x, x->conf.user_device, d);

	(void)alarm(HANG_SECONDS); /* no other one is set */
	if (r == 0)
		r = x->kind == WD_SEAL_TPM
		    ? wd_tss_open(x->conf.seal_tpm, &x->tpm, d)
		    : open_hsm(x, d);
	if (r == 0)
		r = prove(x, d);
	init_owner_leave();
	if (r == 0)
		*ret = (struct wd_seal_device){ x, wrap, unwrap };
	return r;
}

void
init_device_close(struct init *x)
{
	x->hsm = wd_hsm_free(x->hsm);
	x->tpm = wd_tss_free(x->tpm);
	(void)alarm(0);
}
