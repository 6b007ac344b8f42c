/*
 * The section of a backend of kind vault.
 */
#include "backend/vault_form.h"

static const struct wd_backend_key keys[] = {
	{ "address", WD_BACKEND_IS_TEXT, 0, 0, NULL, NULL,
	    "Where the server is, https://HOST:PORT. TLS is always verified." },
	{ "ca", WD_BACKEND_IS_PATH, 0, 0, NULL, NULL,
	    "PEM file of the authorities that the server's certificate may be "
	    "from; no others are trusted." },
	{ "tls12", WD_BACKEND_IS_BOOL, 0, 0, NULL, "no",
	    "TLS 1.2 will do, for servers that have nothing newer." },
	{ "direct", WD_BACKEND_IS_BOOL, 0, 0, NULL, "no",
	    "A server that stands by names the active one, which is asked "
	    "then; by default it asks that one for us." },
	{ "namespace", WD_BACKEND_IS_TEXT, 0, 0, NULL, "",
	    "The namespace of all that follows." },
	{ "login", WD_BACKEND_IS_WORD, 0, 0,
	    "token approle kubernetes jwt cert", "token",
	    "How to log in. A token is renewed before it ends; by every other "
	    "way there is a new login when it ends or is revoked." },
	{ "login_mount", WD_BACKEND_IS_TEXT, 0, 0, NULL, "",
	    "Where that way is mounted; by default under its own name." },
	{ "role", WD_BACKEND_IS_TEXT, 0, 0, NULL, "",
	    "The role to log in as; for approle the role id; for cert the name "
	    "of the certificate." },
	{ "secret", WD_BACKEND_IS_PATH, 0, 0, NULL, "",
	    "File with the token, the secret id or the JWT. It is read at each "
	    "login, so it may be replaced while the server runs." },
	{ "certificate", WD_BACKEND_IS_PATH, 0, 0, NULL, "",
	    "PEM file of a certificate to show to the server." },
	{ "key", WD_BACKEND_IS_PATH, 0, 0, NULL, "",
	    "PEM file of its private key." },
	{ "mount", WD_BACKEND_IS_TEXT, 0, 0, NULL, "keybroker",
	    "Where the key-value engine is mounted that keys are kept in." },
	{ "engine", WD_BACKEND_IS_WORD, 0, 0, "auto 1 2", "auto",
	    "The version of that engine; by default the server is asked." },
	{ "transit", WD_BACKEND_IS_TEXT, 0, 0, NULL, "transit",
	    "Where the transit engine is mounted, for keys that stay there." },
	{ "paths", WD_BACKEND_IS_TEXT, 0, 0, NULL, "",
	    "What may be attached: paths, separated by single spaces, each "
	    "with all that is below it. By default whatever the token may "
	    "read." },
};

const struct wd_backend_form wd_backend_vault_form = {
	.kind = WD_BACKEND_VAULT,
	.name = "vault",
	.keys = keys,
	.n_keys = WD_N(keys),
	.can = WD_BACKEND_CAN_GENERATE | WD_BACKEND_CAN_BRING |
	    WD_BACKEND_CAN_ATTACH | WD_BACKEND_CAN_STAY | WD_BACKEND_CAN_USE |
	    WD_BACKEND_CAN_LEASE,
	.kinds = (1 << (WD_KEY_OPAQUE + 1)) - (1 << WD_KEY_AES128),
};
