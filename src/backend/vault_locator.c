/*
 * Names that keepers store for keys in a Vault. A keeper gives them back as
 * they were; they are read as strictly as anything else.
 */
#include "backend/vault_in.h"

#include "base/num.h"
#include "base/rd.h"

#include <string.h>

enum { BAR = '|' };

/* Up to the next bar, or to the end. */
static struct wd_span
part(struct wd_rd *rd)
{
	const uint8_t *from = rd->p;
	size_t n = 0;

	while (wd_rd_more(rd) && wd_rd_u8(rd) != BAR)
		n++;
	return wd_span(from, n);
}

static bool
number(struct wd_rd *rd, uint64_t max, uint64_t *ret)
{
	return wd_num_parse(part(rd), max, ret);
}

static bool
mount(struct wd_rd *rd, struct wd_vault_locator *l)
{
	struct wd_span s = part(rd);

	return wd_vault_path_check(s, "it", NULL) == 0 &&
	    wd_span_to_text(s, l->mount, sizeof(l->mount));
}

static bool
path(struct wd_rd *rd, struct wd_vault_locator *l)
{
	l->path = part(rd);
	return wd_vault_path_check(l->path, "it", NULL) == 0;
}

static bool
read_entry(struct wd_rd *rd, struct wd_vault_locator *l)
{
	uint64_t engine = 0;

	if (!number(rd, 2, &engine) || engine == 0 || !mount(rd, l) ||
	    !path(rd, l) || !number(rd, UINT32_MAX, &l->version))
		return false;
	l->engine = (unsigned)engine;
	l->member = wd_rd_rest(rd);
	return wd_span_is_word(l->member);
}

static bool
read_stays(struct wd_rd *rd, struct wd_vault_locator *l)
{
	return mount(rd, l) && path(rd, l) &&
	    number(rd, UINT32_MAX, &l->version) && l->version > 0;
}

static bool
read_creds(struct wd_rd *rd, struct wd_vault_locator *l)
{
	return path(rd, l);
}

static const struct {
	const char *name;
	bool (*read)(struct wd_rd *rd, struct wd_vault_locator *l);
} sorts[] = {
	[WD_VAULT_ENTRY] = { "kv", read_entry },
	[WD_VAULT_STAYS] = { "transit", read_stays },
	[WD_VAULT_CREDS] = { "creds", read_creds },
};

/* There is one text for each. */
static bool
is_written(const struct wd_vault_locator *l, struct wd_span text)
{
	char again[WD_LOCATOR_MAX + 1];

	return wd_vault_locator_write(l, again, NULL) == 0 &&
	    wd_span_is(text, again);
}

int
wd_vault_locator_read(
    struct wd_span text, struct wd_vault_locator *ret, struct wd_diag *d)
{
	struct wd_vault_locator l = { 0 };
	struct wd_rd rd = wd_rd(text);
	struct wd_span name = part(&rd);

	for (size_t i = 0; i < WD_N(sorts); i++)
		if (wd_span_is(name, sorts[i].name)) {
			l.sort = (enum wd_vault_sort)i;
			if (!sorts[i].read(&rd, &l) || wd_rd_end(&rd) != 0 ||
			    !is_written(&l, text))
				break;
			*ret = l;
			return 0;
		}
	return wd_reject(d, WD_R_MALFORMED, "vault: no locator of ours");
}

int
wd_vault_locator_write(const struct wd_vault_locator *l,
    char ret[WD_LOCATOR_MAX + 1], struct wd_diag *d)
{
	struct wd_wr wr = wd_wr_fixed(ret, WD_LOCATOR_MAX);

	wd_wr_text(&wr, sorts[l->sort].name);
	if (l->sort == WD_VAULT_ENTRY)
		wd_wr_printf(&wr, "|%u", l->engine);
	if (l->sort != WD_VAULT_CREDS) {
		wd_wr_u8(&wr, BAR);
		wd_wr_text(&wr, l->mount);
	}
	wd_wr_u8(&wr, BAR);
	wd_wr_bytes(&wr, l->path);
	if (l->sort != WD_VAULT_CREDS) {
		wd_wr_u8(&wr, BAR);
		wd_wr_decimal(&wr, l->version);
	}
	if (l->sort == WD_VAULT_ENTRY) {
		wd_wr_u8(&wr, BAR);
		wd_wr_bytes(&wr, l->member);
	}
	ret[wr.len] = '\0';
	return wd_wr_end(&wr) == 0
	    ? 0
	    : wd_reject(d, WD_R_UNSUPPORTED, "vault: the path is too long");
}

struct wd_span
wd_vault_last(struct wd_span path_)
{
	size_t at = path_.len;

	while (at > 0 && path_.p[at - 1] != '/')
		at--;
	return wd_span(path_.p + at, path_.len - at);
}

/* ---- types */

static const struct {
	enum wd_key_kind kind;
	const char *type;
} types[] = {
	{ WD_KEY_AES128, "aes128-gcm96" },
	{ WD_KEY_AES256, "aes256-gcm96" },
	{ WD_KEY_RSA2048, "rsa-2048" },
	{ WD_KEY_RSA3072, "rsa-3072" },
	{ WD_KEY_RSA4096, "rsa-4096" },
	{ WD_KEY_P256, "ecdsa-p256" },
	{ WD_KEY_P384, "ecdsa-p384" },
	{ WD_KEY_P521, "ecdsa-p521" },
	{ WD_KEY_ED25519, "ed25519" },
};

const char *
wd_vault_type_of(enum wd_key_kind kind)
{
	for (size_t i = 0; i < WD_N(types); i++)
		if (types[i].kind == kind)
			return types[i].type;
	return NULL;
}

enum wd_key_kind
wd_vault_kind_by_type(const char *type)
{
	for (size_t i = 0; i < WD_N(types); i++)
		if (strcmp(types[i].type, type) == 0)
			return types[i].kind;
	return WD_KEY_NONE;
}
