/*
 * Reading the manifest of a backup. It is believed once its MAC was right; its
 * form is looked at before, since the MAC's key comes with the backup.
 */
#include "bin/warder/backup_file.h"

#include "codec/json.h"

static struct wd_id
read_id(struct wd_jobj *o, const char *name)
{
	struct wd_span text = wd_jobj_text(o, name, WD_REQUIRED, WD_ID_LEN);
	struct wd_id id = { { 0 } };

	if (o->result == 0 && !wd_id_parse(text, &id))
		wd_jobj_fail(o, WD_R_MALFORMED, "%s is no id", name);
	return id;
}

static int
read_file(const struct wd_jval *v, struct wd_manifest *m, struct wd_diag *d)
{
	struct wd_jobj o;
	struct wd_span name;
	uint8_t sha256[32] = { 0 };
	uint64_t size;
	enum wd_backup_file file;
	int r;

	wd_jobj_open(&o, v, d, "file");
	name = wd_jobj_text(&o, "name", WD_REQUIRED, WD_TAR_NAME);
	wd_jobj_hex(&o, "sha256", WD_REQUIRED, sha256, sizeof(sha256));
	size = wd_jobj_uint(&o, "size", WD_REQUIRED, WD_TAR_SIZE_MAX);
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	file = wd_backup_named(name);
	if (file == WD_BACKUP_FILES || m->file[file].there)
		return wd_reject(d, WD_R_MALFORMED,
		    "the manifest names a file twice, or one that no backup "
		    "has");
	m->file[file].there = true;
	m->file[file].size = size;
	wd_copy(m->file[file].sha256, WD_SPAN(sha256));
	return 0;
}

static int
read_files(const struct wd_jval *list, struct wd_manifest *m, struct wd_diag *d)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < wd_jval_count(list); i++)
		r = read_file(wd_jval_at(list, i), m, d);
	return r;
}

static int
read_all(const struct wd_json *doc, struct wd_manifest *m, char name[254],
    struct wd_diag *d)
{
	const struct wd_jval *files;
	struct wd_span server;
	struct wd_jobj o;
	uint64_t format;
	int r;

	wd_jobj_open(&o, wd_json_root(doc), d, "manifest");
	format = wd_jobj_uint(&o, "format", WD_REQUIRED, 65535);
	if (o.result == 0 && format != WD_BACKUP_FORMAT)
		return wd_reject(d, WD_R_VERSION,
		    "the backup has format %u, this program reads format %d",
		    (unsigned)format, WD_BACKUP_FORMAT);
	m->backup = read_id(&o, "backup");
	m->store = read_id(&o, "store");
	m->made = wd_jobj_time(&o, "made", WD_REQUIRED);
	m->log_entries =
	    wd_jobj_uint(&o, "log_entries", WD_REQUIRED, INT64_MAX >> 11);
	server = wd_jobj_text(&o, "server_name", WD_REQUIRED, 253);
	files = wd_jobj_array(&o, "files", WD_REQUIRED, WD_BACKUP_FILES);
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	if (!wd_span_is_word(server) || !wd_span_to_text(server, name, 254))
		return wd_reject(
		    d, WD_R_MALFORMED, "the name of the server is none");
	m->server_name = name;
	return read_files(files, m, d);
}

int
backup_manifest_read(struct wd_span text, struct wd_manifest *ret,
    char name[254], struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	struct wd_manifest m = { 0 };
	int r;

	if ((r = wd_json_parse(text, d, &doc)) != 0 ||
	    (r = read_all(doc, &m, name, d)) != 0)
		return r == WD_R_VERSION || r < 0 ? r : WD_R_MALFORMED;
	for (int i = 0; i < WD_BACKUP_FILES; i++)
		if (wd_backup_row((enum wd_backup_file)i)->required &&
		    !m.file[i].there)
			return wd_reject(d, WD_R_MALFORMED,
			    "the manifest lacks a file that every backup has");
	*ret = m;
	return 0;
}
