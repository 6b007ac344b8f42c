/*
 * The only door to the JSON library. Parsing is strict: UTF-8, no duplicate
 * members, no NUL, depth at most 16, one value and nothing behind it. Objects
 * are read by taking members; a member nobody took is an error.
 *
 *   struct wd_jobj o;
 *   if ((r = wd_json_parse(text, d, &doc)) != 0) return r;
 *   wd_jobj_open(&o, wd_json_root(doc), d, "request");
 *   x.label = wd_jobj_text(&o, "label", WD_OPTIONAL, 128);
 *   if ((r = wd_jobj_close(&o)) != 0) return r;
 *
 * Like the byte cursor, reading is sticky: after the first error everything
 * returns empty values, and wd_jobj_close() tells.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"

struct wd_json; /* a document */
struct wd_jval; /* a value inside one; lives as long as the document */

enum wd_presence { WD_OPTIONAL, WD_REQUIRED };

/* 0, WD_R_MALFORMED, or a fault. Depth is checked before the library parses. */
int wd_json_parse(struct wd_span text, struct wd_diag *d, struct wd_json **ret)
    WD_MUST_USE;
struct wd_json *wd_json_free(struct wd_json *doc);
void wd_json_freep(struct wd_json **doc);
const struct wd_jval *wd_json_root(const struct wd_json *doc);

/* RFC 8785 text of a value. 0 or a fault; numbers outside +-2^53 and
 * fractions are WD_R_MALFORMED. */
int wd_json_canonical(const struct wd_jval *v, struct wd_bytes **ret_text)
    WD_MUST_USE;

enum wd_jtype {
	WD_JNONE,
	WD_JNULL,
	WD_JBOOL,
	WD_JINT,
	WD_JREAL,
	WD_JTEXT,
	WD_JARRAY,
	WD_JOBJECT
};
enum wd_jtype wd_jval_type(const struct wd_jval *v); /* NULL: WD_JNONE */

/* Values directly; false when the type is another. Texts are views. */
bool wd_jval_text(const struct wd_jval *v, struct wd_span *ret);
bool wd_jval_uint(const struct wd_jval *v, uint64_t max, uint64_t *ret);
bool wd_jval_bool(const struct wd_jval *v, bool *ret);
size_t wd_jval_count(const struct wd_jval *v); /* of an array; 0 else */
const struct wd_jval *wd_jval_at(
    const struct wd_jval *v, size_t i); /* NULL past the end */

/* Reading an object with a check that nothing is left. */
struct wd_jobj {
	const struct wd_jval *v;
	struct wd_diag *d;
	const char *what; /* how messages name the object */
	int result;       /* first error */
	size_t taken;     /* members the caller has taken */
	bool fold_case;   /* names match in either case (ISecL clients) */
};

void wd_jobj_open(struct wd_jobj *o, const struct wd_jval *v, struct wd_diag *d,
    const char *what);

/* From here on member names match without regard to ASCII case. */
void wd_jobj_fold_case(struct wd_jobj *o);

/* Takes a member of any type; NULL when absent. */
const struct wd_jval *wd_jobj_take(
    struct wd_jobj *o, const char *name, enum wd_presence p);

/* Typed takes; MAX is the longest text in bytes, or the largest number. */
struct wd_span wd_jobj_text(
    struct wd_jobj *o, const char *name, enum wd_presence p, size_t max);
uint64_t wd_jobj_uint(
    struct wd_jobj *o, const char *name, enum wd_presence p, uint64_t max);
bool wd_jobj_bool(
    struct wd_jobj *o, const char *name, enum wd_presence p, bool otherwise);
const struct wd_jval *wd_jobj_array(
    struct wd_jobj *o, const char *name, enum wd_presence p, size_t max);
const struct wd_jval *wd_jobj_object(
    struct wd_jobj *o, const char *name, enum wd_presence p);
void wd_jobj_hex(struct wd_jobj *o, const char *name, enum wd_presence p,
    void *dst, size_t len);
int64_t wd_jobj_time(
    struct wd_jobj *o, const char *name, enum wd_presence p); /* RFC 3339 */

/* The member is present (taken or not). */
bool wd_jobj_has(const struct wd_jobj *o, const char *name);

/* Records a rejection of the caller's own. */
void wd_jobj_fail(struct wd_jobj *o, enum wd_reason reason, const char *fmt,
    ...) WD_PRINTF(3, 4);

/* 0 when all went well and every member was taken; else the first error:
 * WD_R_MALFORMED, WD_R_UNKNOWN_MEMBER, WD_R_RANGE, or what wd_jobj_fail said.
 */
int wd_jobj_close(struct wd_jobj *o) WD_MUST_USE;

/* As close, but members nobody took are fine (vendors' documents grow). */
int wd_jobj_close_open_world(struct wd_jobj *o) WD_MUST_USE;
