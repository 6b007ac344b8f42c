/*
 * Entries as canonical JSON (RFC 8785). An entry must never fail to be written
 * because of what a stranger sent: bytes that are no text are replaced.
 */
#include "audit/entry.h"

#include "base/reason.h"
#include "codec/jtext.h"
#include "codec/utf8.h"

enum { VERSION = 1, TEXT_MAX = 1536 };

static const char *const names[] = {
#define WD_EVENT(NAME, name) [WD_EV_##NAME] = (name),
#include "audit/events.def"
#undef WD_EVENT
};

const char *
wd_event_name(enum wd_event e)
{
	return names[e];
}

/* Printable ASCII stays, every other byte becomes '?'. */
static void
put_cleaned(struct wd_jtext *j, struct wd_span s)
{
	char clean[TEXT_MAX];
	size_t n = s.len < sizeof(clean) ? s.len : sizeof(clean);

	for (size_t i = 0; i < n; i++) {
		bool fine = s.p[i] >= ' ' && s.p[i] <= '~';

		clean[i] = fine ? (char)s.p[i] : '?';
	}
	wd_jtext_string(j, wd_span(clean, n));
}

static void
put_text(struct wd_jtext *j, const char *key, const char *text)
{
	struct wd_span s = wd_span_text(text);

	if (text == NULL)
		return;
	wd_jtext_key(j, key);
	if (s.len <= TEXT_MAX && wd_utf8_is_text(s))
		wd_jtext_string(j, s);
	else
		put_cleaned(j, s);
}

static void
put_id(struct wd_jtext *j, const char *key, const struct wd_id *id)
{
	if (wd_id_is_none(id))
		return;
	wd_jtext_key(j, key);
	wd_jtext_string(j, wd_id_span(id));
}

static void
put_raw(struct wd_jtext *j, const char *key, struct wd_span json)
{
	if (json.len == 0)
		return;
	wd_jtext_key(j, key);
	wd_jtext_raw(j, json);
}

static void
put_number(struct wd_jtext *j, const char *key, uint32_t n)
{
	if (n > 0)
		wd_jtext_key_uint(j, key, n);
}

static const char *
result_word(int result)
{
	if (result == 0)
		return "allow";
	return result > 0 ? "deny" : "fault";
}

static void
put_policy(struct wd_jtext *j, const struct wd_entry *e)
{
	put_id(j, "policy", &e->policy);
	if (e->policy_version == NULL)
		return;
	wd_jtext_key(j, "policy_version");
	wd_jtext_hex(j, wd_span(e->policy_version, 32));
}

static void
put_result(struct wd_jtext *j, const struct wd_entry *e)
{
	if (e->result != 0)
		put_text(j, "reason", wd_reason_name(e->result));
	put_raw(j, "references", e->references);
	put_id(j, "request", &e->request);
	wd_jtext_key_text(j, "result", result_word(e->result));
}

/* Members in byte order, as RFC 8785 wants them. */
static void
put_entry(struct wd_wr *wr, const struct wd_entry *e, bool whole)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	put_text(&j, "actor", e->actor);
	if (e->broker_unwrapped)
		wd_jtext_key_bool(&j, "broker_unwrapped", true);
	if (whole)
		put_raw(&j, "claims", e->claims);
	put_raw(&j, "counts", e->counts);
	if (!whole)
		wd_jtext_key_bool(&j, "cut", true);
	put_text(&j, "detail", e->detail);
	put_text(&j, "event", wd_event_name(e->event));
	put_id(&j, "key", &e->key);
	put_id(&j, "lease", &e->lease);
	put_number(&j, "lease_seconds", e->lease_seconds);
	put_text(&j, "path", e->path);
	put_policy(&j, e);
	put_result(&j, e);
	put_id(&j, "session", &e->session);
	if (e->software)
		wd_jtext_key_text(&j, "software", "SOFTWARE");
	put_text(&j, "source", e->source);
	wd_jtext_key(&j, "time");
	wd_jtext_time(&j, e->time);
	if (whole)
		put_raw(&j, "trace", e->trace);
	wd_jtext_key_uint(&j, "v", VERSION);
	put_number(&j, "version", e->version);
	wd_jtext_end(&j);
}

void
wd_entry_write(struct wd_wr *wr, const struct wd_entry *e)
{
	size_t start = wr->len;

	if (wr->bad)
		return;
	put_entry(wr, e, true);
	if (!wr->no_memory && (wr->bad || wr->len - start > WD_ENTRY_MAX)) {
		wr->bad = false;
		wr->len = start;
		put_entry(wr, e, false);
	}
	if (wr->len - start > WD_ENTRY_MAX)
		wd_wr_fail(wr);
}
