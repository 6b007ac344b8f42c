/*
 * Counters of this process, as Prometheus reads them (text format 0.0.4).
 */
#include "bin/front/front.h"

#include "base/reason.h"

/* The last row counts every other status. */
static const int statuses[FRONT_STATUSES] = { 200, 201, 204, 400, 401, 403, 404,
	405, 409, 413, 415, 422, 429, 500, 503, 0 };

static const char *const doors[FRONT_DOORS] = {
	[WD_DOOR_NONE] = "none",
	[WD_DOOR_COCO] = "coco",
	[WD_DOOR_ISECL] = "isecl",
	[WD_DOOR_ADMIN] = "admin",
};

void
front_metrics_answered(struct front *f, enum wd_door door, int status)
{
	size_t i = 0;

	while (i < FRONT_STATUSES - 1 && statuses[i] != status)
		i++;
	f->metrics.answers[door][i]++;
}

static void
head(struct wd_wr *wr, const char *name, const char *type, const char *help)
{
	wd_wr_printf(
	    wr, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
write_answers(const struct front *f, struct wd_wr *wr)
{
	head(wr, "warder_http_requests_total", "counter",
	    "Requests answered, by door and status.");
	for (size_t door = 0; door < FRONT_DOORS; door++)
		for (size_t i = 0; i < FRONT_STATUSES; i++)
			if (f->metrics.answers[door][i] > 0)
				wd_wr_printf(wr,
				    "warder_http_requests_total{door=\"%s\","
				    "status=\"%d\"} %llu\n",
				    doors[door], statuses[i],
				    (unsigned long long)
					f->metrics.answers[door][i]);
}

static void
write_refusals(const struct front *f, struct wd_wr *wr)
{
	head(wr, "warder_refusals_total", "counter",
	    "Requests refused, by reason.");
	for (int i = 0; i < FRONT_REASONS; i++)
		if (f->metrics.refusals[i] > 0)
			wd_wr_printf(wr,
			    "warder_refusals_total{reason=\"%s\"} %llu\n",
			    wd_reason_name(i),
			    (unsigned long long)f->metrics.refusals[i]);
}

static void
write_state(const struct front *f, struct wd_wr *wr)
{
	unsigned waiting = 0;

	for (size_t i = 0; i < FRONT_CALLS; i++)
		waiting += f->calls[i].done != NULL;
	head(wr, "warder_http_connections", "gauge", "Open connections.");
	wd_wr_printf(
	    wr, "warder_http_connections %u\n", wd_http_connections(f->http));
	head(wr, "warder_lease_polls", "gauge",
	    "Clients that wait to hear what was revoked.");
	wd_wr_printf(wr, "warder_lease_polls %u\n", f->watch.n);
	head(wr, "warder_keeper_waiting", "gauge",
	    "Requests that wait for the keeper.");
	wd_wr_printf(wr, "warder_keeper_waiting %u\n", waiting);
}

static void
write_proc(struct wd_wr *wr, const struct wd_msg_proc_record *p)
{
	const char *name = wd_proc_name((enum wd_proc)p->role);

	wd_wr_printf(wr, "warder_process_ready{role=\"%s\",cell=\"%u\"} %d\n",
	    name, p->cell, p->ready ? 1 : 0);
	wd_wr_printf(wr,
	    "warder_process_restarts_total{role=\"%s\",cell=\"%u\"} %u\n", name,
	    p->cell, p->restarts);
}

static void
write_procs(const struct front *f, struct wd_wr *wr)
{
	struct wd_msg_proc_list list = { 0 };
	struct wd_msg_proc_record p = { 0 };
	struct wd_rd rd;

	if (f->procs == NULL ||
	    wd_msg_read(
		wd_bytes_span(f->procs), &wd_msg_proc_list_type, &list) != 0)
		return;
	head(wr, "warder_process_ready", "gauge",
	    "1 for a process that is ready; cells 65534 and 65535 are the "
	    "admin's.");
	rd = wd_rd(list.procs);
	while (wd_rd_more(&rd) &&
	    wd_list_next(&rd, &wd_msg_proc_record_type, &p) == 0)
		write_proc(wr, &p);
}

static void
write_keyring(const struct wd_msg_health *h, struct wd_wr *wr)
{
	if (h->keyring_term == 0)
		return; /* sealed */
	head(wr, "warder_keyring_term", "gauge",
	    "Number of the keyring's newest term.");
	wd_wr_printf(wr, "warder_keyring_term %u\n", h->keyring_term);
	head(wr, "warder_keyring_terms", "gauge", "Terms in the keyring.");
	wd_wr_printf(wr, "warder_keyring_terms %u\n", h->keyring_terms);
	head(wr, "warder_keyring_term_start_timestamp_seconds", "gauge",
	    "When the newest term began; 0: not known.");
	wd_wr_printf(wr, "warder_keyring_term_start_timestamp_seconds %lld\n",
	    (long long)h->keyring_made);
	head(wr, "warder_keyring_uses", "gauge",
	    "How often the newest term has encrypted, at most.");
	wd_wr_printf(wr, "warder_keyring_uses %llu\n",
	    (unsigned long long)h->keyring_uses);
	head(wr, "warder_keyring_uses_limit", "gauge", "How often it may.");
	wd_wr_printf(wr, "warder_keyring_uses_limit %llu\n",
	    (unsigned long long)h->keyring_limit);
	head(wr, "warder_keyring_rows_left", "gauge",
	    "Stored secrets under older terms.");
	wd_wr_printf(wr, "warder_keyring_rows_left %llu\n",
	    (unsigned long long)h->keyring_rows_left);
}

/* Without a word of the keeper there is none of the seal. */
static void
write_seal(const struct front *f, struct wd_wr *wr)
{
	const struct wd_msg_health *h = &f->health;

	if (!f->health_known)
		return;
	head(wr, "warder_sealed", "gauge", "1 while the server is sealed.");
	wd_wr_printf(wr, "warder_sealed %d\n", h->sealed ? 1 : 0);
	head(wr, "warder_log_writable", "gauge",
	    "1 while the log can be written.");
	wd_wr_printf(wr, "warder_log_writable %d\n", h->log_writable ? 1 : 0);
	write_keyring(h, wr);
	if (h->seal_probe_good == 0 && h->seal_probe_failing == 0)
		return; /* no device */
	head(wr, "warder_seal_probe_ok", "gauge",
	    "1 while the device of the seal would open it again.");
	wd_wr_printf(wr, "warder_seal_probe_ok %d\n",
	    h->seal_probe_failing == 0 ? 1 : 0);
	head(wr, "warder_seal_probe_good_timestamp_seconds", "gauge",
	    "When it last did.");
	wd_wr_printf(wr, "warder_seal_probe_good_timestamp_seconds %lld\n",
	    (long long)h->seal_probe_good);
}

static void
write_leases(struct wd_wr *wr, int n, const char *name, const char *state,
    uint64_t count)
{
	wd_wr_printf(wr,
	    "warder_backend_leases{backend=\"%.*s\",state=\"%s\"} %llu\n", n,
	    name, state, (unsigned long long)count);
}

static void
write_backend(struct wd_wr *wr, const struct wd_msg_backend_status *b)
{
	int n = (int)b->name.len;
	const char *name = (const char *)b->name.p; /* [a-z0-9-] */

	wd_wr_printf(wr, "warder_backend_ready{backend=\"%.*s\"} %d\n", n, name,
	    b->ready ? 1 : 0);
	wd_wr_printf(wr, "warder_backend_calls_total{backend=\"%.*s\"} %llu\n",
	    n, name, (unsigned long long)b->calls);
	wd_wr_printf(wr,
	    "warder_backend_failures_total{backend=\"%.*s\"} %llu\n", n, name,
	    (unsigned long long)b->failures);
	wd_wr_printf(wr, "warder_backend_paused{backend=\"%.*s\"} %u\n", n,
	    name, b->paused);
	write_leases(wr, n, name, "live", b->leases);
	write_leases(wr, n, name, "ending", b->leases_ending);
	write_leases(wr, n, name, "failing", b->leases_failing);
}

static void
write_backends(const struct front *f, struct wd_wr *wr)
{
	struct wd_msg_backend_states m = { 0 };
	struct wd_msg_backend_status b = { 0 };
	struct wd_rd rd;

	if (f->backends == NULL ||
	    wd_msg_read(wd_bytes_span(f->backends), &wd_msg_backend_states_type,
		&m) != 0)
		return;
	head(wr, "warder_backend_ready", "gauge",
	    "1 for a backend that can be reached.");
	rd = wd_rd(m.backends);
	while (wd_rd_more(&rd) &&
	    wd_list_next(&rd, &wd_msg_backend_status_type, &b) == 0)
		write_backend(wr, &b);
}

void
front_metrics_write(const struct front *f, struct wd_wr *wr)
{
	write_answers(f, wr);
	write_refusals(f, wr);
	write_state(f, wr);
	write_seal(f, wr);
	write_procs(f, wr);
	write_backends(f, wr);
}
