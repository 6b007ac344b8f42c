/*
 * Configuration files, whatever they are of: entries come in order with texts
 * that are UTF-8, and the line that is refused is named.
 */
#include "fuzz.h"

#include "codec/ini.h"
#include "codec/utf8.h"

/* What has been seen. */
struct seen {
	unsigned line, n;
};

static bool
is_text(const char *s)
{
	must(s != NULL);
	for (; *s != '\0'; s++)
		if ((uint8_t)*s < ' ' && *s != '\t')
			return false;
	return true;
}

static int
take(void *ctx, const struct wd_ini_entry *e, struct wd_diag *d)
{
	struct seen *s = ctx;

	must(e->line >= s->line);
	must(is_text(e->section) && is_text(e->name) && is_text(e->value));
	s->line = e->line;
	s->n++;
	if (wd_span_is(wd_span_text(e->name), "refused"))
		return wd_reject(d, WD_R_RANGE, "%s", e->value);
	if (wd_span_is(wd_span_text(e->name), "broken"))
		return wd_fault(d, WD_F_BUG, "%s", e->value);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen s = { 0, 0 };
	struct wd_diag d = { 0 };
	int r = wd_ini_read(wd_span(data, size), take, &s, &d);

	must(r == 0 || d.detail[0] != '\0');
	must(r == 0 || r == WD_R_MALFORMED || r == WD_R_RANGE ||
	    r == WD_R_TOO_LARGE || r == WD_F_BUG);
	fuzz_accepted |= r == 0 && s.n > 0;
	return 0;
}
