/*
 * The bodies of the holder protocol that carry keys: entries of LIST, SIGN and
 * its signature. Fields in a fixed order, each length under its own cap; an
 * entry of LIST has its own length in front, so that it can be kept as bytes.
 */
#include "proto/holder.h"

#include "base/reason.h"

enum { ALL_MECHS = 0x1e };

static void
write_bytes(struct wd_wr *wr, struct wd_span s, size_t max)
{
	if (s.len > max) {
		wd_wr_fail(wr);
		return;
	}
	wd_wr_le16(wr, (uint16_t)s.len);
	wd_wr_bytes(wr, s);
}

static struct wd_span
read_bytes(struct wd_rd *rd, size_t max)
{
	uint16_t len = wd_rd_le16(rd);

	if (len > max)
		wd_rd_fail(rd);
	return wd_rd_bytes(rd, len);
}

/* A value of an enumeration that starts at LOW and has no gaps. */
static uint8_t
read_enum(struct wd_rd *rd, uint8_t low, uint8_t high)
{
	uint8_t v = wd_rd_u8(rd);

	if (v < low || v > high)
		wd_rd_fail(rd);
	return v;
}

static void
read_id(struct wd_rd *rd, struct wd_id *id)
{
	if (!wd_id_parse(wd_rd_bytes(rd, WD_ID_LEN), id))
		wd_rd_fail(rd);
}

static void
write_certs(struct wd_wr *wr, const struct wd_holder_key *m)
{
	size_t total = 0;

	if (m->n_certs > WD_HOLDER_CHAIN_MAX) {
		wd_wr_fail(wr);
		return;
	}
	wd_wr_u8(wr, (uint8_t)m->n_certs);
	for (size_t i = 0; i < m->n_certs; i++) {
		total += m->certs[i].len;
		write_bytes(wr, m->certs[i], WD_HOLDER_CHAIN_BYTES);
	}
	if (total > WD_HOLDER_CHAIN_BYTES)
		wd_wr_fail(wr);
}

static void
read_certs(struct wd_rd *rd, struct wd_holder_key *m)
{
	size_t total = 0;

	m->n_certs = read_enum(rd, 0, WD_HOLDER_CHAIN_MAX);
	if (rd->bad)
		m->n_certs = 0;
	for (size_t i = 0; i < m->n_certs; i++) {
		m->certs[i] = read_bytes(rd, WD_HOLDER_CHAIN_BYTES);
		total += m->certs[i].len;
		if (m->certs[i].len == 0)
			wd_rd_fail(rd);
	}
	if (total > WD_HOLDER_CHAIN_BYTES)
		wd_rd_fail(rd);
}

void
wd_holder_write_key(struct wd_wr *wr, const struct wd_holder_key *m)
{
	size_t at = wr->len;

	wd_wr_le32(wr, 0);
	wd_wr_bytes(wr, wd_id_span(&m->id));
	wd_wr_le32(wr, m->generation);
	wd_wr_u8(wr, (uint8_t)m->kind);
	wd_wr_le32(wr, m->mechs);
	write_bytes(wr, m->label, WD_HOLDER_LABEL_MAX);
	write_bytes(wr, m->spki, WD_HOLDER_SPKI_MAX);
	write_bytes(wr, m->n_or_x, WD_HOLDER_PART_MAX);
	write_bytes(wr, m->e_or_y, WD_HOLDER_PART_MAX);
	write_certs(wr, m);
	if (!wr->bad)
		wd_wr_patch_le32(wr, at, (uint32_t)(wr->len - at - 4));
}

int
wd_holder_next_key(struct wd_span *keys, struct wd_span *ret_entry)
{
	struct wd_rd rd = wd_rd(*keys);
	uint32_t len = wd_rd_le32(&rd);
	struct wd_span entry = wd_rd_bytes(&rd, len);

	if (wd_rd_ok(&rd) != 0)
		return WD_R_MALFORMED;
	*ret_entry = entry;
	*keys = wd_rd_rest(&rd);
	return 0;
}

/* Bytes of a coordinate by kind; 0: an RSA modulus, of any length allowed. */
static size_t
coordinate_len(enum wd_holder_kind kind)
{
	static const uint8_t lens[] = {
		[WD_HOLDER_P256] = 32,
		[WD_HOLDER_P384] = 48,
		[WD_HOLDER_P521] = 66,
		[WD_HOLDER_ED25519] = 32,
	};

	return lens[kind];
}

