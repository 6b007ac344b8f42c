/*
 * The kinds of backends there are. Rows are added here and in rows.c.
 */
#include "backend/backend.h"
#include "backend/kmip_form.h"
#include "backend/pkcs11_form.h"
#include "backend/vault_form.h"

/* Ends with NULL. */
static const struct wd_backend_form *const forms[] = {
	&wd_backend_vault_form,
	&wd_backend_kmip_form,
	&wd_backend_pkcs11_form,
	NULL,
};

const struct wd_backend_form *const *
wd_backend_forms(size_t *ret_n)
{
	*ret_n = WD_N(forms) - 1;
	return forms;
}
