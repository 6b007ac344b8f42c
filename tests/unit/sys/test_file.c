/*
 * Files and sealed memory files.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/warder-test-file-XXXXXX";
static int dir = -1;

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	close(dir);
	return rmdir(folder); /* fails when a test left a file behind */
}

static void
what_is_written_is_read(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	struct wd_diag d = { 0 };
	struct stat st;

	(void)state;
	t_ok(wd_file_write(dir, "a", WD_SPAN_LIT("first"), 0640, false, &d));
	t_ok(wd_file_write(dir, "a", WD_SPAN_LIT("second"), 0600, false, &d));
	t_ok(wd_file_read(dir, "a", 100, &b, &d));
	t_span_equal(wd_bytes_span(b), WD_SPAN_LIT("second"));
	t_ok(fstatat(dir, "a", &st, 0));
	assert_int_equal(st.st_mode & 07777, 0600);
	t_ok(unlinkat(dir, "a", 0));
}

static void
mode_does_not_depend_on_umask(void **state)
{
	struct stat st;
	mode_t old = umask(077);

	(void)state;
	t_ok(wd_file_write(dir, "a", WD_SPAN_LIT("x"), 0644, true, NULL));
	(void)umask(old);
	t_ok(fstatat(dir, "a", &st, 0));
	assert_int_equal(st.st_mode & 07777, 0644);
	t_ok(unlinkat(dir, "a", 0));
}

static void
exclusive_write_keeps_what_is_there(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	struct wd_diag d = { 0 };

	(void)state;
	t_ok(wd_file_write(dir, "a", WD_SPAN_LIT("old"), 0600, true, &d));
	assert_int_equal(
	    wd_file_write(dir, "a", WD_SPAN_LIT("new"), 0600, true, &d),
	    WD_R_EXISTS);
	t_ok(wd_file_read(dir, "a", 100, &b, NULL));
	t_span_equal(wd_bytes_span(b), WD_SPAN_LIT("old"));
	t_ok(unlinkat(dir, "a", 0));
}

static void
bad_names_are_our_own_bug(void **state)
{
	(void)state;
	assert_int_equal(
	    wd_file_write(dir, "a/b", WD_SPAN_LIT("x"), 0600, false, NULL),
	    WD_F_BUG);
	assert_int_equal(
	    wd_file_write(dir, "", WD_SPAN_LIT("x"), 0600, false, NULL),
	    WD_F_BUG);
}

static void
write_into_no_folder_is_a_fault(void **state)
{
	(void)state;
	assert_int_equal(
	    wd_file_write(-1, "a", WD_SPAN_LIT("x"), 0600, false, NULL),
	    WD_F_SYSTEM);
}

static void
absent_file_is_not_found(void **state)
{
	struct wd_bytes *b = NULL;
	struct wd_secret *s = NULL;
	struct wd_diag d = { 0 };

	(void)state;
	assert_int_equal(wd_file_read(dir, "none", 10, &b, &d), WD_R_NOT_FOUND);
	assert_int_equal(
	    wd_file_read_secret(dir, "none", 10, &s, NULL), WD_R_NOT_FOUND);
	assert_null(b);
	assert_null(s);
	assert_string_equal(d.detail, "none: no file");
}

static void
size_has_a_limit(void **state)
{
	struct wd_bytes *b = NULL;
	struct wd_secret *s = NULL;

	(void)state;
	t_ok(wd_file_write(dir, "a", WD_SPAN_LIT("12345"), 0600, false, NULL));
	assert_int_equal(wd_file_read(dir, "a", 4, &b, NULL), WD_R_TOO_LARGE);
	assert_int_equal(
	    wd_file_read_secret(dir, "a", 4, &s, NULL), WD_R_TOO_LARGE);
	t_ok(wd_file_read(dir, "a", 5, &b, NULL));
	t_ok(wd_file_read_secret(dir, "a", 5, &s, NULL));
	t_span_equal(wd_bytes_span(b), WD_SPAN_LIT("12345"));
	t_span_equal(wd_secret_borrow(s), WD_SPAN_LIT("12345"));
	wd_bytes_freep(&b);
	wd_secret_freep(&s);
	t_ok(unlinkat(dir, "a", 0));
}

static void
pipe_is_read_to_its_end(void **state)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;
	char name[32];
	int pipes[2];

	(void)state;
	t_ok(pipe(pipes));
	assert_int_equal(write(pipes[1], "passphrase", 10), 10);
	close(pipes[1]);
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", pipes[0]);
	t_ok(wd_file_read_secret(dir, name, 100, &s, NULL));
	t_span_equal(wd_secret_borrow(s), WD_SPAN_LIT("passphrase"));
	close(pipes[0]);
}

