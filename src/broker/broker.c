/*
 * What all requests share: the keys while unsealed, compiled policies, the
 * clock, and the form of outcomes.
 */
#include "broker/broker.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "broker/backup.h"
#include "broker/headers.h"
#include "broker/kept.h"
#include "broker/references.h"
#include "broker/thing.h"
#include "broker/unwrapped.h"
#include "crypto/kdf.h"
#include "seal/rowguard.h"

#include <string.h>

enum {
	LATEST_DIGITS = 20,
	NOTE_EVERY = 600,
	LOOK_EVERY_MS = 60000,
	ENTRY_REST = 1000, /* bytes of most entries, but for claims */
};

static const char latest_name[] = "latest_time";

static int
read_latest(struct wd_broker *b, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
	uint64_t latest;
	int r = wd_meta_get(b->store, latest_name, &text);

	if (r == WD_R_NOT_FOUND)
		return 0;
	if (r != 0)
		return wd_fault(d, WD_F_STORE, "%s", wd_store_why(b->store));
	if (!wd_num_parse(wd_bytes_span(text), INT64_MAX, &latest))
		return wd_fault(d, WD_F_STORE, "the latest time is no number");
	b->latest = (int64_t)latest;
	return 0;
}

int
wd_broker_new(struct wd_store *store, const char *server_name,
    uint32_t session_seconds, struct wd_broker **ret, struct wd_diag *d)
{
	WD_AUTO(wd_store_closep) struct wd_store *taken = store;
	WD_AUTO(wd_broker_freep) struct wd_broker *b = wd_alloc(sizeof(*b));

	if (b == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	b->store = WD_TAKE(taken);
	b->server_name = server_name;
	b->session_seconds = session_seconds;
	b->warnings = "";
	b->keyring_limit = WD_KEYRING_USES;
	*ret = WD_TAKE(b);
	return 0;
}

static void
forget_policies(struct wd_broker *b)
{
	for (size_t i = 0; i < WD_POLICIES_KEPT; i++) {
		b->kept[i].policy = wd_policy_free(b->kept[i].policy);
		b->kept[i].id = (struct wd_id){ 0 };
	}
	wd_references_forget(b);
}

void
wd_broker_seal(struct wd_broker *b)
{
	b->open = false;
	b->store_version = 0; /* what is kept was checked, or was not */
	wd_store_guard(b->store, NULL);
	wd_kept_forget(b);
	wd_things_forget(b);
	wd_unwrapped_forget(b);
	wd_keyring_done(&b->ring);
	b->ring = (struct wd_keyring){ 0 };
	b->challenge_key = wd_secret_free(b->challenge_key);
	b->enrol_key = wd_secret_free(b->enrol_key);
	b->upstream_key = wd_secret_free(b->upstream_key);
	b->row_key = wd_secret_free(b->row_key);
	b->release_key = wd_pkey_free(b->release_key);
	b->token_key = wd_pkey_free(b->token_key);
	b->release_header = wd_bytes_free(b->release_header);
	b->token_header = wd_bytes_free(b->token_header);
}

struct wd_broker *
wd_broker_free(struct wd_broker *b)
{
	if (b == NULL)
		return NULL;
	wd_broker_seal(b);
	forget_policies(b);
	b->backup = wd_backup_free(b->backup);
	wd_store_closep(&b->store);
	return wd_free(b);
}

void
wd_broker_freep(struct wd_broker **b)
{
	*b = wd_broker_free(*b);
}

/* The keyring is this store's: nothing is opened or written otherwise. */
static int
check_ring(struct wd_broker *b, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *kept = NULL;
	uint8_t check[32];
	int r;

	if ((r = wd_keyring_check(&b->ring, check)) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no check value");
	if ((r = wd_meta_get(b->store, "check", &kept)) < 0)
		return wd_fault(d, WD_F_STORE, "%s", wd_store_why(b->store));
	if (r != 0 || !wd_ct_equal(wd_bytes_span(kept), WD_SPAN(check)))
		return wd_reject(d, WD_R_WRONG_STORE,
		    "the keyring belongs to another store");
	return 0;
}

/* Challenges are bound to the file that remembers which ones were spent;
 * enrolments outlive that, and are the store's. */
static int
open_keys(struct wd_broker *b)
{
	struct wd_id sessions = wd_store_sessions_id(b->store);
	int r;

	if ((r = wd_hkdf(wd_secret_borrow(b->ring.challenge_key),
		 "warder/1/challenge", wd_id_span(&sessions), 32,
		 &b->challenge_key)) != 0 ||
	    (r = wd_hkdf(wd_secret_borrow(b->ring.challenge_key),
		 "warder/1/tpm-enrolment", wd_id_span(&b->ring.store_id), 32,
		 &b->enrol_key)) != 0 ||
	    (r = wd_hkdf(wd_secret_borrow(b->ring.challenge_key),
		 "warder/1/upstream", wd_id_span(&b->ring.store_id), 32,
		 &b->upstream_key)) != 0 ||
	    (r = wd_row_key(&b->ring, &b->row_key)) != 0 ||
	    (r = wd_pkey_from_private(wd_secret_borrow(b->ring.release_key),
		 &b->release_key)) != 0 ||
	    (r = wd_pkey_from_private(
		 wd_secret_borrow(b->ring.token_key), &b->token_key)) != 0 ||
	    (r = wd_pkey_keep_signer(b->release_key)) != 0 ||
	    (r = wd_pkey_keep_signer(b->token_key)) != 0 ||
	    (r = wd_header_release(b->release_key, &b->release_header)) != 0)
		return r;
	return wd_header_token(b->token_key, &b->token_header);
}

int
wd_broker_unseal(struct wd_broker *b, struct wd_span keyring, struct wd_diag *d)
{
	struct wd_guard guard;
	int r;

	wd_broker_seal(b);
	if ((r = wd_keyring_read(keyring, &b->ring)) != 0 ||
	    (r = check_ring(b, d)) != 0 || (r = open_keys(b)) != 0) {
		wd_broker_seal(b);
		return r < 0 ? wd_fault(d, WD_F_CRYPTO, "no keys") : r;
	}
	guard = wd_row_guard(b->row_key);
	wd_store_guard(b->store, &guard);
	b->open = true;
	return 0;
}

static int
check_clock(const struct wd_broker *b, int64_t now, struct wd_diag *d)
{
	if (now < b->latest - WD_CLOCK_BACK)
		return wd_reject(d, WD_R_CLOCK,
		    "the clock is more than an hour behind the latest time "
		    "seen");
	return 0;
}

int
wd_broker_clock(struct wd_broker *b, int64_t now, struct wd_diag *d)
{
	return b->store_version == 0 ? wd_broker_look(b, now, d)
				     : check_clock(b, now, d);
}

/* Rows that somebody else has changed stay so until the store changes again; a
 * fault may pass, and is no answer to keep. */
static int
look_at_revocations(struct wd_broker *b, struct wd_diag *d)
{
	struct wd_revocations all = { .by_use = true };
	bool lost = false;
	int r = wd_store_revoked_last(b->store, &all.last);

	if (r == 0 && b->open &&
	    (r = wd_store_revocations_check(b->store, &all)) != 0)
		lost = wd_store_foreign(b->store);
	if (r != 0 && !lost)
		return wd_fault(d, WD_F_STORE, "%s", wd_store_why(b->store));
	b->revocations = all.last;
	b->revoked_by_use = all.by_use;
	b->revocations_lost = lost;
	b->look_again = wd_time_mono_ms() + LOOK_EVERY_MS;
	return 0;
}

/* Who writes into the file past SQLite changes no version of it. Rows that are
 * there have their MACs; that one is missing is seen by a look at all alone. */
int
wd_broker_look(struct wd_broker *b, int64_t now, struct wd_diag *d)
{
	uint64_t version;
	int r;

	if (wd_store_changed(b->store, &version) != 0)
		return wd_fault(d, WD_F_STORE, "%s", wd_store_why(b->store));
	if (version != b->store_version) {
		if (wd_store_check_tables(b->store) != 0)
			return wd_fault(
			    d, WD_F_STORE, "%s", wd_store_why(b->store));
		if ((r = read_latest(b, d)) != 0 ||
		    (r = look_at_revocations(b, d)) != 0)
			return r;
		forget_policies(b);
		wd_things_forget(b);
		b->store_version = version;
	} else if (wd_time_mono_ms() >= b->look_again &&
	    (r = look_at_revocations(b, d)) != 0) {
		return r;
	}
	return check_clock(b, now, d);
}

int
wd_broker_note_time(struct wd_broker *b, int64_t now)
{
	char text[LATEST_DIGITS + 1];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	int r;

	if (now < b->latest + NOTE_EVERY)
		return 0;
	wd_wr_printf(&wr, "%lld", (long long)now);
	if ((r = wd_wr_end(&wr)) != 0 ||
	    (r = wd_meta_put(b->store, latest_name, wd_wr_span(&wr))) != 0)
		return r < 0 ? r : WD_F_BUG;
	b->latest = now;
	return 0;
}

static struct wd_policy_kept *
kept_by_id(struct wd_broker *b, const struct wd_id *id)
{
	for (size_t i = 0; i < WD_POLICIES_KEPT; i++) {
		struct wd_policy_kept *k = &b->kept[i];

		if (k->policy != NULL &&
		    wd_span_equal(wd_id_span(&k->id), wd_id_span(id)))
			return k;
	}
	return NULL;
}

static int
compile(struct wd_broker *b, const struct wd_id *id,
    struct wd_policy_kept **ret, struct wd_diag *d)
{
	WD_AUTO(wd_store_policy_done) struct wd_store_policy row = { 0 };
	struct wd_policy_kept *k = &b->kept[b->next_kept];
	WD_AUTO(wd_policy_freep) struct wd_policy *policy = NULL;
	int r = wd_store_policy_get(b->store, id, &row);

	if (r == 0)
		r = wd_store_revoked(
		    b->store, "policy_row", id->s, row.updated);
	if (r == WD_R_REVOKED_BY_OPERATOR)
		return wd_fault(d, WD_F_STORE,
		    "store.db was changed by somebody else: an older policy %s "
		    "was put back",
		    id->s);
	if (r < 0)
		return wd_fault(d, WD_F_STORE, "%s", wd_store_why(b->store));
	if (r > 0)
		return wd_reject(d, WD_R_NOT_FOUND, "no such policy");
	r = wd_policy_adopt(wd_bytes_span(row.flat), NULL, &policy);
	if (r != 0)
		return r < 0 ? wd_fault(d, WD_F_MEMORY, "no memory")
			     : wd_reject(d, WD_R_TAMPERED,
				   "the stored policy does not compile");
	if (!wd_references_fit(b, policy))
		forget_policies(b);
	if ((r = wd_broker_link(b, policy, d)) != 0)
		return r;
	b->next_kept = (b->next_kept + 1) % WD_POLICIES_KEPT;
	k->policy = wd_policy_free(k->policy);
	k->policy = WD_TAKE(policy);
	k->id = *id;
	wd_copy(k->version, WD_SPAN(row.version));
	*ret = k;
	return 0;
}

int
wd_broker_policy(struct wd_broker *b, const struct wd_id *id,
    const struct wd_policy **ret, const uint8_t **ret_version,
    struct wd_diag *d)
{
	struct wd_policy_kept *k = kept_by_id(b, id);
	int r;

	if (k == NULL && (r = compile(b, id, &k, d)) != 0)
		return r;
	*ret = k->policy;
	*ret_version = k->version;
	return 0;
}

void
wd_outcome_done(struct wd_outcome *o)
{
	o->reply = wd_bytes_free(o->reply);
	o->entry = wd_bytes_free(o->entry);
}

static int
write_reply(struct wd_outcome *o, const struct wd_call_row *row, int result,
    const char *detail, const void *msg)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(row->max);

	wd_wr_expect(&wr, wd_reply_len(row, result, detail, msg));
	wd_reply_write(&wr, row, result, detail, msg);
	o->reply = wd_bytes_free(o->reply);
	o->result = result;
	return wd_wr_take(&wr, &o->reply);
}

/* Small replies leave less room for the sentence than it may take. */
int
wd_outcome_reply(struct wd_outcome *o, enum wd_call call, int result,
    const struct wd_diag *d, const void *msg)
{
	const struct wd_call_row *row = wd_call_row((uint16_t)call);
	bool says = d != NULL && result != 0 &&
	    strlen(d->detail) + 8 <= (row == NULL ? 0 : row->max);

	if (row == NULL)
		return WD_F_BUG;
	if (write_reply(o, row, result, says ? d->detail : "", msg) == 0)
		return 0;
	return write_reply(o, row, WD_F_MEMORY, "", NULL);
}

int
wd_outcome_log(struct wd_outcome *o, const struct wd_entry *e)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_ENTRY_MAX);

	wd_wr_expect(&wr, e->claims.len + ENTRY_REST);
	wd_entry_write(&wr, e);
	o->entry = wd_bytes_free(o->entry);
	return wd_wr_take(&wr, &o->entry);
}
