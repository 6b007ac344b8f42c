/*
 * Backends: where the bytes of keys rest when it is not our own store. One row
 * a kind; one process a configured backend, which opens it by its row and
 * answers keepers. A row translates between our words and those of a server or
 * device; it decides nothing, and what it is answered are hostile bytes.
 * Everything here blocks, within a deadline: the process is there for that.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "base/id.h"
#include "base/secret.h"
#include "base/wr.h"
#include "proto/door.h"

enum {
	WD_BACKENDS_MAX = 8,          /* configured at a time */
	WD_BACKEND_NAME_MAX = 31,     /* bytes of a backend's name: [a-z0-9-] */
	WD_BACKEND_SETTINGS = 40,     /* keys of one backend's section */
	WD_BACKEND_VALUE_MAX = 512,   /* bytes of a value */
	WD_LOCATOR_MAX = 512,         /* bytes of a locator */
	WD_BACKEND_BYTES_MAX = 65536, /* of a secret, and of what is used */
	WD_BACKEND_LEASE_MAX = 512,   /* bytes of a lease id of a backend */
};

/* Numbers are stored. */
enum wd_backend_kind {
	WD_BACKEND_NONE = 0, /* embedded */
	WD_BACKEND_VAULT = 1,
	WD_BACKEND_KMIP = 2,
	WD_BACKEND_PKCS11 = 3,
};

/* ---- configuration: the section [backend NAME] */

enum wd_backend_type {
	WD_BACKEND_IS_TEXT,
	WD_BACKEND_IS_PATH, /* made absolute when the configuration is read;
			       credential:NAME stays (sys/credential.h) */
	WD_BACKEND_IS_BOOL, /* "yes" or "no" */
	WD_BACKEND_IS_NUMBER,
	WD_BACKEND_IS_WORD, /* one of `words` */
};

/* One key of a kind's section. Secrets are never values, always in files. */
struct wd_backend_key {
	const char *name;
	enum wd_backend_type type;
	uint32_t min, max;    /* of a number */
	const char *words;    /* "token approle cert" */
	const char *standard; /* NULL: must be given; "" : may be left out */
	const char *manual;   /* whole sentences */
};

/* A section that was read and checked against its form's keys: every key is
 * there, with its default where it was not given. */
struct wd_backend_conf {
	char name[WD_BACKEND_NAME_MAX + 1];
	const struct wd_backend_form *form;
	size_t n;
	struct {
		const struct wd_backend_key *key;
		char value[WD_BACKEND_VALUE_MAX + 1];
	} at[WD_BACKEND_SETTINGS];
};

/* Of a key that the form has; "" when it was left out. */
const char *wd_backend_text(const struct wd_backend_conf *c, const char *key);
uint32_t wd_backend_number(const struct wd_backend_conf *c, const char *key);
bool wd_backend_flag(const struct wd_backend_conf *c, const char *key);

/* ---- what is asked */

/*
 * A locator is a backend's own name for one version of a key: printable ASCII
 * without spaces, stored by keepers, given back as it was. It holds no secret.
 */

/* A key to be made, or (BYTES not empty) to be kept. */
struct wd_backend_make {
	struct wd_id id;
	uint32_t version; /* from 1; a later one of the same id: rotation */
	enum wd_key_kind kind;
	struct wd_span bytes; /* PKCS#8 DER, or raw */
	struct wd_span label; /* UTF-8; may be empty */
	/* May never leave, not even wrapped: only be used there. */
	bool stays;
	struct wd_span previous; /* locator of the version before; or empty */
};

/* A key that is there now. Filled by make and attach. */
struct wd_backend_made {
	enum wd_key_kind kind;
	char locator[WD_LOCATOR_MAX + 1];
	struct wd_bytes *spki; /* DER; NULL: symmetric and opaque */
	bool stays;            /* cannot be fetched: fetch says why */
	bool wrapped_only;     /* cannot be fetched, only by wrap */
	bool leased;           /* each fetch makes one, with a lease */
};
void wd_backend_made_done(struct wd_backend_made *m);

struct wd_backend_got {
	struct wd_secret *bytes; /* PKCS#8 DER, or raw */
	/* Dynamic secrets: the backend's lease; empty: none. */
	char lease[WD_BACKEND_LEASE_MAX + 1];
	uint32_t seconds;
	bool renewable;
};
void wd_backend_got_done(struct wd_backend_got *g);

enum wd_backend_use {
	WD_USE_ENCRYPT = 1, /* AES-GCM: output is iv, ciphertext, tag */
	WD_USE_DECRYPT = 2, /* AES-GCM; RSA-OAEP with SHA-256 */
	WD_USE_SIGN = 3,
	WD_USE_VERIFY = 4, /* no output; WD_R_MISMATCH: it does not verify */
};

enum wd_backend_alg {
	WD_USE_AES_GCM = 1,
	WD_USE_RSA_OAEP = 2,  /* SHA-256 */
	WD_USE_RSA_PSS = 3,   /* SHA-256, salt of 32 bytes */
	WD_USE_RSA_PKCS1 = 4, /* SHA-256 */
	WD_USE_ECDSA = 5, /* hash by curve: SHA-256, 384, 512; raw r and s */
	WD_USE_ED25519 = 6,
	WD_USE_RSA_PSS_384 = 7, /* SHA-384, salt of 48 bytes */
	WD_USE_RSA_PSS_512 = 8,
	WD_USE_RSA_PKCS1_384 = 9,
	WD_USE_RSA_PKCS1_512 = 10,
};

