/*
 * Commands to a TPM and its answers, over a descriptor that is opened once. The
 * library's own transports load further libraries, or connect anew for each
 * command, which a process in a sandbox must not; and they wait for ever.
 */
#include "tss/tss_in.h"

#include "base/clock.h"
#include "base/rd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	ANSWER_MAX = 4096,
	HEAD = 10,        /* tag, size, code */
	WAIT_MS = 120000, /* RSA keys take their time on real chips */
};

static const uint64_t magic = 0x7764747069706531;

static struct wd_tcti *
own(TSS2_TCTI_CONTEXT *ctx)
{
	return (struct wd_tcti *)(void *)ctx;
}

/* Until then, what it can do; POLLIN or POLLOUT. */
static bool
wait_for(int fd, short events, int64_t deadline)
{
	for (;;) {
		struct pollfd p = { fd, events, 0 };
		int64_t left = deadline - wd_time_mono_ms();
		int n = left <= 0 ? 0 : poll(&p, 1, (int)left);

		if (n > 0)
			return true;
		if (n == 0 || errno != EINTR)
			return false;
	}
}

static TSS2_RC
transmit(TSS2_TCTI_CONTEXT *ctx, size_t size, const uint8_t *command)
{
	struct wd_tcti *t = own(ctx);
	struct wd_rd rd = wd_rd(wd_span(command, size));

	t->deadline = wd_time_mono_ms() + WAIT_MS;
	while (wd_rd_more(&rd)) {
		ssize_t n;

		if (!wait_for(t->fd, POLLOUT, t->deadline))
			return TSS2_TCTI_RC_IO_ERROR;
		n = write(t->fd, rd.p, rd.left);
		if (n < 0 && errno != EINTR)
			return TSS2_TCTI_RC_IO_ERROR;
		wd_rd_skip(&rd, n < 0 ? 0 : (size_t)n);
	}
	return TSS2_RC_SUCCESS;
}

/* The whole length an answer says it has; 0 while that is not there. */
static size_t
length_of(const uint8_t *answer, size_t got)
{
	struct wd_rd rd = wd_rd(wd_span(answer, got));

	if (got < HEAD)
		return 0;
	wd_rd_skip(&rd, 2);
	return wd_rd_be32(&rd);
}

/* A device gives an answer at once, a socket as it comes. */
static TSS2_RC
receive(TSS2_TCTI_CONTEXT *ctx, size_t *size, uint8_t *answer, int32_t timeout)
{
	struct wd_tcti *t = own(ctx);
	size_t got = 0, want = 0;

	(void)timeout; /* ours is shorter than for ever */
	if (answer == NULL) {
		*size = ANSWER_MAX;
		return TSS2_RC_SUCCESS;
	}
	while (want == 0 || got < want) {
		ssize_t n;

		if (!wait_for(t->fd, POLLIN, t->deadline))
			return TSS2_TCTI_RC_IO_ERROR;
		n = read(t->fd, answer + got, *size - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return TSS2_TCTI_RC_IO_ERROR;
		got += (size_t)n;
		want = length_of(answer, got);
		if (want > *size || got > (want == 0 ? HEAD : want))
			return TSS2_TCTI_RC_MALFORMED_RESPONSE;
	}
	*size = got;
	return TSS2_RC_SUCCESS;
}

static void
finalize(TSS2_TCTI_CONTEXT *ctx)
{
	(void)ctx; /* wd_tcti_close() does it */
}

static TSS2_RC
cannot(TSS2_TCTI_CONTEXT *ctx)
{
	(void)ctx;
	return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static TSS2_RC
no_handles(
    TSS2_TCTI_CONTEXT *ctx, TSS2_TCTI_POLL_HANDLE *handles, size_t *n_handles)
{
	(void)ctx;
	(void)handles;
	(void)n_handles;
	return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static TSS2_RC
no_locality(TSS2_TCTI_CONTEXT *ctx, uint8_t locality)
{
	(void)ctx;
	(void)locality;
	return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static int
open_device(const char *path)
{
	return open(path, O_RDWR | O_CLOEXEC);
}

static int
open_socket(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (!wd_span_to_text(
		wd_span_text(path), to.sun_path, sizeof(to.sun_path))) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	(void)close(fd); /* it was never connected */
	return -1;
}

static const struct {
	const char *prefix;
	int (*open)(const char *path);
} ways[] = {
	{ "device:", open_device },
	{ "swtpm:path=", open_socket },
};

int
wd_tcti_open(struct wd_tcti *t, const char *where, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_N(ways); i++) {
		size_t len = strlen(ways[i].prefix);

		if (strncmp(where, ways[i].prefix, len) != 0)
			continue;
		t->fd = ways[i].open(where + len);
		if (t->fd < 0)
			return wd_fault_errno(
			    d, "cannot open the TPM at %.100s", where + len);
		t->v1 = (TSS2_TCTI_CONTEXT_COMMON_V1){ .magic = magic,
			.version = 1,
			.transmit = transmit,
			.receive = receive,
			.finalize = finalize,
			.cancel = cannot,
			.getPollHandles = no_handles,
			.setLocality = no_locality };
		return 0;
	}
	return wd_reject(d, WD_R_UNSUPPORTED,
	    "a TPM is reached by device:PATH or swtpm:path=PATH");
}

void
wd_tcti_close(struct wd_tcti *t)
{
	if (t->fd >= 0)
		(void)close(t->fd); /* nothing is written by it */
	t->fd = -1;
}
