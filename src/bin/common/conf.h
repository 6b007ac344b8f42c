/*
 * The configuration of the server, /etc/warder/warder.conf: one table of keys
 * drives reading, defaults, the manual and what a reload may change. It is
 * checked whole: a struct wd_conf that was handed out holds nothing that is
 * out of range.
 */
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include "base/diag.h"
#include "backend/backend.h"
#include "base/wr.h"
#include "verify/appraise.h"

#define WD_CONF_FILE "/etc/warder/warder.conf"

enum {
	WD_CONF_PATH = 257, /* sizes with the NUL at the end */
	WD_CONF_HOST = 254,
	WD_CONF_USER = 33,
	WD_CONF_CELLS = 63,   /* most public cells */
	WD_CONF_ANCHORS = 64, /* most roots, the vendors' included */
	WD_CONF_EK_ANCHORS = 64,
	WD_CONF_BACKEND_PROCESSES = 8, /* most of one backend */
};

struct wd_conf_address {
	socklen_t len; /* 0: none */
	struct sockaddr_storage at;
};

/* A section [backend NAME]. */
struct wd_conf_backend {
	struct wd_backend_conf conf;
	uint32_t processes, timeout_ms;
};

/* Without padding that could differ: compared byte by byte per key. */
struct wd_conf {
	/* [server] */
	char name[WD_CONF_HOST];
	char state_dir[WD_CONF_PATH];
	char run_dir[WD_CONF_PATH];
	uint32_t cells; /* 0: one per CPU */
	bool pin_cells;
	uint8_t log_level; /* enum wd_log_level */
	uint32_t drain_seconds;
	char default_backend[WD_BACKEND_NAME_MAX + 1]; /* may be empty */

	/* [users] */
	bool separate_users;
	char user_front[WD_CONF_USER];
	char user_verify[WD_CONF_USER];
	char user_keeper[WD_CONF_USER];
	char user_seal[WD_CONF_USER];
	char user_device[WD_CONF_USER];
	char user_backend[WD_CONF_USER];
	char user_scribe[WD_CONF_USER];

	/* [seal] */
	char pkcs11[WD_CONF_PATH]; /* hsm/uri.h; empty: no HSM */
	char pkcs11_environment[WD_CONF_PATH];
	bool pkcs11_oaep_sha1;
	char seal_tpm[WD_CONF_PATH];      /* tss/tss.h; empty: none */
	uint32_t seal_tpm_pcrs;           /* bits */
	uint32_t seal_probe_seconds;      /* between two trials of its device */
	uint32_t seal_wrap_cache_seconds; /* what the HSM opened is kept */
	uint32_t keyring_uses;            /* of a term, before it is rotated */
	uint32_t keyring_days;            /* likewise; 0: no bound */

	/* [public] */
	struct wd_conf_address public_listen;
	char tls_key[WD_CONF_PATH];
	char tls_certificate[WD_CONF_PATH];
	char client_ca[WD_CONF_PATH]; /* empty: none */
	bool tls12;

	/* [admin] */
	char admin_socket[WD_CONF_PATH];
	char admin_group[WD_CONF_USER];
	struct wd_conf_address admin_listen;
	bool admin_on_public;

	/* [limits] */
	uint32_t max_body, max_connections, max_per_source;
	uint32_t request_seconds, idle_seconds, session_seconds;
	uint32_t attestations_per_network; /* a minute; 0: no bound */
	uint32_t entries_per_platform, entries_per_session;

	/* [attestation] */
	bool vendor_roots;
	struct wd_anchor anchors[WD_CONF_ANCHORS]; /* vendors' included */
	size_t n_anchors;
	struct wd_anchor ek_anchors[WD_CONF_EK_ANCHORS]; /* of TPMs' EKs */
	size_t n_ek_anchors;
	uint32_t tpm_enrolment_seconds;
	bool allow_debug, crl_optional;
	bool snp_allow_migrate_ma, tpm_allow_sha1, tpm_ak_purpose_optional;
	bool tpm_ek_crl_required;
	uint32_t min_evaluation_number;
	uint32_t sgx_min_evaluation_number, tdx_min_evaluation_number;
	struct wd_snp_tcb snp_min_tcb[WD_SNP_LINES]; /* zeros: none */
	uint32_t snp_max_vmpl;
	uint32_t tpm_required_pcrs; /* bits */

	/* [backend NAME], in the order of the file */
	struct wd_conf_backend backends[WD_BACKENDS_MAX];
	size_t n_backends;
};