/* A key used where it rests. */
struct wd_backend_work {
	enum wd_backend_use use;
	enum wd_backend_alg alg;
	enum wd_key_kind kind;
	struct wd_span locator;
	struct wd_span input;     /* plaintext, ciphertext or message, whole */
	struct wd_span aad;       /* AES-GCM */
	struct wd_span signature; /* WD_USE_VERIFY */
	/* INPUT is a digest by the algorithm's hash, to be signed or verified
	 * as it is; not with Ed25519. */
	bool hashed;
};

/* ---- rows */

enum { /* bits of `can` */
	WD_BACKEND_CAN_GENERATE = 1 << 0,
	WD_BACKEND_CAN_BRING = 1 << 1,
	WD_BACKEND_CAN_ATTACH = 1 << 2,
	WD_BACKEND_CAN_STAY = 1 << 3, /* generate or bring, with `stays` */
	WD_BACKEND_CAN_USE = 1 << 4,
	WD_BACKEND_CAN_WRAP = 1 << 5,
	WD_BACKEND_CAN_LEASE = 1 << 6,
};

/*
 * What can be said of a kind without its code. Whoever reads the configuration
 * links forms, in KIND_form.c, and none of the libraries that a row needs.
 */
struct wd_backend_form {
	enum wd_backend_kind kind;
	const char *name; /* "vault" */
	const struct wd_backend_key *keys;
	size_t n_keys;
	unsigned can;
	uint16_t kinds; /* bits 1 << enum wd_key_kind that can rest there */
};

/*
 * Results: 0; a rejection with a sentence that an operator understands, naming
 * the server and never a secret:
 *   WD_R_NOT_FOUND      the backend has no such key (any more)
 *   WD_R_PERMISSION     the backend refuses us
 *   WD_R_UNSUPPORTED    it cannot do that, or not with this key
 *   WD_R_EXISTS, WD_R_CONFLICT
 *   WD_R_MAY_NOT_LEAVE  the key may not leave, or not in the clear
 *   WD_R_UNAVAILABLE    not reachable, sealed, overloaded, late: try again
 *   WD_R_BACKEND_ANSWER its answer is not one we understand
 * or a fault of our own. DEADLINE is monotonic milliseconds for the whole
 * call, retries and logins included; a call returns within a second of it.
 * A NULL function: never (the form's `can` says so too).
 */
struct wd_backend_row {
	const struct wd_backend_form *form;

	/* Looks at the configuration and the files it names, loads what is to
	 * be loaded before a sandbox closes. Connects to nothing: a server that
	 * is down at start is none of its business. */
	int (*open)(
	    const struct wd_backend_conf *c, void **ret, struct wd_diag *d);
	void (*close)(void *x);

	/* Reachable, and we may use it: for status and doctor. WORDS gets a
	 * sentence about what is there (product, version, expiry of our
	 * token). */
	int (*check)(
	    void *x, int64_t deadline, struct wd_wr *words, struct wd_diag *d);

	/* Does what is due though nobody asks, such as to renew a token, and
	 * returns the milliseconds until there is more; -1: not before a call.
	 * NULL: nothing ever. */
	int64_t (*keep)(void *x, int64_t deadline);

	int (*make)(void *x, const struct wd_backend_make *in, int64_t deadline,
	    struct wd_backend_made *out, struct wd_diag *d);
	/* NAME as an operator or ISecL's kmip_key_id gives it. */
	int (*attach)(void *x, struct wd_span name, int64_t deadline,
	    struct wd_backend_made *out, struct wd_diag *d);
	int (*fetch)(void *x, struct wd_span locator, enum wd_key_kind kind,
	    int64_t deadline, struct wd_backend_got *out, struct wd_diag *d);
	/* For a key that only leaves wrapped: {AES key under RSA-OAEP to
	 * CLIENT (SPKI, 2048 to 4096 bits), key under AES-KWP}, concatenated.
	 * A private key is PKCS#8, behind which some modules leave up to seven
	 * zero bytes. SHA1: OAEP with SHA-1, where the row's configuration
	 * allows it. */
	int (*wrap)(void *x, struct wd_span locator, struct wd_span client,
	    int64_t deadline, struct wd_bytes **ret, bool *ret_sha1,
	    struct wd_diag *d);
	int (*use)(void *x, const struct wd_backend_work *in, int64_t deadline,
	    struct wd_secret **ret, struct wd_diag *d);
	/* A key that `make` made; one that is gone already is 0. */
	int (*destroy)(void *x, struct wd_span locator, int64_t deadline,
	    struct wd_diag *d);

	/* RET_SECONDS may be less than asked for. */
	int (*renew)(void *x, struct wd_span lease, uint32_t seconds,
	    int64_t deadline, uint32_t *ret_seconds, struct wd_diag *d);
	int (*revoke)(
	    void *x, struct wd_span lease, int64_t deadline, struct wd_diag *d);
};

/* NULL where there is none. */
const struct wd_backend_form *wd_backend_form(enum wd_backend_kind kind);
const struct wd_backend_form *wd_backend_form_by_name(struct wd_span name);
const struct wd_backend_form *const *wd_backend_forms(size_t *ret_n);

/* For warder-backend alone. */
const struct wd_backend_row *wd_backend_row(enum wd_backend_kind kind);
