/*
 * What an operator should know of a configuration. Each is said at start and
 * shown in the status for as long as it holds.
 */
#include "bin/warderd/supervisor.h"

#include <string.h>
#include <unistd.h>

#include "sys/log.h"

static bool
has_software_anchor(const struct wd_conf *c)
{
	for (size_t i = 0; i < c->n_anchors; i++)
		if (c->anchors[i].software)
			return true;
	for (size_t i = 0; i < c->n_ek_anchors; i++)
		if (c->ek_anchors[i].software)
			return true;
	return false;
}

/* By offset, so that a switch is one row. */
static const struct {
	size_t at;
	bool when;
	const char *sentence;
} switches[] = {
	{ offsetof(struct wd_conf, admin_on_public), true,
	    "the admin door is open on the public listener "
	    "(admin_on_public)" },
	{ offsetof(struct wd_conf, tls12), true, "TLS 1.2 is spoken (tls12)" },
	{ offsetof(struct wd_conf, allow_debug), true,
	    "evidence of debuggable environments is accepted "
	    "(allow_debug)" },
	{ offsetof(struct wd_conf, crl_optional), true,
	    "evidence is accepted without revocation lists (crl_optional)" },
	{ offsetof(struct wd_conf, snp_allow_migrate_ma), true,
	    "guests that a migration agent may take are accepted "
	    "(snp_allow_migrate_ma)" },
	{ offsetof(struct wd_conf, pkcs11_oaep_sha1), true,
	    "SHA-1 is used with RSA keys of the HSM (pkcs11_oaep_sha1)" },
	{ offsetof(struct wd_conf, tpm_allow_sha1), true,
	    "SHA-1 is accepted of TPMs (tpm_allow_sha1)" },
	{ offsetof(struct wd_conf, tpm_ak_purpose_optional), true,
	    "certificates of attestation keys need not say so "
	    "(tpm_ak_purpose_optional)" },
	{ offsetof(struct wd_conf, vendor_roots), false,
	    "the vendors' roots are not trusted (vendor_roots)" },
};

static void
add(struct wd_wr *wr, const char *sentence)
{
	if (wr->len > 0)
		wd_wr_text(wr, "; ");
	wd_wr_text(wr, sentence);
}

void
sup_warnings(const struct sup_setup *s, char ret[SUP_WARNINGS])
{
	struct wd_wr wr = wd_wr_fixed(ret, SUP_WARNINGS - 1);
	char sentence[SUP_SENTENCE];

	for (size_t i = 0; i < WD_N(switches); i++)
		if (*((const bool *)&s->conf + switches[i].at) ==
		    switches[i].when)
			add(&wr, switches[i].sentence);
	if (has_software_anchor(&s->conf))
		add(&wr,
		    "SOFTWARE: a software TEE is trusted "
		    "(software_anchor)");
	if (sup_tls_warning(s, sentence))
		add(&wr, sentence);
	if (geteuid() != 0)
		add(&wr, "all roles run as the user that started the server");
	else if (!s->separate)
		add(&wr, "all roles run as root (separate = no)");
	ret[wr.len] = '\0';
}

void
sup_warnings_log(const struct sup_setup *s)
{
	char all[SUP_WARNINGS];

	sup_warnings(s, all);
	if (all[0] != '\0')
		wd_log(WD_LOG_WARNING, "warnings", "detail", all, NULL);
}
