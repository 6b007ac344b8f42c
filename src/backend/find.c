/*
 * Kinds of backends by number and by name.
 */
#include "backend/backend.h"

const struct wd_backend_form *
wd_backend_form(enum wd_backend_kind kind)
{
	size_t n;
	const struct wd_backend_form *const *forms = wd_backend_forms(&n);

	for (size_t i = 0; i < n; i++)
		if (forms[i]->kind == kind)
			return forms[i];
	return NULL;
}

const struct wd_backend_form *
wd_backend_form_by_name(struct wd_span name)
{
	size_t n;
	const struct wd_backend_form *const *forms = wd_backend_forms(&n);

	for (size_t i = 0; i < n; i++)
		if (wd_span_is(name, forms[i]->name))
			return forms[i];
	return NULL;
}
