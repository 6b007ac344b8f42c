/*
 * What the service manager is told, by sd_notify(3)'s protocol: one datagram
 * to the socket that the environment names. Written out because the library
 * for it brings far more into a process of root's than these lines.
 */
#pragma once

/* Tells STATE ("READY=1"). Nobody who listens is no failure. */
void wd_notify(const char *state);
