/*
 * The verbs as a part of warder(1).
 */
#pragma once

/* On standard output; the exit status. */
int cli_print_manual(void);
