/*
 * The section of a backend of kind kmip.
 */
#include "backend/kmip_form.h"

static const struct wd_backend_key keys[] = {
	{ "host", WD_BACKEND_IS_TEXT, 0, 0, NULL, NULL,
	    "The server's name or address; its certificate must be for it." },
	{ "port", WD_BACKEND_IS_NUMBER, 1, 65535, NULL, "5696",
	    "Its port. TLS 1.3 is spoken, or 1.2 with forward secrecy." },
	{ "ca", WD_BACKEND_IS_PATH, 0, 0, NULL, NULL,
	    "PEM file of the authorities that the server's certificate may be "
	    "from; no others are trusted." },
	{ "certificate", WD_BACKEND_IS_PATH, 0, 0, NULL, NULL,
	    "PEM file of the certificate that is shown to the server." },
	{ "key", WD_BACKEND_IS_PATH, 0, 0, NULL, NULL,
	    "PEM file of its private key." },
	{ "version", WD_BACKEND_IS_WORD, 0, 0, "best 1.2 1.3 1.4 2.0", "best",
	    "The version of KMIP; by default the best of both." },
	{ "user", WD_BACKEND_IS_TEXT, 0, 0, NULL, "",
	    "A user name, for servers that want one beside the certificate; it "
	    "goes "
	    "with each request." },
	{ "password", WD_BACKEND_IS_PATH, 0, 0, NULL, "",
	    "File with that user's password." },
	{ "kek", WD_BACKEND_IS_PATH, 0, 0, NULL, "",
	    "File of 32 random bytes: a key under which the server wraps what "
	    "it gives, where it can, so that keys do not cross the network "
	    "inside of TLS alone. It is registered there when it is not yet." },
	{ "kek_name", WD_BACKEND_IS_TEXT, 0, 0, NULL, "",
	    "The name of that key at the server; by default one made of a "
	    "digest of the key." },
	{ "kek_only", WD_BACKEND_IS_BOOL, 0, 0, NULL, "no",
	    "Keys that the server does not wrap are refused. Many servers "
	    "wrap symmetric keys only." },
};

const struct wd_backend_form wd_backend_kmip_form = {
	.kind = WD_BACKEND_KMIP,
	.name = "kmip",
	.keys = keys,
	.n_keys = WD_N(keys),
	.can = WD_BACKEND_CAN_GENERATE | WD_BACKEND_CAN_BRING |
	    WD_BACKEND_CAN_ATTACH,
	.kinds = (1 << (WD_KEY_OPAQUE + 1)) - (1 << WD_KEY_AES128),
};