/* What the parts must look like, so that nobody looks again. */
static bool
parts_fit(const struct wd_holder_key *m)
{
	size_t len = coordinate_len(m->kind);

	if (m->kind == WD_HOLDER_RSA)
		return m->n_or_x.len >= 256 && m->e_or_y.len > 0 &&
		    m->n_or_x.p[0] != 0 && m->e_or_y.p[0] != 0;
	return m->n_or_x.len == len &&
	    m->e_or_y.len == (m->kind == WD_HOLDER_ED25519 ? 0 : len);
}

int
wd_holder_read_key(struct wd_span entry, struct wd_holder_key *ret)
{
	struct wd_rd rd = wd_rd(entry);
	struct wd_holder_key m = { 0 };

	read_id(&rd, &m.id);
	m.generation = wd_rd_le32(&rd);
	m.kind = read_enum(&rd, WD_HOLDER_RSA, WD_HOLDER_ED25519);
	m.mechs = wd_rd_le32(&rd);
	m.label = read_bytes(&rd, WD_HOLDER_LABEL_MAX);
	m.spki = read_bytes(&rd, WD_HOLDER_SPKI_MAX);
	m.n_or_x = read_bytes(&rd, WD_HOLDER_PART_MAX);
	m.e_or_y = read_bytes(&rd, WD_HOLDER_PART_MAX);
	read_certs(&rd, &m);
	if (wd_rd_end(&rd) != 0 || (m.mechs & ~(uint32_t)ALL_MECHS) != 0 ||
	    !parts_fit(&m))
		return WD_R_MALFORMED;
	*ret = m;
	return 0;
}

void
wd_holder_write_sign(struct wd_wr *wr, const struct wd_holder_sign *m)
{
	wd_wr_bytes(wr, wd_id_span(&m->id));
	wd_wr_le32(wr, m->generation);
	wd_wr_u8(wr, (uint8_t)m->mech);
	wd_wr_u8(wr, (uint8_t)m->hash);
	wd_wr_u8(wr, (uint8_t)m->mgf);
	wd_wr_u8(wr, 0);
	wd_wr_le16(wr, m->salt_len);
	write_bytes(wr, m->data, WD_HOLDER_DATA_MAX);
}

/* Hash, MGF and salt belong to PSS and to nothing else. */
static bool
params_fit(const struct wd_holder_sign *m)
{
	if (m->mech == WD_HOLDER_PSS)
		return m->hash != WD_HOLDER_NO_HASH &&
		    m->mgf != WD_HOLDER_NO_HASH;
	return m->hash == WD_HOLDER_NO_HASH && m->mgf == WD_HOLDER_NO_HASH &&
	    m->salt_len == 0;
}

int
wd_holder_read_sign(struct wd_span body, struct wd_holder_sign *ret)
{
	struct wd_rd rd = wd_rd(body);
	struct wd_holder_sign m = { 0 };

	read_id(&rd, &m.id);
	m.generation = wd_rd_le32(&rd);
	m.mech = read_enum(&rd, WD_HOLDER_PKCS1, WD_HOLDER_EDDSA);
	m.hash = read_enum(&rd, WD_HOLDER_NO_HASH, WD_HOLDER_SHA512);
	m.mgf = read_enum(&rd, WD_HOLDER_NO_HASH, WD_HOLDER_SHA512);
	wd_rd_zero(&rd, 1);
	m.salt_len = wd_rd_le16(&rd);
	m.data = read_bytes(&rd, WD_HOLDER_DATA_MAX);
	if (wd_rd_end(&rd) != 0 || !params_fit(&m))
		return WD_R_MALFORMED;
	*ret = m;
	return 0;
}

void
wd_holder_write_signature(struct wd_wr *wr, struct wd_span signature)
{
	if (signature.len == 0)
		wd_wr_fail(wr);
	write_bytes(wr, signature, WD_HOLDER_SIG_MAX);
}

int
wd_holder_read_signature(struct wd_span body, struct wd_span *ret)
{
	struct wd_rd rd = wd_rd(body);
	struct wd_span s = read_bytes(&rd, WD_HOLDER_SIG_MAX);

	if (wd_rd_end(&rd) != 0 || s.len == 0)
		return WD_R_MALFORMED;
	*ret = s;
	return 0;
}
