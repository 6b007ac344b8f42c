/*
 * The verbs of the command line, a file for each noun; the table is in verbs.c.
 */
#pragma once

#include "bin/warder/args.h"

/* The verb that the first words name; *RET_WORDS is how many it took. NULL
 * when they name none. */
const struct cli_verb *cli_verb_find(
    const char *const *words, int n, int *ret_words);

const struct cli_verb *const *cli_verbs(size_t *ret_n);

extern const struct cli_verb cli_verb_audit_prove;
extern const struct cli_verb cli_verb_audit_tail;
extern const struct cli_verb cli_verb_audit_verify;
extern const struct cli_verb cli_verb_backup;
extern const struct cli_verb cli_verb_backup_verify;
extern const struct cli_verb cli_verb_collateral_import;
extern const struct cli_verb cli_verb_collateral_list;
extern const struct cli_verb cli_verb_bench_verify;
extern const struct cli_verb cli_verb_doctor;
extern const struct cli_verb cli_verb_evidence_inspect;
extern const struct cli_verb cli_verb_evidence_verify;
extern const struct cli_verb cli_verb_init;
extern const struct cli_verb cli_verb_key_attach;
extern const struct cli_verb cli_verb_key_certificate;
extern const struct cli_verb cli_verb_key_create;
extern const struct cli_verb cli_verb_key_csr;
extern const struct cli_verb cli_verb_key_datakey;
extern const struct cli_verb cli_verb_key_decrypt;
extern const struct cli_verb cli_verb_key_delete;
extern const struct cli_verb cli_verb_key_encrypt;
extern const struct cli_verb cli_verb_key_import;
extern const struct cli_verb cli_verb_key_list;
extern const struct cli_verb cli_verb_key_policy;
extern const struct cli_verb cli_verb_key_unwrap;
extern const struct cli_verb cli_verb_key_rotate;
extern const struct cli_verb cli_verb_key_seal_wrap;
extern const struct cli_verb cli_verb_key_show;
extern const struct cli_verb cli_verb_key_sign;
extern const struct cli_verb cli_verb_key_verify;
extern const struct cli_verb cli_verb_lease_list;
extern const struct cli_verb cli_verb_lease_revoke;
extern const struct cli_verb cli_verb_policy_add;
extern const struct cli_verb cli_verb_policy_bind;
extern const struct cli_verb cli_verb_policy_delete;
extern const struct cli_verb cli_verb_policy_list;
extern const struct cli_verb cli_verb_policy_show;
extern const struct cli_verb cli_verb_policy_unbind;
extern const struct cli_verb cli_verb_policy_explain;
extern const struct cli_verb cli_verb_restore;
extern const struct cli_verb cli_verb_reference_add;
extern const struct cli_verb cli_verb_reference_delete;
extern const struct cli_verb cli_verb_reference_list;
extern const struct cli_verb cli_verb_reference_show;
extern const struct cli_verb cli_verb_seal;
extern const struct cli_verb cli_verb_keyring_rotate;
extern const struct cli_verb cli_verb_keyring_status;
extern const struct cli_verb cli_verb_seal_migrate;
extern const struct cli_verb cli_verb_secret_delete;
extern const struct cli_verb cli_verb_secret_seal_wrap;
extern const struct cli_verb cli_verb_secret_get;
extern const struct cli_verb cli_verb_secret_list;
extern const struct cli_verb cli_verb_secret_put;
extern const struct cli_verb cli_verb_status;
extern const struct cli_verb cli_verb_swtee_collateral;
extern const struct cli_verb cli_verb_swtee_init;
extern const struct cli_verb cli_verb_swtee_quote;
extern const struct cli_verb cli_verb_swtee_token;
extern const struct cli_verb cli_verb_swtee_gpu;
extern const struct cli_verb cli_verb_token_create;
extern const struct cli_verb cli_verb_token_list;
extern const struct cli_verb cli_verb_token_revoke;
extern const struct cli_verb cli_verb_tpm_enrol;
extern const struct cli_verb cli_verb_tpm_list;
extern const struct cli_verb cli_verb_tpm_remove;
extern const struct cli_verb cli_verb_unseal;
extern const struct cli_verb cli_verb_version;
