/*
 * Long plain texts, lifted out of a JSON text before the library reads it. The
 * library takes 8 ns a byte for them and nothing that it looks for can be in
 * them; evidence is mostly one such text. Inside of codec/json.c.
 */
#pragma once

#include "codec/json.h"

enum {
	WD_JLIFT_LEAST = 256, /* shorter ones stay */
	WD_JLIFT_TEXTS = 8,   /* so do those behind the first few */
};

/* One lifted text: the how manieth text value of the document it is, and its
 * bytes, a view of the text that was given. */
struct wd_jlifted {
	size_t place;
	struct wd_span bytes;
};

struct wd_jlift {
	struct wd_bytes *rest; /* with "" where texts were; NULL: none were */
	size_t n;
	struct wd_jlifted texts[WD_JLIFT_TEXTS];
};

/*
 * Finds them. A text is lifted only as a whole value, and only when it is
 * printable ASCII without an escape, so that what is left is JSON if and only
 * if the whole is. 0 or a fault.
 */
int wd_jlift(struct wd_span text, struct wd_jlift *ret) WD_MUST_USE;
void wd_jlift_done(struct wd_jlift *lift);

/* Walks the text values under a value in the order in which they stand in the
 * text: start with the walk zeroed but for ROOT; NULL at the end. */
struct wd_jtexts {
	const struct wd_jval *root;
	struct wd_jtexts_level {
		const struct wd_jval *v;
		size_t next;
		struct wd_jwalk members;
	} levels[WD_JSON_DEPTH];
	size_t depth;
	bool begun;
};
const struct wd_jval *wd_jtexts_next(struct wd_jtexts *w);
