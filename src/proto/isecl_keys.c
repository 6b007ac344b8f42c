/*
 * Keys in the words of the ISecL KBS API.
 */
#include "proto/isecl.h"

#include "proto/members.h"

enum { ATTACH_MAX = 512 };

void
wd_isecl_body_done(struct wd_isecl_body *b)
{
	b->doc = wd_json_free(b->doc);
	b->material = wd_secret_free(b->material);
}

/* ---- which kind of key is meant */

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* Clients write "RSA" and "rsa". */
static bool
is_word(struct wd_span s, const char *word)
{
	struct wd_span w = wd_span_text(word);

	if (s.len != w.len)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (lower(s.p[i]) != lower(w.p[i]))
			return false;
	return true;
}

static bool
is_curve(struct wd_span s, const char *curve)
{
	if (curve == NULL)
		return false;
	return is_word(s, curve) ||
	    (is_word(s, "prime256v1") &&
		wd_span_is(wd_span_text(curve), "secp256r1"));
}

static bool
row_matches(const struct wd_isecl_filter *f, const struct wd_key_row *row)
{
	if (f->algorithm.len > 0 && !is_word(f->algorithm, row->algorithm))
		return false;
	if (f->bits > 0 && f->bits != row->bits)
		return false;
	return f->curve.len == 0 || is_curve(f->curve, row->curve);
}

/* How many kinds match; RET_ROW is the last of them. */
static size_t
matching_rows(
    const struct wd_isecl_filter *f, const struct wd_key_row **ret_row)
{
	size_t n, found = 0;
	const struct wd_key_row *rows = wd_key_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (row_matches(f, &rows[i])) {
			*ret_row = &rows[i];
			found++;
		}
	return found;
}

int
wd_isecl_filter_check(
    const struct wd_isecl_filter *filter, uint8_t *ret_kind, struct wd_diag *d)
{
	const struct wd_key_row *row = NULL;
	size_t n = matching_rows(filter, &row);

	if (n == 0)
		return wd_reject(d, WD_R_RANGE,
		    "no key has this algorithm, length and curve");
	*ret_kind = n == 1 ? (uint8_t)row->kind : WD_KEY_NONE;
	return 0;
}

bool
wd_isecl_filter_matches(
    const struct wd_isecl_filter *filter, const struct wd_msg_key_record *key)
{
	const struct wd_key_row *row = wd_key_row((enum wd_key_kind)key->kind);

	return row != NULL && row_matches(filter, row);
}

/* ---- POST /keys */

struct information {
	struct wd_isecl_filter kind;
	struct wd_span key_string;
	struct wd_span attach;
	const char *backend; /* kind; empty or NULL: any */
	bool seal_wrap;
};

/* ISecL knows one member, whatever the key manager behind it is. */
static const struct {
	const char *member, *backend;
} attachable[] = {
	{ "kmip_key_id", "" },
	{ "vault_path", "vault" },
	{ "pkcs11_uri", "pkcs11" },
};

/* Clients send members they have no value for as empty texts. */
static void
read_attach(struct wd_jobj *o, struct information *ret)
{
	for (size_t i = 0; i < WD_N(attachable); i++) {
		struct wd_span s = wd_member_text(
		    o, attachable[i].member, WD_OPTIONAL, ATTACH_MAX);

		if (s.len == 0)
			continue;
		if (ret->attach.len > 0)
			wd_jobj_fail(o, WD_R_MALFORMED,
			    "the key can rest in one place only");
		ret->attach = s;
		ret->backend = attachable[i].backend;
	}
}

static int
read_information(
    const struct wd_jval *v, struct information *ret, struct wd_diag *d)
{
	struct wd_jobj o;

	wd_jobj_open(&o, v, d, "key_information");
	wd_jobj_fold_case(&o);
	ret->kind.algorithm = wd_jobj_text(&o, "algorithm", WD_REQUIRED, 16);
	ret->kind.bits = wd_jobj_uint(&o, "key_length", WD_OPTIONAL, 65536);
	ret->kind.curve = wd_jobj_text(&o, "curve_type", WD_OPTIONAL, 32);
	ret->key_string =
	    wd_jobj_text(&o, "key_string", WD_OPTIONAL, WD_MATERIAL_TEXT_MAX);
	ret->seal_wrap = wd_jobj_bool(&o, "seal_wrap", WD_OPTIONAL, false);
	read_attach(&o, ret);
	if (ret->key_string.len > 0 && ret->attach.len > 0)
		wd_jobj_fail(&o, WD_R_MALFORMED,
		    "key_string and a place where the key rests exclude each "
		    "other");
	if (o.result == 0 && ret->kind.algorithm.len == 0)
		wd_jobj_fail(&o, WD_R_MALFORMED, "algorithm is empty");
	return wd_jobj_close(&o);
}

static int
not_served(struct wd_diag *d)
{
	return wd_reject(d, WD_R_RANGE,
	    "key_information: served are AES of 128, 192 and 256 bits, RSA of "
	    "2048, 3072 and 4096, EC on secp256r1, secp384r1, secp521r1 and "
	    "ed25519");
}

/* The one kind that is meant. Opaque secrets have a path of their own at other
 * doors. */
static int
find_kind(const struct information *info, uint8_t *ret_kind, struct wd_diag *d)
{
	const struct wd_key_row *row = NULL;
	size_t n = matching_rows(&info->kind, &row);

	if (n == 0 || row->family == WD_FAMILY_OPAQUE)
		return not_served(d);
	if (n > 1)
		return wd_reject(d, WD_R_MALFORMED,
		    "key_information: %s is missing",
		    row->curve != NULL ? "curve_type" : "key_length");
	*ret_kind = (uint8_t)row->kind;
	return 0;
}

