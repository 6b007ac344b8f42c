/*
 * The table of keys. A version that has ended stays as a name without a key, so
 * that its users hear why it does not sign any more.
 */
#include "bin/agent/hold_impl.h"

#include "base/alloc.h"
#include "crypto/rand.h"

#include <stdio.h>

enum {
	REMEMBER = 24 * 3600, /* seconds an ended key is known */
	LINES_MAX = WD_HOLDER_MAX / 2,
};

struct wd_hold *
wd_hold_new(void)
{
	struct wd_hold *h = wd_alloc(sizeof(*h));

	if (h != NULL && wd_rand(&h->epoch, sizeof(h->epoch)) != 0)
		return wd_free(h);
	return h;
}

struct wd_hold *
wd_hold_free(struct wd_hold *h)
{
	if (h == NULL)
		return NULL;
	for (size_t i = 0; i < h->n; i++)
		h->at[i] = wd_held_free(h->at[i]);
	return wd_free(h);
}

void
wd_hold_freep(struct wd_hold **h)
{
	*h = wd_hold_free(*h);
}

static bool
is_key(const struct wd_held *v, const struct wd_id *id)
{
	return wd_span_equal(wd_id_span(&v->id), wd_id_span(id));
}

size_t
wd_hold_find(const struct wd_hold *h, const struct wd_id *id, uint32_t version)
{
	size_t i = 0;

	while (
	    i < h->n && (h->at[i]->version != version || !is_key(h->at[i], id)))
		i++;
	return i;
}

/* Numbers that LIST counts by move: whoever is in the middle starts again. */
static void
forget(struct wd_hold *h, size_t i)
{
	h->at[i] = wd_held_free(h->at[i]);
	for (h->n--; i < h->n; i++)
		h->at[i] = h->at[i + 1];
	h->at[h->n] = NULL;
	h->epoch++;
}

static void
end_key(struct wd_hold *h, struct wd_held *v, int64_t now)
{
	wd_held_end(v);
	v->deadline = now + REMEMBER;
	h->epoch++;
}

/* Room for one more, if need be in the place of an ended one. */
static bool
make_room(struct wd_hold *h)
{
	size_t oldest = h->n;

	if (h->n < WD_HOLD_KEYS_MAX)
		return true;
	for (size_t i = 0; i < h->n; i++)
		if (h->at[i]->key == NULL &&
		    (oldest == h->n ||
			h->at[i]->deadline < h->at[oldest]->deadline))
			oldest = i;
	if (oldest == h->n)
		return false;
	forget(h, oldest);
	return true;
}

static bool
looks_alike(const struct wd_held *a, const struct wd_held *b)
{
	return a->key != NULL &&
	    wd_span_equal(wd_bytes_span(a->entry), wd_bytes_span(b->entry)) &&
	    wd_span_equal(wd_span(&a->rights, sizeof(a->rights)),
		wd_span(&b->rights, sizeof(b->rights)));
}

int
wd_hold_put(
    struct wd_hold *h, const struct wd_hold_record *record, struct wd_diag *d)
{
	WD_AUTO(wd_held_freep) struct wd_held *v = NULL;
	size_t i = wd_hold_find(h, &record->id, record->version);
	int r = wd_held_make(record, i < h->n ? h->at[i] : NULL, &v, d);

	if (r != 0)
		return r;
	if (i == h->n) {
		if (!make_room(h))
			return wd_fault(d, WD_F_MEMORY,
			    "more than %d keys are held", WD_HOLD_KEYS_MAX);
		h->at[h->n++] = WD_TAKE(v);
		h->epoch++;
		return 0;
	}
	h->epoch += !looks_alike(h->at[i], v);
	wd_held_settle(v, h->at[i]);
	wd_held_freep(&h->at[i]);
	h->at[i] = WD_TAKE(v);
	return 0;
}

size_t
wd_hold_drop(struct wd_hold *h, const struct wd_id *id, int64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++) {
		if (h->at[i]->key == NULL || !is_key(h->at[i], id))
			continue;
		end_key(h, h->at[i], now);
		n++;
	}
	return n;
}

void
wd_hold_set_rights(struct wd_hold *h, const struct wd_id *id,
    const struct wd_hold_rights *rights)
{
	for (size_t i = 0; i < h->n; i++)
		if (is_key(h->at[i], id))
			h->at[i]->rights = *rights;
	h->epoch++;
}

size_t
wd_hold_expire(struct wd_hold *h, int64_t now)
{
	size_t i = 0;
	size_t n = 0;

	while (i < h->n) {
		struct wd_held *v = h->at[i];

		if (v->deadline > now) {
			i++;
		} else if (v->key == NULL) {
			forget(h, i);
		} else {
			end_key(h, v, now);
			n++;
		}
	}
	return n;
}

int64_t
wd_hold_next_deadline(const struct wd_hold *h)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < h->n; i++)
		if (h->at[i]->key != NULL && h->at[i]->deadline < next)
			next = h->at[i]->deadline;
	return next;
}

size_t
wd_hold_count(const struct wd_hold *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += h->at[i]->key != NULL;
	return n;
}

uint32_t
wd_hold_version(const struct wd_hold *h, const struct wd_id *id)
{
	uint32_t newest = 0;

	for (size_t i = 0; i < h->n; i++) {
		const struct wd_held *v = h->at[i];

		if (v->key != NULL && v->version > newest && is_key(v, id))
			newest = v->version;
	}
	return newest;
}

void
wd_hold_set_ready(struct wd_hold *h, bool ready)
{
	h->ready = ready;
}

bool
wd_hold_is_ready(const struct wd_hold *h)
{
	return h->ready;
}

uint32_t
wd_hold_epoch(const struct wd_hold *h)
{
	return h->epoch;
}

static bool
is_listed(const struct wd_hold *h, const struct wd_held *v)
{
	return v->key != NULL && wd_hold_version(h, &v->id) == v->version;
}

uint32_t
wd_hold_list(const struct wd_hold *h, const struct wd_hold_user *user,
    uint32_t from, struct wd_wr *wr)
{
	for (size_t i = from; i < h->n; i++) {
		const struct wd_held *v = h->at[i];

		if (!is_listed(h, v) || !wd_held_may_see(v, user))
			continue;
		if (v->entry->len > WD_HOLDER_MAX - wr->len)
			return (uint32_t)i;
		wd_wr_bytes(wr, wd_bytes_span(v->entry));
	}
	return 0;
}

bool
wd_hold_knows(const struct wd_hold *h, const struct wd_hold_user *user)
{
	for (size_t i = 0; i < h->n; i++)
		if (wd_held_may_see(h->at[i], user))
			return true;
	return false;
}

static void
write_line(const struct wd_held *v, int64_t now, struct wd_wr *wr)
{
	char text[64];
	int len = v->key != NULL
	    ? snprintf(text, sizeof(text), "version %u, ends within %lld s%s",
		  (unsigned)v->version, (long long)(v->deadline - now),
		  v->remote ? ", used in the server" : "")
	    : snprintf(text, sizeof(text), "version %u, ended",
		  (unsigned)v->version);
	const struct wd_holder_line line = {
		.name = wd_id_span(&v->id),
		.value = wd_span(text, len > 0 ? (size_t)len : 0),
	};

	wd_holder_write_line(wr, &line);
}

void
wd_hold_lines(const struct wd_hold *h, int64_t now, struct wd_wr *wr)
{
	for (size_t i = 0; i < h->n && wr->len < LINES_MAX; i++)
		write_line(h->at[i], now, wr);
}
