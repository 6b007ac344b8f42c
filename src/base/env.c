/*
 * The environment.
 */
#include "base/env.h"

#include <stdlib.h>

const char *
wd_env(const char *name)
{
	const char *value = secure_getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}
