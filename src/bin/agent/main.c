/*
 * warder-agent: words, then either a talk with the agent that runs, or the
 * agent itself.
 * Exit status: 0 done, 3 refused, 2 wrong usage, 1 fault.
 */
#include "bin/agent/agent.h"

#include "crypto/init.h"

#include <stdio.h>
#include <string.h>

struct words {
	const char *config;
	bool check, help, version, manual;
};

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

/* ---- words */

static bool
take_word(struct words *w, const char *word)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "--check", &w->check },
		{ "--help", &w->help },
		{ "--version", &w->version },
		{ "--print-config-manual", &w->manual },
	};

	for (size_t i = 0; i < WD_N(flags); i++)
		if (strcmp(word, flags[i].name) == 0) {
			*flags[i].flag = true;
			return true;
		}
	return false;
}

static bool
read_words(int argc, char **argv, struct words *ret)
{
	*ret = (struct words){ .config = AGENT_CONF_FILE };
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--config=", 9) == 0) {
			ret->config = argv[i] + 9;
		} else if (strcmp(argv[i], "--config") == 0) {
			if (++i == argc)
				return false;
			ret->config = argv[i];
		} else if (!take_word(ret, argv[i])) {
			return false;
		}
	}
	return true;
}

/* ---- what only prints */

static int
print(const void *text, size_t len)
{
	return fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0
	    ? 0
	    : AGENT_EXIT_FAULT;
}

static int
print_manual(void)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 20);

	agent_conf_manual(&wr);
	return wd_wr_end(&wr) == 0 ? print(wr.p, wr.len) : AGENT_EXIT_FAULT;
}

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
	struct words w;
	int status = agent_verb(argc - 1, argv + 1);

	if (status >= 0)
		return status;
	if (!read_words(argc, argv, &w)) {
		(void)fputs(usage, stderr); /* nowhere else to complain */
		return AGENT_EXIT_USAGE;
	}
	if (w.help)
		return print(usage, sizeof(usage) - 1);
	if (w.version)
		return printf("warder-agent %s\n", WARDER_VERSION) > 0
		    ? 0
		    : AGENT_EXIT_FAULT;
	if (w.manual)
		return print_manual();
	return w.check ? check(w.config) : agent_run(w.config);
}
