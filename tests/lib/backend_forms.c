/*
 * The kinds of backends that tests of the road know, in the place of
 * src/backend/forms.c: folders, which need no server. Of one that can wrap
 * keys every keeper makes a key as it starts, which takes a second.
 */
#include "lib/backend_forms.h"

#include "proto/door.h"

static const struct wd_backend_key keys[] = {
	{ "folder", WD_BACKEND_IS_PATH, .manual = "Where keys lie." },
	{ "mode", WD_BACKEND_IS_WORD, .words = "plain lease wrap",
	    .standard = "plain", .manual = "What a fetch gives." },
	{ "count", WD_BACKEND_IS_NUMBER, .min = 2, .max = 9, .standard = "3",
	    .manual = "A number." },
	{ "strict", WD_BACKEND_IS_BOOL, .standard = "no",
	    .manual = "A switch." },
	{ "note", WD_BACKEND_IS_TEXT, .standard = "", .manual = "A text." },
};

enum {
	CAN = WD_BACKEND_CAN_GENERATE | WD_BACKEND_CAN_BRING |
	    WD_BACKEND_CAN_ATTACH | WD_BACKEND_CAN_LEASE,
};

const struct wd_backend_form t_backend_form = {
	.kind = WD_BACKEND_VAULT,
	.name = "folder",
	.keys = keys,
	.n_keys = WD_N(keys),
	.can = CAN,
	.kinds = 0xffff,
};

const struct wd_backend_form t_backend_form_wraps = {
	.kind = WD_BACKEND_KMIP,
	.name = "wrapping",
	.keys = keys,
	.n_keys = WD_N(keys),
	.can = CAN | WD_BACKEND_CAN_WRAP,
	.kinds = 0xffff,
};

static const struct wd_backend_form *const forms[] = { &t_backend_form,
	&t_backend_form_wraps };

const struct wd_backend_form *const *
wd_backend_forms(size_t *ret_n)
{
	*ret_n = WD_N(forms);
	return forms;
}
