/*
 * New shares: made, handed out, taken back.
 */
#include "bin/warder/new_shares.h"

#include "base/wr.h"
#include "crypto/rand.h"
#include "seal/shamir.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = 64 };

void
cli_new_shares_done(struct cli_new_shares *x)
{
	x->key = wd_secret_free(x->key);
	x->all = wd_secret_free(x->all);
}

int
cli_new_shares_make(struct cli_new_shares *x, struct wd_diag *d)
{
	int r = wd_seal_split_check(&x->split, d);

	if (r != 0)
		return r;
	if (wd_rand_secret(WD_SHARE_KEY, &x->key) != 0 ||
	    wd_shamir_split(wd_secret_borrow(x->key), x->split.shares,
		x->split.threshold, &x->all) != 0)
		return wd_fault(d, WD_F_SYSTEM, "no shares can be made");
	return 0;
}

/* Share I in ROOM. */
static struct wd_span
text_of(const struct cli_new_shares *x, unsigned i, struct wd_secret *room)
{
	struct wd_wr wr =
	    wd_wr_fixed(wd_secret_bytes(room), wd_secret_len(room));
	struct wd_span all = wd_secret_borrow(x->all);

	wd_share_write(
	    &wr, wd_span(all.p + (size_t)i * WD_SHARE_LEN, WD_SHARE_LEN));
	return wd_wr_span(&wr);
}

static void
file_name(const struct cli_new_shares *x, unsigned i, char ret[NAME_SIZE])
{
	(void)snprintf(ret, NAME_SIZE, "%s-%u", x->name, i + 1); /* fits */
}

static bool
write_all(struct wd_span s)
{
	while (s.len > 0) {
		ssize_t n = write(STDOUT_FILENO, s.p, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = wd_span(s.p + n, s.len - (size_t)n);
	}
	return true;
}

/* Past the buffer of standard output, which nobody wipes. */
static int
print_one(const struct cli_new_shares *x, unsigned i, struct wd_span text,
    struct wd_diag *d)
{
	char name[NAME_SIZE];

	file_name(x, i, name);
	(void)printf("  %-20s", name);
	if (fflush(stdout) == 0 && write_all(text) &&
	    write_all(WD_SPAN_LIT("\n")))
		return 0;
	return wd_fault_errno(d, "standard output does not take the shares");
}

static int
open_dir(struct cli_new_shares *x, int *ret_fd, struct wd_diag *d)
{
	x->made_dir = mkdir(x->dir, 0700) == 0;
	if (!x->made_dir && errno != EEXIST)
		return wd_fault_errno(d, "cannot make %.150s", x->dir);
	*ret_fd = open(x->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd >= 0 ? 0 : wd_fault_errno(d, "%.150s", x->dir);
}

static int
hand_out(struct cli_new_shares *x, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *room = wd_secret_new(WD_SHARE_TEXT);
	WD_AUTO(wd_fd_closep) int dir = -1;
	int r = room == NULL ? wd_fault(d, WD_F_MEMORY, "no memory") : 0;

	if (r == 0 && x->dir != NULL)
		r = open_dir(x, &dir, d);
	for (unsigned i = 0; r == 0 && i < x->split.shares; i++) {
		struct wd_span text = text_of(x, i, room);
		char name[NAME_SIZE];

		file_name(x, i, name);
		r = dir >= 0 ? wd_file_write(dir, name, text, 0600, true, d)
			     : print_one(x, i, text, d);
		x->written += r == 0 && dir >= 0;
	}
	return r;
}

int
cli_new_shares_hand_out(struct cli_new_shares *x, struct wd_diag *d)
{
	int r = hand_out(x, d);

	if (r != 0)
		cli_new_shares_take_back(x);
	return r;
}

void
cli_new_shares_take_back(struct cli_new_shares *x)
{
	WD_AUTO(wd_fd_closep) int dir = -1;

	if (x->dir == NULL) {
		(void)fprintf(
		    stderr, "warder: the shares just shown open nothing\n");
		return;
	}
	dir = open(x->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (unsigned i = 0; dir >= 0 && i < x->written; i++) {
		char name[NAME_SIZE];

		file_name(x, i, name);
		(void)unlinkat(dir, name, 0); /* it was made here */
	}
	if (x->made_dir)
		(void)rmdir(x->dir); /* likewise */
}
