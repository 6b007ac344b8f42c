/*
 * Claims, encoded one by one, so that each can be left out, doubled or
 * replaced.
 */
#include "attest/arm_in.h"

#include "attest/cose_sign.h"
#include "codec/cbor.h"
#include "crypto/hash.h"

enum { MAP_MAX = WD_ARM_CLAIMS + 16 };

static const struct wd_arm_edit *
edit_of(const struct wd_arm_claims *c, int64_t key)
{
	for (size_t i = 0; i < c->t->n_edits; i++)
		if (c->t->edits[i].realm == c->realm &&
		    c->t->edits[i].key == key)
			return &c->t->edits[i];
	return NULL;
}

static void
put_once(struct wd_arm_claims *c, int64_t key, struct wd_span value)
{
	wd_cbor_write_int(&c->wr, key);
	wd_wr_bytes(&c->wr, value);
	c->n++;
}

void
wd_arm_put(struct wd_arm_claims *c, int64_t key, struct wd_span value)
{
	const struct wd_arm_edit *e = edit_of(c, key);

	if (e != NULL && e->what == WD_ARM_DROP)
		return;
	put_once(c, key, e != NULL && e->what == WD_ARM_SET ? e->value : value);
	if (e != NULL && e->what == WD_ARM_TWICE)
		put_once(c, key, value);
}

void
wd_arm_put_bytes(struct wd_arm_claims *c, int64_t key, struct wd_span s)
{
	uint8_t buf[300];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	wd_cbor_write_bytes(&wr, s);
	wd_arm_put(c, key, wd_wr_span(&wr));
}

void
wd_arm_put_text(struct wd_arm_claims *c, int64_t key, const char *text)
{
	uint8_t buf[128];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	wd_cbor_write_text(&wr, wd_span_text(text));
	wd_arm_put(c, key, wd_wr_span(&wr));
}

void
wd_arm_put_int(struct wd_arm_claims *c, int64_t key, int64_t v)
{
	uint8_t buf[16];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	wd_cbor_write_int(&wr, v);
	wd_arm_put(c, key, wd_wr_span(&wr));
}

/* One component, whose measurement and signer are digests of words. */
static void
write_component(struct wd_wr *wr, const char *type)
{
	uint8_t value[32] = { 0 }, signer[32] = { 0 };

	if (wd_hash(WD_SHA256, wd_span_text(type), value) != 0 ||
	    wd_hash(WD_SHA256, WD_SPAN_LIT("warder software signer"), signer) !=
		0)
		wd_wr_fail(wr);
	wd_cbor_write_head(wr, WD_CBOR_MAP, 3);
	wd_cbor_write_int(wr, 1);
	wd_cbor_write_text(wr, wd_span_text(type));
	wd_cbor_write_int(wr, 2);
	wd_cbor_write_bytes(wr, WD_SPAN(value));
	wd_cbor_write_int(wr, 5);
	wd_cbor_write_bytes(wr, WD_SPAN(signer));
}

void
wd_arm_put_components(struct wd_arm_claims *c, int64_t key)
{
	uint8_t buf[300];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	wd_cbor_write_head(&wr, WD_CBOR_ARRAY, 2);
	write_component(&wr, "BL");
	write_component(&wr, "PRoT");
	if (wd_wr_end(&wr) != 0)
		wd_wr_fail(&c->wr);
	wd_arm_put(c, key, wd_wr_span(&wr));
}

void
wd_arm_put_added(struct wd_arm_claims *c, const int64_t *known, size_t n_known)
{
	for (size_t i = 0; i < c->t->n_edits; i++) {
		const struct wd_arm_edit *e = &c->t->edits[i];
		size_t k = 0;

		while (k < n_known && known[k] != e->key)
			k++;
		if (e->realm == c->realm && e->what == WD_ARM_SET &&
		    k == n_known)
			put_once(c, e->key, e->value);
	}
}

int
wd_arm_sign_claims(struct wd_arm_claims *c, const struct wd_pkey *key,
    struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr map = wd_wr_growing(MAP_MAX);

	wd_cbor_write_head(&map, WD_CBOR_MAP, c->n);
	wd_wr_bytes(&map, wd_wr_span(&c->wr));
	if (wd_wr_end(&c->wr) != 0 || wd_wr_end(&map) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for claims");
	return wd_cose_sign(key, wd_wr_span(&map), ret, d);
}

int64_t
wd_arm_lifecycle_of(const struct wd_arm_token *t)
{
	return t->lifecycle == 0 ? 0x3000 : t->lifecycle;
}
