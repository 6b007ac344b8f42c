/*
 * warder backup: a copy of what a server needs to be made again, while it goes
 * on serving. The file is there as a whole or not at all.
 */
#include "bin/warder/backup_file.h"
#include "bin/warder/online.h"
#include "bin/warder/verbs.h"

#include "base/clock.h"
#include "bin/common/conf.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/hash.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_ROOM = 200, REQUEST_MAX = 512 };

static const struct cli_option options[] = {
	CLI_ONLINE_OPTIONS,
	{ "config", "FILE",
	    "the configuration that goes with it, and names the certificate "
	    "(default " WD_CONF_FILE ", where it can be read)",
	    false },
};

struct backup {
	struct cli_online o;
	char folder[WD_FILE_PATH_MAX], name[NAME_ROOM];
	char temporary[NAME_ROOM + 32];
	int dir;
	struct backup_out out;
	bool made; /* the temporary file */

	struct wd_id id;
	int64_t at;
	uint64_t rows, log_entries;
	struct wd_bytes *configuration, *certificate;
	struct wd_diag d;
};

static void
backup_done(struct backup *b)
{
	wd_fd_closep(&b->out.fd);
	if (b->made)
		(void)unlinkat(b->dir, b->temporary, 0); /* not whole */
	wd_fd_closep(&b->dir);
	wd_bytes_freep(&b->configuration);
	wd_bytes_freep(&b->certificate);
	cli_online_done(&b->o);
}

static enum cli_exit
complain(const struct wd_diag *d, int r)
{
	(void)fprintf(stderr, "warder backup: %s\n", d->detail);
	return r > 0 ? CLI_REJECTED : CLI_FAULT;
}

/* ---- where it goes */

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* In a folder it gets a name of its own. */
static int
name_it(struct backup *b, const char *operand, struct wd_diag *d)
{
	const char *slash = strrchr(operand, '/');
	char now[WD_TIME_TEXT];
	int n;

	wd_time_format(wd_time_now(), now);
	if (is_folder(operand)) {
		(void)snprintf(b->folder, sizeof(b->folder), "%s", operand);
		n = snprintf(b->name, sizeof(b->name), "warder-%s.backup", now);
	} else {
		(void)snprintf(b->folder, sizeof(b->folder), "%.*s",
		    slash == NULL ? 1
				  : (int)(slash - operand) + (slash == operand),
		    slash == NULL ? "." : operand);
		n = snprintf(b->name, sizeof(b->name), "%s",
		    slash == NULL ? operand : slash + 1);
	}
	if (n <= 0 || n >= (int)sizeof(b->name) ||
	    strlen(operand) >= sizeof(b->folder))
		return wd_reject(d, WD_R_RANGE, "that is no name for a file");
	(void)snprintf(b->temporary, sizeof(b->temporary), ".%s.%ld.new",
	    b->name, (long)getpid()); /* fits */
	return 0;
}

