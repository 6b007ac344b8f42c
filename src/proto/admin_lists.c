/*
 * Lists and log entries in the admin API. One table says what each list holds,
 * and which of an item's fields names the place to go on from.
 */
#include "proto/admin.h"

#include "base/alloc.h"

static void
write_key(struct wd_jtext *j, const void *item)
{
	wd_admin_key_write(j, item, false);
}

static void
write_policy(struct wd_jtext *j, const void *item)
{
	wd_admin_policy_write(j, item, false);
}

static void
write_secret(struct wd_jtext *j, const void *item)
{
	wd_admin_secret_write(j, item);
}

static void
write_document(struct wd_jtext *j, const void *item)
{
	wd_admin_document_write(j, item);
}

static void
write_rules(struct wd_jtext *j, struct wd_span rules)
{
	struct wd_rd rd = wd_rd(rules);

	wd_jtext_array(j);
	while (wd_rd_more(&rd)) {
		size_t n = 0;

		while (n < rd.left && rd.p[n] != ' ')
			n++;
		wd_jtext_string(j, wd_rd_bytes(&rd, n));
		if (wd_rd_more(&rd))
			wd_rd_skip(&rd, 1);
	}
	wd_jtext_end(j);
}

static void
write_token(struct wd_jtext *j, const void *item)
{
	const struct wd_msg_token_record *t = item;

	wd_jtext_object(j);
	wd_jtext_key(j, "created");
	wd_jtext_time(j, t->created);
	wd_jtext_key(j, "expires");
	wd_jtext_time(j, t->expires);
	wd_jtext_key_text(j, "id", t->id.s);
	wd_jtext_key(j, "rules");
	write_rules(j, t->rules);
	wd_jtext_key(j, "user");
	wd_jtext_string(j, t->user);
	wd_jtext_end(j);
}

static void
write_lease(struct wd_jtext *j, const void *item)
{
	const struct wd_msg_lease_record *l = item;

	wd_jtext_object(j);
	if (l->backend.len > 0) {
		wd_jtext_key(j, "backend");
		wd_jtext_string(j, l->backend);
	}
	wd_jtext_key(j, "expires");
	wd_jtext_time(j, l->expires);
	wd_jtext_key_text(j, "id", l->id.s);
	wd_jtext_key(j, "made");
	wd_jtext_time(j, l->made);
	wd_jtext_key(j, "path");
	wd_jtext_string(j, l->what);
	wd_jtext_key_text(j, "session", l->session.s);
	if (l->upstream.len > 0) {
		wd_jtext_key(j, "upstream");
		wd_jtext_string(j, l->upstream);
	}
	wd_jtext_end(j);
}

static void
write_tpm(struct wd_jtext *j, const void *item)
{
	const struct wd_msg_tpm_record *t = item;

	wd_jtext_object(j);
	wd_jtext_key(j, "created");
	wd_jtext_time(j, t->created);
	wd_jtext_key(j, "ek");
	wd_jtext_string(j, t->ek);
	wd_jtext_key(j, "label");
	wd_jtext_string(j, t->label);
	wd_jtext_end(j);
}

static void
write_reference(struct wd_jtext *j, const void *item)
{
	wd_admin_reference_write(j, item, false);
}

static struct wd_span
reference_place(const void *item)
{
	return ((const struct wd_msg_reference_record *)item)->name;
}

static struct wd_span
tpm_place(const void *item)
{
	return ((const struct wd_msg_tpm_record *)item)->ek;
}

static struct wd_span
key_place(const void *item)
{
	return wd_id_span(&((const struct wd_msg_key_record *)item)->id);
}

static struct wd_span
policy_place(const void *item)
{
	return wd_id_span(&((const struct wd_msg_policy_record *)item)->id);
}

static struct wd_span
secret_place(const void *item)
{
	return ((const struct wd_msg_secret_record *)item)->path;
}

static struct wd_span
lease_place(const void *item)
{
	return wd_id_span(&((const struct wd_msg_lease_record *)item)->id);
}

static const struct {
	const struct wd_msg_type *type;
	void (*write)(struct wd_jtext *j, const void *item);
	struct wd_span (*place)(const void *item); /* NULL: has no pages */
} lists[WD_LIST_COUNT] = {
	[WD_LIST_KEYS] = { &wd_msg_key_record_type, write_key, key_place },
	[WD_LIST_POLICIES] = { &wd_msg_policy_record_type, write_policy,
	    policy_place },
	[WD_LIST_SECRETS] = { &wd_msg_secret_record_type, write_secret,
	    secret_place },
	[WD_LIST_DOCUMENTS] = { &wd_msg_collateral_record_type, write_document,
	    NULL },
	[WD_LIST_TOKENS] = { &wd_msg_token_record_type, write_token, NULL },
	[WD_LIST_LEASES] = { &wd_msg_lease_record_type, write_lease,
	    lease_place },
	[WD_LIST_TPMS] = { &wd_msg_tpm_record_type, write_tpm, tpm_place },
	[WD_LIST_REFERENCES] = { &wd_msg_reference_record_type, write_reference,
	    reference_place },
};

void
wd_admin_list_write(
    struct wd_wr *wr, enum wd_admin_list list, struct wd_span items, bool more)
{
	WD_AUTO(wd_freep) void *item = wd_alloc(lists[list].type->size);
	struct wd_jtext j = wd_jtext(wr);
	struct wd_rd rd = wd_rd(items);
	bool any = false;

	wd_jtext_object(&j);
	wd_jtext_key(&j, "items");
	wd_jtext_array(&j);
	while (item != NULL && wd_rd_more(&rd)) {
		if (wd_list_next(&rd, lists[list].type, item) != 0)
			break;
		lists[list].write(&j, item);
		any = true;
	}
	wd_jtext_end(&j);
	if (more && any && lists[list].place != NULL) {
		wd_jtext_key(&j, "next");
		wd_jtext_string(&j, lists[list].place(item));
	}
	wd_jtext_end(&j);
	if (item == NULL || wd_rd_end(&rd) != 0)
		wd_wr_fail(wr);
}

/* Entries are canonical JSON already. */
void
wd_admin_audit_write(
    struct wd_wr *wr, const struct wd_msg_audit_entries *entries)
{
	struct wd_jtext j = wd_jtext(wr);
	struct wd_rd rd = wd_rd(entries->entries);

	wd_jtext_object(&j);
	wd_jtext_key(&j, "items");
	wd_jtext_array(&j);
	while (wd_rd_more(&rd)) {
		struct wd_msg_audit_entry e;

		if (wd_list_next(&rd, &wd_msg_audit_entry_type, &e) != 0)
			break;
		wd_jtext_object(&j);
		wd_jtext_key(&j, "entry");
		wd_jtext_raw(&j, e.entry);
		wd_jtext_key_uint(&j, "index", e.index);
		wd_jtext_end(&j);
	}
	wd_jtext_end(&j);
	wd_jtext_key_uint(&j, "size", entries->size);
	wd_jtext_end(&j);
	if (wd_rd_end(&rd) != 0)
		wd_wr_fail(wr);
}