enum wd_conf_type {
	WD_CONF_IS_HOST,    /* a host's name: letters, digits, '.', '-' */
	WD_CONF_IS_USER,    /* a user's or group's name */
	WD_CONF_IS_PATH,    /* relative: to the configuration's folder */
	WD_CONF_IS_ADDRESS, /* 1.2.3.4:5 or [::1]:5 */
	WD_CONF_IS_BOOL,    /* yes or no */
	WD_CONF_IS_NUMBER,  /* decimal, in a range */
	WD_CONF_IS_LEVEL,   /* of the log */
	WD_CONF_IS_ANCHOR,  /* TEE and SHA-256 or file; may be repeated */
	WD_CONF_IS_SOFTWARE_ANCHOR,
	WD_CONF_IS_EK_ANCHOR, /* SHA-256 or file; may be repeated */
	WD_CONF_IS_SOFTWARE_EK_ANCHOR,
	WD_CONF_IS_SNP_TCB, /* line and components; may be repeated */
	WD_CONF_IS_PCRS,    /* numbers of registers */
	WD_CONF_IS_PKCS11,  /* of a key in an HSM */
	WD_CONF_IS_PAIR,    /* NAME=VALUE */
	WD_CONF_IS_TPM,     /* device:PATH */
	WD_CONF_IS_BACKEND, /* the name of a section */
	WD_CONF_TYPES
};

struct wd_conf_key {
	const char *section, *name;
	enum wd_conf_type type;
	size_t offset, size;  /* of its place in struct wd_conf */
	uint32_t min, max;    /* of a number */
	const char *standard; /* the default, as one would write it */
	bool may_be_empty;
	bool at_start_only; /* a reload may not change it */
	const char *manual; /* what it means: whole sentences */
};

const struct wd_conf_key *wd_conf_keys(size_t *ret_n);

/* The seal may open by a device, which has a process of its own. */
static inline bool
wd_conf_has_device(const struct wd_conf *c)
{
	return c->pkcs11[0] != '\0' || c->seal_tpm[0] != '\0';
}

/* NULL when there is none. */
const struct wd_conf_key *wd_conf_key(const char *section, const char *name);

/* NULL when there is none of this name. */
const struct wd_conf_backend *wd_conf_backend(
    const struct wd_conf *c, const char *name);

/* What a value of this type looks like, for messages and the manual. */
const char *wd_conf_form(enum wd_conf_type type);

/*
 * Reads a configuration; paths in TEXT are relative to FOLDER (absolute). Roots
 * in files are hashed: call wd_crypto_init() before.
 * Rejections: WD_R_MALFORMED, WD_R_UNKNOWN_MEMBER, WD_R_EXISTS (a key given
 * twice), WD_R_RANGE, WD_R_TOO_LARGE, WD_R_NOT_FOUND (a file that is named);
 * the sentence begins with the line.
 */
int wd_conf_parse(struct wd_span text, const char *folder, struct wd_conf *ret,
    struct wd_diag *d) WD_MUST_USE;

/* As that, of the file at PATH; WD_R_NOT_FOUND also when it is not there. */
int wd_conf_read(const char *path, struct wd_conf *ret, struct wd_diag *d)
    WD_MUST_USE;

/* The first key that differs and that only a new start can change; NULL: a
 * reload from OLD to FRESH is possible. */
const struct wd_conf_key *wd_conf_needs_restart(
    const struct wd_conf *old, const struct wd_conf *fresh);

/* The keys as the part of a manual page in mdoc(7), section by section, those
 * of backends last. */
void wd_conf_manual(struct wd_wr *wr);

/* ---- between the files of the configuration */

/* One value to be read for one key. */
struct wd_conf_value {
	const struct wd_conf_key *key;
	struct wd_span text;
	const char *folder;
};

int wd_conf_set(const struct wd_conf_value *v, struct wd_conf *conf,
    struct wd_diag *d) WD_MUST_USE;

/* FOLDER/NAME, or NAME when it is absolute. WD_R_RANGE: too long. */
int wd_conf_path(const struct wd_conf_value *v, char ret[WD_CONF_PATH],
    struct wd_diag *d) WD_MUST_USE;

int wd_conf_set_anchor(const struct wd_conf_value *v, struct wd_conf *conf,
    struct wd_diag *d) WD_MUST_USE;

/* Takes the bytes up to the next blank, and the blanks. No bytes: the end. */
struct wd_span wd_conf_word(struct wd_span *rest);

int wd_conf_set_snp_tcb(const struct wd_conf_value *v, struct wd_conf *conf,
    struct wd_diag *d) WD_MUST_USE;

int wd_conf_set_pcrs(const struct wd_conf_value *v, struct wd_conf *conf,
    struct wd_diag *d) WD_MUST_USE;

int wd_conf_set_ek_anchor(const struct wd_conf_value *v, struct wd_conf *conf,
    struct wd_diag *d) WD_MUST_USE;

/* Sections [backend NAME]; of the form SECTION says. */
struct wd_ini_entry;
bool wd_conf_is_backend(const char *section);
int wd_conf_set_backend(struct wd_conf *conf, const struct wd_ini_entry *e,
    const char *folder, struct wd_diag *d) WD_MUST_USE;
int wd_conf_backends_complete(struct wd_conf *conf, struct wd_diag *d)
    WD_MUST_USE;
void wd_conf_backends_manual(struct wd_wr *wr);

/* Adds the vendors' roots. WD_R_RANGE: too many; WD_R_EXISTS: one is listed. */
int wd_conf_add_vendors(struct wd_conf *conf, struct wd_diag *d) WD_MUST_USE;
