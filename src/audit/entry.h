/*
 * Log entries: canonical JSON, at most 16 KiB. The keeper makes them from a
 * typed struct; nothing in here parses. Members: what happened, to what, by
 * whom, with which result and reason; evidence by digest, never secrets.
 */
#pragma once

#include "base/id.h"
#include "base/wr.h"

enum { WD_ENTRY_MAX = 16384 };

enum wd_event {
#define WD_EVENT(NAME, name) WD_EV_##NAME,
#include "audit/events.def"
#undef WD_EVENT
};

const char *wd_event_name(enum wd_event e);

struct wd_entry {
	enum wd_event event;
	int64_t time;
	struct wd_id request; /* none: not a request */
	const char *source;   /* NULL: local or none */
	const char *actor;    /* user of the token; NULL: an attested client */
	struct wd_id session, lease, key, policy;
	const uint8_t *policy_version; /* 32 bytes or NULL */
	const char *path;              /* resource */
	uint32_t version;              /* of key or secret; 0: none */
	uint32_t lease_seconds;
	int result;         /* 0 allow; else the reason is logged */
	const char *detail; /* one sentence; NULL */
	bool software;
	bool broker_unwrapped; /* a key that leaves its HSM wrapped alone */
	struct wd_span claims; /* canonical JSON object; empty: none */
	struct wd_span trace; /* canonical JSON array of clauses; empty: none */
	/* canonical JSON array of {"name","version"}, of sets of reference
	 * values; empty: none */
	struct wd_span references;
	struct wd_span counts; /* canonical JSON array; empty: none */
};

/* Appends the entry as JCS. Over WD_ENTRY_MAX claims and trace are left out and
 * `"cut":true` says so; what is too long even then poisons the writer. Bytes
 * of a text that are no UTF-8 text are shown as '?'. */
void wd_entry_write(struct wd_wr *wr, const struct wd_entry *e);
