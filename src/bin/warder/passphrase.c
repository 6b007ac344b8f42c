/*
 * Reading passphrases. At the terminal signals only come while it is waited
 * for, so that it never stays without echo.
 */
#include "bin/warder/passphrase.h"

#include "base/reason.h"
#include "codec/utf8.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { MOST = 1024, ROOM = MOST + 3 };

/* ---- bytes */

/* Up to the end of the file; of a terminal, what one line gives. */
static int
read_bytes(int fd, bool line, struct wd_secret *room, struct wd_diag *d)
{
	uint8_t *p = wd_secret_bytes(room);
	size_t len = 0;
	ssize_t n = 1;

	while (len < ROOM && n > 0) {
		n = read(fd, p + len, ROOM - len);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0)
			return wd_fault_errno(d, "cannot read the passphrase");
		len += (size_t)n;
		if (line)
			break;
	}
	wd_secret_shorten(room, len);
	return 0;
}

void
cli_drop_line_end(struct wd_secret *s)
{
	const uint8_t *p = wd_secret_bytes(s);
	size_t len = wd_secret_len(s);

	if (len > 0 && p[len - 1] == '\n')
		len--;
	if (len > 0 && len < wd_secret_len(s) && p[len - 1] == '\r')
		len--;
	wd_secret_shorten(s, len);
}

static int
read_passphrase(int fd, bool line, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = wd_secret_new(ROOM);
	int r;

	if (s == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if ((r = read_bytes(fd, line, s, d)) != 0)
		return r;
	cli_drop_line_end(s);
	if (wd_secret_len(s) > MOST)
		return wd_reject(
		    d, WD_R_MALFORMED, "the passphrase is over %d bytes", MOST);
	if (!wd_utf8_is_text(wd_secret_borrow(s)))
		return wd_reject(d, WD_R_MALFORMED,
		    "the passphrase is not one line of text in UTF-8");
	*ret = WD_TAKE(s);
	return 0;
}

/* ---- the terminal */

struct terminal {
	int fd; /* -1: none */
	struct termios before;
	sigset_t signals; /* that were blocked before */
};

static const int ending[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };

static volatile sig_atomic_t given_up;

static void
give_up(int number)
{
	given_up = number;
}

static void
terminal_done(struct terminal *t)
{
	if (t->fd < 0)
		return;
	(void)tcsetattr(t->fd, TCSAFLUSH, &t->before); /* as it was */
	(void)close(t->fd); /* nothing is left to be written */
	for (size_t i = 0; i < WD_N(ending); i++)
		(void)signal(ending[i], SIG_DFL); /* cannot fail for these */
	(void)sigprocmask(SIG_SETMASK, &t->signals, NULL); /* likewise */
}

/* Signals wait from here on, those to stop the process for good. */
static int
hold_signals(struct terminal *t, struct wd_diag *d)
{
	struct sigaction stop = { .sa_handler = give_up };
	sigset_t held;

	(void)sigemptyset(&held); /* none of this fails for real signals */
	(void)sigaddset(&held, SIGTSTP);
	for (size_t i = 0; i < WD_N(ending); i++) {
		(void)sigaddset(&held, ending[i]);
		(void)sigaction(ending[i], &stop, NULL);
	}
	if (sigprocmask(SIG_BLOCK, &held, &t->signals) != 0)
		return wd_fault_errno(d, "cannot hold signals");
	return 0;
}

static int
turn_off_echo(struct terminal *t, struct wd_diag *d)
{
	struct termios quiet = t->before;

	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ICANON | ECHONL;
	if (tcsetattr(t->fd, TCSAFLUSH, &quiet) != 0)
		return wd_fault_errno(d, "cannot turn off the echo");
	return 0;
}

static int
terminal_open(struct terminal *t, struct wd_diag *d)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0)
		return wd_fault_errno(d, "no terminal to ask at");
	if (tcgetattr(fd, &t->before) != 0) {
		(void)close(fd); /* nothing was written */
		return wd_fault_errno(d, "cannot use the terminal");
	}
	t->fd = fd;
	if ((r = hold_signals(t, d)) != 0)
		return r;
	return turn_off_echo(t, d);
}

/* Until a line is there, or somebody gives up. */
static int
wait_for_line(const struct terminal *t, struct wd_diag *d)
{
	struct pollfd p = { t->fd, POLLIN, 0 };

	while (ppoll(&p, 1, NULL, &t->signals) < 0)
		if (errno != EINTR)
			return wd_fault_errno(d, "cannot wait");
		else if (given_up != 0)
			return wd_fault(d, WD_F_SYSTEM, "given up");
	return 0;
}

static int
ask(const struct terminal *t, const char *prompt, struct wd_secret **ret,
    struct wd_diag *d)
{
	int r;

	if (write(t->fd, prompt, strlen(prompt)) < 0)
		return wd_fault_errno(d, "cannot write to the terminal");
	if ((r = wait_for_line(t, d)) != 0)
		return r;
	return read_passphrase(t->fd, true, ret, d);
}

static int
ask_at_terminal(
    enum cli_passphrase kind, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(terminal_done) struct terminal t = { .fd = -1 };
	WD_AUTO(wd_secret_freep) struct wd_secret *first = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *second = NULL;
	bool fresh = kind == CLI_PASSPHRASE_NEW;
	int r;

	if ((r = terminal_open(&t, d)) != 0 ||
	    (r = ask(&t, fresh ? "New passphrase: " : "Passphrase or share: ",
		 &first, d)) != 0)
		return r;
	if (fresh && (r = ask(&t, "Once more: ", &second, d)) != 0)
		return r;
	if (fresh &&
	    !wd_ct_equal(wd_secret_borrow(first), wd_secret_borrow(second)))
		return wd_reject(
		    d, WD_R_MISMATCH, "the two passphrases differ");
	*ret = WD_TAKE(first);
	return 0;
}

/* ---- where it comes from */

static int
read_file(const char *file, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep)
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return wd_fault_errno(d, "%.150s", file);
	return read_passphrase(fd, false, ret, d);
}

int
cli_passphrase(const char *file, enum cli_passphrase kind,
    struct wd_secret **ret, struct wd_diag *d)
{
	bool standard_input = file == NULL || strcmp(file, "-") == 0;

	if (!standard_input)
		return read_file(file, ret, d);
	if (isatty(STDIN_FILENO))
		return ask_at_terminal(kind, ret, d);
	return read_passphrase(STDIN_FILENO, false, ret, d);
}
