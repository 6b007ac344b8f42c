/*
 * Reading TCB info and finding a platform's level in it.
 */
#include "verify/intel/tcb_info.h"

#include "base/alloc.h"
#include "codec/hex.h"

#include <stdlib.h>

enum { MODULES_MAX = 64, TEXTS_MAX = 524288 };

static void
module_done(struct wd_tdx_module *m)
{
	wd_svn_levels_done(&m->levels);
}

struct wd_tcb_info *
wd_tcb_info_free(struct wd_tcb_info *t)
{
	if (t == NULL)
		return NULL;
	for (size_t i = 0; i < t->n_modules; i++)
		module_done(&t->modules[i]);
	t->modules = wd_free(t->modules);
	t->level = wd_free(t->level);
	t->texts = wd_bytes_free(t->texts);
	return wd_free(t);
}

void
wd_tcb_info_freep(struct wd_tcb_info **t)
{
	*t = wd_tcb_info_free(*t);
}

struct wd_span
wd_tcb_info_advisories(
    const struct wd_tcb_info *t, const struct wd_tcb_verdict *v)
{
	struct wd_span all = wd_bytes_span(t->texts);

	return wd_span(all.p + v->advisories, v->advisories_len);
}

static bool
reaches(const uint8_t *has, const uint8_t *needs)
{
	for (size_t i = 0; i < WD_TCB_COMPONENTS; i++)
		if (has[i] < needs[i])
			return false;
	return true;
}

bool
wd_tcb_level_sgx_reached(
    const struct wd_tcb_level *level, const struct wd_pck *pck)
{
	return pck->pcesvn >= level->pcesvn &&
	    reaches(pck->components, level->sgx);
}

const struct wd_tcb_level *
wd_tcb_info_find_sgx(const struct wd_tcb_info *t, const struct wd_pck *pck)
{
	for (size_t i = 0; i < t->n_levels; i++)
		if (wd_tcb_level_sgx_reached(&t->level[i], pck))
			return &t->level[i];
	return NULL;
}

/* Version 3: an array of 16 objects with a member svn. */
static void
read_components(
    struct wd_jobj *tcb, const char *name, uint8_t ret[WD_TCB_COMPONENTS])
{
	const struct wd_jval *list =
	    wd_jobj_array(tcb, name, WD_REQUIRED, WD_TCB_COMPONENTS);

	if (tcb->result != 0)
		return;
	if (wd_jval_count(list) != WD_TCB_COMPONENTS) {
		wd_jobj_fail(tcb, WD_R_MALFORMED, "%s: not 16", name);
		return;
	}
	for (size_t i = 0; i < WD_TCB_COMPONENTS; i++) {
		struct wd_jobj one;

		wd_jobj_open(&one, wd_jval_at(list, i), tcb->d, name);
		ret[i] =
		    (uint8_t)wd_jobj_uint(&one, "svn", WD_REQUIRED, UINT8_MAX);
		if (wd_jobj_close_open_world(&one) != 0) {
			wd_jobj_fail(tcb, WD_R_MALFORMED, "%s: bad", name);
			return;
		}
	}
}

/* Version 2: a member for each. */
static void
read_flat_components(struct wd_jobj *tcb, uint8_t ret[WD_TCB_COMPONENTS])
{
	static const char *const names[WD_TCB_COMPONENTS] = {
		"sgxtcbcomp01svn",
		"sgxtcbcomp02svn",
		"sgxtcbcomp03svn",
		"sgxtcbcomp04svn",
		"sgxtcbcomp05svn",
		"sgxtcbcomp06svn",
		"sgxtcbcomp07svn",
		"sgxtcbcomp08svn",
		"sgxtcbcomp09svn",
		"sgxtcbcomp10svn",
		"sgxtcbcomp11svn",
		"sgxtcbcomp12svn",
		"sgxtcbcomp13svn",
		"sgxtcbcomp14svn",
		"sgxtcbcomp15svn",
		"sgxtcbcomp16svn",
	};

	for (size_t i = 0; i < WD_TCB_COMPONENTS; i++)
		ret[i] = (uint8_t)wd_jobj_uint(
		    tcb, names[i], WD_REQUIRED, UINT8_MAX);
}

static int
read_level(const struct wd_jval *v, const struct wd_tcb_info *t,
    struct wd_wr *texts, struct wd_tcb_level *ret, struct wd_diag *d)
{
	struct wd_jobj level, tcb;
	int r;

