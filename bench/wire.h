/*
 * One kept TLS connection that asks and waits, and no more: a client that
 * costs less than the server is what fills it.
 */
#pragma once

#include "base/span.h"

struct wire;

/* CA is the path of the PEM file that the server's certificate is held
 * against. NULL when there is no connection; stderr says why. */
struct wire *wire_open(const char *host, const char *port, const char *ca);
struct wire *wire_close(struct wire *w);

/* HEAD is the request line and fields without Host, Content-Length and the
 * empty line. The status, or -1; the answer's body lives until the next. */
int wire_ask(struct wire *w, const char *head, struct wd_span body,
    struct wd_span *ret_body);

/* `name=value` of the last Set-Cookie; "" before the first. */
const char *wire_cookie(const struct wire *w);
