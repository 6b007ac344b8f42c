/*
 * The archive of a backup and its manifest: written, and read in no other form.
 */
#include "lib/t.h"

#include "bin/warder/backup_file.h"
#include "crypto/init.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- headers */

static const struct wd_tar_head some = { "rows", 12345, 1700000000 };

static void
a_header_is_read_as_it_was_written(void **state)
{
	uint8_t block[WD_TAR_BLOCK];
	struct wd_tar_head h = { 0 };
	struct wd_tar_head large = { "a-b_c.9", WD_TAR_SIZE_MAX, 0 };

	(void)state;
	wd_tar_head_write(block, &some);
	t_ok(wd_tar_head_read(block, &h));
	assert_string_equal(h.name, "rows");
	assert_int_equal(h.size, 12345);
	assert_int_equal(h.mtime, 1700000000);
	wd_tar_head_write(block, &large);
	t_ok(wd_tar_head_read(block, &h));
	assert_true(h.size == WD_TAR_SIZE_MAX);
}

static void
a_header_with_any_other_byte_is_refused(void **state)
{
	uint8_t block[WD_TAR_BLOCK];
	struct wd_tar_head h;

	(void)state;
	for (size_t i = 0; i < WD_TAR_BLOCK; i++) {
		wd_tar_head_write(block, &some);
		block[i] ^= 1;
		assert_int_equal(wd_tar_head_read(block, &h), WD_R_MALFORMED);
	}
}

static void
names_lead_nowhere(void **state)
{
	static const char *const bad[] = { "", ".", "..", ".x", "/x", "a/b",
		"a\\b", "A", "a b", "a\n", "\xc3\xa9" };
	uint8_t block[WD_TAR_BLOCK];
	struct wd_tar_head h;

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		struct wd_tar_head x = { .size = 1 };

		(void)snprintf(x.name, sizeof(x.name), "%s", bad[i]);
		wd_tar_head_write(block, &x);
		assert_int_equal(wd_tar_head_read(block, &h), WD_R_MALFORMED);
	}
}

static void
padding_goes_to_the_next_block(void **state)
{
	(void)state;
	assert_int_equal(wd_tar_padding(0), 0);
	assert_int_equal(wd_tar_padding(1), 511);
	assert_int_equal(wd_tar_padding(511), 1);
	assert_int_equal(wd_tar_padding(512), 0);
	assert_int_equal(wd_tar_padding(WD_TAR_SIZE_MAX), 1);
}

/* ---- manifests */

#define ID "0d3e5bb8-56a4-4a8a-a4f4-3f4f7a1b2c3d"
#define SHA "0000000000000000000000000000000000000000000000000000000000000000"
#define FILE_OF(name) \
	"{\"name\":\"" name "\",\"sha256\":\"" SHA "\",\"size\":5}"
#define FILES FILE_OF("rows") "," FILE_OF("seal") "," FILE_OF("keyring")
#define MANIFEST(format, files, more)                                     \
	"{\"backup\":\"" ID "\",\"files\":[" files "],\"format\":" format \
	",\"log_entries\":7,\"made\":\"2026-01-02T03:04:05Z\","           \
	"\"server_name\":\"kbs.example\",\"store\":\"" ID "\"" more "}"

static int
read_text(const char *text, struct wd_manifest *ret)
{
	static char name[254];
	struct wd_diag d = { 0 };

	return backup_manifest_read(wd_span_text(text), ret, name, &d);
}

static void
a_manifest_is_read_and_written_the_same(void **state)
{
	static const char text[] = MANIFEST("1", FILES, "");
	char room[WD_BACKUP_MANIFEST_MAX];
	struct wd_wr wr = wd_wr_fixed(room, sizeof(room));
	struct wd_manifest m = { 0 };

	(void)state;
	t_ok(read_text(text, &m));
	assert_string_equal(m.server_name, "kbs.example");
	assert_int_equal(m.log_entries, 7);
	assert_true(m.file[WD_BACKUP_SEAL].there);
	assert_false(m.file[WD_BACKUP_CERTIFICATE].there);
	wd_manifest_write(&wr, &m);
	t_span_equal(wd_wr_span(&wr), wd_span_text(text));
}

static void
what_is_no_manifest_is_refused(void **state)
{
	static const char *const bad[] = { "", "{}", "[]",
		MANIFEST("1", FILES, ",\"more\":1"),
		MANIFEST("1", FILE_OF("rows") "," FILE_OF("seal"), ""),
		MANIFEST("1", FILES "," FILE_OF("seal"), ""),
		MANIFEST("1", FILES "," FILE_OF("../x"), ""),
		MANIFEST("1", FILES ",{}", ""), MANIFEST("1", "7", ""),
		MANIFEST("-1", FILES, "") };
	struct wd_manifest m;

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(read_text(bad[i], &m), WD_R_MALFORMED);
	assert_int_equal(read_text(MANIFEST("2", FILES, ""), &m), WD_R_VERSION);
}

/* ---- the whole */

struct file {
	int fd;
	char path[32];
};

static struct file
new_file(void)
{
	struct file f = { memfd_create("backup", 0), "" };

	assert_true(f.fd >= 0);
	(void)snprintf(f.path, sizeof(f.path), "/proc/self/fd/%d", f.fd);
	return f;
}

static void
what_is_no_archive_is_refused(void **state)
{
	struct backup_file f = { .fd = -1 };
	struct backup_out o = { 0 };
	struct file x = new_file();
	struct wd_diag d = { 0 };

	(void)state;
	assert_int_equal(backup_file_open("/none", &f, &d), WD_R_NOT_FOUND);
	assert_int_equal(backup_file_open("/dev/null", &f, &d), WD_R_MALFORMED);
	assert_int_equal(backup_file_open(x.path, &f, &d), WD_R_MALFORMED);
	o.fd = x.fd;
	t_ok(backup_out_file(&o, "manifest.json", 5,
	    wd_span_text(MANIFEST("1", FILES, "")), &d));
	t_ok(backup_out_file(&o, "manifest.mac", 5, WD_SPAN_LIT(SHA), &d));
	t_ok(backup_out_close(&o, &d));
	/* of the files that it names none is there */
	assert_int_equal(backup_file_open(x.path, &f, &d), WD_R_TAMPERED);
	assert_int_equal(f.fd, -1);
	(void)close(x.fd);
}

static void
a_full_or_closed_file_is_a_fault(void **state)
{
	struct backup_out o = { .fd = open("/dev/full", O_WRONLY) };
	struct wd_diag d = { 0 };

	(void)state;
	assert_true(backup_out_begin(&o, "rows", 5, &d) < 0);
	assert_non_null(strstr(d.detail, "No space left"));
	(void)close(o.fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read_as_it_was_written),
		cmocka_unit_test(a_header_with_any_other_byte_is_refused),
		cmocka_unit_test(names_lead_nowhere),
		cmocka_unit_test(padding_goes_to_the_next_block),
		cmocka_unit_test(a_manifest_is_read_and_written_the_same),
		cmocka_unit_test(what_is_no_manifest_is_refused),
		cmocka_unit_test(what_is_no_archive_is_refused),
		cmocka_unit_test(a_full_or_closed_file_is_a_fault),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
