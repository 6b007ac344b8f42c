/*
 * The state of the server in the admin API: seal, status, new tokens.
 */
#include "proto/admin.h"

#include "proto/role.h"

/* The admin cell has one of the two numbers above all others. */
enum { ADMIN_CELLS = 65534 };

void
wd_admin_made_write(struct wd_jtext *j, const struct wd_msg_token_made *t)
{
	wd_jtext_object(j);
	wd_jtext_key(j, "expires");
	wd_jtext_time(j, t->expires);
	wd_jtext_key_text(j, "id", t->id.s);
	wd_jtext_key(j, "token");
	wd_jtext_string(j, t->token);
	wd_jtext_end(j);
}

/* null: no attempt is under way. */
static void
write_nonce(struct wd_jtext *j, struct wd_span nonce)
{
	wd_jtext_key(j, "nonce");
	if (nonce.len == 0)
		wd_jtext_null(j);
	else
		wd_jtext_string(j, nonce);
}

static void
write_break_glass(struct wd_jtext *j, uint32_t shares, uint32_t threshold)
{
	wd_jtext_key_uint(j, "break_glass_shares", shares);
	wd_jtext_key_uint(j, "break_glass_threshold", threshold);
}

/* null: never, or not now. */
static void
write_probe(struct wd_jtext *j, const char *key, int64_t when)
{
	wd_jtext_key(j, key);
	if (when == 0)
		wd_jtext_null(j);
	else
		wd_jtext_time(j, when);
}

void
wd_admin_seal_write(struct wd_jtext *j, const struct wd_msg_seal_state *s)
{
	wd_jtext_object(j);
	write_break_glass(j, s->break_glass_shares, s->break_glass_threshold);
	write_probe(j, "failing_since", s->probe_failing);
	wd_jtext_key_bool(j, "initialized", s->initialized);
	wd_jtext_key_uint(j, "keyring_term", s->term);
	wd_jtext_key_uint(j, "keyring_terms", s->terms);
	wd_jtext_key(j, "kind");
	wd_jtext_string(j, s->kind);
	write_probe(j, "last_good_probe", s->probe_good);
	write_nonce(j, s->nonce);
	wd_jtext_key_uint(j, "progress", s->progress);
	wd_jtext_key_bool(j, "sealed", s->sealed);
	wd_jtext_key_uint(j, "shares", s->shares);
	wd_jtext_key_uint(j, "threshold", s->threshold);
	wd_jtext_key_uint(
	    j, "wait_seconds", ((uint64_t)s->wait_ms + 999) / 1000);
	wd_jtext_end(j);
}

/* ---- status */

/* Sentences that came as one text, "; " between them. */
static void
write_sentences(struct wd_jtext *j, struct wd_span text)
{
	struct wd_rd rd = wd_rd(text);

	while (wd_rd_more(&rd)) {
		size_t n = 0;

		while (n < rd.left &&
		    !(rd.p[n] == ';' && n + 1 < rd.left && rd.p[n + 1] == ' '))
			n++;
		if (n > 0)
			wd_jtext_string(j, wd_span(rd.p, n));
		wd_rd_skip(&rd, n);
		wd_rd_skip(&rd, rd.left < 2 ? rd.left : 2);
	}
}

static void
write_process(struct wd_jtext *j, const struct wd_msg_proc_record *p)
{
	wd_jtext_object(j);
	wd_jtext_key(j, "cell");
	if (p->cell >= ADMIN_CELLS)
		wd_jtext_text(j, "admin");
	else
		wd_jtext_uint(j, p->cell);
	wd_jtext_key(j, "missing");
	wd_jtext_array(j);
	write_sentences(j, p->missing);
	wd_jtext_end(j);
	wd_jtext_key_uint(j, "pid", p->pid);
	wd_jtext_key_bool(j, "ready", p->ready);
	wd_jtext_key_uint(j, "restarts", p->restarts);
	wd_jtext_key_text(j, "role", wd_proc_name((enum wd_proc)p->role));
	wd_jtext_end(j);
}

static void
write_processes(struct wd_jtext *j, const struct wd_msg_proc_list *procs)
{
	struct wd_rd rd =
	    wd_rd(procs == NULL ? wd_span(NULL, 0) : procs->procs);

	wd_jtext_key(j, "processes");
	wd_jtext_array(j);
	while (wd_rd_more(&rd)) {
		struct wd_msg_proc_record p;

		if (wd_list_next(&rd, &wd_msg_proc_record_type, &p) != 0)
			break;
		write_process(j, &p);
	}
	wd_jtext_end(j);
	if (wd_rd_end(&rd) != 0)
		wd_wr_fail(j->wr);
}

