/*
 * What TPMs make, and the logs that lead to their registers, in words.
 */
#include "bin/warder/inspect.h"

#include "codec/hex.h"
#include "verify/eventlog/eventlog.h"
#include "verify/tpm/alg.h"
#include "verify/tpm/attest.h"
#include "verify/tpm/public.h"
#include "verify/tpm/signature.h"

#include <stdio.h>

enum { EVENTS_MAX = 1024, EVENT_TEXT = 48, IMA_MAX = 1024, IMA_NAME = 64 };

/* "0 4 7" */
static void
say_pcrs(uint32_t pcrs)
{
	char text[4 * WD_TPM_PCRS] = "";
	size_t n = 0;

	for (unsigned i = 0; i < WD_TPM_PCRS; i++)
		if ((pcrs >> i & 1) != 0)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    n > 0 ? " %u" : "%u", i);
	say("registers", text);
}

static void
say_alg(const char *name, uint16_t alg)
{
	enum wd_hash hash;
	char text[24];

	(void)snprintf(text, sizeof(text), "%s (%04x)",
	    wd_tpm_hash(alg, &hash) ? wd_tpm_bank_name(hash) : "not known",
	    alg);
	say(name, text);
}

bool
inspect_tpm_attest(struct wd_span bytes)
{
	struct wd_tpm_attest a;

	if (wd_tpm_attest_parse(bytes, &a, NULL) != 0)
		return false;
	(void)printf("TPM quote, NOT VERIFIED\n");
	say_hex("nonce", a.extra_data);
	say_hex("qualified signer", a.qualified_signer);
	say_number("banks", a.n_banks);
	say_alg("bank", a.bank);
	say_pcrs(a.pcrs);
	say_hex("digest of registers", a.pcr_digest);
	say_number("clock", a.clock);
	say_number("resets", a.reset_count);
	say_number("restarts", a.restart_count);
	say_yes("safe", a.safe);
	say_hex("firmware version", a.firmware_version);
	return true;
}

static const struct {
	uint32_t bit;
	const char *name;
} attributes[] = {
	{ WD_TPM_FIXED_TPM, "fixed to its TPM" },
	{ WD_TPM_FIXED_PARENT, "fixed to its parent" },
	{ WD_TPM_SENSITIVE_DATA_ORIGIN, "made in the TPM" },
	{ WD_TPM_RESTRICTED, "restricted" },
	{ WD_TPM_SIGN, "signs" },
	{ WD_TPM_DECRYPT, "decrypts" },
};

bool
inspect_tpm_public(struct wd_span bytes)
{
	uint8_t name[WD_TPM_NAME_MAX];
	struct wd_tpm_public p;
	struct wd_diag why = { 0 };
	size_t len;

	if (wd_tpm_public_parse(bytes, &p, NULL) != 0)
		return false;
	(void)printf("public area of a TPM's key, NOT VERIFIED\n");
	say("type", p.type == WD_TPM_RSA ? "RSA" : "ECC");
	if (wd_tpm_public_name(&p, name, &len) == 0)
		say_hex("name", wd_span(name, len));
	for (size_t i = 0; i < WD_N(attributes); i++)
		say_yes(attributes[i].name,
		    (p.attributes & attributes[i].bit) != 0);
	say("an attestation key",
	    wd_tpm_public_is_ak(&p, &why) == 0 ? "yes" : why.detail);
	say_hex("policy", p.policy);
	return true;
}

bool
inspect_tpm_signature(struct wd_span bytes)
{
	struct wd_tpm_signature s;

	if (wd_tpm_signature_parse(bytes, &s, NULL) != 0)
		return false;
	(void)printf("signature of a TPM, NOT VERIFIED\n");
	say("scheme",
	    s.scheme_id == WD_TPM_RSASSA       ? "RSASSA"
		: s.scheme_id == WD_TPM_RSAPSS ? "RSAPSS"
					       : "ECDSA");
	say("hash", wd_tpm_bank_name(s.hash));
	say_number("bytes", s.first.len + s.second.len);
	return true;
}

/* The strongest hash whose digests the log has. */
static bool
bank_of(const struct wd_eventlog *l, enum wd_hash *ret)
{
	bool found = false;

	if (l->is_old) {
		*ret = WD_SHA1;
		return true;
	}
	for (size_t i = 0; i < l->n_algs; i++) {
		enum wd_hash hash;

		if (!wd_tpm_hash(l->alg[i].id, &hash))
			continue;
		if (!found || wd_hash_len(hash) > wd_hash_len(*ret))
			*ret = hash;
		found = true;
	}
	return found;
}

