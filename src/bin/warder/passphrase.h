/*
 * Passphrases as people give them: typed without echo, or from a file or
 * standard input. Never from the command line or the environment.
 */
#pragma once

#include "base/diag.h"
#include "base/secret.h"

/* Leaves out one end of line at the end of what was read. */
void cli_drop_line_end(struct wd_secret *s);

enum cli_passphrase { CLI_PASSPHRASE_KNOWN, CLI_PASSPHRASE_NEW };

/*
 * FILE: where it is read from, one end of line at its end left out; "-" is
 * standard input; NULL asks at the terminal, a new one twice, or reads standard
 * input when that is none. WD_R_MALFORMED: not UTF-8 text without control
 * characters, or too long; WD_R_MISMATCH: typed differently
 * the second time; or a fault.
 */
int cli_passphrase(const char *file, enum cli_passphrase kind,
    struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;
