/*
 * Words that name collateral.
 */
#include "proto/admin.h"

#include "codec/hex.h"
#include "verify/appraise.h"

bool
wd_admin_role(struct wd_span name, uint8_t *ret_role)
{
	int role = wd_part_by_name(name);

	if (role < 0 || !wd_part_is_collateral((enum wd_part)role))
		return false;
	*ret_role = (uint8_t)role;
	return true;
}

bool
wd_admin_tee(struct wd_span name, uint8_t *ret_tee)
{
	enum wd_tee tee = wd_tee_by_name(name);

	if (tee == WD_TEE_NONE && name.len > 0 && !wd_span_is(name, "none"))
		return false;
	*ret_tee = (uint8_t)tee;
	return true;
}

bool
wd_admin_class(struct wd_span name, uint8_t *ret_class)
{
	if (name.len == 0 || wd_span_is(name, "standard"))
		*ret_class = 's';
	else if (wd_span_is(name, "early"))
		*ret_class = 'e';
	else
		return false;
	return true;
}

/* TCB info is for a family of platforms, a PCK CRL for one of the two CAs; what
 * other vendors' documents are for has no name, only bytes. */
bool
wd_admin_scope(struct wd_span text, uint8_t role, uint8_t ret_scope[8])
{
	wd_wipe(ret_scope, 8);
	if (text.len == 0)
		return true;
	if (role == WD_IN_TCB_INFO)
		return wd_hex_decode_exact(text, ret_scope, 6) == 0;
	if (role != WD_IN_PCK_CRL)
		return wd_hex_decode_exact(text, ret_scope, 8) == 0;
	if (wd_span_is(text, "processor"))
		ret_scope[0] = 'p';
	else if (wd_span_is(text, "platform"))
		ret_scope[0] = 'P';
	else
		return false;
	return true;
}

static void
write_scope(struct wd_jtext *j, const struct wd_msg_collateral_record *c)
{
	if (c->scope.len != 8) {
		wd_wr_fail(j->wr);
		return;
	}
	wd_jtext_key(j, "scope");
	if (wd_span_is_zero(c->scope))
		wd_jtext_text(j, "");
	else if (c->role == WD_IN_TCB_INFO)
		wd_jtext_hex(j, wd_span(c->scope.p, 6));
	else if (c->role != WD_IN_PCK_CRL)
		wd_jtext_hex(j, c->scope);
	else
		wd_jtext_text(
		    j, c->scope.p[0] == 'p' ? "processor" : "platform");
}

void
wd_admin_document_write(
    struct wd_jtext *j, const struct wd_msg_collateral_record *c)
{
	if (c->role >= WD_IN_COUNT) {
		wd_wr_fail(j->wr);
		return;
	}
	wd_jtext_object(j);
	wd_jtext_key_text(
	    j, "class", c->update_class == 'e' ? "early" : "standard");
	wd_jtext_key_uint(j, "evaluation_number", c->evaluation_number);
	wd_jtext_key(j, "issued");
	wd_jtext_time(j, c->issued);
	wd_jtext_key(j, "next_update");
	wd_jtext_time(j, c->next_update);
	wd_jtext_key_text(j, "role", wd_part_name((enum wd_part)c->role));
	write_scope(j, c);
	wd_jtext_key_uint(j, "size", c->size);
	wd_jtext_key_bool(j, "software", c->software);
	wd_jtext_key_text(j, "tee", wd_tee_name((enum wd_tee)c->tee));
	wd_jtext_end(j);
}
