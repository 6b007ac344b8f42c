/*
 * Requests that never got as far as verified evidence are added up by reason
 * and source prefix and written as one entry a minute, so that a stranger
 * cannot fill the disk. The table is bounded; its last row takes the rest.
 */
#include "bin/scribe/scribe.h"

#include "base/clock.h"
#include "base/reason.h"
#include "codec/jtext.h"

#include <assert.h>
#include <string.h>

#define OTHERS "others"

enum { MINUTE_MS = 60000, JSON_MAX = 12288 };

static const uint64_t number_max = (UINT64_C(1) << 53) - 1; /* of JSON */

/* Two texts and a number in 53 bits, with names, quotes and commas. */
static_assert(SCRIBE_COUNTS * (2 * SCRIBE_COUNT_TEXT + 64) <= JSON_MAX,
    "a full table must fit");
static_assert(JSON_MAX + 512 < WD_ENTRY_MAX, "and its entry too");

/* Only what reasons and address prefixes are made of, so that no text grows
 * by escapes. Longer than there is room: cut. */
static void
clean(struct wd_span text, char ret[SCRIBE_COUNT_TEXT])
{
	size_t n =
	    text.len < SCRIBE_COUNT_TEXT ? text.len : SCRIBE_COUNT_TEXT - 1;

	for (size_t i = 0; i < n; i++) {
		uint8_t c = text.p[i];
		bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    c == '_' || c == '.' || c == ':' || c == '/' || c == '-';

		ret[i] = fine ? (char)c : '?';
	}
	ret[n] = '\0';
}

static struct scribe_count *
row_for(struct scribe *s, const char *reason, const char *prefix)
{
	struct scribe_count *row;

	for (size_t i = 0; i < s->n_counts; i++) {
		row = &s->counts[i];
		if (strcmp(row->reason, reason) == 0 &&
		    strcmp(row->prefix, prefix) == 0)
			return row;
	}
	if (s->n_counts == SCRIBE_COUNTS)
		return &s->counts[SCRIBE_COUNTS - 1];
	if (s->n_counts == 0)
		s->counts_at = wd_time_mono_ms() + MINUTE_MS;
	row = &s->counts[s->n_counts++];
	*row = (struct scribe_count){ 0 };
	if (s->n_counts == SCRIBE_COUNTS)
		reason = prefix = OTHERS;
	wd_copy(row->reason, wd_span_text(reason));
	wd_copy(row->prefix, wd_span_text(prefix));
	return row;
}

void
scribe_count(struct scribe *s, const struct wd_msg_log_count *m)
{
	char reason[SCRIBE_COUNT_TEXT], prefix[SCRIBE_COUNT_TEXT];
	struct scribe_count *row;

	if (m->n == 0)
		return;
	clean(m->reason, reason);
	clean(m->prefix, prefix);
	row = row_for(s, reason, prefix);
	row->n = row->n > number_max - m->n ? number_max : row->n + m->n;
}

static bool
is_before(const struct scribe_count *a, const struct scribe_count *b)
{
	int order = strcmp(a->reason, b->reason);

	return (order != 0 ? order : strcmp(a->prefix, b->prefix)) < 0;
}

/* By insertion: the library's sort asks the kernel how much memory there is,
 * which the sandbox does not allow. */
static void
sort(struct scribe_count *rows, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct scribe_count row = rows[i];
		size_t at = i;

		for (; at > 0 && is_before(&row, &rows[at - 1]); at--)
			rows[at] = rows[at - 1];
		rows[at] = row;
	}
}

static void
write_rows(struct wd_wr *wr, const struct scribe *s)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_array(&j);
	for (size_t i = 0; i < s->n_counts; i++) {
		wd_jtext_object(&j);
		wd_jtext_key_uint(&j, "n", s->counts[i].n);
		wd_jtext_key_text(&j, "prefix", s->counts[i].prefix);
		wd_jtext_key_text(&j, "reason", s->counts[i].reason);
		wd_jtext_end(&j);
	}
	wd_jtext_end(&j);
}

void
scribe_counts_write(struct scribe *s)
{
	uint8_t json[JSON_MAX];
	struct wd_wr wr = wd_wr_fixed(json, sizeof(json));

	if (s->n_counts == 0)
		return;
	if (!s->trusted) { /* kept until there is a log again */
		s->counts_at = wd_time_mono_ms() + MINUTE_MS;
		return;
	}
	sort(s->counts, s->n_counts);
	write_rows(&wr, s);
	s->n_counts = 0;
	if (wd_wr_end(&wr) == 0)
		scribe_log_own(s, WD_EV_COUNTS, NULL, wd_wr_span(&wr));
}