static bool
is_pem(struct wd_span s)
{
	static const char start[] = "-----BEGIN ";

	return s.len > sizeof(start) &&
	    wd_span_equal(wd_span(s.p, sizeof(start) - 1), WD_SPAN_LIT(start));
}

static int
take_material(
    const struct information *info, struct wd_isecl_body *b, struct wd_diag *d)
{
	return is_pem(info->key_string)
	    ? wd_material_from_pem(info->key_string, &b->material, d)
	    : wd_material_from_b64(info->key_string, &b->material, d);
}

static uint16_t
kinds_that_match(const struct wd_isecl_filter *f)
{
	size_t n;
	const struct wd_key_row *rows = wd_key_rows(&n);
	uint16_t kinds = 0;

	for (size_t i = 0; i < n; i++)
		if (row_matches(f, &rows[i]))
			kinds |= (uint16_t)(1u << rows[i].kind);
	return kinds;
}

/* Bytes of an AES key say which it is; of a private key the keeper finds out,
 * among what key_information allows. */
static int
import(const struct information *info, struct wd_isecl_body *b,
    struct wd_msg_key_create *ret, struct wd_diag *d)
{
	const struct wd_key_row *row = NULL;
	enum wd_key_kind kind;
	int r;

	if (matching_rows(&info->kind, &row) == 0 ||
	    row->family == WD_FAMILY_OPAQUE)
		return not_served(d);
	if ((r = take_material(info, b, d)) != 0)
		return r;
	ret->material = wd_secret_borrow(b->material);
	if (row->family != WD_FAMILY_AES) {
		ret->kinds = kinds_that_match(&info->kind);
		return 0;
	}
	kind = wd_aes_kind(ret->material.len);
	if (kind == WD_KEY_NONE)
		return wd_reject(d, WD_R_KEY_INVALID,
		    "key_string: an AES key has 16, 24 or 32 bytes");
	if (!row_matches(&info->kind, wd_key_row(kind)))
		return wd_reject(d, WD_R_MISMATCH,
		    "key_string is not as long as key_length says");
	ret->kind = (uint8_t)kind;
	return 0;
}

static int
read_request(const struct wd_jval *root, struct information *info,
    struct wd_msg_key_create *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	const struct wd_jval *v;
	int r;

	wd_jobj_open(&o, root, d, "key");
	wd_jobj_fold_case(&o);
	v = wd_jobj_object(&o, "key_information", WD_REQUIRED);
	ret->policy = wd_member_id_or_empty(&o, "transfer_policy_id");
	ret->label = wd_member_text(&o, "label", WD_OPTIONAL, 128);
	ret->usage = wd_member_text(&o, "usage", WD_OPTIONAL, 512);
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	return read_information(v, info, d);
}

int
wd_isecl_key_read(struct wd_span json, struct wd_isecl_body *b,
    struct wd_msg_key_create *ret, struct wd_diag *d)
{
	struct information info = { 0 };
	int r = wd_json_parse(json, d, &b->doc);

	if (r == 0)
		r = read_request(wd_json_root(b->doc), &info, ret, d);
	if (r != 0)
		return r;
	ret->seal_wrap = info.seal_wrap;
	if (info.key_string.len > 0)
		return import(&info, b, ret, d);
	ret->attach = info.attach;
	if (info.backend != NULL)
		ret->backend_kind = wd_span_text(info.backend);
	return find_kind(&info, &ret->kind, d);
}

/* ---- KeyResponse, with members of ours that its readers pass over: leaves,
 * broker_may_unwrap */

static void
write_information(struct wd_jtext *j, const struct wd_msg_key_record *key,
    const struct wd_key_row *row)
{
	wd_jtext_object(j);
	wd_jtext_key_text(j, "algorithm", row->algorithm);
	if (row->curve != NULL)
		wd_jtext_key_text(j, "curve_type", row->curve);
	wd_jtext_key_text(j, "id", key->id.s);
	if (row->bits > 0)
		wd_jtext_key_uint(j, "key_length", row->bits);
	if (key->attach.len > 0) {
		wd_jtext_key(j, "kmip_key_id");
		wd_jtext_string(j, key->attach);
	}
	if (key->seal_wrap)
		wd_jtext_key_bool(j, "seal_wrap", true);
	wd_jtext_end(j);
}

static void
write_link(struct wd_jtext *j, const struct wd_id *id)
{
	char text[96];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

	wd_wr_printf(&wr, "/kbs/v1/keys/%s/transfer", id->s);
	wd_jtext_key(j, "transfer_link");
	wd_jtext_string(j, wd_wr_span(&wr));
}

void
wd_isecl_key_write(struct wd_jtext *j, const struct wd_msg_key_record *key)
{
	const struct wd_key_row *row = wd_key_row((enum wd_key_kind)key->kind);

	if (row == NULL) {
		wd_wr_fail(j->wr);
		return;
	}
	wd_jtext_object(j);
	if (key->leaves == WD_LEAVES_WRAPPED)
		wd_jtext_key_bool(
		    j, "broker_may_unwrap", key->broker_may_unwrap);
	wd_jtext_key(j, "created_at");
	wd_jtext_time(j, key->created);
	wd_jtext_key(j, "key_information");
	write_information(j, key, row);
	wd_jtext_key(j, "label");
	wd_jtext_string(j, key->label);
	if (wd_leaves_name(key->leaves) != NULL)
		wd_jtext_key_text(j, "leaves", wd_leaves_name(key->leaves));
	write_link(j, &key->id);
	if (!wd_id_is_none(&key->policy))
		wd_jtext_key_text(j, "transfer_policy_id", key->policy.s);
	wd_jtext_key(j, "usage");
	wd_jtext_string(j, key->usage);
	wd_jtext_end(j);
}
