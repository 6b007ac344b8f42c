/*
 * The table of verbs, in the order of help.
 */
#include "bin/warder/verbs.h"

#include <string.h>

static const struct cli_verb *const verbs[] = {
	&cli_verb_init,
	&cli_verb_unseal,
	&cli_verb_seal,
	&cli_verb_seal_migrate,
	&cli_verb_keyring_rotate,
	&cli_verb_keyring_status,
	&cli_verb_status,
	&cli_verb_doctor,
	&cli_verb_backup,
	&cli_verb_backup_verify,
	&cli_verb_restore,
	&cli_verb_key_create,
	&cli_verb_key_import,
	&cli_verb_key_attach,
	&cli_verb_key_list,
	&cli_verb_key_show,
	&cli_verb_key_rotate,
	&cli_verb_key_seal_wrap,
	&cli_verb_key_policy,
	&cli_verb_key_unwrap,
	&cli_verb_key_csr,
	&cli_verb_key_certificate,
	&cli_verb_key_encrypt,
	&cli_verb_key_decrypt,
	&cli_verb_key_datakey,
	&cli_verb_key_sign,
	&cli_verb_key_verify,
	&cli_verb_key_delete,
	&cli_verb_policy_add,
	&cli_verb_policy_list,
	&cli_verb_policy_show,
	&cli_verb_policy_delete,
	&cli_verb_policy_bind,
	&cli_verb_policy_unbind,
	&cli_verb_policy_explain,
	&cli_verb_reference_add,
	&cli_verb_reference_list,
	&cli_verb_reference_show,
	&cli_verb_reference_delete,
	&cli_verb_secret_put,
	&cli_verb_secret_get,
	&cli_verb_secret_list,
	&cli_verb_secret_seal_wrap,
	&cli_verb_secret_delete,
	&cli_verb_collateral_import,
	&cli_verb_collateral_list,
	&cli_verb_tpm_enrol,
	&cli_verb_tpm_list,
	&cli_verb_tpm_remove,
	&cli_verb_lease_list,
	&cli_verb_lease_revoke,
	&cli_verb_token_create,
	&cli_verb_token_list,
	&cli_verb_token_revoke,
	&cli_verb_audit_tail,
	&cli_verb_audit_verify,
	&cli_verb_audit_prove,
	&cli_verb_evidence_verify,
	&cli_verb_evidence_inspect,
	&cli_verb_swtee_init,
	&cli_verb_swtee_collateral,
	&cli_verb_swtee_quote,
	&cli_verb_swtee_token,
	&cli_verb_swtee_gpu,
	&cli_verb_bench_verify,
	&cli_verb_version,
};

const struct cli_verb *const *
cli_verbs(size_t *ret_n)
{
	*ret_n = WD_N(verbs);
	return verbs;
}

/* How many of WORDS spell NAME out; 0 when they do not. */
static int
words_matching(const char *name, const char *const *words, int n)
{
	int used = 0;

	while (used < n) {
		size_t len = strlen(words[used]);

		if (strncmp(name, words[used], len) != 0)
			return 0;
		name += len;
		used++;
		if (name[0] == '\0')
			return used;
		if (name[0] != ' ')
			return 0;
		name++;
	}
	return 0;
}

/* The longest: a verb may be the first word of others. */
const struct cli_verb *
cli_verb_find(const char *const *words, int n, int *ret_words)
{
	const struct cli_verb *found = NULL;

	*ret_words = 0;
	for (size_t i = 0; i < WD_N(verbs); i++) {
		int used = words_matching(verbs[i]->name, words, n);

		if (used > *ret_words) {
			*ret_words = used;
			found = verbs[i];
		}
	}
	return found;
}
