/*
 * The table of keys. A version that has ended stays as a name without a key, so
 * that its users hear why it does not sign any more.
 */
#include "bin/agent/hold_impl.h"

#include "base/alloc.h"
#include "crypto/rand.h"

#include <stdio.h>

enum { REMEMBER = 24 * 3600 }; /* seconds an ended key is known */

struct wd_hold {
	struct wd_held *at[WD_HOLD_KEYS_MAX];
	size_t n;
	uint32_t epoch;
	bool ready;
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

/* The place of a version, or h->n. */
static size_t
find(const struct wd_hold *h, const struct wd_id *id, uint32_t version)
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
	size_t i = find(h, &record->id, record->version);
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
	    ? snprintf(text, sizeof(text), "version %u, ends in %lld s",
		  (unsigned)v->version, (long long)(v->deadline - now))
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
	for (size_t i = 0; i < h->n; i++)
		write_line(h->at[i], now, wr);
}

/* ---- signatures */

static enum wd_hash
hash_of(enum wd_holder_hash hash)
{
	static const enum wd_hash hashes[] = {
		[WD_HOLDER_NO_HASH] = WD_SHA256, /* not looked at */
		[WD_HOLDER_SHA256] = WD_SHA256,
		[WD_HOLDER_SHA384] = WD_SHA384,
		[WD_HOLDER_SHA512] = WD_SHA512,
	};

	return hashes[hash];
}

static struct wd_raw_params
params_of(const struct wd_holder_sign *ask)
{
	static const enum wd_raw_sig raw[] = {
		[WD_HOLDER_PKCS1] = WD_RAW_RSA_PKCS1,
		[WD_HOLDER_PSS] = WD_RAW_RSA_PSS,
		[WD_HOLDER_ECDSA] = WD_RAW_ECDSA,
		[WD_HOLDER_EDDSA] = WD_RAW_EDDSA,
	};
	const struct wd_raw_params params = {
		.kind = raw[ask->mech],
		.hash = hash_of(ask->hash),
		.mgf = hash_of(ask->mgf),
		.salt_len = ask->salt_len,
	};

	return params;
}

/* What wd_signer_sign() calls out of range: the salt, or the data. */
static enum wd_holder_status
range_status(const struct wd_raw_params *params)
{
	return params->kind == WD_RAW_RSA_PSS &&
		params->salt_len > wd_hash_len(params->hash)
	    ? WD_HOLDER_PARAMETER
	    : WD_HOLDER_DATA_LENGTH;
}

static enum wd_holder_status
check_use(const struct wd_held *v, const struct wd_hold_user *user,
    const struct wd_holder_sign *ask, int64_t now)
{
	if (!wd_held_may_see(v, user))
		return WD_HOLDER_NO_KEY;
	if (!wd_held_may_use(v, user))
		return WD_HOLDER_NOT_PERMITTED;
	if (v->key == NULL || v->deadline <= now)
		return WD_HOLDER_KEY_ENDED;
	if ((v->mechs >> ask->mech & 1) == 0)
		return WD_HOLDER_MECHANISM;
	return WD_HOLDER_OK;
}

enum wd_holder_status
wd_hold_sign(struct wd_hold *h, const struct wd_hold_user *user,
    const struct wd_holder_sign *ask, int64_t now,
    uint8_t ret_sig[WD_HOLDER_SIG_MAX], size_t *ret_len)
{
	size_t i = find(h, &ask->id, ask->generation);
	struct wd_raw_params params;
	enum wd_holder_status status;
	int r;

	if (i == h->n)
		return h->ready ? WD_HOLDER_NO_KEY : WD_HOLDER_NOT_READY;
	status = check_use(h->at[i], user, ask, now);
	if (status != WD_HOLDER_OK)
		return status;
	params = params_of(ask);
	r = wd_signer_sign(
	    h->at[i]->signer, &params, ask->data, ret_sig, ret_len);
	if (r == WD_R_RANGE)
		return range_status(&params);
	return r == 0 ? WD_HOLDER_OK : WD_HOLDER_FAULT;
}
