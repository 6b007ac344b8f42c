/*
 * Verbs that speak the admin door of a running server: where it is, who asks,
 * one request at a time, and how answers are shown.
 */
#pragma once

#include "base/secret.h"
#include "bin/warder/args.h"
#include "codec/json.h"
#include "codec/jtext.h"
#include "http/client.h"

/* Where verbs look when they are not told. */
#define CLI_ADMIN_SOCKET "/run/warder/admin.sock"
#define CLI_TOKEN_FILE "/etc/warder/admin.token"

/* Every online verb's options; more may follow them in the table. */
#define CLI_ONLINE_OPTIONS                                                     \
	{ "admin", "ADDRESS",                                                  \
		"socket of the admin door, or HOST:PORT of its TLS address "   \
		"(default " CLI_ADMIN_SOCKET ")",                              \
		false },                                                       \
	    { "ca", "FILE", "roots in PEM for a TLS address", false },         \
	    { "token-file", "FILE",                                            \
		    "file with the admin token, mode 0600 (default: the file " \
		    "named by WARDER_TOKEN_FILE, else " CLI_TOKEN_FILE ")",    \
		    false },                                                   \
	{                                                                      \
		"json", NULL, "print the server's answer as JSON", false       \
	}

enum { CLI_PATH_MAX = 900, CLI_BODY_MAX = 1100000 };

struct cli_online {
	const struct cli_args *args;
	const char *address; /* a socket's path, or HOST:PORT */
	struct wd_client *client;
	struct wd_secret *token;        /* NULL: none is shown */
	struct wd_client_answer answer; /* the last one */
	struct wd_json *doc;            /* the same, read */
};

void cli_online_done(struct cli_online *o);

/* Finds the server and, with a token wanted, reads it. Says what is wrong. */
enum cli_exit cli_online_open(
    const struct cli_args *args, bool with_token, struct cli_online *ret);

struct cli_call {
	const char *method; /* "GET", "POST", "PUT", "DELETE" */
	const char *path;
	struct wd_span body;
	const char *type;   /* of the body; NULL: JSON */
	const char *accept; /* NULL: JSON, which is then read */
};

/* One request; a refusal is said and becomes the exit status. */
enum cli_exit cli_online_call(
    struct cli_online *o, const struct cli_call *call);

/* As above for a request built with wd_jtext: WR is the body. */
enum cli_exit cli_online_send(struct cli_online *o, const char *method,
    const char *path, const struct wd_wr *wr);

/*
 * A path from a format of texts that must consist of what paths may have;
 * says so and returns false otherwise. DST has CLI_PATH_MAX bytes.
 */
bool cli_path(
    char *dst, const char *before, const char *operand, const char *after);

/* The only operand, or the N-th (from 0); NULL after saying that it lacks. */
const char *cli_need_operand(
    const struct cli_args *args, int n, const char *what);

/* A member whose value is an option's, when it was given. */
void cli_member(struct wd_jtext *j, const struct cli_args *args,
    const char *key, const char *option);

/* Reads a file, "-" for standard input, as a secret. Says what is wrong. */
bool cli_read_secret(const char *name, size_t max, struct wd_secret **ret);

/* Deletes what the only operand names below the path BEFORE. */
enum cli_exit cli_delete(
    const struct cli_args *args, const char *before, const char *what);

/* ---- what is shown */

/* The bytes of the answer as they are. */
enum cli_exit cli_print_body(const struct cli_online *o);

/* A column or line: the member, and how it is headed. */
struct cli_column {
	const char *member, *head;
	int width; /* of a single thing 0, or CLI_RARE */
};

enum { CLI_RARE = -1 }; /* not shown when it is 0 or null */

/* The answer as JSON where --json was given, else its members by COLUMNS. */
enum cli_exit cli_show(
    const struct cli_online *o, const struct cli_column *c, size_t n);

/* After cli_show(): the member NAME, a document, as it is; nothing with --json,
 * which has shown it. */
enum cli_exit cli_show_document(const struct cli_online *o, const char *name);

/* An array of the answer as a table; the other also heeds --json. */
enum cli_exit cli_show_member(const struct cli_online *o, const char *name,
    const struct cli_column *c, size_t n);
enum cli_exit cli_show_list(
    const struct cli_online *o, const struct cli_column *c, size_t n);

/* All pages of a list: asks PATH with after= until there is no next. Of a verb
 * with these options it begins and ends where they say. */
#define CLI_PAGE_OPTIONS                                                  \
	{ "after", "NAME", "begin behind this one", false },              \
	{                                                                 \
		"limit", "N", "at most so many; says how to go on", false \
	}
enum cli_exit cli_list(struct cli_online *o, const char *path,
    const char *query, const struct cli_column *c, size_t n);

/* Has METHOD at PATH mark what is there for the HSM of the seal, or with --off
 * not any more, and shows it. */
#define CLI_WRAP_OFF                                                        \
	{                                                                   \
		"off", NULL, "the HSM is not needed for it any more", false \
	}
enum cli_exit cli_seal_wrap(const struct cli_args *args, const char *method,
    const char *path, const struct cli_column *lines, size_t n);