static void
say_event(const struct wd_event *e, enum wd_hash bank)
{
	struct wd_span shown = e->data;
	bool rehashed = false;
	char name[40];

	(void)snprintf(
	    name, sizeof(name), "register %u, type %08x", e->reg, e->type);
	say_hex(name, e->digest);
	if (wd_event_is_rehashed(e, bank, &rehashed) != 0)
		rehashed = false;
	if (shown.len > EVENT_TEXT)
		shown.len = EVENT_TEXT;
	say_text(rehashed ? "  data, as digested" : "  data, untrusted", shown);
}

static void
say_replayed(const struct wd_eventlog *l, enum wd_hash bank)
{
	struct wd_replay replay;

	if (wd_eventlog_replay(l, bank, &replay, NULL) != 0) {
		say("replay", "not possible");
		return;
	}
	(void)printf("registers that it leads to\n");
	for (unsigned i = 0; i < WD_EVENTLOG_REGISTERS; i++) {
		char name[24];

		if (replay.reg[i].n == 0)
			continue;
		(void)snprintf(name, sizeof(name), "%u", i);
		say_hex(name, wd_span(replay.reg[i].digest, wd_hash_len(bank)));
	}
}

bool
inspect_event_log(struct wd_span bytes)
{
	struct wd_eventlog l;
	struct wd_event e;
	enum wd_hash bank = WD_SHA256;
	size_t at = 0, n = 0;

	if (wd_eventlog_parse(bytes, &l, NULL) != 0 || l.n_events == 0 ||
	    !bank_of(&l, &bank))
		return false;
	(void)printf("TCG event log, NOT VERIFIED\n");
	say_number("events", l.n_events);
	say("hash", wd_tpm_bank_name(bank));
	while (n++ < EVENTS_MAX && wd_eventlog_next(&l, bank, &at, &e))
		say_event(&e, bank);
	say_replayed(&l, bank);
	return true;
}

/* {u32 register, digest, u32 length and name, u32 length and data} */
struct ima_entry {
	uint32_t pcr;
	struct wd_span digest, name, data;
};

static struct ima_entry
take_entry(struct wd_rd *rd, size_t digest_len)
{
	struct ima_entry e = { .pcr = wd_rd_le32(rd) };

	e.digest = wd_rd_bytes(rd, digest_len);
	e.name = wd_rd_bytes(rd, wd_rd_le32(rd));
	e.data = wd_rd_bytes(rd, wd_rd_le32(rd));
	if (e.name.len < 3 || e.name.len > IMA_NAME ||
	    !wd_span_is_printable(e.name) || e.pcr >= WD_TPM_PCRS)
		wd_rd_fail(rd);
	return e;
}

static size_t
count_entries(struct wd_span list, size_t digest_len)
{
	struct wd_rd rd = wd_rd(list);
	size_t n = 0;

	for (; wd_rd_more(&rd); n++)
		(void)take_entry(&rd, digest_len);
	return wd_rd_end(&rd) == 0 ? n : 0;
}

/* "ima-ng" and its like: {u32 length, hash and digest}, {u32 length, name}. */
static struct wd_span
file_of(const struct ima_entry *e)
{
	struct wd_rd rd = wd_rd(e->data);
	struct wd_span name;

	(void)wd_rd_bytes(&rd, wd_rd_le32(&rd));
	name = wd_rd_bytes(&rd, wd_rd_le32(&rd));
	if (wd_rd_ok(&rd) != 0)
		return wd_span(NULL, 0);
	while (name.len > 0 && name.p[name.len - 1] == 0)
		name.len--;
	return name;
}

bool
inspect_ima_log(struct wd_span bytes)
{
	static const size_t lens[] = { 20, 32, 48, 64 };
	struct wd_rd rd = wd_rd(bytes);
	size_t len = 0, n = 0;

	for (size_t i = 0; i < WD_N(lens) && n == 0; i++) {
		len = lens[i];
		n = count_entries(bytes, len);
	}
	if (n == 0)
		return false;
	(void)printf("list of IMA, NOT VERIFIED\n");
	say_number("entries", n);
	for (size_t i = 0; i < IMA_MAX && wd_rd_more(&rd); i++) {
		struct ima_entry e = take_entry(&rd, len);
		char name[40];

		(void)snprintf(name, sizeof(name), "register %u%s", e.pcr,
		    wd_span_is_zero(e.digest) ? ", violation" : "");
		say_hex(name, e.digest);
		say_text("  file, untrusted", file_of(&e));
	}
	return true;
}