static void
open_file_is_read_and_its_position_stays(void **state)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;
	struct wd_secret *none = NULL;
	char c;
	int fd;

	(void)state;
	t_ok(wd_file_write(dir, "a", WD_SPAN_LIT("12345"), 0600, false, NULL));
	fd = openat(dir, "a", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, &c, 1), 1);
	assert_int_equal(
	    wd_file_read_shared(fd, 4, &none, NULL), WD_R_TOO_LARGE);
	t_ok(wd_file_read_shared(fd, 5, &s, NULL));
	t_span_equal(wd_secret_borrow(s), WD_SPAN_LIT("12345"));
	assert_int_equal(read(fd, &c, 1), 1);
	assert_int_equal(c, '2');
	close(fd);
	assert_int_equal(wd_file_read_shared(dir, 5, &none, NULL), WD_F_SYSTEM);
	assert_null(none);
	t_ok(unlinkat(dir, "a", 0));
}

static void
folder_of_a_file_is_absolute(void **state)
{
	char there[WD_FILE_PATH_MAX], path[64];
	struct wd_diag d = { 0 };

	(void)state;
	t_ok(wd_file_write(dir, "a", WD_SPAN_LIT("x"), 0600, false, NULL));
	(void)snprintf(path, sizeof(path), "%s/../%s/a", folder, folder + 5);
	t_ok(wd_file_folder(path, there, &d));
	assert_string_equal(there, folder);
	t_ok(unlinkat(dir, "a", 0));
	assert_int_equal(wd_file_folder(path, there, &d), WD_F_SYSTEM);
}

static void
folder_cannot_be_read(void **state)
{
	struct wd_bytes *b = NULL;

	(void)state;
	assert_int_equal(wd_file_read(dir, ".", 10, &b, NULL), WD_F_SYSTEM);
	assert_null(b);
}

static void
sealed_memfd_is_mapped_and_cannot_change(void **state)
{
	struct wd_span map = { NULL, 0 };
	int fd = -1;

	(void)state;
	t_ok(wd_memfd_sealed("test", WD_SPAN_LIT("collateral"), &fd, NULL));
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 3), -1);
	t_ok(wd_memfd_map(fd, 10, &map, NULL));
	t_span_equal(map, WD_SPAN_LIT("collateral"));
	wd_memfd_unmap(map);
	assert_int_equal(wd_memfd_map(fd, 11, &map, NULL), WD_R_MALFORMED);
	assert_int_equal(wd_memfd_map(fd, 9, &map, NULL), WD_R_MALFORMED);
	close(fd);
}

static void
memfd_that_could_change_is_refused(void **state)
{
	struct wd_span map = { NULL, 0 };
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	(void)state;
	assert_int_equal(write(fd, "1234", 4), 4);
	assert_int_equal(wd_memfd_map(fd, 4, &map, NULL), WD_R_MALFORMED);
	t_ok(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW));
	assert_int_equal(wd_memfd_map(fd, 4, &map, NULL), WD_R_MALFORMED);
	close(fd);
	assert_int_equal(wd_memfd_map(dir, 4, &map, NULL), WD_R_MALFORMED);
	assert_null(map.p);
}

static void
empty_memfd_is_refused(void **state)
{
	struct wd_span map = { NULL, 0 };
	int fd = -1;

	(void)state;
	t_ok(wd_memfd_sealed("test", wd_span(NULL, 0), &fd, NULL));
	assert_int_equal(wd_memfd_map(fd, 0, &map, NULL), WD_R_MALFORMED);
	close(fd);
}

static bool
is_there(const char *name)
{
	return faccessat(dir, name, F_OK, 0) == 0;
}

static void
clean_removes_temporaries_of_the_name_alone(void **state)
{
	static const char *const stay[] = { "seal", ".seal.new", ".seal.x.new",
		".seal.12.newer", ".seal.12", ".seals.12.new", "seal.12.new",
		".sea.12.new" };

	(void)state;
	for (size_t i = 0; i < WD_N(stay); i++)
		t_ok(wd_file_write(
		    dir, stay[i], WD_SPAN_LIT("x"), 0600, true, NULL));
	t_ok(wd_file_write(
	    dir, ".seal.12.new", WD_SPAN_LIT("x"), 0600, true, NULL));
	wd_file_clean(dir, "seal");
	wd_file_clean(-1, "seal");
	assert_false(is_there(".seal.12.new"));
	for (size_t i = 0; i < WD_N(stay); i++) {
		assert_true(is_there(stay[i]));
		t_ok(unlinkat(dir, stay[i], 0));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(mode_does_not_depend_on_umask),
		cmocka_unit_test(exclusive_write_keeps_what_is_there),
		cmocka_unit_test(bad_names_are_our_own_bug),
		cmocka_unit_test(write_into_no_folder_is_a_fault),
		cmocka_unit_test(absent_file_is_not_found),
		cmocka_unit_test(size_has_a_limit),
		cmocka_unit_test(pipe_is_read_to_its_end),
		cmocka_unit_test(open_file_is_read_and_its_position_stays),
		cmocka_unit_test(folder_of_a_file_is_absolute),
		cmocka_unit_test(folder_cannot_be_read),
		cmocka_unit_test(clean_removes_temporaries_of_the_name_alone),
		cmocka_unit_test(sealed_memfd_is_mapped_and_cannot_change),
		cmocka_unit_test(memfd_that_could_change_is_refused),
		cmocka_unit_test(empty_memfd_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
