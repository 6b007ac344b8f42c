/*
 * The configuration with what it names, and its way from the process that may
 * read it to the one that uses it. Both are the same program, so that the
 * struct goes as it is.
 */
#include "bin/agent/starter.h"

#include "base/alloc.h"
#include "codec/pem.h"
#include "sys/file.h"

#include <assert.h>
#include <fcntl.h>

static_assert(sizeof(struct agent_conf) <= 400000, "the message has room");

struct agent_setup *
agent_setup_free(struct agent_setup *s)
{
	if (s != NULL)
		wd_bytes_freep(&s->ca);
	return wd_free(s);
}

void
agent_setup_freep(struct agent_setup **s)
{
	*s = agent_setup_free(*s);
}

/* A mistake here would otherwise look like a server that is not trusted. */
static int
check_roots(const struct agent_setup *s, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(wd_bytes_span(s->ca));
	size_t n = 0;
	int r;

	do {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;

		r = wd_pem_next(&rd, "CERTIFICATE", &der);
		n += r == 0;
	} while (r == 0);
	if (r != WD_R_NOT_FOUND || n == 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "%.150s does not hold certificates in PEM", s->conf.ca);
	return 0;
}

int
agent_setup_read(const char *path, struct agent_setup **ret, struct wd_diag *d)
{
	WD_AUTO(agent_setup_freep)
	struct agent_setup *s = wd_alloc(sizeof(*s));
	int r;

	if (s == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if ((r = agent_conf_read(path, &s->conf, d)) != 0 ||
	    (r = wd_file_read(AT_FDCWD, s->conf.ca, AGENT_CA_MAX, &s->ca, d)) !=
		0 ||
	    (r = check_roots(s, d)) != 0)
		return r;
	*ret = WD_TAKE(s);
	return 0;
}

int
agent_setup_take(const struct wd_msg_agent_conf *m, struct agent_setup **ret,
    struct wd_diag *d)
{
	WD_AUTO(agent_setup_freep) struct agent_setup *s = NULL;

	if (m->conf.len != sizeof(s->conf))
		return wd_fault(d, WD_F_PEER, "a setup of another program");
	s = wd_alloc(sizeof(*s));
	if (s == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	wd_copy(&s->conf, m->conf);
	s->ca = wd_bytes_copy(m->ca);
	if (s->ca == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	*ret = WD_TAKE(s);
	return 0;
}
