/*
 * Many requests in one run: a JSON object a line in, one a line out.
 */
#pragma once

#include "bin/warder/args.h"

#include <stdio.h>

/*
 * Answers every line of FROM: CLI_OK when each got a verdict, CLI_FAULT when a
 * file could not be read or an answer not be written, CLI_USAGE when a line is
 * no request.
 */
enum cli_exit evidence_batch(FILE *from, FILE *to);
