/*
 * Names of the files in a folder of collateral: what is imported from it, and
 * what evidence is judged with offline.
 */
#pragma once

#include "verify/tee.h"

#include <stddef.h>

struct cli_document {
	const char *file, *role;
	const char *chain, *or_chain; /* NULL: needs none */
	enum wd_tee tee; /* it is for no other; WD_TEE_NONE: it may be */
};

/* In the order in which they are imported. */
const struct cli_document *cli_documents(size_t *ret_n);
