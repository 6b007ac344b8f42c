/*
 * Questions to the agent over its local socket.
 */
#include "bin/agent/client.h"

#include "sys/file.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAIT_MS = 5000 };

int
agent_client_open(struct agent_client *c, const char *path, struct wd_diag *d)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	c->fd = -1;
	c->request = 0;
	if (!wd_span_to_text(
		wd_span_text(path), addr.sun_path, sizeof(addr.sun_path)))
		return wd_fault(
		    d, WD_F_SYSTEM, "the path of the socket is too long");
	c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return wd_fault_errno(d, "cannot make a socket");
	if (connect(c->fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
		return 0;
	return wd_fault(d, WD_F_PEER, "no agent listens at %s%s", path,
	    errno == EACCES ? " for this user" : "");
}

void
agent_client_close(struct agent_client *c)
{
	wd_fd_closep(&c->fd);
	wd_wipe(c->packet, sizeof(c->packet));
}

static int
send_packet(struct agent_client *c, enum wd_holder_op op, struct wd_span body)
{
	uint8_t buf[256];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	const struct wd_holder_head head = {
		.version = WD_HOLDER_VERSION, .op = op, .request = ++c->request
	};

	wd_holder_start(&wr, &head);
	wd_wr_bytes(&wr, body);
	if (wd_holder_finish(&wr) != 0)
		return WD_F_BUG;
	return send(c->fd, buf, wr.len, MSG_NOSIGNAL) == (ssize_t)wr.len
	    ? 0
	    : WD_F_PEER;
}

static int
receive(struct agent_client *c, struct wd_span *ret)
{
	struct pollfd p = { c->fd, POLLIN, 0 };
	ssize_t n;
	int ready;

	do
		ready = poll(&p, 1, WAIT_MS);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return ready == 0 ? WD_F_TIMEOUT : WD_F_SYSTEM;
	n = recv(c->fd, c->packet, sizeof(c->packet), 0);
	if (n <= 0)
		return WD_F_PEER;
	*ret = wd_span(c->packet, (size_t)n);
	return 0;
}

/* What the statuses are to a person at a terminal. */
static enum wd_reason
reason_of(unsigned status)
{
	static const enum wd_reason reasons[] = {
		[WD_HOLDER_NO_KEY] = WD_R_NOT_FOUND,
		[WD_HOLDER_NOT_PERMITTED] = WD_R_LOCAL_USER,
		[WD_HOLDER_KEY_ENDED] = WD_R_LEASE_ENDED,
		[WD_HOLDER_UNKNOWN_OP] = WD_R_UNSUPPORTED,
		[WD_HOLDER_RATE_LIMITED] = WD_R_RATE_LIMITED,
	};

	return status < WD_N(reasons) && reasons[status] != 0
	    ? reasons[status]
	    : WD_R_UNAVAILABLE;
}

int
agent_client_ask(struct agent_client *c, enum wd_holder_op op,
    struct wd_span body, struct wd_span *ret, struct wd_diag *d)
{
	struct wd_span packet, answer;
	struct wd_holder_head head;
	unsigned status;
	int r = send_packet(c, op, body);

	if (r == 0)
		r = receive(c, &packet);
	if (r != 0)
		return wd_fault(
		    d, (enum wd_faults)r, "the agent does not answer");
	if (wd_holder_open(packet, &head, &answer) != 0 || !head.reply ||
	    head.request != c->request ||
	    wd_holder_status(&answer, &status) != 0)
		return wd_fault(
		    d, WD_F_PEER, "the agent's answer is not understood");
	if (status != WD_HOLDER_OK)
		return wd_reject(
		    d, reason_of(status), "%s", wd_holder_status_text(status));
	*ret = answer;
	return 0;
}
