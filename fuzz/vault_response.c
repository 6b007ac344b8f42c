/*
 * What a Vault says, and names of keys in it. The first byte says what it is:
 * a success, with two bytes of status a refusal, the data of an entry behind
 * the name of a member, a locator, an address that it sends us to.
 */
#include "fuzz.h"

#include "backend/vault_entry.h"
#include "backend/vault_in.h"
#include "base/rd.h"
#include "crypto/init.h"
#include "vault/client_in.h"

static void
grants(const struct wd_vault_reply *r)
{
	struct wd_vault_grant g = { 0 };
	int result = wd_vault_grant_read(r, &g, NULL);

	must(result == 0 || result == WD_R_BACKEND_ANSWER);
	must(g.token.len <= WD_VAULT_TOKEN_MAX && wd_span_is_word(g.token));
	fuzz_touch(g.token);
	result = wd_vault_self_read(r, &g, NULL);
	must(result == 0 || result == WD_R_BACKEND_ANSWER);
}

static void
values(const struct wd_vault_reply *r)
{
	static const char *const names[] = { "plaintext", "ciphertext" };

	for (size_t i = 0; i < WD_N(names); i++)
		for (int base64 = 0; base64 < 2; base64++) {
			WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;
			int result = wd_vault_secret(
			    r->data, names[i], 4096, base64, &s, NULL);

			must((result == 0) == (s != NULL));
			must(wd_secret_len(s) <= 4096);
			fuzz_touch(wd_secret_borrow(s));
		}
}

static void
versioned(const struct wd_vault_reply *r)
{
	struct wd_span text, rest = { 0 };
	uint64_t version;

	if (!wd_jval_text(wd_jval_get(r->data, "ciphertext"), &text))
		return;
	if (wd_vault_versioned(text, &version, &rest) == 0)
		must(fuzz_within(rest, text) && version <= UINT32_MAX);
}

static void
success(struct wd_span body)
{
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply r = { 0 };
	int result = wd_vault_reply_read(body, &r, NULL);

	must(result == 0 || result == WD_R_BACKEND_ANSWER);
	fuzz_accepted = result == 0;
	must(wd_span_is_word(r.lease_id) && r.lease_seconds <= INT32_MAX);
	grants(&r);
	values(&r);
	versioned(&r);
}

static void
refusal(struct wd_rd *rd)
{
	uint16_t status = wd_rd_le16(rd);
	struct wd_diag d = { 0 };
	int r = wd_vault_refused(status, wd_rd_rest(rd), "kv/data/a", &d);

	must(r > 0 && d.result == r);
	must(wd_reason_row(r)->number == (enum wd_reason)r);
	for (const char *c = d.detail; *c != '\0'; c++)
		must(*c >= ' ' && *c <= '~');
	(void)wd_vault_advice(status);
	fuzz_accepted = true;
}

/* What was read as a key must be one of its kind. */
static void
entry(struct wd_rd *rd)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(wd_vault_found_done) struct wd_vault_found f = { 0 };
	struct wd_span member = wd_rd_bytes(rd, wd_rd_u8(rd));
	struct wd_span text = wd_rd_rest(rd);
	int r;

	if (!wd_span_is_word(member) || wd_json_parse(text, NULL, &doc) != 0)
		return;
	r = wd_vault_entry_read(
	    wd_json_root(doc), wd_span_text("key"), member, &f, NULL);
	must(r >= 0);
	fuzz_accepted = r == 0;
	must((r == 0) == (f.bytes != NULL));
	must((f.spki != NULL) ==
	    (f.kind >= WD_KEY_RSA2048 && f.kind <= WD_KEY_ED25519));
	fuzz_touch(wd_secret_borrow(f.bytes));
}

static void
locator(struct wd_span text)
{
	char again[WD_LOCATOR_MAX + 1];
	struct wd_vault_locator l = { 0 };
	int r = wd_vault_locator_read(text, &l, NULL);

	must(r == 0 || r == WD_R_MALFORMED);
	fuzz_accepted = r == 0;
	if (r != 0)
		return;
	must(fuzz_within(l.path, text) && fuzz_within(l.member, text));
	must(wd_vault_locator_write(&l, again, NULL) == 0);
	must(wd_span_is(text, again));
}

static void
place(struct wd_span url)
{
	struct wd_vault_place p = { 0 };
	int r = wd_vault_place_read(url, &p);

	must(r == 0 || r == WD_R_RANGE);
	fuzz_accepted = r == 0;
	must((r == 0) == (p.host[0] != '\0'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_rd rd = wd_rd(wd_span(data, size));

	must(wd_crypto_init(NULL) == 0);
	switch (wd_rd_u8(&rd)) {
	case 's':
		success(wd_rd_rest(&rd));
		break;
	case 'r':
		refusal(&rd);
		break;
	case 'e':
		entry(&rd);
		break;
	case 'l':
		locator(wd_rd_rest(&rd));
		break;
	case 'p':
		place(wd_rd_rest(&rd));
		break;
	default:
		break;
	}
	return 0;
}
