/*
 * Values of the configuration, by type. Each of them either fills its whole
 * place in the struct or is refused with what it should look like.
 */
#include "bin/common/conf.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "backend/conf.h"
#include "base/num.h"
#include "codec/address.h"
#include "hsm/uri.h"
#include "sys/log.h"

static void *
place(const struct wd_conf_value *v, struct wd_conf *conf)
{
	return (char *)conf + v->key->offset;
}

static int
wrong_form(const struct wd_conf_value *v, struct wd_diag *d)
{
	return wd_reject(d, WD_R_MALFORMED, "%s is not %s", v->key->name,
	    wd_conf_form(v->key->type));
}

/* ---- texts */

static bool
is_name_byte(uint8_t c, const char *others)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr(others, c) != NULL);
}

static int
set_text(const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	if (!wd_span_to_text(v->text, place(v, conf), v->key->size))
		return wd_reject(d, WD_R_RANGE, "%s is over %zu bytes",
		    v->key->name, v->key->size - 1);
	return 0;
}

static int
set_host(const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	for (size_t i = 0; i < v->text.len; i++)
		if (!is_name_byte(v->text.p[i], ".-"))
			return wrong_form(v, d);
	return set_text(v, conf, d);
}

static int
set_user(const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	for (size_t i = 0; i < v->text.len; i++)
		if (!is_name_byte(v->text.p[i], "_-") ||
		    (i == 0 && v->text.p[i] == '-'))
			return wrong_form(v, d);
	return set_text(v, conf, d);
}

int
wd_conf_path(
    const struct wd_conf_value *v, char ret[WD_CONF_PATH], struct wd_diag *d)
{
	bool absolute = v->text.p[0] == '/';
	int n = snprintf(ret, WD_CONF_PATH, "%s%s%.*s",
	    absolute ? "" : v->folder, absolute ? "" : "/",
	    v->text.len < WD_CONF_PATH ? (int)v->text.len : WD_CONF_PATH,
	    (const char *)v->text.p);

	if (n < 0 || n >= WD_CONF_PATH)
		return wd_reject(d, WD_R_RANGE, "%s is over %d bytes",
		    v->key->name, WD_CONF_PATH - 1);
	return 0;
}

static int
set_path(const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	return wd_conf_path(v, place(v, conf), d);
}

static int
set_pkcs11(
    const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	struct wd_hsm_uri uri;
	struct wd_diag why = { 0 };
	int r = wd_hsm_uri_read(v->text, &uri, &why);

	return r == 0 ? set_text(v, conf, d)
		      : wd_reject(d, (enum wd_reason)r, "%s: %.150s",
			    v->key->name, why.detail);
}

static int
set_pair(const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	for (size_t i = 0; i < v->text.len; i++) {
		uint8_t c = v->text.p[i];

		if (i > 0 && c == '=')
			return set_text(v, conf, d);
		if (!is_name_byte(c, "_") && !(c >= 'A' && c <= 'Z'))
			break;
	}
	return wrong_form(v, d);
}

static int
set_tpm(const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	static const char *const ways[] = { "device:/", "swtpm:path=/" };

	for (size_t i = 0; i < WD_N(ways); i++)
		if (v->text.len > strlen(ways[i]) &&
		    wd_span_is(wd_span(v->text.p, strlen(ways[i])), ways[i]))
			return set_text(v, conf, d);
	return wrong_form(v, d);
}

static int
set_backend(
    const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	return wd_backend_name_is_valid(v->text) ? set_text(v, conf, d)
						 : wrong_form(v, d);
}

/* ---- addresses */

static bool
set_v4(const char *host, uint16_t port, struct wd_conf_address *ret)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&ret->at;

	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	ret->len = sizeof(*in);
	return inet_pton(AF_INET, host, &in->sin_addr) == 1;
}

static bool
set_v6(const char *host, uint16_t port, struct wd_conf_address *ret)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)&ret->at;

	in->sin6_family = AF_INET6;
	in->sin6_port = htons(port);
	ret->len = sizeof(*in);
	return inet_pton(AF_INET6, host, &in->sin6_addr) == 1;
}

