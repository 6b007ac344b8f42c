/*
 * The process beside the agent that keeps the rights the agent gives up: it
 * reads the configuration again, and starts links. Forked before the agent has
 * a secret; it holds none, opens no connection and hears only the agent and the
 * links it has started. In the table of calls it is the agent's supervisor.
 */
#pragma once

#include "bin/agent/conf.h"
#include "bin/common/peer.h"

enum { AGENT_CA_MAX = 65536 };

/* A configuration and the roots it names. */
struct agent_setup {
	struct agent_conf conf;
	struct wd_bytes *ca; /* PEM */
};

struct agent_setup *agent_setup_free(struct agent_setup *s);
void agent_setup_freep(struct agent_setup **s);

/* As agent_conf_read(); and WD_R_NOT_FOUND, WD_R_TOO_LARGE or WD_R_MALFORMED
 * for the file of the roots. */
int agent_setup_read(
    const char *path, struct agent_setup **ret, struct wd_diag *d) WD_MUST_USE;

/* Forks it; RET is the agent's end. CONF_PATH must outlive both. */
int agent_starter_fork(
    const char *conf_path, struct wd_peer *ret, struct wd_diag *d) WD_MUST_USE;

/* What came back from AGENT_CONF, as a setup. */
int agent_setup_take(const struct wd_msg_agent_conf *m,
    struct agent_setup **ret, struct wd_diag *d) WD_MUST_USE;