	wd_jobj_open(&level, v, d, "tcbLevels");
	wd_jobj_open(
	    &tcb, wd_jobj_object(&level, "tcb", WD_REQUIRED), d, "tcb");
	if (t->version == 2)
		read_flat_components(&tcb, ret->sgx);
	else
		read_components(&tcb, "sgxtcbcomponents", ret->sgx);
	if (t->tee == WD_TEE_TDX)
		read_components(&tcb, "tdxtcbcomponents", ret->tdx);
	ret->pcesvn =
	    (uint16_t)wd_jobj_uint(&tcb, "pcesvn", WD_REQUIRED, UINT16_MAX);
	if ((r = wd_jobj_close_open_world(&tcb)) != 0)
		return r;
	ret->verdict = wd_tcb_verdict_read(&level, texts);
	return wd_jobj_close_open_world(&level);
}

/* Highest first: SGX part, TDX part, PCESVN, number by number. */
static int
highest_first(const void *a, const void *b)
{
	const struct wd_tcb_level *x = a, *y = b;
	int r = wd_span_compare(WD_SPAN(y->sgx), WD_SPAN(x->sgx));

	if (r == 0)
		r = wd_span_compare(WD_SPAN(y->tdx), WD_SPAN(x->tdx));
	if (r == 0)
		r = (x->pcesvn < y->pcesvn) - (x->pcesvn > y->pcesvn);
	return r;
}

/*
 * Intel serves levels from the highest down and its library sorts them again,
 * so the order of the document does not count. The same level twice would
 * have no one answer.
 */
static int
sort_levels(struct wd_tcb_info *t, struct wd_diag *d)
{
	qsort(t->level, t->n_levels, sizeof(*t->level), highest_first);
	for (size_t i = 1; i < t->n_levels; i++)
		if (highest_first(&t->level[i - 1], &t->level[i]) == 0)
			return wd_reject(d, WD_R_MALFORMED,
			    "TCB info: the same level twice");
	return 0;
}

static int
read_levels(struct wd_jobj *o, struct wd_tcb_info *t, struct wd_wr *texts,
    struct wd_diag *d)
{
	const struct wd_jval *list =
	    wd_jobj_array(o, "tcbLevels", WD_REQUIRED, WD_LEVELS_MAX);
	size_t n = wd_jval_count(list);
	int r;

	if (o->result != 0)
		return o->result;
	if (n == 0)
		return wd_reject(d, WD_R_MALFORMED, "TCB info: no levels");
	t->level = wd_alloc_array(n, sizeof(*t->level));
	if (t->level == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for TCB levels");
	for (; t->n_levels < n; t->n_levels++) {
		r = read_level(wd_jval_at(list, t->n_levels), t, texts,
		    &t->level[t->n_levels], d);
		if (r != 0)
			return r;
	}
	return sort_levels(t, d);
}

static void
read_module_fields(struct wd_jobj *o, struct wd_tdx_module *m)
{
	wd_jobj_hex(
	    o, "mrsigner", WD_REQUIRED, m->mrsigner, sizeof(m->mrsigner));
	wd_jobj_hex(
	    o, "attributes", WD_REQUIRED, m->attributes, sizeof(m->attributes));
	wd_jobj_hex(o, "attributesMask", WD_REQUIRED, m->attributes_mask,
	    sizeof(m->attributes_mask));
}

/* "TDX_0A": the version in two hexadecimal digits. */
static bool
module_version(struct wd_span id, uint8_t *ret)
{
	return id.len == 6 && wd_span_is(wd_span(id.p, 4), "TDX_") &&
	    wd_hex_decode_exact(wd_span(id.p + 4, 2), ret, 1) == 0;
}

static int
read_module(const struct wd_jval *v, struct wd_wr *texts,
    struct wd_tdx_module *m, struct wd_diag *d)
{
	struct wd_jobj o;
	int r;

	wd_jobj_open(&o, v, d, "tdxModuleIdentities");
	if (!module_version(
		wd_jobj_text(&o, "id", WD_REQUIRED, 16), &m->version))
		wd_jobj_fail(&o, WD_R_MALFORMED, "id: not of the form TDX_01");
	read_module_fields(&o, m);
	if ((r = wd_svn_levels_read(&o, texts, &m->levels, d)) != 0)
		return r;
	return wd_jobj_close_open_world(&o);
}

static bool
module_is_new(const struct wd_tcb_info *t, const struct wd_tdx_module *m)
{
	for (size_t i = 0; i < t->n_modules; i++)
		if (t->modules[i].version == m->version)
			return false;
	return true;
}

static int
read_modules(struct wd_jobj *o, struct wd_tcb_info *t, struct wd_wr *texts,
    struct wd_diag *d)
{
	const struct wd_jval *list =
	    wd_jobj_array(o, "tdxModuleIdentities", WD_OPTIONAL, MODULES_MAX);
	size_t n = wd_jval_count(list);
	int r;

