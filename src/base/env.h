/*
 * The one door to the environment. Programs of the server start with an empty
 * one; only what is loaded into foreign programs (the PKCS#11 module) and the
 * command line read it.
 */
#pragma once

/*
 * The value of NAME, or NULL when it is not set, is empty, or the process has
 * more rights than its caller (setuid), whose word then counts for nothing.
 * Lives until the environment is changed: copy it.
 */
const char *wd_env(const char *name);