static void
write_backend(struct wd_jtext *j, const struct wd_msg_backend_status *b)
{
	wd_jtext_object(j);
	wd_jtext_key_uint(j, "calls", b->calls);
	wd_jtext_key_uint(j, "failures", b->failures);
	wd_jtext_key(j, "kind");
	wd_jtext_string(j, b->kind);
	wd_jtext_key(j, "name");
	wd_jtext_string(j, b->name);
	wd_jtext_key_uint(j, "paused", b->paused);
	wd_jtext_key_uint(j, "processes", b->processes);
	wd_jtext_key_bool(j, "ready", b->ready);
	wd_jtext_key(j, "words");
	wd_jtext_string(j, b->words);
	wd_jtext_end(j);
}

static void
write_backends(struct wd_jtext *j, struct wd_span list)
{
	struct wd_rd rd = wd_rd(list);

	wd_jtext_key(j, "backends");
	wd_jtext_array(j);
	while (wd_rd_more(&rd)) {
		struct wd_msg_backend_status b;

		if (wd_list_next(&rd, &wd_msg_backend_status_type, &b) != 0)
			break;
		write_backend(j, &b);
	}
	wd_jtext_end(j);
	if (wd_rd_end(&rd) != 0)
		wd_wr_fail(j->wr);
}

/* null: sealed, or nothing is known yet. */
static void
write_keyring(struct wd_jtext *j, const struct wd_msg_status *s)
{
	wd_jtext_key(j, "keyring");
	if (s->keyring_term == 0) {
		wd_jtext_null(j);
		return;
	}
	wd_jtext_object(j);
	wd_jtext_key_uint(j, "limit", s->keyring_limit);
	wd_jtext_key_uint(j, "rows_left", s->keyring_rows_left);
	write_probe(j, "since", s->keyring_made);
	wd_jtext_key_uint(j, "term", s->keyring_term);
	wd_jtext_key_uint(j, "terms", s->keyring_terms);
	wd_jtext_key_uint(j, "uses", s->keyring_uses);
	wd_jtext_end(j);
}

static void
write_log(struct wd_jtext *j, const struct wd_msg_status *s)
{
	wd_jtext_key(j, "log");
	wd_jtext_object(j);
	wd_jtext_key_uint(j, "size", s->log_size);
	wd_jtext_key_bool(j, "writable", s->log_writable);
	wd_jtext_end(j);
}

static void
write_seal(struct wd_jtext *j, const struct wd_msg_status *s)
{
	wd_jtext_key(j, "seal");
	wd_jtext_object(j);
	write_break_glass(j, s->break_glass_shares, s->break_glass_threshold);
	write_probe(j, "failing_since", s->seal_probe_failing);
	wd_jtext_key(j, "kind");
	wd_jtext_string(j, s->seal_kind);
	write_probe(j, "last_good_probe", s->seal_probe_good);
	write_nonce(j, s->seal_nonce);
	wd_jtext_key_uint(j, "progress", s->progress);
	wd_jtext_key_uint(j, "shares", s->shares);
	wd_jtext_key_uint(j, "threshold", s->threshold);
	write_probe(j, "wrap_failing_since", s->seal_wrap_failing);
	wd_jtext_key_uint(j, "wrapped", s->seal_wrapped);
	wd_jtext_end(j);
}

static void
write_warnings(struct wd_jtext *j, const struct wd_msg_status *s,
    const struct wd_msg_proc_list *procs)
{
	wd_jtext_key(j, "warnings");
	wd_jtext_array(j);
	write_sentences(j, s->warnings);
	if (procs != NULL)
		write_sentences(j, procs->warnings);
	wd_jtext_end(j);
}

void
wd_admin_status_write(struct wd_jtext *j, const struct wd_msg_status *s,
    const struct wd_msg_proc_list *procs, struct wd_span backends)
{
	wd_jtext_object(j);
	write_backends(j, backends);
	wd_jtext_key(j, "clock");
	wd_jtext_time(j, s->clock);
	wd_jtext_key_bool(j, "initialized", s->initialized);
	write_keyring(j, s);
	wd_jtext_key_uint(j, "keys", s->keys);
	write_log(j, s);
	wd_jtext_key_uint(j, "policies", s->policies);
	write_processes(j, procs);
	write_seal(j, s);
	wd_jtext_key_bool(j, "sealed", s->sealed);
	wd_jtext_key(j, "server_name");
	wd_jtext_string(j, s->server_name);
	wd_jtext_key(j, "version");
	wd_jtext_string(j, s->version);
	write_warnings(j, s, procs);
	wd_jtext_end(j);
}