	if (o->result != 0 || n == 0)
		return o->result;
	t->modules = wd_alloc_array(n, sizeof(*t->modules));
	if (t->modules == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for modules");
	for (size_t i = 0; i < n; i++) {
		struct wd_tdx_module m = { 0 };

		r = read_module(wd_jval_at(list, i), texts, &m, d);
		if (r == 0 && !module_is_new(t, &m))
			r = wd_reject(d, WD_R_MALFORMED,
			    "TCB info: the same TDX module twice");
		if (r != 0) {
			module_done(&m);
			return r;
		}
		t->modules[t->n_modules++] = m;
	}
	return 0;
}

static int
read_tdx(struct wd_jobj *o, struct wd_tcb_info *t, struct wd_wr *texts,
    struct wd_diag *d)
{
	struct wd_jobj module;
	int r;

	if (t->tee != WD_TEE_TDX)
		return 0;
	if (wd_jobj_has(o, "tdxModule")) {
		wd_jobj_open(&module,
		    wd_jobj_object(o, "tdxModule", WD_REQUIRED), d,
		    "tdxModule");
		read_module_fields(&module, &t->module);
		if ((r = wd_jobj_close_open_world(&module)) != 0)
			return r;
		t->has_module = true;
	}
	return read_modules(o, t, texts, d);
}

/* Version 2 has no id and is for SGX alone. */
static void
read_id(struct wd_jobj *o, struct wd_tcb_info *t)
{
	struct wd_span id;

	t->tee = WD_TEE_SGX;
	if (t->version == 2)
		return;
	id = wd_jobj_text(o, "id", WD_REQUIRED, 16);
	if (wd_span_is(id, "TDX"))
		t->tee = WD_TEE_TDX;
	else if (!wd_span_is(id, "SGX"))
		wd_jobj_fail(o, WD_R_MALFORMED, "id: neither SGX nor TDX");
}

static void
read_head(struct wd_jobj *o, struct wd_tcb_info *t)
{
	t->version = wd_jobj_uint(o, "version", WD_REQUIRED, UINT32_MAX);
	if (o->result == 0 && t->version != 2 && t->version != 3)
		wd_jobj_fail(o, WD_R_TCB_INFO_VERSION, "version: not 2 or 3");
	read_id(o, t);
	t->issue_date = wd_jobj_time(o, "issueDate", WD_REQUIRED);
	t->next_update = wd_jobj_time(o, "nextUpdate", WD_REQUIRED);
	wd_jobj_hex(o, "fmspc", WD_REQUIRED, t->fmspc, sizeof(t->fmspc));
	wd_jobj_hex(o, "pceId", WD_REQUIRED, t->pceid, sizeof(t->pceid));
	if (wd_jobj_uint(o, "tcbType", WD_REQUIRED, UINT32_MAX) != 0)
		wd_jobj_fail(o, WD_R_MALFORMED, "tcbType: not known");
	t->evaluation_number = (uint32_t)wd_jobj_uint(
	    o, "tcbEvaluationDataNumber", WD_REQUIRED, UINT32_MAX);
}

static int
read_all(const struct wd_jval *root, struct wd_tcb_info *t, struct wd_wr *texts,
    struct wd_diag *d)
{
	struct wd_jobj o;
	int r;

	wd_jobj_open(&o, root, d, "TCB info");
	read_head(&o, t);
	if (o.result != 0)
		return o.result;
	if ((r = read_levels(&o, t, texts, d)) != 0 ||
	    (r = read_tdx(&o, t, texts, d)) != 0)
		return r;
	return wd_jobj_close_open_world(&o);
}

int
wd_tcb_info_parse(
    struct wd_span body, struct wd_tcb_info **ret, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(wd_tcb_info_freep) struct wd_tcb_info *t = wd_alloc(sizeof(*t));
	WD_AUTO(wd_wr_done) struct wd_wr texts = wd_wr_growing(TEXTS_MAX);
	int r;

	if (t == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for TCB info");
	if ((r = wd_json_parse(body, d, &doc)) != 0 ||
	    (r = read_all(wd_json_root(doc), t, &texts, d)) != 0 ||
	    (r = wd_wr_take(&texts, &t->texts)) != 0)
		return r == WD_R_TCB_INFO_VERSION ? r : wd_json_fold(r, d);
	*ret = WD_TAKE(t);
	return 0;
}
