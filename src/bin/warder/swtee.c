/*
 * What the swtee verbs share.
 */
#include "bin/warder/swtee.h"

#include "base/clock.h"
#include "base/num.h"
#include "codec/hex.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

bool
swtee_status(struct wd_span name, enum wd_tcb_status *ret)
{
	return wd_tcb_status_parse(name, ret);
}

/* ---- values of options: each says whether TEXT is one, and stores it */

static bool
take_hex(const char *text, void *field, size_t len)
{
	return wd_hex_decode_exact(wd_span_text(text), field, len) == 0;
}

static bool
take_padded(const char *text, void *field, size_t len)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;

	if (wd_hex_decode(wd_span_text(text), &b) != 0 || b->len > len)
		return false;
	wd_copy(field, wd_bytes_span(b));
	return true;
}

static bool
take_number(const char *text, void *field, size_t len)
{
	uint64_t max = len == sizeof(uint16_t) ? UINT16_MAX : UINT32_MAX;
	uint64_t v;

	if (!wd_num_parse(wd_span_text(text), max, &v))
		return false;
	if (len == sizeof(uint16_t))
		*(uint16_t *)field = (uint16_t)v;
	else
		*(uint32_t *)field = (uint32_t)v;
	return true;
}

static bool
take_time(const char *text, void *field, size_t len)
{
	(void)len;
	return wd_time_parse(wd_span_text(text), field);
}

static bool
take_status(const char *text, void *field, size_t len)
{
	(void)len;
	return swtee_status(wd_span_text(text), field);
}

static bool
take_flag(const char *text, void *field, size_t len)
{
	(void)text;
	(void)len;
	*(bool *)field = true;
	return true;
}

static bool
take_text(const char *text, void *field, size_t len)
{
	(void)len;
	*(const char **)field = text;
	return true;
}

static const struct {
	bool (*take)(const char *text, void *field, size_t len);
	const char *what;
} kinds[] = {
	[SWTEE_HEX] = { take_hex, "hexadecimal digits, as many as it has" },
	[SWTEE_PADDED] = { take_padded, "hexadecimal digits, not too many" },
	[SWTEE_NUMBER] = { take_number, "a number in its range" },
	[SWTEE_TIME] = { take_time, "a time like 2025-07-01T00:00:00Z" },
	[SWTEE_STATUS] = { take_status, "a status like UpToDate or OutOfDate" },
	[SWTEE_FLAG] = { take_flag, "" },
	[SWTEE_TEXT] = { take_text, "" },
};

int
swtee_fields(const struct cli_args *args, const struct swtee_field *fields,
    size_t n_fields, void *object, struct wd_diag *d)
{
	for (size_t i = 0; i < n_fields; i++) {
		const struct swtee_field *f = &fields[i];
		const char *text = cli_value(args, f->option);

		if (text != NULL &&
		    !kinds[f->kind].take(
			text, (uint8_t *)object + f->offset, f->len))
			return wd_reject(d, WD_R_MALFORMED, "--%s: not %s",
			    f->option, kinds[f->kind].what);
	}
	return 0;
}

/* ---- folders */

int
swtee_folder(int dir, const char *name, bool create, unsigned mode, int *ret_fd,
    struct wd_diag *d)
{
	int fd;

	if (create && mkdirat(dir, name, mode) != 0 && errno != EEXIST)
		return wd_fault_errno(d, "%s: cannot make the folder", name);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return wd_reject(d, WD_R_NOT_FOUND, "%s: no folder", name);
	if (fd < 0)
		return wd_fault_errno(d, "%s: cannot open the folder", name);
	*ret_fd = fd;
	return 0;
}

int
swtee_open(const struct cli_args *args, int *ret_fd, struct wd_swtee **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int fd = -1;
	int r =
	    swtee_folder(AT_FDCWD, cli_value(args, "dir"), false, 0, &fd, d);

	if (r != 0 || (r = wd_swtee_open(fd, ret, d)) != 0)
		return r;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static void
keep_wanted(struct wd_swtee_docs *docs, const struct swtee_wanted *wanted)
{
	for (size_t i = 0; i < WD_IN_COUNT; i++) {
		if (!wanted->part[i])
			wd_bytes_freep(&docs->part[i]);
		if (!wanted->td_part[i])
			wd_bytes_freep(&docs->td_part[i]);
	}
}

int
swtee_write_collateral(const struct wd_swtee *t, int dir,
    const struct wd_swtee_collateral *c, const struct swtee_wanted *wanted,
    struct wd_diag *d)
{
	WD_AUTO(wd_swtee_docs_done) struct wd_swtee_docs docs = { 0 };
	WD_AUTO(wd_fd_closep) int fd = -1;
	int r;

	if ((r = swtee_folder(dir, "collateral", true, 0755, &fd, d)) != 0 ||
	    (r = wd_swtee_collateral(t, c, &docs, d)) != 0)
		return r;
	if (wanted != NULL)
		keep_wanted(&docs, wanted);
	return wd_swtee_docs_save(&docs, fd, d);
}

enum cli_exit
swtee_failed(int result, const struct wd_diag *d)
{
	(void)fprintf(stderr, "warder: %s\n", d->detail);
	return result > 0 ? CLI_REJECTED : CLI_FAULT;
}
