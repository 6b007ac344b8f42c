/*
 * What a log leads to: the registers it says, and the data that hashes to what
 * was measured.
 */
#include "verify/eventlog/eventlog.h"

static int
malformed(struct wd_diag *d, const char *what)
{
	return wd_reject(d, WD_R_EVENT_LOG_MALFORMED, "event log: %s", what);
}

/* The locality that started the TPM is the last byte of PCR 0 at first. */
static int
start_locality(const struct wd_event *e, struct wd_replay *x, struct wd_diag *d)
{
	struct wd_span name = WD_SPAN_LIT("StartupLocality\0");
	uint8_t *first = x->reg[0].digest;
	size_t last = wd_hash_len(x->bank) - 1;

	if (e->data.len != name.len + 1 ||
	    !wd_span_equal(wd_span(e->data.p, name.len), name))
		return 0;
	if (x->reg[0].n > 0 || first[last] != 0)
		return malformed(d, "a startup locality that comes too late");
	first[last] = e->data.p[name.len];
	return 0;
}

static int
extend(const struct wd_event *e, struct wd_replay *x, struct wd_diag *d)
{
	size_t len = wd_hash_len(x->bank);
	uint8_t *digest = x->reg[e->reg].digest;
	const struct wd_span parts[] = { wd_span(digest, len), e->digest };

	if (e->digest.p == NULL)
		return malformed(d, "an event without a digest of the bank");
	if (wd_hash_parts(x->bank, parts, WD_N(parts), digest) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	x->reg[e->reg].n++;
	return 0;
}

int
wd_eventlog_replay(const struct wd_eventlog *l, enum wd_hash bank,
    struct wd_replay *ret, struct wd_diag *d)
{
	struct wd_replay x = { .bank = bank };
	struct wd_event e;

	for (size_t at = 0; wd_eventlog_next(l, bank, &at, &e);) {
		int r = e.is_extended ? extend(&e, &x, d)
				      : start_locality(&e, &x, d);

		if (r != 0)
			return r;
	}
	*ret = x;
	return 0;
}

/* ---- data */

bool
wd_event_hashes_data(uint32_t type)
{
	static const uint32_t types[] = { 4, 5, 6, 8, 0x80000001, 0x80000006,
		0x80000007, 0x8000000c, 0x800000e0 };

	for (size_t i = 0; i < WD_N(types); i++)
		if (types[i] == type)
			return true;
	return false;
}

int
wd_event_is_rehashed(const struct wd_event *e, enum wd_hash bank, bool *ret)
{
	uint8_t digest[WD_HASH_MAX];
	int r;

	*ret = false;
	if (!wd_event_hashes_data(e->type) || e->digest.p == NULL)
		return 0;
	if ((r = wd_hash(bank, e->data, digest)) != 0)
		return r;
	*ret = wd_span_equal(e->digest, wd_span(digest, wd_hash_len(bank)));
	return 0;
}

/* UEFI_VARIABLE_DATA of EFI_GLOBAL_VARIABLE SecureBoot, one byte. False when
 * it is another variable. */
static bool
is_secure_boot(struct wd_span data, bool *ret_on)
{
	static const uint8_t global[16] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93,
		0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };
	static const uint8_t name[] = { 'S', 0, 'e', 0, 'c', 0, 'u', 0, 'r', 0,
		'e', 0, 'B', 0, 'o', 0, 'o', 0, 't', 0 };
	struct wd_rd rd = wd_rd(data);
	struct wd_span guid = wd_rd_bytes(&rd, sizeof(global));
	uint64_t n = wd_rd_le64(&rd);
	uint64_t size = wd_rd_le64(&rd);

	if (n != sizeof(name) / 2 || !wd_span_equal(guid, WD_SPAN(global)) ||
	    !wd_span_equal(wd_rd_bytes(&rd, sizeof(name)), WD_SPAN(name)))
		return false;
	*ret_on = size == 1 && wd_rd_u8(&rd) == 1 && wd_rd_end(&rd) == 0;
	return true;
}

/* Said twice, or in an event whose data is not what was measured, it counts
 * as off. */
static void
note_secure_boot(
    const struct wd_event *e, bool rehashed, struct wd_eventlog_facts *f)
{
	bool on;

	if (e->type != WD_EV_EFI_VARIABLE_DRIVER_CONFIG ||
	    !is_secure_boot(e->data, &on))
		return;
	f->secure_boot = on && rehashed && !f->has_secure_boot;
	f->has_secure_boot = true;
}

/* What is looked for in a log. */
struct search {
	enum wd_hash bank;
	uint32_t mask, sb_reg;
	uint8_t separator[WD_HASH_MAX]; /* its digest */
	bool is_separated;
	bool is_any; /* there was an event that counts */
};

/*
 * Firmware measures its variables, then a separator, and only then runs what
 * others wrote. These could measure a variable of their own and give the
 * firmware's another type in the log, so nothing behind the first separator
 * counts, and nothing at all where there is none. It is told by its digest: a
 * type is not authentic.
 */
static int
look_at(const struct wd_event *e, struct search *s, struct wd_eventlog_facts *f)
{
	bool rehashed;
	int r;

	if (!e->is_extended || (s->mask >> e->reg & 1) == 0)
		return 0;
	if ((r = wd_event_is_rehashed(e, s->bank, &rehashed)) != 0)
		return r;
	f->all_rehashed &= rehashed;
	s->is_any = true;
	if (e->reg != s->sb_reg || s->is_separated)
		return 0;
	if (wd_span_equal(
		e->digest, wd_span(s->separator, wd_hash_len(s->bank))))
		s->is_separated = true;
	else
		note_secure_boot(e, rehashed, f);
	return 0;
}

int
wd_eventlog_facts(const struct wd_eventlog *l, enum wd_hash bank, uint32_t mask,
    uint32_t sb_reg, struct wd_eventlog_facts *ret)
{
	struct wd_eventlog_facts f = { .all_rehashed = true };
	struct search s = { .bank = bank, .mask = mask, .sb_reg = sb_reg };
	struct wd_event e;
	int r = wd_hash(bank, WD_SPAN_LIT("\0\0\0\0"), s.separator);

	for (size_t at = 0; r == 0 && wd_eventlog_next(l, bank, &at, &e);)
		r = look_at(&e, &s, &f);
	if (r != 0)
		return r;
	f.all_rehashed &= s.is_any;
	f.has_secure_boot &= s.is_separated;
	f.secure_boot &= s.is_separated;
	*ret = f;
	return 0;
}
