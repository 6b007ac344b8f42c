/*
 * Writes JSON in the canonical form of RFC 8785 (JCS) without a JSON library:
 * the caller gives members in sorted order (asserted), this adds commas,
 * quotes and escapes. For roles that print JSON but must not parse it.
 *
 *   struct wd_jtext j = wd_jtext(&wr);
 *   wd_jtext_object(&j);
 *   wd_jtext_key(&j, "alg"); wd_jtext_text(&j, "ES256");
 *   wd_jtext_end(&j);
 */
#pragma once

#include "base/wr.h"

enum { WD_JTEXT_DEPTH = 16 };

struct wd_jtext {
	struct wd_wr *wr; /* must outlive this */
	unsigned depth;
	bool is_object[WD_JTEXT_DEPTH];
	bool has_member[WD_JTEXT_DEPTH];
	bool after_key;
	struct wd_span last_key[WD_JTEXT_DEPTH]; /* to assert the order */
};

struct wd_jtext wd_jtext(struct wd_wr *wr);
void wd_jtext_object(struct wd_jtext *j);
void wd_jtext_array(struct wd_jtext *j);
void wd_jtext_end(struct wd_jtext *j); /* of the innermost object or array */

/* KEY is a literal or outlives the object; keys come in byte order. */
void wd_jtext_key(struct wd_jtext *j, const char *key);
void wd_jtext_key_span(struct wd_jtext *j, struct wd_span name);

/* Bytes that are not valid UTF-8 poison the writer. */
void wd_jtext_string(struct wd_jtext *j, struct wd_span utf8);
void wd_jtext_text(struct wd_jtext *j, const char *text);
void wd_jtext_hex(struct wd_jtext *j, struct wd_span bytes);
void wd_jtext_b64(struct wd_jtext *j, struct wd_span bytes);
void wd_jtext_b64url(struct wd_jtext *j, struct wd_span bytes);
void wd_jtext_uint(struct wd_jtext *j, uint64_t v); /* at most 2^53 - 1 */
void wd_jtext_bool(struct wd_jtext *j, bool v);
void wd_jtext_null(struct wd_jtext *j);
void wd_jtext_time(struct wd_jtext *j, int64_t seconds); /* RFC 3339 */

/* A value that is canonical JSON already. */
void wd_jtext_raw(struct wd_jtext *j, struct wd_span json);

/*
 * A string with its quotes and the escapes of RFC 8785, without a wd_jtext
 * around it. Bytes that are not valid UTF-8 poison the writer.
 */
void wd_jtext_quote(struct wd_wr *wr, struct wd_span utf8);

/* Common pairs in one line. */
void wd_jtext_key_text(struct wd_jtext *j, const char *key, const char *text);
void wd_jtext_key_uint(struct wd_jtext *j, const char *key, uint64_t v);
void wd_jtext_key_bool(struct wd_jtext *j, const char *key, bool v);
