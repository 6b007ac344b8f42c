/*
 * The section of a backend of kind pkcs11.
 */
#include "backend/pkcs11_form.h"

static const struct wd_backend_key keys[] = {
	{ "uri", WD_BACKEND_IS_TEXT, 0, 0, NULL, NULL,
	    "The token and its module (RFC 7512): "
	    "pkcs11:token=LABEL?module-path=/PATH.so, with serial=NUMBER "
	    "instead of the label or beside it. The module is loaded by the "
	    "processes of this backend alone." },
	{ "pin_file", WD_BACKEND_IS_PATH, 0, 0, NULL, NULL,
	    "File with the user's PIN, closed to other users, or "
	    "credential:NAME. It is read at "
	    "each login, so it may be replaced while the server runs. A PIN "
	    "that the token has refused is not shown to it again, nor any "
	    "while the token says that the next wrong one locks it." },
	{ "environment", WD_BACKEND_IS_TEXT, 0, 0, NULL, "",
	    "NAME=VALUE, or several with blanks between: what the module "
	    "finds in its environment, which is empty otherwise. Modules find "
	    "their own configuration by it." },
	{ "oaep_sha1", WD_BACKEND_IS_BOOL, 0, 0, NULL, "no",
	    "Keys leave wrapped by RSA-OAEP with SHA-1, for tokens that do not "
	    "have it with SHA-256." },
};

const struct wd_backend_form wd_backend_pkcs11_form = {
	.kind = WD_BACKEND_PKCS11,
	.name = "pkcs11",
	.keys = keys,
	.n_keys = WD_N(keys),
	.can = WD_BACKEND_CAN_GENERATE | WD_BACKEND_CAN_BRING |
	    WD_BACKEND_CAN_ATTACH | WD_BACKEND_CAN_STAY | WD_BACKEND_CAN_USE |
	    WD_BACKEND_CAN_WRAP,
	.kinds = (1 << (WD_KEY_ED25519 + 1)) - (1 << WD_KEY_AES128),
};
