/*
 * What the agent says of itself: lines for people and for monitoring. Never a
 * secret; whoever may ask is root or runs the agent.
 */
#include "bin/agent/agent.h"

#include "base/clock.h"
#include "sys/arena.h"
#include "sys/harden.h"

#include <stdio.h>
#include <string.h>

enum {
	SECOND = 1000,
	LINES_MAX = WD_HOLDER_MAX - 4096, /* what comes after has room */
};

/* A value that is too long is cut: the writer would refuse it. */
static void
line(struct wd_wr *wr, const char *name, const char *value)
{
	struct wd_holder_line m = { wd_span_text(name), wd_span_text(value) };

	m.name.len = m.name.len < 255 ? m.name.len : 255;
	m.value.len = m.value.len < 255 ? m.value.len : 255;
	wd_holder_write_line(wr, &m);
}

static void
key_line(const struct agent_key *k, struct wd_wr *wr)
{
	char name[AGENT_NAME + 8], value[256];
	int64_t now = wd_time_boot_ms();

	(void)snprintf(name, sizeof(name), "key %s", k->conf->name);
	if (k->held)
		(void)snprintf(value, sizeof(value),
		    "held, version %u, ends in %lld s, due in %lld s%s%.150s",
		    k->version, (long long)((k->deadline - now) / SECOND),
		    (long long)(k->due > now ? (k->due - now) / SECOND : 0),
		    k->result != 0 ? "; " : "", k->result != 0 ? k->why : "");
	else
		(void)snprintf(value, sizeof(value), "%s%s%.150s",
		    k->version == 0 ? "not held yet" : "ended",
		    k->result != 0 ? "; " : "", k->result != 0 ? k->why : "");
	line(wr, name, value);
}

static const char *
link_text(enum agent_link_state state)
{
	static const char *const texts[] = {
		[AGENT_LINK_NONE] = "none",
		[AGENT_LINK_STARTING] = "starting",
		[AGENT_LINK_SETTING_UP] = "setting up",
		[AGENT_LINK_READY] = "ready",
	};

	return texts[state];
}

static void
round_lines(const struct agent_round *r, bool is_watching, struct wd_wr *wr)
{
	char text[WD_TIME_TEXT] = "never";
	char count[24];

	if (r->last_attested != 0)
		wd_time_format(r->last_attested, text);
	line(wr, "attested", text);
	(void)snprintf(count, sizeof(count), "%llu", (unsigned long long)r->n);
	line(wr, "rounds", count);
	line(wr, "hears of revocations", is_watching ? "yes" : "not now");
	if (r->result != 0)
		line(wr, "last failure", r->why);
}

void
agent_status(void *agent, struct wd_wr *wr)
{
	const struct agent *a = agent;
	const struct agent_conf *c = &a->setup->conf;
	const struct agent_attester_row *row = agent_attester_row(a->attester);
	char server[AGENT_HOST + 8];
	char attester[128];
	char enrolment[256];
	char memory[48];

	line(wr, "agent", WARDER_VERSION);
	(void)snprintf(server, sizeof(server), "%s:%u", c->host, c->port);
	line(wr, "server", server);
	(void)snprintf(attester, sizeof(attester), "%s%s", row->name,
	    row->software ? " (SOFTWARE: protects nothing)" : "");
	line(wr, "attester", attester);
	if (agent_enrol_text(a, enrolment, sizeof(enrolment)))
		line(wr, "TPM's key", enrolment);
	line(wr, "link", link_text(a->link.state));
	round_lines(&a->round, a->watch.request != 0, wr);
	for (size_t i = 0; i < a->n_keys && wr->len < LINES_MAX; i++)
		key_line(&a->keys[i], wr);
	(void)snprintf(
	    memory, sizeof(memory), "%zu KiB used", wd_arena_used() / 1024);
	line(wr, "secret memory", memory);
	if (wd_harden_missing()[0] != '\0')
		line(wr, "kernel lacks", wd_harden_missing());
}
