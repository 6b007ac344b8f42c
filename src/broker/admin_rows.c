/*
 * The table of admin calls: which right each of them needs, and what it does.
 */
#include "broker/admin_in.h"

static const struct wd_admin_row rows[] = {
	{ .call = WD_CALL_KEY_CREATE,
	    .event = WD_EV_KEY_CREATE,
	    .resource = "keys",
	    .action = "create",
	    .action_of = wd_admin_key_create_action,
	    .needs_keys = true,
	    .writes = true,
	    .run = wd_admin_key_create },
	{ .call = WD_CALL_KEY_SHOW,
	    .event = WD_EV_KEY_SHOW,
	    .resource = "keys",
	    .action = "retrieve",
	    .run = wd_admin_key_show },
	{ .call = WD_CALL_KEY_LIST,
	    .event = WD_EV_KEY_LIST,
	    .resource = "keys",
	    .action = "search",
	    .run = wd_admin_key_list },
	{ .call = WD_CALL_KEY_DELETE,
	    .event = WD_EV_KEY_DELETE,
	    .resource = "keys",
	    .action = "delete",
	    .writes = true,
	    .run = wd_admin_key_delete },
	{ .call = WD_CALL_KEY_POLICY,
	    .event = WD_EV_KEY_POLICY,
	    .resource = "keys",
	    .action = "update",
	    .writes = true,
	    .run = wd_admin_key_policy },
	{ .call = WD_CALL_KEY_CSR,
	    .event = WD_EV_KEY_CSR,
	    .resource = "keys",
	    .action = "certify",
	    .needs_keys = true,
	    .run = wd_admin_key_csr },
	{ .call = WD_CALL_KEY_CHAIN,
	    .event = WD_EV_KEY_CHAIN,
	    .resource = "keys",
	    .action = "certify",
	    .writes = true,
	    .run = wd_admin_key_chain },
	{ .call = WD_CALL_SEAL,
	    .event = WD_EV_SEAL,
	    .resource = "server",
	    .action = "seal" },
};

const struct wd_admin_row *
wd_admin_rows(size_t *ret_n)
{
	*ret_n = WD_N(rows);
	return rows;
}

const struct wd_admin_row *
wd_admin_row(enum wd_call call)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (rows[i].call == call)
			return &rows[i];
	return NULL;
}
