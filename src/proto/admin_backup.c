/*
 * Backups in the admin API.
 */
#include "proto/admin_body.h"

enum { FILE_MAX = 65536 };

void
wd_admin_backup_write(struct wd_jtext *j, const struct wd_msg_backup_begun *b)
{
	wd_jtext_object(j);
	wd_jtext_key_text(j, "backup", b->backup.s);
	wd_jtext_key(j, "keyring");
	wd_jtext_b64(j, b->keyring);
	wd_jtext_key(j, "log_checkpoint");
	wd_jtext_b64(j, b->checkpoint);
	wd_jtext_key_uint(j, "log_entries", b->log_entries);
	wd_jtext_key(j, "log_key");
	wd_jtext_b64(j, b->log_key);
	wd_jtext_key(j, "made");
	wd_jtext_time(j, b->made);
	wd_jtext_key(j, "seal");
	wd_jtext_b64(j, b->seal);
	wd_jtext_end(j);
}

void
wd_admin_manifest_write(
    struct wd_jtext *j, const struct wd_msg_backup_manifest *m)
{
	wd_jtext_object(j);
	wd_jtext_key(j, "mac");
	wd_jtext_hex(j, WD_SPAN(m->mac.b));
	wd_jtext_key(j, "manifest");
	wd_jtext_string(j, m->manifest);
	wd_jtext_end(j);
}

/* {"sha256", "size"} of a file that the caller adds. */
static void
read_file(struct wd_jobj *o, const char *name, uint32_t *ret_size,
    struct wd_fix32 *ret_sha256)
{
	const struct wd_jval *v = wd_jobj_object(o, name, WD_OPTIONAL);
	struct wd_jobj f;

	if (v == NULL)
		return;
	wd_jobj_open(&f, v, o->d, name);
	wd_jobj_hex(&f, "sha256", WD_REQUIRED, ret_sha256->b, 32);
	*ret_size = (uint32_t)wd_jobj_uint(&f, "size", WD_REQUIRED, FILE_MAX);
	if (o->result == 0)
		o->result = wd_jobj_close(&f);
}

int
wd_admin_backup_end_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_backup_end_ask *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	int r = wd_admin_open(json, b, &o, d, "body");

	if (r != 0)
		return r;
	read_file(&o, "certificate", &ret->certificate_size,
	    &ret->certificate_sha256);
	read_file(&o, "configuration", &ret->configuration_size,
	    &ret->configuration_sha256);
	return wd_jobj_close(&o);
}
