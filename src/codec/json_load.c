/*
 * One text through the parser of the library, so that lack of memory is a
 * fault and nothing else. The library gathers each token in a buffer that
 * grows. Where it cannot grow, a byte is forgotten and the parser goes on: an
 * assertion ends the process, or a text has lost the mark at which its copying
 * was to end. So there is room at hand for the largest that buffer can become.
 * Whoever lacks memory first gets it, and all that was not read yet is NUL from
 * there on, at which the parser stops before anything can grow again.
 */
#include "codec/json_load.h"

#include "base/alloc.h"

#include <errno.h>
#include <jansson.h>

/* The buffer doubles when a token fills it, and a token is no longer than the
 * text it stands in. */
enum { GROWTH = 2 };

/* What is being read; programs that host us may have threads. */
static _Thread_local struct {
	uint8_t *spare, *text; /* text_len * GROWTH and text_len bytes */
	size_t text_len;
	bool lacked;
} now;

void *
wd_json_spare(size_t len)
{
	bool first = !now.lacked;

	if (now.text == NULL)
		return NULL;
	now.lacked = true;
	wd_wipe(now.text, now.text_len);
	return first && len <= now.text_len * GROWTH ? now.spare : NULL;
}

bool
wd_json_is_spare(const void *p)
{
	return p != NULL && p == now.spare;
}

/* True when the library had all the memory it wanted. */
static bool
read_now(json_t **ret, json_error_t *e)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
	int before = errno; /* of which the library makes 0 */
	bool lacked;

	wd_json_memory();
	*ret = json_loadb((const char *)now.text, now.text_len, flags, e);
	errno = before;
	lacked = now.lacked;
	if (lacked)
		json_decref(*ret);
	now.text = now.spare = NULL;
	now.lacked = false;
	return !lacked;
}

int
wd_json_load(struct wd_span text, struct wd_diag *d, struct json_t **ret)
{
	WD_AUTO(wd_freep)
	uint8_t *block = wd_alloc(text.len * (GROWTH + 1));
	json_error_t e = { 0 };
	json_t *root;

	if (block == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for JSON");
	now.spare = block;
	now.text = block + text.len * GROWTH;
	now.text_len = text.len;
	wd_copy(now.text, text);
	if (!read_now(&root, &e))
		return wd_fault(d, WD_F_MEMORY, "no memory for JSON");
	if (root == NULL)
		return wd_reject(d, WD_R_MALFORMED,
		    "no good JSON at byte %d: %s", e.position, e.text);
	*ret = root;
	return 0;
}
