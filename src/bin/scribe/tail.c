/*
 * The last entries, or some from a place on: for an operator who asks, and for
 * keepers that complete their index of leases.
 */
#include "bin/scribe/scribe.h"

#include "audit/reader.h"

enum { LIMIT_MAX = 100, LIST_MAX = 1700000 };

static const uint64_t the_last = UINT64_MAX;

void
scribe_tail_close(struct scribe *s)
{
	wd_reader_closep(&s->tail);
}

/* At FROM: who reads piece after piece does not have it looked for again. */
static int
open_at(struct scribe *s, uint64_t from, struct wd_diag *d)
{
	if (s->tail != NULL && wd_reader_index(s->tail) == from)
		return 0;
	scribe_tail_close(s);
	return wd_reader_open(s->dir, from, &s->tail, d);
}

/* Entries FROM to END (not included) as a list. */
static int
read_entries(struct scribe *s, uint64_t from, uint64_t end, struct wd_wr *list,
    struct wd_diag *d)
{
	struct wd_record record;
	int r = from < end ? open_at(s, from, d) : 0;

	for (uint64_t i = from; r == 0 && i < end; i++) {
		struct wd_msg_audit_entry m;

		r = wd_reader_next(s->tail, &record, d);
		if (r == 0 && record.entry.len == 0)
			r = wd_fault(d, WD_F_STORE, "the log is short");
		if (r != 0)
			break;
		m = (struct wd_msg_audit_entry){ i, record.entry };
		wd_list_add(list, &wd_msg_audit_entry_type, &m);
	}
	if (r != 0 || end == wd_journal_size(s->journal))
		scribe_tail_close(s);
	return r != 0 ? r : wd_wr_end(list);
}

int
scribe_tail(struct scribe *s, struct scribe_keeper *k, const struct wd_frame *f)
{
	WD_AUTO(wd_wr_done) struct wd_wr list = wd_wr_growing(LIST_MAX);
	struct wd_msg_audit_entries answer = { 0 };
	struct wd_msg_tail_ask ask;
	struct wd_diag d = { 0 };
	uint64_t size, from, n;
	int r = wd_msg_read(f->body, &wd_msg_tail_ask_type, &ask);

	if (r != 0)
		return r;
	if (s->journal == NULL)
		return wd_peer_reply(&k->base.peer, WD_CALL_LOG_TAIL,
		    f->request, WD_R_AUDIT_UNAVAILABLE, s->state.why, NULL);
	if (ask.limit == 0 || ask.limit > LIMIT_MAX)
		return wd_peer_reply(&k->base.peer, WD_CALL_LOG_TAIL,
		    f->request, WD_R_RANGE, "1 to 100 entries at once", NULL);
	size = wd_journal_size(s->journal);
	from = ask.from < size ? ask.from : size;
	if (ask.from == the_last)
		from = size > ask.limit ? size - ask.limit : 0;
	n = size - from < ask.limit ? size - from : ask.limit;
	r = read_entries(s, from, from + n, &list, &d);
	answer.size = size;
	answer.entries = wd_wr_span(&list);
	return wd_peer_reply(
	    &k->base.peer, WD_CALL_LOG_TAIL, f->request, r, d.detail, &answer);
}
