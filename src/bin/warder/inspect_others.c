/*
 * Tokens of Arm platforms, their keys, and measurements of GPUs in words.
 */
#include "bin/warder/inspect.h"

#include "codec/cbor.h"
#include "verify/arm/cpak.h"
#include "verify/arm/state.h"
#include "verify/cca/token.h"
#include "verify/nvidia/spdm.h"
#include "verify/psa/token.h"

#include <stdio.h>

static void
say_components(struct wd_span array)
{
	struct wd_claims claims = { 0 };
	struct wd_span list;
	struct wd_rd rd;

	if (array.len == 0 || wd_arm_components_put(&claims, array) != 0 ||
	    !wd_claims_get(&claims, WD_C_SOFTWARE_COMPONENTS, &list))
		return;
	rd = wd_rd(list);
	while (wd_rd_more(&rd)) {
		size_t n = 0;

		while (n < rd.left && rd.p[n] != 0)
			n++;
		say_text("software", wd_rd_bytes(&rd, n));
		wd_rd_skip(&rd, 1);
	}
}

static void
say_lifecycle(int64_t lifecycle)
{
	char text[64];
	unsigned state = (unsigned)lifecycle >> 8;

	(void)snprintf(text, sizeof(text), "%04x, %s", (unsigned)lifecycle,
	    state == 0x30       ? "secured"
		: state == 0x40 ? "CAN BE DEBUGGED, but for its root of trust"
				: "NOT SECURED");
	say("lifecycle", text);
}

static void
say_cca_platform(struct wd_span payload)
{
	struct wd_cca_platform p;

	(void)printf("platform\n");
	if (wd_cca_platform_read(payload, &p, NULL) != 0) {
		say("claims", "malformed");
		return;
	}
	say_text("profile", p.profile);
	say_hex("implementation id", p.implementation_id);
	say("software TEE",
	    wd_cpak_is_software(p.implementation_id) ? "YES" : "no");
	say_hex("instance id", p.instance_id);
	say_hex("digest of realm's key", p.challenge);
	say_lifecycle(p.lifecycle);
	say_hex("configuration", p.config);
	say_text("hash", p.hash);
	say_text("verification service", p.service);
	say_components(p.components);
}

static void
say_cca_realm(struct wd_span payload)
{
	static const char *const rems[] = { "extensible 0", "extensible 1",
		"extensible 2", "extensible 3" };
	struct wd_cca_realm r;

	(void)printf("realm\n");
	if (wd_cca_realm_read(payload, &r, NULL) != 0) {
		say("claims", "malformed");
		return;
	}
	say_text("profile", r.profile);
	say_hex("challenge", r.challenge);
	say_hex("initial measurement", r.rim);
	for (size_t i = 0; i < WD_N(rems); i++)
		say_hex(rems[i], r.rem[i]);
	say_hex("personalization", r.personalization);
	say_text("hash", r.hash);
	say_text("hash of key", r.rak_hash);
}

bool
inspect_cca_token(struct wd_span bytes)
{
	struct wd_cca_token token;

	if (wd_cca_token_parse(bytes, &token, NULL) != 0)
		return false;
	(void)printf("Arm CCA token, NOT VERIFIED\n");
	say_cca_platform(token.platform.payload);
	say_cca_realm(token.realm.payload);
	return true;
}

bool
inspect_psa_token(struct wd_span bytes)
{
	struct wd_cose message;
	struct wd_psa_token t;
	char client[24];

	if (wd_cose_parse(bytes, "PSA token", &message, NULL) != 0 ||
	    wd_psa_token_read(message.payload, &t, NULL) != 0)
		return false;
	(void)snprintf(client, sizeof(client), "%d", (int)t.client_id);
	(void)printf("PSA token, NOT VERIFIED\n");
	say("profile", t.profile);
	say_hex("nonce", t.nonce);
	say_hex("implementation id", t.implementation_id);
	say("software TEE",
	    wd_cpak_is_software(t.implementation_id) ? "YES" : "no");
	say_hex("instance id", t.instance_id);
	say_hex("boot seed", t.boot_seed);
	say("client id", client);
	say_lifecycle(t.lifecycle);
	say_text("certification", t.certification);
	say_text("verification service", t.service);
	say_components(t.components);
	return true;
}

bool
inspect_cpak(struct wd_span bytes)
{
	WD_AUTO(wd_cpak_done) struct wd_cpak c = { 0 };

	if (bytes.len == 0 || bytes.p[0] != '{' ||
	    wd_cpak_read(bytes, &c, NULL) != 0)
		return false;
	(void)printf("key of an Arm platform, NOT VERIFIED\n");
	say("for tokens of",
	    c.tee == WD_TEE_NONE ? "any kind" : wd_tee_name(c.tee));
	if (c.has_instance)
		say_hex("instance id", WD_SPAN(c.instance_id));
	say("software TEE", c.software ? "YES" : "no");
	say_hex("SHA-256", WD_SPAN(c.sha256));
	return true;
}

/* Types of opaque fields that are texts. */
static const struct {
	uint16_t type;
	const char *name;
} texts[] = {
	{ 3, "driver version" },
	{ 15, "chip" },
	{ 17, "project" },
	{ 18, "project SKU" },
};

static struct wd_span
without_zeros(struct wd_span s)
{
	while (s.len > 0 && s.p[s.len - 1] == 0)
		s.len--;
	return s;
}

static void
say_blocks(struct wd_span record)
{
	struct wd_rd rd = wd_rd(record);

	while (wd_rd_more(&rd)) {
		uint8_t index = wd_rd_u8(&rd);
		struct wd_rd in;
		char name[32];

		(void)wd_rd_u8(&rd);
		in = wd_rd(wd_rd_bytes(&rd, wd_rd_le16(&rd)));
		wd_rd_skip(&in, 3); /* type and length of the digest */
		if (wd_rd_ok(&rd) != 0 || wd_rd_ok(&in) != 0)
			return;
		(void)snprintf(name, sizeof(name), "block %u", index);
		say_hex(name, wd_rd_rest(&in));
	}
}

bool
inspect_gpu_report(struct wd_span bytes)
{
	struct wd_spdm m;
	struct wd_span s;

	if (wd_spdm_parse(bytes, &m, NULL) != 0)
		return false;
	(void)printf("measurements of an NVIDIA GPU, NOT VERIFIED\n");
	say_hex("nonce", m.nonce);
	for (size_t i = 0; i < WD_N(texts); i++)
		if (wd_spdm_field(&m, texts[i].type, &s))
			say_text(texts[i].name, without_zeros(s));
	say_number("blocks", m.n_blocks);
	say_blocks(m.record);
	return true;
}
