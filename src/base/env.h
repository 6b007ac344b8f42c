/*
 * The one door to the environment. Roles of the server start with an empty one;
 * what is loaded into foreign programs (the PKCS#11 module), the command line,
 * and supervisors, for what systemd tells a service, read it.
 */
#pragma once

/*
 * The value of NAME, or NULL when it is not set, is empty, or the process has
 * more rights than its caller (setuid), whose word then counts for nothing.
 * Lives until the environment is changed: copy it.
 */
const char *wd_env(const char *name);
