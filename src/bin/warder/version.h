#pragma once

#include "bin/warder/args.h"

extern const struct cli_verb cli_verb_version;
