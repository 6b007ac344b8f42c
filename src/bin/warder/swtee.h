/*
 * What the swtee verbs share: options to numbers and bytes by table, and
 * folders.
 */
#pragma once

#include "attest/swtee.h"
#include "bin/warder/args.h"

enum swtee_kind {
	SWTEE_HEX,    /* exactly as many bytes as the field has */
	SWTEE_PADDED, /* at most as many; zeros follow */
	SWTEE_NUMBER, /* decimal; an unsigned field of 2 or 4 bytes */
	SWTEE_TIME,   /* int64_t */
	SWTEE_STATUS, /* enum wd_tcb_status */
	SWTEE_FLAG,   /* bool; the option takes no value */
	SWTEE_TEXT,   /* const char * */
};

/* An option, and the field of a struct that it sets. */
struct swtee_field {
	const char *option;
	enum swtee_kind kind;
	size_t offset, len;
};

#define SWTEE_FIELD(option, kind, type, member)          \
	{                                                \
		option, kind, offsetof(type, member),    \
		    sizeof(((const type *)NULL)->member) \
	}

/* Sets in OBJECT what ARGS has options for. WD_R_MALFORMED, with the option in
 * D. */
int swtee_fields(const struct cli_args *args, const struct swtee_field *fields,
    size_t n_fields, void *object, struct wd_diag *d) WD_MUST_USE;

bool swtee_status(struct wd_span name, enum wd_tcb_status *ret);

/* The folder PATH, or NAME below the folder DIR; CREATE makes it with MODE
 * where there is none. A fault, or WD_R_NOT_FOUND. */
int swtee_folder(int dir, const char *name, bool create, unsigned mode,
    int *ret_fd, struct wd_diag *d) WD_MUST_USE;

/* Opens --dir. As swtee_folder() and wd_swtee_open(). */
int swtee_open(const struct cli_args *args, int *ret_fd, struct wd_swtee **ret,
    struct wd_diag *d) WD_MUST_USE;

/* Which documents to write. */
struct swtee_wanted {
	bool part[WD_IN_COUNT], td_part[WD_IN_COUNT];
};

/* Makes C's documents for T and writes them into `collateral` below DIR; all of
 * them where WANTED is NULL. */
int swtee_write_collateral(const struct wd_swtee *t, int dir,
    const struct wd_swtee_collateral *c, const struct swtee_wanted *wanted,
    struct wd_diag *d) WD_MUST_USE;

/* BYTES to FILE, whole or not at all; NULL: to standard output. */
int swtee_write_out(const char *file, struct wd_span bytes, struct wd_diag *d)
    WD_MUST_USE;

/* Says what went wrong; the status to exit with. */
enum cli_exit swtee_failed(int result, const struct wd_diag *d);
