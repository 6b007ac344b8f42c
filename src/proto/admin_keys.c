/*
 * Keys in the admin API.
 */
#include "proto/admin_body.h"

#include "codec/pem.h"
#include "proto/door.h"
#include "proto/members.h"

enum { PUBLIC_PEM_MAX = 2048 };

/* ---- making one */

struct asked {
	struct wd_span kind, pem, base64;
};

static int
find_row(struct wd_span name, const struct wd_key_row **ret, struct wd_diag *d)
{
	*ret = wd_key_row_by_name(name);
	return *ret != NULL
	    ? 0
	    : wd_reject(d, WD_R_RANGE,
		  "key: kind is needed: aes-128, aes-192, aes-256, rsa-2048, "
		  "rsa-3072, rsa-4096, ec-p256, ec-p384, ec-p521, ed25519 or "
		  "opaque");
}

static bool
is_raw(const struct wd_key_row *row)
{
	return row->family == WD_FAMILY_AES || row->family == WD_FAMILY_OPAQUE;
}

/* Bytes that say nothing of themselves have to be of the kind they are said to
 * be; a private key is looked at by the keeper. */
static int
check_material(const struct wd_key_row *row, bool is_pem,
    struct wd_span material, struct wd_diag *d)
{
	if (row == NULL || !is_raw(row))
		return 0;
	if (is_pem)
		return wd_reject(d, WD_R_MALFORMED,
		    "key: pem is for private keys; give other bytes as base64");
	if (row->family == WD_FAMILY_AES &&
	    wd_aes_kind(material.len) != row->kind)
		return wd_reject(d, WD_R_KEY_INVALID,
		    "key: %s has %u bytes, not %zu", row->name, row->bits / 8,
		    material.len);
	return 0;
}

static int
import(const struct asked *a, struct wd_admin_body *b,
    struct wd_msg_key_create *ret, struct wd_diag *d)
{
	const struct wd_key_row *row = NULL;
	bool is_pem = a->pem.len > 0;
	int r = 0;

	if (a->kind.len > 0)
		r = find_row(a->kind, &row, d);
	if (r == 0)
		r = is_pem ? wd_material_from_pem(a->pem, &b->material, d)
			   : wd_material_from_b64(a->base64, &b->material, d);
	if (r == 0)
		r = check_material(
		    row, is_pem, wd_secret_borrow(b->material), d);
	if (r != 0)
		return r;
	ret->kind = row == NULL ? WD_KEY_NONE : (uint8_t)row->kind;
	ret->material = wd_secret_borrow(b->material);
	return 0;
}

/* A key is made, brought or attached: one of the three. An empty member would
 * be taken for none, and a key be made that nobody asked for. */
static void
check_ways(struct wd_jobj *o)
{
	static const char *const ways[] = { "pem", "base64", "attach" };
	size_t n = 0;

	for (size_t i = 0; i < WD_N(ways); i++)
		n += wd_jobj_has(o, ways[i]) ? 1 : 0;
	if (n > 1)
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "pem, base64 and attach exclude each other");
}

static struct wd_span
take_way(struct wd_jobj *o, const char *name, size_t max)
{
	struct wd_span s = wd_jobj_text(o, name, WD_OPTIONAL, max);

	if (o->result == 0 && s.len == 0 && wd_jobj_has(o, name))
		wd_jobj_fail(o, WD_R_MALFORMED, "%s is empty", name);
	return s;
}

