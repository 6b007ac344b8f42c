/*
 * warder-agent: words, then either a talk with the agent that runs, or the
 * agent itself.
 * Exit status: 0 done, 3 refused, 2 wrong usage, 1 fault.
 */
#include "bin/agent/agent.h"

#include "bin/common/words.h"
#include "crypto/init.h"

#include <stdio.h>

static const char usage[] =
    "usage: warder-agent [--config FILE] [--check]\n"
    "       warder-agent status | get NAME | rotate\n"
    "\n"
    "Attests, fetches the keys of its configuration and holds them for local\n"
    "programs until SIGTERM. SIGHUP reads the configuration again.\n"
    "\n"
    "  --config FILE            instead of " AGENT_CONF_FILE "\n"
    "  --check                  reads the configuration, says what is wrong,\n"
    "                           and ends\n"
    "  --print-config-manual    the keys, as a part of a manual page\n"
    "  --version                what is installed\n"
    "  --help                   this\n"
    "\n"
    "  status                   what the running agent holds\n"
    "  get NAME                 a secret on standard output\n"
    "  rotate                   asks the server for every key again, now\n"
    "\n"
    "example:\n"
    "  warder-agent --config /etc/warder/agent.conf --check\n";

static int
check(const char *path)
{
	WD_AUTO(agent_setup_freep) struct agent_setup *setup = NULL;
	WD_AUTO(agent_attester_freep) struct agent_attester *attester = NULL;
	struct wd_diag d = { 0 };
	int r = wd_crypto_init(&d);

	if (r == 0)
		r = agent_setup_read(path, &setup, &d);
	if (r == 0)
		r = agent_attester_open(&setup->conf, &attester, &d);
	if (r != 0) {
		(void)fprintf(stderr, "%s: %s\n", path, d.detail);
		return r > 0 ? AGENT_EXIT_REFUSED : AGENT_EXIT_FAULT;
	}
	if (agent_attester_row(attester)->software)
		(void)printf("%s: SOFTWARE evidence: protects nothing\n", path);
	(void)printf("%s: good\n", path);
	return fflush(stdout) == 0 ? 0 : AGENT_EXIT_FAULT;
}

int
main(int argc, char **argv)
{
	static const struct wd_words_texts texts = { "warder-agent", usage,
		agent_conf_manual, AGENT_EXIT_FAULT };
	struct wd_words w;
	int status = agent_verb(argc - 1, argv + 1);

	if (status >= 0)
		return status;
	if (!wd_words_read(argc, argv, AGENT_CONF_FILE, &w)) {
		(void)fputs(usage, stderr); /* nowhere else to complain */
		return AGENT_EXIT_USAGE;
	}
	if (wd_words_print(&w, &texts, &status))
		return status;
	return w.check ? check(w.config) : agent_run(w.config);
}
