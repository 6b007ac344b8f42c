/*
 * Every key of the agent's configuration, in the order of the manual.
 */
#include "bin/agent/conf.h"

#define AT(member)                                     \
	.offset = offsetof(struct agent_conf, member), \
	.size = sizeof(((struct agent_conf *)NULL)->member)

#define KEY_AT(member)                                     \
	.offset = offsetof(struct agent_key_conf, member), \
	.size = sizeof(((struct agent_key_conf *)NULL)->member)

static const struct agent_conf_key keys[] = {
	{ "agent", "socket", AGENT_IS_PATH, AT(socket),
	    .standard = "/run/warder-agent/holder.sock", .at_start_only = true,
	    .manual = "Where local programs connect. Anyone may; what they "
		      "get is decided per key." },
	{ "agent", "separate_users", AGENT_IS_BOOL, AT(separate_users),
	    .standard = "yes", .at_start_only = true,
	    .manual = "Whether the agent and its link run as the users below "
		      "when started by root. Started by another user, both "
		      "run as that one, and the log says so." },
	{ "agent", "user", AGENT_IS_WORD, AT(user), .standard = "warder-agent",
	    .at_start_only = true,
	    .manual = "User of the process that holds the keys." },
	{ "agent", "link_user", AGENT_IS_WORD, AT(link_user),
	    .standard = "warder-link", .at_start_only = true,
	    .manual = "User of the process that talks to the network." },
	{ "agent", "log_level", AGENT_IS_LEVEL, AT(log_level),
	    .standard = "info", .at_start_only = true,
	    .manual = "What is logged: this and what is worse." },
	{ "agent", "token", AGENT_IS_TEXT, AT(token), .standard = "warder",
	    .at_start_only = true,
	    .manual = "Label of the PKCS#11 token that programs see." },
	{ "agent", "serial", AGENT_IS_TEXT, AT(serial), .standard = "",
	    .at_start_only = true,
	    .manual = "Serial number of the token, 16 characters. When "
		      "empty: made from the machine's id." },
	{ "agent", "signatures_per_second", AGENT_IS_NUMBER,
	    AT(signatures_per_second), .max = 1000000, .standard = "0",
	    .at_start_only = true,
	    .manual = "Most signatures of one user in a second; 0 is no "
		      "limit." },
	{ "agent", "wrapped", AGENT_IS_WRAPPED, AT(wrapped), .standard = "auto",
	    .manual = "Whether keys of an HSM may come as the HSM has wrapped "
		      "them, so that only this agent can open them and the "
		      "server never has (RSA-OAEP+A256KWP): auto, when the "
		      "server says that they leave no other way; only, and a "
		      "key that came otherwise is refused; never. Attestation "
		      "is for an RSA key then, a new one each time." },
	{ "agent", "wrap_key_bits", AGENT_IS_NUMBER, AT(wrap_key_bits),
	    .min = 2048, .max = 4096, .standard = "3072",
	    .manual = "Size of that RSA key: 2048, 3072 or 4096. It is made "
		      "ahead, while programs are served." },

	{ "server", "address", AGENT_IS_SERVER, AT(host), .standard = NULL,
	    .manual = "The server, by name or address, and its port." },
	{ "server", "ca", AGENT_IS_PATH, AT(ca), .standard = NULL,
	    .manual = "Roots in PEM that the server's certificate must lead "
		      "to. No others are trusted." },
	{ "server", "release_key", AGENT_IS_THUMB, AT(release_key),
	    .standard = NULL,
	    .manual = "Thumbprint of the key that signs releases, as "
		      "warder init prints it. Whatever is not signed by it "
		      "is refused." },
	{ "server", "deadline_seconds", AGENT_IS_NUMBER, AT(deadline_seconds),
	    .min = 1, .max = 300, .standard = "10",
	    .manual = "How long one request to the server may take." },

	{ "attester", "kind", AGENT_IS_WORD, AT(attester), .standard = NULL,
	    .manual = "Who makes the evidence: tpm, the machine's TPM 2.0; or "
		      "swtee, a software TEE for development and "
		      "demonstrations, which protects nothing." },

	{ "swtee", "dir", AGENT_IS_PATH, AT(swtee_dir), .standard = "",
	    .manual = "Folder that warder swtee init has made. Must be given "
		      "when the attester is swtee." },
	{ "swtee", "tee", AGENT_IS_WORD, AT(swtee_tee), .standard = "sgx",
	    .manual = "What to be: an enclave (sgx), a trust domain (tdx) or, "
		      "of a folder made with --tee snp, an SNP guest (snp)." },
	{ "swtee", "mrtd", AGENT_IS_HEX, AT(swtee_mrtd), .standard = "",
	    .manual = "Measurement of the trust domain to claim. When empty: "
		      "one of its own." },
	{ "swtee", "rtmr0", AGENT_IS_HEX, AT(swtee_rtmr[0]), .standard = "",
	    .manual = "Register of the trust domain to claim. When empty: "
		      "zeros." },
	{ "swtee", "rtmr1", AGENT_IS_HEX, AT(swtee_rtmr[1]), .standard = "",
	    .manual = "Likewise." },
	{ "swtee", "rtmr2", AGENT_IS_HEX, AT(swtee_rtmr[2]), .standard = "",
	    .manual = "Likewise." },
	{ "swtee", "rtmr3", AGENT_IS_HEX, AT(swtee_rtmr[3]), .standard = "",
	    .manual = "Likewise." },
	{ "swtee", "mrenclave", AGENT_IS_HEX, AT(swtee_mrenclave),
	    .standard = "",
	    .manual = "Measurement of the enclave to claim. When empty: one "
		      "of its own." },
	{ "swtee", "mrsigner", AGENT_IS_HEX, AT(swtee_mrsigner), .standard = "",
	    .manual = "Measurement of the signer to claim. When empty: one "
		      "of its own." },
	{ "swtee", "isv_prod_id", AGENT_IS_NUMBER, AT(swtee_isv_prod_id),
	    .max = 65535, .standard = "0", .manual = "Product id to claim." },
	{ "swtee", "isv_svn", AGENT_IS_NUMBER, AT(swtee_isv_svn), .max = 65535,
	    .standard = "0", .manual = "Security version to claim." },
	{ "swtee", "measurement", AGENT_IS_HEX, AT(swtee_measurement),
	    .standard = "",
	    .manual = "Measurement of the SNP guest to claim. When empty: one "
		      "of its own." },
	{ "swtee", "vmpl", AGENT_IS_NUMBER, AT(swtee_vmpl), .max = 3,
	    .standard = "0", .manual = "VMPL of the SNP guest to claim." },
	{ "swtee", "debug", AGENT_IS_BOOL, AT(swtee_debug), .standard = "no",
	    .manual = "Claims that the enclave can be debugged." },

	{ "tpm", "tcti", AGENT_IS_TEXT, AT(tpm_tcti),
	    .standard = "device:/dev/tpmrm0",
	    .manual = "How the TPM is reached: device:PATH, or "
		      "swtpm:path=SOCKET for a TPM in software. "
		      "Opened at the start, as root where the agent was "
		      "started by root." },
	{ "tpm", "key", AGENT_IS_WORD, AT(tpm_key), .standard = "ecc",
	    .manual = "Kind of the attestation key: ecc (P-256) or rsa "
		      "(2048 bits). The TPM makes it at each start, always "
		      "the same one." },
	{ "tpm", "bank", AGENT_IS_WORD, AT(tpm_bank), .standard = "sha256",
	    .manual = "Bank of the registers: sha256, sha384, sha512, or "
		      "sha1, which a server refuses unless told otherwise." },
	{ "tpm", "pcrs", AGENT_IS_TEXT, AT(tpm_pcrs),
	    .standard = "0,1,2,3,4,5,6,7,8,9",
	    .manual = "Registers to quote: all that the policy reads." },
	{ "tpm", "certificate", AGENT_IS_PATH, AT(tpm_certificate),
	    .standard = "",
	    .manual = "Certificate of the attestation key in PEM, with those "
		      "above it, where an authority has issued one." },
	{ "tpm", "enrol", AGENT_IS_BOOL, AT(tpm_enrol), .standard = "yes",
	    .manual = "Whether the attestation key is enrolled with the "
		      "server: the TPM shows that it also has an "
		      "endorsement key that the server trusts. Where the "
		      "server does not, the agent attests without." },
	{ "tpm", "ek", AGENT_IS_WORD, AT(tpm_ek), .standard = "rsa",
	    .manual = "Kind of the endorsement key: rsa (2048 bits) or ecc "
		      "(P-256)." },
	{ "tpm", "ek_certificates", AGENT_IS_PATH, AT(tpm_ek_certificates),
	    .standard = "",
	    .manual = "Certificates in PEM that lead from that of the "
		      "endorsement key, which the TPM has, up to its maker's "
		      "root; where the TPM has none, its certificate is the "
		      "first here." },
	{ "tpm", "event_log", AGENT_IS_PATH, AT(tpm_event_log),
	    .standard = "/sys/kernel/security/tpm0/binary_bios_measurements",
	    .manual = "Event log of the firmware, sent along where it can be "
		      "read and has less than 128 KiB." },
	{ "tpm", "ima_log", AGENT_IS_PATH, AT(tpm_ima_log),
	    .standard = "/sys/kernel/security/ima/binary_runtime_measurements",
	    .manual = "List of what Linux measured, sent along where it can "
		      "be read, has less than 128 KiB and register 10 is "
		      "quoted. Once it is longer the log says so, and "
		      "evidence goes without it." },

	{ "skc", "keys", AGENT_IS_PATH, AT(skc_keys), .standard = "",
	    .manual = "A keys.txt of the SKC library. The keys that its lines "
		      "name are fetched too, but for those with a section of "
		      "their own, and the token is called KMS unless "
		      "something else is given." },
	{ "skc", "see", AGENT_IS_USERS, AT(skc_see), .standard = "",
	    .manual = "Users who may find these keys, as in [key NAME]." },
	{ "skc", "use", AGENT_IS_USERS, AT(skc_use), .standard = "",
	    .manual = "Users who may have these keys sign, as in [key NAME]." },

	{ "key", "id", AGENT_IS_ID, KEY_AT(id), .standard = "",
	    .manual = "The key to fetch, by its id. Either this or path must "
		      "be given." },
	{ "key", "path", AGENT_IS_RESOURCE, KEY_AT(path), .standard = "",
	    .manual = "The secret to fetch, by its path on the server." },
	{ "key", "label", AGENT_IS_TEXT, KEY_AT(label), .standard = "",
	    .manual = "Label of the key's objects in the token. When empty: "
		      "the one the server has." },
	{ "key", "see", AGENT_IS_USERS, KEY_AT(see), .standard = "",
	    .manual = "Users who may find the key and its certificate. Root "
		      "always may." },
	{ "key", "use", AGENT_IS_USERS, KEY_AT(use), .standard = "",
	    .manual = "Users who may have the key sign. They may see it as "
		      "well. Root may use what it is granted like anybody "
		      "else." },
	{ "key", "get", AGENT_IS_USERS, KEY_AT(get), .standard = "",
	    .manual = "Users who may read a secret by warder-agent get. A "
		      "key that signs is never given out, whoever asks." },
	{ "key", "wrapped", AGENT_IS_WRAPPED, KEY_AT(wrapped), .standard = "",
	    .manual = "As in section [agent], for this key. When empty: what "
		      "is said there. Not for one with mode = remote." },
	{ "key", "mode", AGENT_IS_MODE, KEY_AT(mode), .standard = "",
	    .manual = "Where the key signs: release, here, once it was "
		      "fetched; or remote, in the server, which it does not "
		      "leave: only its public part and its certificate are "
		      "fetched, and each signature is asked for. When empty: "
		      "release." },
};

const struct agent_conf_key *
agent_conf_keys(size_t *ret_n)
{
	*ret_n = WD_N(keys);
	return keys;
}
