/*
 * Lines of `evidence inspect`, and certificates, which several kinds of
 * evidence bring.
 */
#include "bin/warder/inspect.h"

#include "base/clock.h"
#include "codec/der.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "crypto/x509.h"
#include "verify/intel/pck.h"

#include <stdio.h>

enum { HEX_MAX = 64, TEXT_MAX = 160 };

void
say(const char *name, const char *value)
{
	(void)printf("  %-24s %s\n", name, value);
}

void
say_number(const char *name, uint64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	say(name, text);
}

/* At most HEX_MAX bytes, as all fields are. */
void
say_hex(const char *name, struct wd_span s)
{
	char text[2 * HEX_MAX + 1];

	if (s.len > HEX_MAX)
		s.len = HEX_MAX;
	wd_hex_format(s, text);
	say(name, text);
}

void
say_time(const char *name, int64_t t)
{
	char text[WD_TIME_TEXT];

	wd_time_format(t, text);
	say(name, text);
}

void
say_yes(const char *name, bool yes)
{
	say(name, yes ? "yes" : "no");
}

/* Cut short, and with '?' for all that is not printable ASCII. */
void
say_text(const char *name, struct wd_span s)
{
	char text[TEXT_MAX + 1];
	size_t n = s.len < TEXT_MAX ? s.len : TEXT_MAX;

	for (size_t i = 0; i < n; i++)
		text[i] = s.p[i] >= 0x20 && s.p[i] < 0x7f ? (char)s.p[i] : '?';
	text[n] = '\0';
	say(name, text);
}

static void
say_pck(const struct wd_cert *cert)
{
	struct wd_span extension;
	struct wd_pck pck;

	if (!wd_cert_extension(cert, wd_pck_oid(), &extension))
		return;
	if (wd_pck_parse(extension, &pck) != 0) {
		say("SGX extension", "malformed");
		return;
	}
	say_hex("FMSPC", WD_SPAN(pck.fmspc));
	say_hex("PCEID", WD_SPAN(pck.pceid));
	say_hex("PPID", WD_SPAN(pck.ppid));
	say_hex("TCB components", WD_SPAN(pck.components));
	say_number("PCESVN", pck.pcesvn);
	say_number("SGX type", pck.sgx_type);
	if (pck.has_platform)
		say_hex(
		    "platform instance id", WD_SPAN(pck.platform_instance_id));
}

void
say_certificate(struct wd_span der)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *cert = NULL;

	(void)printf("certificate\n");
	if (wd_cert_parse(der, &cert) != 0) {
		say("form", "malformed");
		return;
	}
	say_text("common name", wd_cert_common_name(cert));
	say_hex("serial number", wd_cert_serial(cert));
	say_time("valid from", wd_cert_not_before(cert));
	say_time("valid until", wd_cert_not_after(cert));
	say_pck(cert);
}

void
say_chain(struct wd_span pem)
{
	struct wd_rd rd = wd_rd(pem);

	for (;;) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
		int r = wd_pem_next(&rd, "CERTIFICATE", &der);

		if (r == WD_R_NOT_FOUND)
			return;
		if (r != 0) {
			say("chain", "malformed from here on");
			return;
		}
		say_certificate(wd_bytes_span(der));
	}
}

bool
inspect_certificates(struct wd_span bytes)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	WD_AUTO(wd_cert_freep) struct wd_cert *cert = NULL;
	struct wd_rd rd = wd_rd(bytes);

	if (bytes.len > 0 && bytes.p[0] == WD_DER_SEQUENCE) {
		if (wd_cert_parse(bytes, &cert) != 0)
			return false;
		(void)printf("certificate, NOT VERIFIED\n");
		say_certificate(bytes);
		return true;
	}
	if (wd_pem_next(&rd, "CERTIFICATE", &der) != 0)
		return false;
	(void)printf("certificates, NOT VERIFIED\n");
	say_chain(bytes);
	return true;
}
