/*
 * The sets that policies name. What an admin has changed is seen at the next
 * look, since sets are forgotten there with the policies.
 */
#include "broker/references.h"

static const struct wd_reference *
kept(const struct wd_broker *b, struct wd_span name)
{
	for (size_t i = 0; i < b->n_sets; i++)
		if (wd_span_equal(b->sets[i]->name, name))
			return b->sets[i];
	return NULL;
}

/* WD_R_NOT_FOUND, WD_R_TAMPERED, or a fault. */
static int
compile(struct wd_broker *b, struct wd_span name,
    const struct wd_reference **ret, struct wd_diag *d)
{
	WD_AUTO(wd_store_reference_done) struct wd_store_reference row = { 0 };
	WD_AUTO(wd_reference_freep) struct wd_reference *x = NULL;
	char text[WD_REFERENCE_NAME + 1];
	int r;

	if (!wd_span_to_text(name, text, sizeof(text)))
		return wd_fault(d, WD_F_BUG, "a policy names no set");
	r = wd_store_reference_get(b->store, text, &row);
	if (r < 0)
		return wd_fault(d, WD_F_STORE, "%s", wd_store_why(b->store));
	if (r > 0)
		return WD_R_NOT_FOUND;
	r = wd_reference_adopt(wd_bytes_span(row.flat), NULL, &x);
	if (r < 0)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if (r > 0 || !wd_span_equal(x->name, name))
		return wd_reject(d, WD_R_TAMPERED,
		    "the stored reference values do not compile");
	wd_copy(x->version, WD_SPAN(row.version));
	*ret = b->sets[b->n_sets++] = WD_TAKE(x);
	return 0;
}

int
wd_broker_link(struct wd_broker *b, struct wd_policy *p, struct wd_diag *d)
{
	for (size_t i = 0; i < p->n_sets; i++) {
		struct wd_policy_set *s = &p->sets[i];
		int r;

		s->set = kept(b, s->name);
		if (s->set != NULL)
			continue;
		r = compile(b, s->name, &s->set, d);
		if (r != 0 && r != WD_R_NOT_FOUND)
			return r;
	}
	return 0;
}

bool
wd_references_fit(const struct wd_broker *b, const struct wd_policy *p)
{
	return b->n_sets + p->n_sets <= WD_SETS_KEPT;
}

void
wd_references_forget(struct wd_broker *b)
{
	while (b->n_sets > 0) {
		b->n_sets--;
		b->sets[b->n_sets] = wd_reference_free(b->sets[b->n_sets]);
	}
}

void
wd_references_write(const struct wd_policy *p, struct wd_jtext *j)
{
	wd_jtext_array(j);
	for (size_t i = 0; i < p->n_sets; i++) {
		wd_jtext_object(j);
		wd_jtext_key(j, "name");
		wd_jtext_string(j, p->sets[i].name);
		if (p->sets[i].set != NULL) {
			wd_jtext_key(j, "version");
			wd_jtext_hex(j, WD_SPAN(p->sets[i].set->version));
		}
		wd_jtext_end(j);
	}
	wd_jtext_end(j);
}
