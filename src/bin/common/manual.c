/*
 * Words after one another. What mdoc(7) would take for a macro is kept off the
 * start of lines.
 */
#include "bin/common/manual.h"

#include <string.h>

void
wd_manual_fill(struct wd_wr *wr, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (column > 0 && column + 1 + len > 72) {
			wd_wr_text(wr, "\n");
			column = 0;
		} else if (column > 0) {
			wd_wr_text(wr, " ");
			column++;
		}
		if (column == 0 && (*text == '.' || *text == '\''))
			wd_wr_text(wr, "\\&");
		wd_wr_bytes(wr, wd_span(text, len));
		column += len;
		text += len;
		/* A sentence's end is a line's end: mdoc sets the space. */
		if (column > 0 && text[0] == ' ' && text[-1] == '.') {
			wd_wr_text(wr, "\n");
			column = 0;
		}
		text += strspn(text, " ");
	}
	wd_wr_text(wr, "\n");
}
