/*
 * Every key of the configuration, in the order of the manual.
 */
#include "bin/common/conf.h"

#include <string.h>

#define AT(member)                                  \
	.offset = offsetof(struct wd_conf, member), \
	.size = sizeof(((struct wd_conf *)NULL)->member)

static const struct wd_conf_key keys[] = {
	{ "server", "name", WD_CONF_IS_HOST, AT(name), .standard = "localhost",
	    .at_start_only = true,
	    .manual = "The name clients know the server by: the audience of "
		      "its tokens and the origin of its log." },
	{ "server", "state_dir", WD_CONF_IS_PATH, AT(state_dir),
	    .standard = "/var/lib/warder", .at_start_only = true,
	    .manual = "Folder of the store, the sealed root key and the "
		      "log; made by warder init." },
	{ "server", "run_dir", WD_CONF_IS_PATH, AT(run_dir),
	    .standard = "/run/warder", .at_start_only = true,
	    .manual = "Folder of the admin socket." },
	{ "server", "cells", WD_CONF_IS_NUMBER, AT(cells), .max = WD_CONF_CELLS,
	    .standard = "0",
	    .manual = "How many public cells serve; 0 is one for each CPU "
		      "that the server may use." },
	{ "server", "pin_cells", WD_CONF_IS_BOOL, AT(pin_cells),
	    .standard = "yes",
	    .manual = "Keeps each cell on a CPU of its own when there is "
		      "more than one." },
	{ "server", "log_level", WD_CONF_IS_LEVEL, AT(log_level),
	    .standard = "info",
	    .manual = "What is logged: this and what is worse. The roles "
		      "seal and scribe take a new level at their next "
		      "start." },
	{ "server", "drain_seconds", WD_CONF_IS_NUMBER, AT(drain_seconds),
	    .min = 1, .max = 3600, .standard = "30",
	    .manual = "How long clients may take to finish when the server "
		      "stops or a cell is replaced." },

	{ "server", "default_backend", WD_CONF_IS_BACKEND, AT(default_backend),
	    .standard = "", .may_be_empty = true,
	    .manual = "Where keys are made of clients that name no backend, "
		      "as those of ISecL: the name of a section. Warder's "
		      "own store when it is left out." },

	{ "users", "separate", WD_CONF_IS_BOOL, AT(separate_users),
	    .standard = "yes", .at_start_only = true,
	    .manual = "Whether roles run as the users below when the server "
		      "is started by root. Started by another user, all "
		      "roles run as that one, and the log says so." },
	{ "users", "front", WD_CONF_IS_USER, AT(user_front),
	    .standard = "warder-front", .at_start_only = true,
	    .manual = "User of the roles that talk to the network." },
	{ "users", "verify", WD_CONF_IS_USER, AT(user_verify),
	    .standard = "warder-verify", .at_start_only = true,
	    .manual = "User of the roles that judge evidence." },
	{ "users", "keeper", WD_CONF_IS_USER, AT(user_keeper),
	    .standard = "warder-keeper", .at_start_only = true,
	    .manual = "User of the roles that hold keys. Owns the state "
		      "folder." },
	{ "users", "seal", WD_CONF_IS_USER, AT(user_seal),
	    .standard = "warder-keeper", .at_start_only = true,
	    .manual = "User of the role that holds the root key." },
	{ "users", "device", WD_CONF_IS_USER, AT(user_device),
	    .standard = "warder-device", .at_start_only = true,
	    .manual = "User of the role that runs the module of the seal's "
		      "HSM, where there is one. Must be able to use it." },
	{ "users", "backend", WD_CONF_IS_USER, AT(user_backend),
	    .standard = "warder-backend", .at_start_only = true,
	    .manual = "User of the roles that speak to backends, where there "
		      "are any. Must be able to read the files that their "
		      "sections name." },
	{ "users", "scribe", WD_CONF_IS_USER, AT(user_scribe),
	    .standard = "warder-scribe", .at_start_only = true,
	    .manual = "User of the role that writes the log. Owns the "
		      "folder log in the state folder." },

	{ "seal", "pkcs11", WD_CONF_IS_PKCS11, AT(pkcs11), .standard = "",
	    .may_be_empty = true, .at_start_only = true,
	    .manual = "The key in an HSM that a seal of kind pkcs11 opens by: "
		      "its token (or serial) and object, the absolute path "
		      "of its maker's module, and a file of mode 0600 with "
		      "the PIN, or pin-source=credential:NAME for one that "
		      "systemd gives to the service (LoadCredential=). Made "
		      "by warder init --seal pkcs11." },
	{ "seal", "pkcs11_environment", WD_CONF_IS_PAIR, AT(pkcs11_environment),
	    .standard = "", .may_be_empty = true, .at_start_only = true,
	    .manual = "One variable that the module finds its own "
		      "configuration by; it is given no other." },
	{ "seal", "pkcs11_oaep_sha1", WD_CONF_IS_BOOL, AT(pkcs11_oaep_sha1),
	    .standard = "no", .at_start_only = true,
	    .manual = "Uses SHA-1 with RSA keys, for modules that have no "
		      "RSA-OAEP with SHA-256. Shown as a warning." },

	{ "seal", "tpm", WD_CONF_IS_TPM, AT(seal_tpm), .standard = "",
	    .may_be_empty = true, .at_start_only = true,
	    .manual = "The TPM that a seal of kind tpm opens by, for instance "
		      "device:/dev/tpmrm0; swtpm:path=SOCKET is one in "
		      "software, which protects nothing." },
	{ "seal", "tpm_pcrs", WD_CONF_IS_PCRS, AT(seal_tpm_pcrs),
	    .standard = "7", .at_start_only = true,
	    .manual = "The registers whose values a new seal is bound to." },

	{ "seal", "probe_seconds", WD_CONF_IS_NUMBER, AT(seal_probe_seconds),
	    .min = 1, .max = 86400, .standard = "600", .at_start_only = true,
	    .manual = "How often an open seal with an HSM or TPM is opened "
		      "again for a trial, so that a device that went away "
		      "is seen before a start needs it. While that fails, "
		      "each minute if that is sooner." },
	{ "seal", "wrap_cache_seconds", WD_CONF_IS_NUMBER,
	    AT(seal_wrap_cache_seconds), .max = 300, .standard = "0",
	    .manual = "How long what the HSM of the seal has opened of a key "
		      "or secret with seal wrap is kept in memory, so that it "
		      "is used again without asking the HSM. 0: not at all, "
		      "the HSM is asked each time." },
	{ "seal", "keyring_uses", WD_CONF_IS_NUMBER, AT(keyring_uses),
	    .min = 64, .max = UINT32_MAX, .standard = "1073741824",
	    .manual = "How often one term of the keyring may encrypt. At "
		      "seven eighths of that the server rotates the "
		      "keyring by itself; where it cannot, what has to be "
		      "encrypted is refused in the end. Much larger than "
		      "the number of stored secrets, all of which a "
		      "rotation encrypts anew." },
	{ "seal", "keyring_age", WD_CONF_IS_NUMBER, AT(keyring_days),
	    .max = 36500, .standard = "90",
	    .manual = "Days after which the server rotates the keyring by "
		      "itself. 0 is no bound." },

	{ "public", "listen", WD_CONF_IS_ADDRESS, AT(public_listen),
	    .standard = "0.0.0.0:9443",
	    .manual = "Where clients connect, by TLS. Port 0 takes any that "
		      "is free; the log says which." },
	{ "public", "tls_key", WD_CONF_IS_PATH, AT(tls_key),
	    .standard = "tls.key",
	    .manual = "Private key in PEM, of mode 0600 or less." },
	{ "public", "tls_certificate", WD_CONF_IS_PATH, AT(tls_certificate),
	    .standard = "tls.pem",
	    .manual = "Certificate chain in PEM, leaf first." },
	{ "public", "client_ca", WD_CONF_IS_PATH, AT(client_ca), .standard = "",
	    .may_be_empty = true,
	    .manual = "Roots in PEM for clients' certificates. Without it "
		      "none is asked for, and keys whose policy wants one "
		      "are not released." },
	{ "public", "tls12", WD_CONF_IS_BOOL, AT(tls12), .standard = "no",
	    .manual = "Also speaks TLS 1.2. Shown as a warning." },

	{ "admin", "socket", WD_CONF_IS_PATH, AT(admin_socket), .standard = "",
	    .may_be_empty = true,
	    .manual = "Local socket of the admin door. When empty: "
		      "admin.sock in run_dir." },
	{ "admin", "group", WD_CONF_IS_USER, AT(admin_group),
	    .standard = "warder-admin",
	    .manual = "Group that may connect to the admin socket, beside "
		      "root. Only used when started by root with separate "
		      "users." },
	{ "admin", "listen", WD_CONF_IS_ADDRESS, AT(admin_listen),
	    .standard = "", .may_be_empty = true,
	    .manual = "Where the admin door is also served by TLS, with the "
		      "key and certificate of [public]. When empty: "
		      "nowhere." },
	{ "admin", "admin_on_public", WD_CONF_IS_BOOL, AT(admin_on_public),
	    .standard = "no",
	    .manual = "Serves the admin door on the public listener too. "
		      "Shown as a warning." },

	{ "limits", "max_body", WD_CONF_IS_NUMBER, AT(max_body), .min = 65536,
	    .max = 2097152, .standard = "2097152",
	    .manual = "Most bytes of a request's body." },
	{ "limits", "max_connections", WD_CONF_IS_NUMBER, AT(max_connections),
	    .min = 8, .max = 65536, .standard = "1024",
	    .manual = "Most connections at a time, for each cell. Beyond "
		      "that the one that has been idle for longest makes "
		      "room for a new one." },
	{ "limits", "max_per_source", WD_CONF_IS_NUMBER, AT(max_per_source),
	    .min = 1, .max = 65536, .standard = "256",
	    .manual = "Most connections at a time from one address (one /64 "
		      "for IPv6), for each cell. At most "
		      "max_connections. A quarter of them may wait for word "
		      "of what was revoked." },
	{ "limits", "request_seconds", WD_CONF_IS_NUMBER, AT(request_seconds),
	    .min = 1, .max = 300, .standard = "10",
	    .manual = "How long a request may take, from its first byte to "
		      "the last of the answer." },
	{ "limits", "idle_seconds", WD_CONF_IS_NUMBER, AT(idle_seconds),
	    .min = 1, .max = 3600, .standard = "120",
	    .manual = "How long a connection may wait for its next "
		      "request." },
	{ "limits", "session_seconds", WD_CONF_IS_NUMBER, AT(session_seconds),
	    .min = 10, .max = 3600, .standard = "300",
	    .manual = "How long an attestation counts: life of sessions and "
		      "of attestation tokens." },

	{ "limits", "attestations_per_network", WD_CONF_IS_NUMBER,
	    AT(attestations_per_network), .max = 1000000, .standard = "600",
	    .manual = "Attestations a minute that each cell takes from one "
		      "network (a /24, or a /48 for IPv6); 0 is no bound. "
		      "As many may come at once." },
	{ "limits", "entries_per_platform", WD_CONF_IS_NUMBER,
	    AT(entries_per_platform), .max = 1000000, .standard = "1200",
	    .manual = "Attestations and decisions a minute that each cell "
		      "logs for one platform. What is over it is refused "
		      "with 429 and only counted, so that nobody who can "
		      "attest can fill the log. 0 is no bound." },
	{ "limits", "entries_per_session", WD_CONF_IS_NUMBER,
	    AT(entries_per_session), .max = 1000000, .standard = "300",
	    .manual = "Decisions a minute that each cell makes and logs for "
		      "one session; beyond that as for a platform. 0 is no "
		      "bound." },

	{ "attestation", "vendor_roots", WD_CONF_IS_BOOL, AT(vendor_roots),
	    .standard = "yes",
	    .manual = "Trusts the roots of the hardware's vendors that are "
		      "built in." },
	{ "attestation", "anchor", WD_CONF_IS_ANCHOR, AT(anchors),
	    .standard = "", .may_be_empty = true,
	    .manual = "A further root to trust as a vendor's. May be "
		      "repeated." },
	{ "attestation", "software_anchor", WD_CONF_IS_SOFTWARE_ANCHOR,
	    AT(anchors), .standard = "", .may_be_empty = true,
	    .manual = "The root of a software TEE. What it vouches for is "
		      "marked SOFTWARE everywhere and opens only keys whose "
		      "policy says accept_software. May be repeated. Shown "
		      "as a warning." },
	{ "attestation", "tpm_ek_anchor", WD_CONF_IS_EK_ANCHOR, AT(ek_anchors),
	    .standard = "", .may_be_empty = true,
	    .manual = "A root that certifies endorsement keys of TPMs: "
		      "attestation keys of such TPMs can be enrolled. No root "
		      "of a maker of TPMs is built in. May be repeated." },
	{ "attestation", "tpm_ek_software_anchor",
	    WD_CONF_IS_SOFTWARE_EK_ANCHOR, AT(ek_anchors), .standard = "",
	    .may_be_empty = true,
	    .manual = "The same for TPMs in software, which protect nothing "
		      "by themselves: marked SOFTWARE as with "
		      "software_anchor. May be repeated. Shown as a "
		      "warning." },
	{ "attestation", "tpm_enrolment_seconds", WD_CONF_IS_NUMBER,
	    AT(tpm_enrolment_seconds), .min = 10, .max = 2592000,
	    .standard = "86400",
	    .manual = "How long the enrolment of a TPM's attestation key "
		      "counts, and no longer than the certificates of its "
		      "endorsement key. Agents enrol again by themselves." },
	{ "attestation", "allow_debug", WD_CONF_IS_BOOL, AT(allow_debug),
	    .standard = "no",
	    .manual = "Accepts evidence of environments that can be "
		      "debugged; their secrets are not safe. The policy of a "
		      "key must allow it too. Shown as a warning." },
	{ "attestation", "crl_optional", WD_CONF_IS_BOOL, AT(crl_optional),
	    .standard = "no",
	    .manual = "Accepts evidence without revocation lists. Shown as a "
		      "warning." },
	{ "attestation", "min_evaluation_number", WD_CONF_IS_NUMBER,
	    AT(min_evaluation_number), .max = UINT32_MAX, .standard = "0",
	    .manual = "Least TCB evaluation data number of collateral." },
	{ "attestation", "sgx_min_evaluation_number", WD_CONF_IS_NUMBER,
	    AT(sgx_min_evaluation_number), .max = UINT32_MAX, .standard = "0",
	    .manual = "The same for SGX alone; the higher of both counts." },
	{ "attestation", "tdx_min_evaluation_number", WD_CONF_IS_NUMBER,
	    AT(tdx_min_evaluation_number), .max = UINT32_MAX, .standard = "0",
	    .manual = "The same for TDX alone; the higher of both counts." },
	{ "attestation", "snp_min_tcb", WD_CONF_IS_SNP_TCB, AT(snp_min_tcb),
	    .standard = "", .may_be_empty = true,
	    .manual = "Least security versions that platforms of a product "
		      "line report: fmc, boot_loader, tee, snp and "
		      "microcode, those that matter. Each must be reached. "
		      "One line for each product line." },
	{ "attestation", "snp_max_vmpl", WD_CONF_IS_NUMBER, AT(snp_max_vmpl),
	    .max = 3, .standard = "3",
	    .manual = "Highest virtual machine privilege level that a report "
		      "may be asked for at." },
	{ "attestation", "snp_allow_migrate_ma", WD_CONF_IS_BOOL,
	    AT(snp_allow_migrate_ma), .standard = "no",
	    .manual = "Accepts guests that a migration agent may take to "
		      "another machine. Shown as a warning." },
	{ "attestation", "tpm_required_pcrs", WD_CONF_IS_PCRS,
	    AT(tpm_required_pcrs), .standard = "", .may_be_empty = true,
	    .manual = "Registers that every quote of a TPM must cover, also "
		      "of a cloud's virtual one." },
	{ "attestation", "tpm_allow_sha1", WD_CONF_IS_BOOL, AT(tpm_allow_sha1),
	    .standard = "no",
	    .manual = "Accepts quotes over SHA-1 registers and signatures "
		      "with SHA-1, which can be forged. Shown as a warning." },
	{ "attestation", "tpm_ak_purpose_optional", WD_CONF_IS_BOOL,
	    AT(tpm_ak_purpose_optional), .standard = "no",
	    .manual = "Accepts certificates of attestation keys that do not "
		      "name the purpose tcg-kp-AIKCertificate "
		      "(2.23.133.8.3) but none, or that of endorsement keys, "
		      "as some clouds issue them. Shown as a warning." },
	{ "attestation", "tpm_ek_crl_required", WD_CONF_IS_BOOL,
	    AT(tpm_ek_crl_required), .standard = "no",
	    .manual = "Enrols a TPM by its certificate only when the "
		      "revocation list of each issuer above it has been "
		      "imported as ek_crl. A list that is there counts "
		      "either way." },
};

const struct wd_conf_key *
wd_conf_keys(size_t *ret_n)
{
	*ret_n = WD_N(keys);
	return keys;
}

const struct wd_conf_key *
wd_conf_key(const char *section, const char *name)
{
	for (size_t i = 0; i < WD_N(keys); i++)
		if (strcmp(keys[i].section, section) == 0 &&
		    strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}