static int
open_place(struct backup *b, struct wd_diag *d)
{
	struct stat st;

	b->dir = open(b->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->dir < 0)
		return wd_fault_errno(d, "%.150s", b->folder);
	if (fstatat(b->dir, b->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return wd_reject(
		    d, WD_R_EXISTS, "%.150s is there already", b->name);
	wd_file_clean(b->dir, b->name);
	b->out.fd = openat(b->dir, b->temporary,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (b->out.fd < 0)
		return wd_fault_errno(d, "cannot create %.150s", b->temporary);
	b->made = true;
	return 0;
}

/* From here on it is there. */
static int
publish(struct backup *b, struct wd_diag *d)
{
	int r = backup_out_close(&b->out, d);

	if (r != 0)
		return r;
	if (linkat(b->dir, b->temporary, b->dir, b->name, 0) != 0 &&
	    errno == EEXIST)
		return wd_reject(
		    d, WD_R_EXISTS, "%.150s is there already", b->name);
	if (faccessat(b->dir, b->name, F_OK, 0) != 0)
		return wd_fault_errno(d, "cannot create %.150s", b->name);
	if (fsync(b->dir) != 0) {
		r = wd_fault_errno(d, "cannot sync the folder");
		(void)unlinkat(b->dir, b->name, 0); /* not surely there */
	}
	return r;
}

/* ---- what this machine adds */

static int
read_optional(const char *path, enum wd_backup_file file, bool must,
    struct wd_bytes **ret, struct wd_diag *d)
{
	size_t max = (size_t)wd_backup_row(file)->max;
	struct wd_diag why = { 0 };
	int r = wd_file_read(AT_FDCWD, path, max, ret, &why);

	if (r == 0 || (!must && r != WD_R_TOO_LARGE))
		return 0;
	return wd_fault(d, WD_F_SYSTEM, "%.150s: %.80s", path, why.detail);
}

/* Without --config a machine that has none is no error: the server may be
 * elsewhere. */
static int
read_own(struct backup *b, struct wd_diag *d)
{
	const char *given = cli_value(b->o.args, "config");
	const char *path = given == NULL ? WD_CONF_FILE : given;
	struct wd_conf conf;
	int r = read_optional(
	    path, WD_BACKUP_CONFIGURATION, given != NULL, &b->configuration, d);

	if (r != 0 || b->configuration == NULL)
		return r;
	if ((r = wd_conf_read(path, &conf, d)) != 0)
		return r;
	return read_optional(conf.tls_certificate, WD_BACKUP_CERTIFICATE,
	    given != NULL, &b->certificate, d);
}

/* ---- what the server gives */

static struct wd_span
text_of(const struct wd_jval *root, const char *name)
{
	struct wd_span s = { NULL, 0 };

	/* None is shown as nothing. */
	(void)wd_jval_text(wd_jval_get(root, name), &s);
	return s;
}

/* A file that came as base64; one without bytes is not there. */
static int
put_given(struct backup *b, const struct wd_jval *root, const char *member,
    enum wd_backup_file file, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_span text = text_of(root, member);

	if (wd_b64_decode(text, &bytes) != 0)
		return wd_fault(
		    d, WD_F_PEER, "the server's answer is not as agreed");
	if (bytes->len == 0)
		return 0;
	return backup_out_file(
	    &b->out, wd_backup_row(file)->name, b->at, wd_bytes_span(bytes), d);
}

static int
put_begun(struct backup *b, struct wd_diag *d)
{
	static const struct {
		const char *member;
		enum wd_backup_file file;
	} given[] = {
		{ "seal", WD_BACKUP_SEAL },
		{ "keyring", WD_BACKUP_KEYRING },
		{ "log_checkpoint", WD_BACKUP_CHECKPOINT },
		{ "log_key", WD_BACKUP_LOG_KEY },
	};
	const struct wd_jval *root = wd_json_root(b->o.doc);
	int r = 0;

	if (!wd_id_parse(text_of(root, "backup"), &b->id) ||
	    !wd_time_parse(text_of(root, "made"), &b->at) ||
	    !wd_jval_uint(
		wd_jval_get(root, "log_entries"), INT64_MAX, &b->log_entries))
		return wd_fault(
		    d, WD_F_PEER, "the server's answer is not as agreed");
	for (size_t i = 0; r == 0 && i < WD_N(given); i++)
		r = put_given(b, root, given[i].member, given[i].file, d);
	if (r == 0 && b->configuration != NULL)
		r = backup_out_file(&b->out,
		    wd_backup_row(WD_BACKUP_CONFIGURATION)->name, b->at,
		    wd_bytes_span(b->configuration), d);
	if (r == 0 && b->certificate != NULL)
		r = backup_out_file(&b->out,
		    wd_backup_row(WD_BACKUP_CERTIFICATE)->name, b->at,
		    wd_bytes_span(b->certificate), d);
	return r;
}

static enum cli_exit
begin(struct backup *b)
{
	enum cli_exit e =
	    cli_online_send(&b->o, "POST", "/admin/v1/backups", NULL);
	int r;

	if (e != CLI_OK)
		return e;
	r = put_begun(b, &b->d);
	return r == 0 ? CLI_OK : complain(&b->d, r);
}

/* A piece; *RET_END when there was none left. */
static enum cli_exit
next_piece(struct backup *b, bool *ret_end)
{
	char path[CLI_PATH_MAX];
	struct cli_call call = { .method = "GET",
		.path = path,
		.accept = "application/octet-stream" };
	struct wd_span piece;
	enum cli_exit e;
	int r;

	(void)snprintf(path, sizeof(path),
	    "/admin/v1/backups/%s/rows?offset=%llu", b->id.s,
	    (unsigned long long)b->rows); /* fits */
	if ((e = cli_online_call(&b->o, &call)) != CLI_OK)
		return e;
	piece = wd_bytes_span(b->o.answer.body);
	*ret_end = piece.len == 0;
	b->rows += piece.len;
	r = backup_out_bytes(&b->out, piece, &b->d);
	return r == 0 ? CLI_OK : complain(&b->d, r);
}

static enum cli_exit
copy_rows(struct backup *b)
{
	enum cli_exit e = CLI_OK;
	bool end = false;
	int r = backup_out_begin(
	    &b->out, wd_backup_row(WD_BACKUP_ROWS)->name, b->at, &b->d);

	while (r == 0 && e == CLI_OK && !end) {
		e = next_piece(b, &end);
		if (e == CLI_OK && isatty(STDERR_FILENO))
			(void)fprintf(stderr, "\r%llu KiB",
			    (unsigned long long)(b->rows >> 10));
	}
	if (b->rows > 0 && isatty(STDERR_FILENO))
		(void)fprintf(stderr, "\n");
	if (r == 0 && e == CLI_OK)
		r = backup_out_end(&b->out, &b->d);
	return r == 0 ? e : complain(&b->d, r);
}

/* ---- the manifest */

static void
put_digest(struct wd_jtext *j, const char *key, const struct wd_bytes *bytes)
{
	uint8_t sha256[32];

	if (bytes == NULL)
		return;
	if (wd_hash(WD_SHA256, wd_bytes_span(bytes), sha256) != 0)
		wd_wr_fail(j->wr);
	wd_jtext_key(j, key);
	wd_jtext_object(j);
	wd_jtext_key(j, "sha256");
	wd_jtext_hex(j, WD_SPAN(sha256));
	wd_jtext_key_uint(j, "size", bytes->len);
	wd_jtext_end(j);
}

static enum cli_exit
ask_manifest(struct backup *b)
{
	char body[REQUEST_MAX], path[CLI_PATH_MAX];
	struct wd_wr wr = wd_wr_fixed(body, sizeof(body));
	struct wd_jtext j = wd_jtext(&wr);

	wd_jtext_object(&j);
	put_digest(&j, "certificate", b->certificate);
	put_digest(&j, "configuration", b->configuration);
	wd_jtext_end(&j);
	(void)snprintf(path, sizeof(path), "/admin/v1/backups/%s/manifest",
	    b->id.s); /* fits */
	return cli_online_send(&b->o, "POST", path, &wr);
}

static enum cli_exit
finish(struct backup *b)
{
	const struct wd_jval *root;
	struct wd_span manifest, mac;
	enum cli_exit e = ask_manifest(b);
	int r;

	if (e != CLI_OK)
		return e;
	root = wd_json_root(b->o.doc);
	manifest = text_of(root, "manifest");
	mac = text_of(root, "mac");
	r = backup_out_file(
	    &b->out, WD_BACKUP_MANIFEST, b->at, manifest, &b->d);
	if (r == 0)
		r = backup_out_file(&b->out, WD_BACKUP_MAC, b->at, mac, &b->d);
	if (r == 0)
		r = publish(b, &b->d);
	return r == 0 ? CLI_OK : complain(&b->d, r);
}

/* What lies there is read again, and is what the server said. */
static enum cli_exit
look_again(const struct backup *b)
{
	WD_AUTO(backup_file_done) struct backup_file f = { .fd = -1 };
	char path[WD_FILE_PATH_MAX + NAME_ROOM];
	struct wd_diag d = { 0 };
	int r;

	(void)snprintf(
	    path, sizeof(path), "%s/%s", b->folder, b->name); /* fits */
	if ((r = backup_file_open(path, &f, &d)) == 0)
		r = backup_file_rows(&f, NULL, NULL, &d);
	if (r == 0)
		return CLI_OK;
	(void)unlinkat(b->dir, b->name, 0); /* it would be of no use */
	return complain(&d, r);
}

/* ---- the verb */

static bool
say_json(const struct backup *b)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(16384);
	struct wd_jtext j = wd_jtext(&wr);

	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "backup", b->id.s);
	wd_jtext_key_bool(&j, "certificate", b->certificate != NULL);
	wd_jtext_key_bool(&j, "configuration", b->configuration != NULL);
	wd_jtext_key_text(&j, "file", b->name);
	wd_jtext_key_text(&j, "folder", b->folder);
	wd_jtext_key_uint(&j, "log_entries", b->log_entries);
	wd_jtext_key(&j, "made");
	wd_jtext_time(&j, b->at);
	wd_jtext_key_uint(&j, "size", b->out.at);
	wd_jtext_end(&j);
	wd_wr_u8(&wr, '\n');
	return wd_wr_end(&wr) == 0 && fwrite(wr.p, 1, wr.len, stdout) == wr.len;
}

static bool
say(const struct backup *b)
{
	char made[WD_TIME_TEXT];

	wd_time_format(b->at, made);
	(void)printf("backup    %s\n", b->id.s);
	(void)printf("file      %s/%s, %llu bytes\n", b->folder, b->name,
	    (unsigned long long)b->out.at);
	(void)printf("made      %s, after %llu entries of the log\n", made,
	    (unsigned long long)b->log_entries);
	if (b->configuration == NULL)
		(void)printf("without   configuration and certificate: they "
			     "are not on this machine\n");
	(void)printf("not in it the log, the TLS key, and what opens the "
		     "seal\n");
	return true;
}

static enum cli_exit
run(const struct cli_args *args)
{
	WD_AUTO(backup_done)
	struct backup b = { .dir = -1, .out = { .fd = -1 } };
	const char *operand = cli_need_operand(args, 0, "file");
	enum cli_exit e;
	bool said;
	int r;

	if (operand == NULL)
		return CLI_USAGE;
	if ((e = cli_online_open(args, true, &b.o)) != CLI_OK)
		return e;
	if ((r = name_it(&b, operand, &b.d)) != 0 ||
	    (r = read_own(&b, &b.d)) != 0 || (r = open_place(&b, &b.d)) != 0)
		return complain(&b.d, r);
	if ((e = begin(&b)) != CLI_OK || (e = copy_rows(&b)) != CLI_OK ||
	    (e = finish(&b)) != CLI_OK || (e = look_again(&b)) != CLI_OK)
		return e;
	said = cli_has(args, "json") ? say_json(&b) : say(&b);
	if (said && fflush(stdout) == 0)
		return CLI_OK;
	(void)fprintf(stderr,
	    "warder backup: done, but its report could not be printed\n");
	return CLI_FAULT;
}

const struct cli_verb cli_verb_backup = {
	.name = "backup",
	.summary = "copy what a server needs to be made again, while it runs",
	.operands = "FILE|DIR",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder backup /var/backups/warder/monday.backup",
	.run = run,
};