static int
set_address(
    const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	struct wd_conf_address a = { 0 };
	struct wd_address text;
	char host[64];
	bool fine;

	if (!wd_address_split(v->text, &text) ||
	    !wd_span_to_text(text.host, host, sizeof(host)))
		return wrong_form(v, d);
	fine = text.brackets ? set_v6(host, text.port, &a)
			     : set_v4(host, text.port, &a);
	if (!fine)
		return wrong_form(v, d);
	*(struct wd_conf_address *)place(v, conf) = a;
	return 0;
}

/* ---- numbers and words */

static int
set_bool(const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	bool yes = wd_span_is(v->text, "yes");

	if (!yes && !wd_span_is(v->text, "no"))
		return wrong_form(v, d);
	*(bool *)place(v, conf) = yes;
	return 0;
}

static int
set_number(
    const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	uint64_t n;

	if (!wd_num_parse(v->text, UINT64_MAX, &n))
		return wrong_form(v, d);
	if (n < v->key->min || n > v->key->max)
		return wd_reject(d, WD_R_RANGE, "%s is not from %u to %u",
		    v->key->name, v->key->min, v->key->max);
	*(uint32_t *)place(v, conf) = (uint32_t)n;
	return 0;
}

static int
set_level(
    const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	enum wd_log_level level;

	if (!wd_log_level_parse(v->text, &level))
		return wrong_form(v, d);
	*(uint8_t *)place(v, conf) = (uint8_t)level;
	return 0;
}

/* ---- the table */

static const struct {
	const char *form;
	int (*set)(
	    const struct wd_conf_value *, struct wd_conf *, struct wd_diag *);
} types[WD_CONF_TYPES] = {
	[WD_CONF_IS_HOST] = { "a host name in lower case", set_host },
	[WD_CONF_IS_USER] = { "the name of a user or group", set_user },
	[WD_CONF_IS_PATH] = { "a path", set_path },
	[WD_CONF_IS_ADDRESS] = { "an address of the form 192.0.2.1:9443 or "
				 "[2001:db8::1]:9443",
	    set_address },
	[WD_CONF_IS_BOOL] = { "yes or no", set_bool },
	[WD_CONF_IS_NUMBER] = { "a decimal number", set_number },
	[WD_CONF_IS_LEVEL] = { "error, warning, info or debug", set_level },
	[WD_CONF_IS_ANCHOR] = { "a TEE and the SHA-256 of a root certificate "
				"in hex, or a TEE and a file in PEM or DER",
	    wd_conf_set_anchor },
	[WD_CONF_IS_SOFTWARE_ANCHOR] = { "a TEE and the SHA-256 of a root "
					 "certificate in hex, or a TEE and a "
					 "file in PEM or DER",
	    wd_conf_set_anchor },
	[WD_CONF_IS_EK_ANCHOR] = { "the SHA-256 of a root certificate in hex, "
				   "or a file in PEM or DER",
	    wd_conf_set_ek_anchor },
	[WD_CONF_IS_SOFTWARE_EK_ANCHOR] = { "the SHA-256 of a root "
					    "certificate in hex, or a file in "
					    "PEM or DER",
	    wd_conf_set_ek_anchor },
	[WD_CONF_IS_SNP_TCB] = { "a product line and versions, of the form "
				 "Milan boot_loader=4 snp=22 microcode=211",
	    wd_conf_set_snp_tcb },
	[WD_CONF_IS_PCRS] = { "numbers of registers from 0 to 23, with blanks "
			      "between",
	    wd_conf_set_pcrs },
	[WD_CONF_IS_PKCS11] = { "of the form pkcs11:token=T;object=K"
				"?module-path=/M.so&pin-source=file:/P",
	    set_pkcs11 },
	[WD_CONF_IS_PAIR] = { "of the form NAME=VALUE", set_pair },
	[WD_CONF_IS_TPM] = { "of the form device:PATH or swtpm:path=PATH",
	    set_tpm },
	[WD_CONF_IS_BACKEND] = { "the name of a backend", set_backend },
};

const char *
wd_conf_form(enum wd_conf_type type)
{
	return types[type].form;
}

int
wd_conf_set(
    const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	if (v->text.len > 0)
		return types[v->key->type].set(v, conf, d);
	return v->key->may_be_empty ? 0 : wrong_form(v, d);
}
