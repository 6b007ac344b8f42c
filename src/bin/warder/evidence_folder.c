/*
 * Collateral for evidence that is judged offline, from a folder as `warder
 * collateral import` reads it.
 */
#include "bin/warder/documents.h"
#include "bin/warder/evidence.h"

#include "base/alloc.h"
#include "sys/file.h"

#include <fcntl.h>

/* What was given by itself, or was found for this TEE alone, stays. */
static int
read_one(struct evidence_request *q, int dir, const struct cli_document *doc,
    struct wd_diag *d)
{
	int which = wd_part_by_name(wd_span_text(doc->role));
	struct wd_diag why = { 0 };
	int r;

	if (which < 0)
		return wd_fault(d, WD_F_BUG, "no role %s", doc->role);
	if (q->part[which] != NULL)
		return 0;
	r = wd_file_read(dir, doc->file, wd_part_max((enum wd_part)which),
	    &q->part[which], &why);
	if (r == 0 || r == WD_R_NOT_FOUND)
		return 0;
	if (r == WD_R_TOO_LARGE)
		return wd_reject(
		    d, WD_R_MALFORMED, "%s: %s", doc->file, why.detail);
	return wd_fault(d, WD_F_SYSTEM, "%s: %s", doc->file, why.detail);
}

static size_t
count(const struct evidence_request *q)
{
	size_t n = 0;

	for (size_t i = 0; i < WD_IN_COUNT; i++)
		n += q->part[i] != NULL;
	return n;
}

static int
read_all(
    struct evidence_request *q, int dir, enum wd_tee tee, struct wd_diag *d)
{
	size_t n;
	const struct cli_document *docs = cli_documents(&n);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (docs[i].tee == tee)
			r = read_one(q, dir, &docs[i], d);
	return r;
}

int
evidence_folder(
    struct evidence_request *q, const char *folder, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int dir = -1;
	size_t had = count(q);
	int r;

	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return wd_fault_errno(d, "%s", folder);
	if ((r = read_all(q, dir, wd_tee_hardware(q->tee), d)) != 0 ||
	    (r = read_all(q, dir, WD_TEE_NONE, d)) != 0)
		return r;
	return count(q) > had ? 0
			      : wd_fault(d, WD_F_SYSTEM,
				    "%s: there is no collateral in it", folder);
}
