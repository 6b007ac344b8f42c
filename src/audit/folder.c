/*
 * Listing the segments of a journal.
 */
#include "audit/folder.h"

#include "audit/segment.h"
#include "base/num.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

static void
closedirp(DIR **dir)
{
	if (*dir != NULL)
		(void)closedir(*dir); /* nothing was written through it */
}

static DIR *
list(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL)
		wd_fd_closep(&fd);
	return dir;
}

/* The number that NAME is of; 0: it is no segment. */
static uint32_t
number_of(const char *name)
{
	struct wd_span digits = wd_span_text(name);
	char again[WD_SEGMENT_NAME];
	uint64_t n;

	while (digits.len > 1 && digits.p[0] == '0')
		digits = wd_span(digits.p + 1, digits.len - 1);
	if (!wd_num_parse(digits, UINT32_MAX, &n))
		return 0;
	wd_segment_name((uint32_t)n, again);
	return wd_span_is(wd_span_text(name), again) ? (uint32_t)n : 0;
}

int
wd_folder_range(
    int folder, uint32_t *ret_first, uint32_t *ret_last, struct wd_diag *d)
{
	WD_AUTO(closedirp) DIR *dir = list(folder);
	uint32_t first = UINT32_MAX, last = 0, count = 0;
	struct dirent *entry;

	if (dir == NULL)
		return wd_fault_errno(d, "listing the journal");
	for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0) {
		uint32_t n = number_of(entry->d_name);

		if (n == 0)
			continue;
		count++;
		first = n < first ? n : first;
		last = n > last ? n : last;
	}
	if (errno != 0)
		return wd_fault_errno(d, "listing the journal");
	if (count > 0 && count != last - first + 1)
		return wd_reject(d, WD_R_TAMPERED,
		    "of journal segments %" PRIu32 " to %" PRIu32
		    " only %" PRIu32 " are there",
		    first, last, count);
	*ret_first = count == 0 ? 0 : first;
	*ret_last = last;
	return 0;
}
