/*
 * warderd: the server. Reads its words, its configuration, and either tells
 * what it thinks of that or runs.
 * Exit status: 0 done, 3 the configuration is refused, 2 wrong usage, 1 fault.
 */
#include "bin/warderd/supervisor.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "bin/common/words.h"
#include "crypto/init.h"
#include "crypto/memory.h"
#include "sys/credential.h"
#include "sys/file.h"
#include "sys/harden.h"
#include "sys/lock.h"
#include "sys/log.h"

enum { EXIT_FAULT = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3 };

static const char usage[] =
    "usage: warderd [--config FILE] [--check]\n"
    "\n"
    "Runs the server until SIGTERM. SIGHUP reads the configuration again.\n"
    "\n"
    "  --config FILE            instead of " WD_CONF_FILE "\n"
    "  --check                  reads the configuration, looks at the files\n"
    "                           it names, says what is wrong, and ends\n"
    "  --print-config-manual    the keys, as a part of a manual page\n"
    "  --version                what is installed\n"
    "  --help                   this\n"
    "\n"
    "example:\n"
    "  warderd --config /etc/warder/warder.conf --check\n";

static void
release(void *p)
{
	(void)wd_free(p); /* always NULL */
}

/* The TLS key is read to see whether it fits its certificate: libcrypto's
 * memory is wiped when it is released. */
static int
start_crypto(struct wd_diag *d)
{
	int r = wd_crypto_use_memory(wd_alloc, wd_realloc, release, d);

	return r != 0 ? r : wd_crypto_init(d);
}

static int
open_setup(const char *path, bool pin, struct sup_setup *ret, struct wd_diag *d)
{
	static struct wd_conf conf; /* large */
	int r = start_crypto(d);

	if (r != 0 || (r = wd_conf_read(path, &conf, d)) != 0)
		return r;
	if (!pin && sup_credential_is_pin(&conf))
		conf.pkcs11[0] = '\0'; /* which has no other file */
	return sup_setup_open(&conf, ret, d);
}

static int
check(const char *path)
{
	static struct sup_setup setup;
	struct wd_diag d = { 0 };
	char warnings[SUP_WARNINGS];
	int r = wd_harden_supervisor(&d); /* it will read the TLS key */
	/* Only the service has its credentials. */
	bool pin = wd_credential_folder() != NULL;

	if (r != 0 || (r = open_setup(path, pin, &setup, &d)) != 0) {
		(void)fprintf(stderr, "%s: %s\n", path, d.detail);
		return r > 0 ? EXIT_REFUSED : EXIT_FAULT;
	}
	sup_warnings(&setup, warnings);
	sup_setup_close(&setup);
	if (warnings[0] != '\0')
		(void)printf("%s: %s\n", path, warnings);
	(void)printf("%s: good\n", path);
	return fflush(stdout) == 0 ? 0 : EXIT_FAULT;
}

/* ---- the server */

static int
require_programs(struct wd_diag *d)
{
	size_t n;
	const struct sup_role *roles = sup_roles(&n);
	char path[WD_SPAWN_PATH];
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (!roles[i].optional)
			r = sup_program(&roles[i], path, d);
	return r;
}

static int
begin(struct sup *s, struct wd_diag *d)
{
	int r;

	s->setup = &s->setups[0];
	if ((r = wd_harden_supervisor(d)) != 0 ||
	    (r = require_programs(d)) != 0 ||
	    (r = open_setup(s->conf_path, true, s->setup, d)) != 0 ||
	    (r = wd_lock_take(s->setup->state_dir, &s->lock, d)) != 0)
		return r;
	if ((r = sup_setup_listen(s->setup, NULL, d)) != 0)
		return r;
	sup_credentials_drop(&s->setup->conf);
	if ((r = sup_credentials_take(s->setup, d)) != 0)
		sup_credentials_drop(&s->setup->conf);
	return r;
}

static int
serve(const char *path)
{
	static struct sup s;
	struct wd_diag d = { 0 };
	int r;

	/* What the caller had open is none of ours, and not the roles'. Before
	 * the log opens what it writes to. */
	(void)close_range(STDERR_FILENO + 1, UINT_MAX, 0);
	wd_log_start("supervisor", -1, WD_LOG_INFO);
	s.conf_path = path;
	r = begin(&s, &d);
	if (r != 0) {
		wd_log(WD_LOG_ERROR, "not_started", "reason", wd_reason_name(r),
		    "detail", d.detail, NULL);
		return r > 0 ? EXIT_REFUSED : EXIT_FAULT;
	}
	wd_log_start(
	    "supervisor", -1, (enum wd_log_level)s.setup->conf.log_level);
	wd_log(WD_LOG_INFO, "starting", "version", WARDER_VERSION, NULL);
	sup_warnings_log(s.setup);
	sup_setup_announce(s.setup);
	r = sup_run(&s);
	sup_credentials_drop(&s.setup->conf);
	return r;
}

int
main(int argc, char **argv)
{
	static const struct wd_words_texts texts = { "warderd", usage,
		wd_conf_manual, EXIT_FAULT };
	struct wd_words w;
	int r;

	if (!wd_words_read(argc, argv, WD_CONF_FILE, &w)) {
		(void)fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (wd_words_print(&w, &texts, &r))
		return r;
	if (w.check)
		return check(w.config);
	/* Without the checks of leaks that a sanitizer makes at an orderly
	 * end: they look into a process that forbids it. */
	_exit(serve(w.config));
}
