/*
 * Reading the form of a log. Whoever walks it later meets only events that
 * were looked at here.
 */
#include "verify/eventlog/eventlog.h"

enum {
	SHA1_LEN = 20,
	ALG_SHA1 = 0x0004,
	SIGNATURE = 16,
};

static const struct {
	uint16_t id;
	uint16_t size;
	bool is_bank;
	enum wd_hash bank;
} known[] = {
	{ 0x0004, 20, true, WD_SHA1 },
	{ 0x000b, 32, true, WD_SHA256 },
	{ 0x000c, 48, true, WD_SHA384 },
	{ 0x000d, 64, true, WD_SHA512 },
	{ 0x0012, 32, false, WD_SHA256 }, /* SM3 */
	{ 0x0027, 32, false, WD_SHA256 }, /* SHA-3 */
	{ 0x0028, 48, false, WD_SHA256 },
	{ 0x0029, 64, false, WD_SHA256 },
};

static int
malformed(struct wd_diag *d, const char *what)
{
	return wd_reject(d, WD_R_EVENT_LOG_MALFORMED, "event log: %s", what);
}

/* ---- the first event */

static bool
size_fits(uint16_t id, uint16_t size)
{
	for (size_t i = 0; i < WD_N(known); i++)
		if (known[i].id == id)
			return known[i].size == size;
	return size > 0 && size <= WD_HASH_MAX;
}

static bool
is_listed(const struct wd_eventlog *l, uint16_t id, size_t *ret_size)
{
	for (size_t i = 0; i < l->n_algs; i++) {
		if (l->alg[i].id != id)
			continue;
		*ret_size = l->alg[i].size;
		return true;
	}
	return false;
}

static int
read_algs(struct wd_rd *rd, struct wd_eventlog *l, struct wd_diag *d)
{
	uint32_t n = wd_rd_le32(rd);
	size_t unused;

	if (n == 0 || n > WD_EVENTLOG_ALGS)
		return malformed(d, "too many or no algorithms");
	for (uint32_t i = 0; i < n; i++) {
		uint16_t id = wd_rd_le16(rd);
		uint16_t size = wd_rd_le16(rd);

		if (!size_fits(id, size) || is_listed(l, id, &unused))
			return malformed(d, "its list of algorithms is bad");
		l->alg[l->n_algs].id = id;
		l->alg[l->n_algs].size = size;
		l->n_algs++;
	}
	return 0;
}

static int
read_spec_id(struct wd_span data, struct wd_eventlog *l, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(data);
	int r;

	wd_rd_skip(&rd, SIGNATURE + 8);
	if ((r = read_algs(&rd, l, d)) != 0)
		return r;
	wd_rd_skip(&rd, wd_rd_u8(&rd));
	return wd_rd_end(&rd) == 0 ? 0 : malformed(d, "its first event is bad");
}

/* The Spec ID event decides the form; a log without one is old. */
static int
read_first(struct wd_rd *rd, struct wd_eventlog *l, struct wd_diag *d)
{
	struct wd_rd first = *rd;
	uint32_t type;
	struct wd_span data;

	wd_rd_skip(&first, 4);
	type = wd_rd_le32(&first);
	wd_rd_skip(&first, SHA1_LEN);
	data = wd_rd_bytes(&first, wd_rd_le32(&first));
	if (wd_rd_ok(&first) != 0)
		return malformed(d, "its first event is cut off");
	l->is_old = true;
	if (type != WD_EV_NO_ACTION || data.len < SIGNATURE ||
	    !wd_span_equal(
		wd_span(data.p, SIGNATURE), WD_SPAN_LIT("Spec ID Event03\0"))) {
		l->alg[0].id = ALG_SHA1;
		l->alg[0].size = SHA1_LEN;
		l->n_algs = 1;
		return 0;
	}
	l->is_old = false;
	*rd = first;
	return read_spec_id(data, l, d);
}

/* ---- the others */

static uint16_t
id_of(enum wd_hash bank)
{
	for (size_t i = 0; i < WD_N(known); i++)
		if (known[i].is_bank && known[i].bank == bank)
			return known[i].id;
	return 0;
}

/* Each algorithm once, all of them from the list; WANTED may be 0. */
static void
read_digests(struct wd_rd *rd, const struct wd_eventlog *l, uint16_t wanted,
    struct wd_span *ret)
{
	uint32_t n = wd_rd_le32(rd);
	uint16_t seen[WD_EVENTLOG_ALGS];

	if (n == 0 || n > l->n_algs)
		wd_rd_fail(rd);
	for (uint32_t i = 0; i < n && wd_rd_ok(rd) == 0; i++) {
		struct wd_span digest;
		size_t size = 0;

		seen[i] = wd_rd_le16(rd);
		if (!is_listed(l, seen[i], &size))
			wd_rd_fail(rd);
		for (uint32_t k = 0; k < i; k++)
			if (seen[k] == seen[i])
				wd_rd_fail(rd);
		digest = wd_rd_bytes(rd, size);
		if (seen[i] == wanted)
			*ret = digest;
	}
}

static struct wd_event
read_event(struct wd_rd *rd, const struct wd_eventlog *l, uint16_t wanted)
{
	struct wd_event e = { .reg = wd_rd_le32(rd), .type = wd_rd_le32(rd) };
	struct wd_span digest = { 0 };

	if (!l->is_old)
		read_digests(rd, l, wanted, &digest);
	else if (wanted == ALG_SHA1)
		digest = wd_rd_bytes(rd, SHA1_LEN);
	else
		wd_rd_skip(rd, SHA1_LEN);
	e.data = wd_rd_bytes(rd, wd_rd_le32(rd));
	e.digest = digest;
	e.is_extended = e.type != WD_EV_NO_ACTION;
	if (e.is_extended && e.reg >= WD_EVENTLOG_REGISTERS)
		wd_rd_fail(rd);
	return e;
}

/* Where nothing but padding follows, all zeros or all ones: looked for once,
 * from the end. An event's type is never 0 or all ones. */
static const uint8_t *
padding(const struct wd_rd *rd)
{
	const uint8_t *p = rd->p + rd->left;
	uint8_t byte = rd->left > 0 ? p[-1] : 1;

	if (byte != 0 && byte != 0xff)
		return p;
	while (p > rd->p && p[-1] == byte)
		p--;
	return p;
}

int
wd_eventlog_parse(
    struct wd_span log, struct wd_eventlog *ret, struct wd_diag *d)
{
	struct wd_eventlog l = { 0 };
	struct wd_rd rd = wd_rd(log);
	const uint8_t *start, *end;
	int r;

	if ((r = read_first(&rd, &l, d)) != 0)
		return r;
	start = rd.p;
	end = padding(&rd);
	while (wd_rd_more(&rd) && rd.p < end) {
		(void)read_event(&rd, &l, 0);
		l.n_events++;
	}
	if (wd_rd_ok(&rd) != 0)
		return malformed(d, "an event is cut off or not in its form");
	l.events = wd_span(start, (size_t)(rd.p - start));
	*ret = l;
	return 0;
}

bool
wd_eventlog_next(const struct wd_eventlog *l, enum wd_hash bank, size_t *at,
    struct wd_event *ret)
{
	struct wd_rd rd = wd_rd(l->events);

	wd_rd_skip(&rd, *at);
	if (!wd_rd_more(&rd))
		return false;
	*ret = read_event(&rd, l, id_of(bank));
	if (wd_rd_ok(&rd) != 0)
		return false; /* cannot be: the log was checked */
	*at = l->events.len - rd.left;
	return true;
}
