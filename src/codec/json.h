/*
 * The only door to the JSON library. Parsing is strict: UTF-8, no duplicate
 * members, no NUL, depth at most 16, at most 1 MiB of text and 65,536 values,
 * one value and nothing behind it. Objects are read by taking members; a
 * member nobody took is an error.
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

enum { WD_JSON_DEPTH = 16, WD_JSON_BYTES = 1 << 20, WD_JSON_VALUES = 65536 };

/*
 * Hands the library our allocator and a random seed for its tables. Call it
 * before the sandbox closes; the first parse does it otherwise. 0 or a fault.
 */
int wd_json_init(void) WD_MUST_USE;

/*
 * 0, WD_R_MALFORMED, WD_R_TOO_LARGE, or a fault. Depth and size are checked
 * before the library parses. The document does not refer to TEXT afterwards.
 */
int wd_json_parse(struct wd_span text, struct wd_diag *d, struct wd_json **ret)
    WD_MUST_USE;
struct wd_json *wd_json_free(struct wd_json *doc);
void wd_json_freep(struct wd_json **doc);
const struct wd_jval *wd_json_root(const struct wd_json *doc);

/*
 * RFC 8785 text of a value. 0 or a fault; integers of more than 53 bits and
 * numbers written with a fraction or an exponent are WD_R_MALFORMED.
 */
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
bool wd_jval_int(const struct wd_jval *v, int64_t *ret);
bool wd_jval_bool(const struct wd_jval *v, bool *ret);
size_t wd_jval_count(const struct wd_jval *v); /* of an array; 0 else */
const struct wd_jval *wd_jval_at(
    const struct wd_jval *v, size_t i); /* NULL past the end */

/* The member of that name; NULL when absent or V is no object. */
const struct wd_jval *wd_jval_get(const struct wd_jval *v, const char *name);

/*
 * Walks the members of an object in their order in the text: start with a
 * zeroed walk; false at the end.
 */
struct wd_jwalk {
	void *at;
	const char *name;
	const struct wd_jval *value;
};
size_t wd_jval_members(const struct wd_jval *v); /* of an object; 0 else */
bool wd_jval_walk(const struct wd_jval *v, struct wd_jwalk *w);

enum { WD_JOBJ_TAKES = 40 };

/* Reading an object with a check that nothing is left. */
struct wd_jobj {
	const struct wd_jval *v;
	struct wd_diag *d;
	const char *what; /* how messages name the object */
	int result;       /* first error */
	bool fold_case;   /* names match in either case (ISecL clients) */
	size_t n_taken;
	const char *taken[WD_JOBJ_TAKES]; /* members the caller has taken */
};

void wd_jobj_open(struct wd_jobj *o, const struct wd_jval *v, struct wd_diag *d,
    const char *what);

/*
 * From here on member names match without regard to ASCII case. Two members
 * that match one name are WD_R_MALFORMED.
 */
void wd_jobj_fold_case(struct wd_jobj *o);

/* Takes a member of any type; NULL when absent. NAME must outlive O; at most
 * WD_JOBJ_TAKES members, none twice (asserted). */
const struct wd_jval *wd_jobj_take(
    struct wd_jobj *o, const char *name, enum wd_presence p);

/*
 * Typed takes. MAX is the longest text in bytes, the largest number, the most
 * elements; beyond it is WD_R_RANGE. What is absent or wrong reads as an empty
 * text, 0, NULL, zero bytes.
 */
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
