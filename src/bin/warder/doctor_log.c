/*
 * The log, as `warder audit verify` looks at it, with the folder's own word for
 * its key.
 */
#include "bin/warder/doctor.h"

#include "audit/create.h"
#include "audit/verify.h"
#include "sys/file.h"

#include <fcntl.h>

static void
found(void *ctx, const struct wd_log_finding *f)
{
	struct doctor *dr = ctx;

	if (f->kind == WD_LOG_UNSIGNED) {
		doctor_say(dr, DOCTOR_WARNING,
		    "a server signs one within a second; if it has run for "
		    "longer, its log lines say why not",
		    "there is no signed checkpoint");
		return;
	}
	doctor_say(dr, DOCTOR_FAILURE,
	    "keep the log as it is, and warder audit verify it; warder-scribe"
	    "(8) has more",
	    "%s: %.250s", wd_log_finding_name(f->kind), f->text);
}

static int
load_key(struct doctor *dr, struct wd_note_key *ret, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
	int r = wd_file_read(
	    dr->x.log, WD_CHECKPOINT_PUB_FILE, WD_NOTE_KEY_FILE, &text, d);

	if (r == 0)
		r = wd_note_key_read_public(wd_bytes_span(text), ret);
	return r;
}

void
doctor_log(struct doctor *dr)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key key = { 0 };
	struct wd_log_check c = { .key = &key, .found = found, .ctx = dr };
	struct wd_diag d = { 0 };
	int r;

	if (dr->x.state >= 0)
		dr->x.log = openat(
		    dr->x.state, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dr->x.log < 0) {
		doctor_say(dr, DOCTOR_FAILURE,
		    "run warder doctor as root; warder init makes it",
		    "the folder of the log cannot be opened");
		return;
	}
	if ((r = load_key(dr, &key, &d)) == 0)
		r = wd_log_verify(dr->x.log, &c, &d);
	if (r != 0)
		doctor_say(dr, DOCTOR_FAILURE,
		    "without its key and journal nothing can be released",
		    "the log cannot be looked at: %s",
		    d.detail[0] != '\0' ? d.detail
					: wd_reason_row(r)->sentence);
	else if (c.n_findings == 0)
		doctor_say(dr, DOCTOR_OK, "",
		    "%llu entries, and the checkpoint is over them",
		    (unsigned long long)c.entries);
}
