/*
 * A token, one number a byte.
 */
#include "proto/evidence_cca.h"

enum { TOKEN_MAX = 32768 };

static bool
take_bytes(const struct wd_jval *array, uint8_t *dst)
{
	size_t n = wd_jval_count(array);

	for (size_t i = 0; i < n; i++) {
		uint64_t v;

		if (!wd_jval_uint(wd_jval_at(array, i), UINT8_MAX, &v))
			return false;
		dst[i] = (uint8_t)v;
	}
	return n > 0;
}

int
wd_evidence_read_cca(struct wd_jobj *o, struct wd_wr *bundle)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *token = NULL;
	const struct wd_jval *array =
	    wd_jobj_array(o, "token", WD_REQUIRED, TOKEN_MAX);

	if (o->result != 0)
		return 0;
	if ((token = wd_bytes_new(wd_jval_count(array))) == NULL)
		return WD_F_MEMORY;
	if (take_bytes(array, token->p))
		wd_bundle_add(bundle, WD_IN_TOKEN, wd_bytes_span(token));
	else
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "member \"token\" is not an array of bytes");
	return 0;
}

void
wd_evidence_write_cca(struct wd_jtext *j, const struct wd_inputs *in)
{
	struct wd_span token = in->part[WD_IN_TOKEN];

	wd_jtext_object(j);
	wd_jtext_key(j, "token");
	wd_jtext_array(j);
	for (size_t i = 0; i < token.len; i++)
		wd_jtext_uint(j, token.p[i]);
	wd_jtext_end(j);
	wd_jtext_end(j);
}
