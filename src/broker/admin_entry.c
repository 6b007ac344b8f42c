/*
 * The entry of an admin call: who, from where, and what it is about, also when
 * the call is refused before anything was looked at. It is filled from the
 * fields of the request by their names, so that no call can forget to say; and
 * no field of type SECRET is among them.
 */
#include "broker/admin_in.h"

#include "proto/use.h"
#include "verify/appraise.h"

#include <stdarg.h>
#include <stdio.h>

void
wd_admin_say(struct wd_admin *a, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(a->said, sizeof(a->said), fmt, args); /* may be cut */
	va_end(args);
	a->entry.detail = a->said;
}

void
wd_admin_say_why(struct wd_admin *a)
{
	size_t len = wd_span_text(a->said).len;

	(void)snprintf(a->said + len, sizeof(a->said) - len, "%s%s",
	    len > 0 ? ": " : "", a->d->detail); /* may be cut */
	a->entry.detail = a->said;
}

/* An id is that of the things which the call's right is about. */
static void
name_id(struct wd_admin *a, const struct wd_id *id)
{
	struct wd_span resource = wd_span_text(a->row->resource);

	if (wd_id_is_none(id))
		return;
	if (wd_span_is(resource, "keys"))
		a->entry.key = *id;
	else if (wd_span_is(resource, "key_transfer_policies"))
		a->entry.policy = *id;
	else
		wd_admin_say(a, "%s %s", a->row->resource, id->s);
}

static void
name_policy(struct wd_admin *a, const struct wd_id *id)
{
	a->entry.policy = *id;
}

static void
name_path(struct wd_admin *a, const struct wd_span *path)
{
	if (path->len > 0 && wd_span_to_text(*path, a->path, sizeof(a->path)))
		a->entry.path = a->path;
}

static void
name_role(struct wd_admin *a, const uint8_t *role)
{
	if (*role < WD_IN_COUNT)
		wd_admin_say(a, "%s", wd_part_name((enum wd_part) * role));
}

static void
name_use(struct wd_admin *a, const uint8_t *use)
{
	const char *name = wd_keyuse_name((enum wd_keyuse) * use);

	if (name != NULL)
		wd_admin_say(a, "%s", name);
}

static void
name_kind(struct wd_admin *a, const struct wd_span *kind)
{
	wd_admin_say(a, "%.*s", (int)kind->len, (const char *)kind->p);
}

static void
name_what(struct wd_admin *a, const struct wd_span *what)
{
	size_t len = wd_span_text(a->said).len;

	(void)snprintf(a->said + len, sizeof(a->said) - len, "%s%.*s",
	    len > 0 ? " " : "", (int)what->len,
	    (const char *)what->p); /* may be cut */
	a->entry.detail = a->said;
}

static void
name_field(struct wd_admin *a, const struct wd_field *f, const void *at)
{
	struct wd_span name = wd_span_text(f->name);

	if (f->type == WD_FIELD_ID && wd_span_is(name, "id"))
		name_id(a, at);
	if (f->type == WD_FIELD_ID && wd_span_is(name, "policy"))
		name_policy(a, at);
	if (f->type == WD_FIELD_TEXT &&
	    (wd_span_is(name, "path") || wd_span_is(name, "prefix")))
		name_path(a, at);
	if (f->type == WD_FIELD_U8 && wd_span_is(name, "role"))
		name_role(a, at);
	if (f->type == WD_FIELD_U8 && wd_span_is(name, "use"))
		name_use(a, at);
	if (f->type == WD_FIELD_TEXT &&
	    (wd_span_is(name, "ek") || wd_span_is(name, "name")))
		name_what(a, at);
	if (f->type == WD_FIELD_TEXT && wd_span_is(name, "kind"))
		name_kind(a, at);
	if (f->type == WD_FIELD_TEXT && wd_span_is(name, "what"))
		name_what(a, at);
}

void
wd_admin_entry_begin(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_type *type =
	    wd_call_row((uint16_t)a->row->call)->request;
	struct wd_msg_admin_ask head = wd_admin_head(msg);

	a->entry.event = a->row->event;
	a->entry.time = a->now;
	a->entry.request = head.request;
	a->entry.actor = a->who.user;
	if (head.source.len > 0 &&
	    wd_span_to_text(head.source, a->source, sizeof(a->source)))
		a->entry.source = a->source;
	for (size_t i = 0; i < type->n_fields; i++)
		name_field(a, &type->fields[i],
		    (const uint8_t *)msg + type->fields[i].offset);
}
