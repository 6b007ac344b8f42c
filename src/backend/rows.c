/*
 * The code of each kind of backend.
 */
#include "backend/backend.h"
#include "backend/kmip.h"
#include "backend/pkcs11.h"
#include "backend/vault.h"

/* Ends with NULL. */
static const struct wd_backend_row *const rows[] = {
	&wd_backend_vault_row,
	&wd_backend_kmip_row,
	&wd_backend_pkcs11_row,
	NULL,
};

const struct wd_backend_row *
wd_backend_row(enum wd_backend_kind kind)
{
	for (size_t i = 0; rows[i] != NULL; i++)
		if (rows[i]->form->kind == kind)
			return rows[i];
	return NULL;
}
