/*
 * Replaying a list of IMA. An entry is {u32 register, digest, u32 length and
 * name of the template, u32 length and data} in little endian; a digest of
 * zeros marks a violation, which extends ones. The digest is of SHA-1, or in
 * the list that newer kernels have for each bank, of the bank's hash.
 */
#include "verify/tpm/ima.h"

#include "base/rd.h"
#include "verify/tpm/attest.h"

enum { NAME_MAX_BYTES = 64, ENTRIES_MAX = 65536 };

struct entry {
	uint32_t pcr;
	struct wd_span digest, data;
	bool is_violation;
};

static int
malformed(struct wd_diag *d)
{
	return wd_reject(
	    d, WD_R_EVENT_LOG_MALFORMED, "ima_log: not a list of IMA");
}

/* The template "ima" of kernels before 3.13 has no length of its data. */
static struct entry
take_entry(struct wd_rd *rd, size_t digest_len)
{
	struct entry e = { .pcr = wd_rd_le32(rd) };
	struct wd_span name;

	e.digest = wd_rd_bytes(rd, digest_len);
	name = wd_rd_bytes(rd, wd_rd_le32(rd));
	e.data = wd_rd_bytes(rd, wd_rd_le32(rd));
	e.is_violation = wd_span_is_zero(e.digest);
	if (name.len == 0 || name.len > NAME_MAX_BYTES ||
	    wd_span_is(name, "ima") || e.pcr >= WD_TPM_PCRS)
		wd_rd_fail(rd);
	return e;
}

/* All entries have digests of that length and are of one register. */
static bool
has_form(struct wd_span list, size_t digest_len)
{
	struct wd_rd rd = wd_rd(list);
	uint32_t pcr = wd_rd_le32(&rd);
	size_t n = 0;

	rd = wd_rd(list);
	for (; wd_rd_more(&rd) && n < ENTRIES_MAX; n++)
		if (take_entry(&rd, digest_len).pcr != pcr)
			return false;
	return n > 0 && wd_rd_end(&rd) == 0;
}

int
wd_ima_pcr(struct wd_span list, unsigned *ret, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(list);
	uint32_t pcr = wd_rd_le32(&rd);

	if (wd_rd_ok(&rd) != 0 || pcr >= WD_TPM_PCRS)
		return malformed(d);
	*ret = pcr;
	return 0;
}

/* How a kernel makes of an entry what it extends. */
struct way {
	enum wd_hash bank;
	size_t digest_len; /* in the list */
	bool padded;       /* the list's SHA-1 digest and zeros */
};

static int
extension(const struct way *w, const struct entry *e, uint8_t *ret)
{
	size_t len = wd_hash_len(w->bank);

	if (!w->padded)
		return wd_hash(w->bank, e->data, ret);
	wd_copy(ret, e->digest);
	for (size_t i = e->digest.len; i < len; i++)
		ret[i] = 0;
	return 0;
}

/* Where the digest of the list is relied upon it has to be of the data. */
static int
check_digest(const struct way *w, const struct entry *e)
{
	enum wd_hash hash = w->padded ? WD_SHA1 : w->bank;
	uint8_t digest[WD_HASH_MAX];
	int r;

	if (e->digest.len != wd_hash_len(hash))
		return 0;
	if ((r = wd_hash(hash, e->data, digest)) != 0)
		return r;
	return wd_span_equal(e->digest, wd_span(digest, e->digest.len))
	    ? 0
	    : WD_R_MISMATCH;
}

static int
step(const struct way *w, const struct entry *e, uint8_t *pcr)
{
	size_t len = wd_hash_len(w->bank);
	uint8_t ext[WD_HASH_MAX];
	const struct wd_span parts[] = { { pcr, len }, { ext, len } };
	int r;

	for (size_t i = 0; i < len; i++)
		ext[i] = 0xff;
	if (!e->is_violation &&
	    ((r = check_digest(w, e)) != 0 || (r = extension(w, e, ext)) != 0))
		return r;
	return wd_hash_parts(w->bank, parts, 2, pcr);
}

/* WD_R_MISMATCH, or a fault. */
static int
replay(struct wd_span list, const struct way *w, struct wd_span value,
    struct wd_ima *ret)
{
	uint8_t pcr[WD_HASH_MAX] = { 0 };
	struct wd_rd rd = wd_rd(list);
	struct wd_ima ima = { 0 };
	int r;

	while (!wd_span_equal(wd_span(pcr, wd_hash_len(w->bank)), value)) {
		struct entry e;

		if (!wd_rd_more(&rd))
			return WD_R_MISMATCH;
		e = take_entry(&rd, w->digest_len);
		if ((r = step(w, &e, pcr)) != 0)
			return r;
		ima.entries++;
		ima.violations += e.is_violation;
	}
	*ret = ima;
	return 0;
}

int
wd_ima_replay(struct wd_span list, enum wd_hash bank, bool allow_sha1,
    struct wd_span value, struct wd_ima *ret, struct wd_diag *d)
{
	size_t sha1_len = wd_hash_len(WD_SHA1);
	struct way way = { bank, sha1_len, false };
	int r;

	if (!has_form(list, sha1_len))
		way.digest_len = wd_hash_len(bank);
	if (!has_form(list, way.digest_len))
		return malformed(d);
	r = replay(list, &way, value, ret);
	if (r > 0 && bank != WD_SHA1 && way.digest_len == sha1_len &&
	    allow_sha1) {
		way.padded = true;
		r = replay(list, &way, value, ret);
	}
	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	if (r > 0)
		return wd_reject(d, WD_R_EVENT_LOG_MISMATCH,
		    "ima_log: it does not lead to the register's value");
	return 0;
}
