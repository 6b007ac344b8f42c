/*
 * The configuration of the agent, /etc/warder/agent.conf: one table of keys
 * drives reading, defaults, the manual and what a reload may change. Checked
 * whole: a struct agent_conf that was handed out holds nothing out of range.
 * Names of users and groups are looked up here, before any sandbox.
 */
#pragma once

#include "base/diag.h"
#include "base/wr.h"
#include "bin/agent/hold.h"
#include "bin/agent/release.h"

#define AGENT_CONF_FILE "/etc/warder/agent.conf"

enum {
	AGENT_KEYS_MAX = 256,
	AGENT_NAME = 65, /* sizes with the NUL at the end */
	AGENT_USER = 33,
	AGENT_PATH = 257,
	AGENT_SOCKET = 108,
	AGENT_HOST = 254,
	AGENT_LABEL = WD_HOLDER_LABEL_MAX + 1,
	AGENT_RESOURCE = 513,
	AGENT_TPM_CERT_MAX = 32768, /* bytes */
	AGENT_SERIAL = WD_HOLDER_SERIAL_LEN + 1,
};

struct agent_grants {
	size_t n;
	struct wd_hold_grant who[WD_HOLD_GRANTS_MAX];
};

/* Where the key signs. */
enum agent_mode {
	AGENT_MODE_RELEASE, /* here */
	AGENT_MODE_REMOTE,  /* in the server: it does not leave that */
};

/* One section [key NAME]. Without padding that could differ. */
struct agent_key_conf {
	char name[AGENT_NAME];
	char id[AGENT_NAME];       /* of a key; empty: PATH says what it is */
	char path[AGENT_RESOURCE]; /* repo/type/tag */
	char label[AGENT_LABEL];   /* empty: the server's */
	struct agent_grants see, use, get;
	uint8_t wrapped; /* enum wd_release_wrapped; set once all is read */
	uint8_t mode;    /* enum agent_mode */
};

/* Holds no pointer: it goes from one process to another as it is. */
struct agent_conf {
	/* [agent] */
	char socket[AGENT_SOCKET];
	bool separate_users;
	char user[AGENT_USER];
	char link_user[AGENT_USER];
	uint8_t log_level; /* enum wd_log_level */
	char token[WD_HOLDER_TOKEN_LABEL_MAX + 1];
	char serial[AGENT_SERIAL]; /* empty: from the machine's id */
	uint32_t signatures_per_second;
	uint8_t wrapped; /* enum wd_release_wrapped */
	uint32_t wrap_key_bits;

	/* [server] */
	char host[AGENT_HOST];
	uint16_t port;
	char ca[AGENT_PATH];
	uint8_t release_key[32];
	uint32_t deadline_seconds;

	/* [attester] */
	char attester[AGENT_USER];

	/* [swtee] */
	char swtee_dir[AGENT_PATH];
	uint8_t swtee_mrenclave[32], swtee_mrsigner[32]; /* zero: its own */
	uint32_t swtee_isv_prod_id, swtee_isv_svn;
	uint8_t swtee_measurement[48]; /* of an SNP guest, likewise */
	uint32_t swtee_vmpl;
	bool swtee_debug;
	char swtee_tee[AGENT_USER]; /* sgx or tdx */
	uint8_t swtee_mrtd[48], swtee_rtmr[4][48];

	/* [tpm] */
	char tpm_tcti[AGENT_PATH];
	char tpm_key[AGENT_USER], tpm_bank[AGENT_USER];
	char tpm_pcrs[AGENT_NAME];
	char tpm_certificate[AGENT_PATH];
	bool tpm_enrol;
	char tpm_ek[AGENT_USER];
	char tpm_ek_certificates[AGENT_PATH];
	char tpm_event_log[AGENT_PATH], tpm_ima_log[AGENT_PATH];

	/* [skc] */
	char skc_keys[AGENT_PATH];
	struct agent_grants skc_see, skc_use;

	size_t n_keys;
	struct agent_key_conf keys[AGENT_KEYS_MAX];
};

enum agent_conf_type {
	AGENT_IS_TEXT,   /* UTF-8 */
	AGENT_IS_WORD,   /* letters, digits, '_' and '-' */
	AGENT_IS_PATH,   /* relative: to the configuration's folder */
	AGENT_IS_SERVER, /* host:port; fills two places in a row */
	AGENT_IS_BOOL,
	AGENT_IS_NUMBER,
	AGENT_IS_LEVEL,
	AGENT_IS_THUMB,    /* SHA-256 in base64url, as warder init prints it */
	AGENT_IS_HEX,      /* of exactly the place's size */
	AGENT_IS_ID,       /* of a key */
	AGENT_IS_RESOURCE, /* repo/type/tag */
	AGENT_IS_USERS,    /* users, and groups behind '@' */
	AGENT_IS_WRAPPED,  /* of enum wd_release_wrapped */
	AGENT_IS_MODE,     /* of enum agent_mode */
	AGENT_TYPES
};

struct agent_conf_key {
	const char *section, *name; /* section "key" stands for all of them */
	enum agent_conf_type type;
	size_t offset, size;  /* of its place */
	uint32_t min, max;    /* of a number */
	const char *standard; /* NULL: must be given; "": may be empty */
	bool at_start_only;   /* a reload may not change it */
	const char *manual;   /* whole sentences */
};

const struct agent_conf_key *agent_conf_keys(size_t *ret_n);

/* What a value looks like, for messages and the manual. */
const char *agent_conf_form(enum agent_conf_type type);

/*
 * WD_R_MALFORMED, WD_R_UNKNOWN_MEMBER, WD_R_EXISTS (given twice), WD_R_RANGE,
 * WD_R_TOO_LARGE, WD_R_NOT_FOUND (a user or group; a key that must be given);
 * the sentence begins with the line where there is one. FOLDER is absolute.
 */
int agent_conf_parse(struct wd_span text, const char *folder,
    struct agent_conf *ret, struct wd_diag *d) WD_MUST_USE;

/* As that, of the file at PATH and of the keys.txt it names; WD_R_NOT_FOUND
 * also when one of them is not there. */
int agent_conf_read(const char *path, struct agent_conf *ret, struct wd_diag *d)
    WD_MUST_USE;

/* The first key that differs and that only a new start can change, or NULL. */
const struct agent_conf_key *agent_conf_needs_restart(
    const struct agent_conf *old, const struct agent_conf *fresh);

/* The keys as the part of a manual page in mdoc(7), section by section. */
void agent_conf_manual(struct wd_wr *wr);

/* ---- between the files of the configuration */

struct agent_value {
	const struct agent_conf_key *key;
	struct wd_span text;
	const char *folder;
};

/*
 * Adds the keys that TEXT, a keys.txt of SKC, names and that have no section of
 * their own. WD_R_MALFORMED; WD_R_UNSUPPORTED for a secret key, which cannot be
 * used through PKCS#11 here; WD_R_RANGE when there are too many.
 */
int agent_conf_add_skc(
    struct agent_conf *c, struct wd_span text, struct wd_diag *d) WD_MUST_USE;

/* Fills the value's place in the struct at PLACE_OF. */
int agent_conf_set(
    const struct agent_value *v, void *place_of, struct wd_diag *d) WD_MUST_USE;