int
wd_admin_key_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_key_create *ret, struct wd_diag *d)
{
	const struct wd_key_row *row = NULL;
	struct asked a;
	struct wd_jobj o;
	int r = wd_admin_open(json, b, &o, d, "key");

	if (r != 0)
		return r;
	a.kind = wd_jobj_text(&o, "kind", WD_OPTIONAL, 16);
	a.pem = take_way(&o, "pem", WD_MATERIAL_MAX);
	a.base64 = take_way(&o, "base64", WD_MATERIAL_TEXT_MAX);
	ret->attach = wd_member_text(&o, "attach", WD_OPTIONAL, 512);
	ret->backend = wd_member_text(&o, "backend", WD_OPTIONAL, 32);
	ret->stays = wd_jobj_bool(&o, "stays", WD_OPTIONAL, false);
	ret->broker_may_unwrap =
	    wd_jobj_bool(&o, "broker_may_unwrap", WD_OPTIONAL, false);
	ret->policy = wd_member_id(&o, "policy", WD_OPTIONAL);
	ret->seal_wrap = wd_jobj_bool(&o, "seal_wrap", WD_OPTIONAL, false);
	ret->label = wd_member_text(&o, "label", WD_OPTIONAL, 128);
	ret->usage = wd_member_text(&o, "usage", WD_OPTIONAL, 512);
	ret->subject = wd_member_text(&o, "subject", WD_OPTIONAL, 1024);
	check_ways(&o);
	if (ret->attach.len == 0 && wd_jobj_has(&o, "attach"))
		wd_jobj_fail(&o, WD_R_MALFORMED, "attach is empty");
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	if (a.pem.len > 0 || a.base64.len > 0)
		return import(&a, b, ret, d);
	r = find_row(a.kind, &row, d);
	if (r == 0)
		ret->kind = (uint8_t)row->kind;
	return r;
}

/* ---- showing one */

static void
write_public(struct wd_jtext *j, struct wd_span spki)
{
	uint8_t buf[PUBLIC_PEM_MAX];
	struct wd_wr pem = wd_wr_fixed(buf, sizeof(buf));

	wd_jtext_key(j, "public_key");
	if (spki.len == 0) {
		wd_jtext_null(j);
		return;
	}
	wd_pem_write(&pem, "PUBLIC KEY", spki);
	wd_jtext_string(j, wd_wr_span(&pem));
}

static void
write_text(struct wd_jtext *j, const char *name, struct wd_span text)
{
	wd_jtext_key(j, name);
	wd_jtext_string(j, text);
}

static void
write_policy_id(struct wd_jtext *j, const struct wd_id *id)
{
	wd_jtext_key(j, "policy");
	if (wd_id_is_none(id))
		wd_jtext_null(j);
	else
		wd_jtext_text(j, id->s);
}

/* Said of what is marked alone. */
static void
write_wrap(struct wd_jtext *j, bool seal_wrap)
{
	if (seal_wrap)
		wd_jtext_key_bool(j, "seal_wrap", true);
}

void
wd_admin_key_write(
    struct wd_jtext *j, const struct wd_msg_key_record *key, bool whole)
{
	const struct wd_key_row *row = wd_key_row((enum wd_key_kind)key->kind);

	if (row == NULL) {
		wd_wr_fail(j->wr);
		return;
	}
	wd_jtext_object(j);
	if (key->attach.len > 0)
		write_text(j, "attach", key->attach);
	write_text(j, "backend", key->backend);
	if (key->leaves == WD_LEAVES_WRAPPED)
		wd_jtext_key_bool(
		    j, "broker_may_unwrap", key->broker_may_unwrap);
	if (whole && key->chain.len > 0)
		write_text(j, "certificate", key->chain);
	wd_jtext_key(j, "created");
	wd_jtext_time(j, key->created);
	wd_jtext_key_text(j, "id", key->id.s);
	wd_jtext_key_text(j, "kind", row->name);
	write_text(j, "label", key->label);
	if (wd_leaves_name(key->leaves) != NULL)
		wd_jtext_key_text(j, "leaves", wd_leaves_name(key->leaves));
	write_policy_id(j, &key->policy);
	write_public(j, key->spki);
	write_wrap(j, key->seal_wrap);
	write_text(j, "usage", key->usage);
	wd_jtext_key_uint(j, "version", key->version);
	if (key->version_created != 0) {
		wd_jtext_key(j, "version_created");
		wd_jtext_time(j, key->version_created);
	}
	wd_jtext_end(j);
}

void
wd_admin_secret_write(struct wd_jtext *j, const struct wd_msg_secret_record *s)
{
	wd_jtext_object(j);
	write_text(j, "path", s->path);
	write_policy_id(j, &s->policy);
	write_wrap(j, s->seal_wrap);
	wd_jtext_key(j, "updated");
	wd_jtext_time(j, s->updated);
	wd_jtext_key_uint(j, "version", s->version);
	wd_jtext_end(j);
}
