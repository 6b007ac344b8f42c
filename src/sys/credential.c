/*
 * Names of credentials, and where they lie. What is in them is read by whoever
 * needs it.
 */
#include "sys/credential.h"

#include <stdio.h>

#include "base/env.h"

enum { NAME_MAX_LEN = 64 };

static const char prefix[] = "credential:";

bool
wd_credential_is(struct wd_span value)
{
	size_t len = sizeof(prefix) - 1;

	return value.len >= len &&
	    wd_span_equal(wd_span(value.p, len), wd_span(prefix, len));
}

static bool
is_name_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool
wd_credential_name(struct wd_span value, struct wd_span *ret)
{
	size_t len = sizeof(prefix) - 1;
	struct wd_span name;

	if (!wd_credential_is(value))
		return false;
	name = wd_span(value.p + len, value.len - len);
	if (name.len < 1 || name.len > NAME_MAX_LEN || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!is_name_byte(name.p[i]))
			return false;
	*ret = name;
	return true;
}

const char *
wd_credential_folder(void)
{
	const char *folder = wd_env("CREDENTIALS_DIRECTORY");

	return folder == NULL || folder[0] != '/' ? NULL : folder;
}

int
wd_credential_path(struct wd_span value, const char *folder,
    char ret[WD_FILE_PATH_MAX], struct wd_diag *d)
{
	struct wd_span name = { 0 };
	int n;

	if (!wd_credential_name(value, &name))
		return wd_reject(d, WD_R_MALFORMED,
		    "%.100s is not credential:NAME", (const char *)value.p);
	if (folder == NULL)
		return wd_reject(d, WD_R_NOT_FOUND,
		    "credential %.*s: this process was given none (systemd "
		    "gives a service those of LoadCredential= in its unit)",
		    (int)name.len, (const char *)name.p);
	n = snprintf(ret, WD_FILE_PATH_MAX, "%s/%.*s", folder, (int)name.len,
	    (const char *)name.p);
	return n > 0 && n < WD_FILE_PATH_MAX
	    ? 0
	    : wd_reject(d, WD_R_RANGE, "the folder's name is too long");
}
