/*
 * Everything that is served: the one table of methods, paths, listeners and
 * bodies.
 */
#include "bin/front/front.h"

#define GET WD_METHOD_GET
#define POST WD_METHOD_POST
#define PUT WD_METHOD_PUT
#define DELETE WD_METHOD_DELETE

static const char *const json[] = { "application/json", NULL };
static const char *const pem[] = { "application/x-pem-file", NULL };
static const char *const bytes[] = { "application/octet-stream", NULL };

static const struct wd_route routes[] = {
	{ GET, "/healthz", front_healthz, WD_DOOR_NONE, FRONT_BOTH, 0, NULL },
	{ GET, "/readyz", front_readyz, WD_DOOR_NONE, FRONT_BOTH, 0, NULL },
	{ GET, "/metrics", front_metrics, WD_DOOR_NONE, FRONT_ADMIN, 0, NULL },

	{ POST, "/kbs/v0/auth", front_coco_auth, WD_DOOR_COCO, FRONT_BOTH, 4096,
	    json },
	{ POST, "/kbs/v0/attest", front_coco_attest, WD_DOOR_COCO, FRONT_BOTH,
	    256 * 1024, json },
	{ GET, "/kbs/v0/resource/**", front_coco_resource, WD_DOOR_COCO,
	    FRONT_BOTH, 0, NULL },
	{ GET, "/kbs/v0/warder/leases", front_coco_leases, WD_DOOR_COCO,
	    FRONT_BOTH, 0, NULL },
	{ POST, "/kbs/v0/warder/tpm/enrol", front_tpm_enrol, WD_DOOR_COCO,
	    FRONT_BOTH, 65536, json },
	{ POST, "/kbs/v0/warder/tpm/enrolment", front_tpm_enrolment,
	    WD_DOOR_COCO, FRONT_BOTH, 4096, json },
	{ POST, "/kbs/v0/warder/keys/*/encrypt", front_use, WD_DOOR_COCO,
	    FRONT_BOTH, 65536, json },
	{ POST, "/kbs/v0/warder/keys/*/decrypt", front_use, WD_DOOR_COCO,
	    FRONT_BOTH, 65536, json },
	{ POST, "/kbs/v0/warder/keys/*/datakey", front_use, WD_DOOR_COCO,
	    FRONT_BOTH, 65536, json },
	{ POST, "/kbs/v0/warder/keys/*/sign", front_use, WD_DOOR_COCO,
	    FRONT_BOTH, 65536, json },
	{ POST, "/kbs/v0/warder/keys/*/verify", front_use, WD_DOOR_COCO,
	    FRONT_BOTH, 65536, json },
	{ POST, "/kbs/v0/resource/**", front_coco_put, WD_DOOR_COCO,
	    FRONT_ADMIN, 65536, NULL },
	{ DELETE, "/kbs/v0/resource/**", front_coco_delete, WD_DOOR_COCO,
	    FRONT_ADMIN, 0, NULL },
	{ GET | POST, "/kbs/v0/resource-policy", front_coco_policy,
	    WD_DOOR_COCO, FRONT_ADMIN, 65536, NULL },
	{ GET | POST, "/kbs/v0/attestation-policy", front_coco_policy,
	    WD_DOOR_COCO, FRONT_ADMIN, 65536, NULL },
	{ POST, "/kbs/v0/reference-value", front_coco_reference, WD_DOOR_COCO,
	    FRONT_ADMIN, 65536, NULL },
	{ GET, "/kbs/v0/reference-value/*", front_coco_reference, WD_DOOR_COCO,
	    FRONT_ADMIN, 0, NULL },

	{ GET, "/kbs/v1/version", front_isecl_version, WD_DOOR_ISECL,
	    FRONT_BOTH, 0, NULL },
	{ POST, "/kbs/v1/keys", front_isecl_key_create, WD_DOOR_ISECL,
	    FRONT_ADMIN, 128 * 1024, json },
	{ GET, "/kbs/v1/keys", front_isecl_key_list, WD_DOOR_ISECL, FRONT_ADMIN,
	    0, NULL },
	{ GET, "/kbs/v1/keys/*", front_isecl_key_show, WD_DOOR_ISECL,
	    FRONT_ADMIN, 0, NULL },
	{ DELETE, "/kbs/v1/keys/*", front_isecl_key_delete, WD_DOOR_ISECL,
	    FRONT_ADMIN, 0, NULL },
	{ POST, "/kbs/v1/key-transfer-policies", front_isecl_policy_create,
	    WD_DOOR_ISECL, FRONT_ADMIN, 256 * 1024, json },
	{ GET, "/kbs/v1/key-transfer-policies", front_isecl_policy_list,
	    WD_DOOR_ISECL, FRONT_ADMIN, 0, NULL },
	{ GET, "/kbs/v1/key-transfer-policies/*", front_isecl_policy_show,
	    WD_DOOR_ISECL, FRONT_ADMIN, 0, NULL },
	{ PUT, "/kbs/v1/key-transfer-policies/*", front_isecl_policy_put,
	    WD_DOOR_ISECL, FRONT_ADMIN, 256 * 1024, json },
	{ DELETE, "/kbs/v1/key-transfer-policies/*", front_isecl_policy_delete,
	    WD_DOOR_ISECL, FRONT_ADMIN, 0, NULL },

	{ POST, "/kbs/v1/keys/*", front_isecl_release, WD_DOOR_ISECL,
	    FRONT_BOTH, 65536, NULL },
	{ POST, "/kbs/v1/keys/*/transfer", front_isecl_release, WD_DOOR_ISECL,
	    FRONT_BOTH, 256 * 1024, NULL },
	{ GET, "/kbs/v1/keys/*/dhsm2-transfer", front_isecl_release,
	    WD_DOOR_ISECL, FRONT_BOTH, 0, NULL },
	{ POST, "/kbs/v1/session", front_isecl_release, WD_DOOR_ISECL,
	    FRONT_BOTH, 256 * 1024, NULL },
	{ GET | POST, "/kbs/v1/saml-certificates", front_isecl_reports,
	    WD_DOOR_ISECL, FRONT_ADMIN, 65536, NULL },
	{ GET | POST, "/kbs/v1/tpm-identity-certificates", front_isecl_reports,
	    WD_DOOR_ISECL, FRONT_ADMIN, 65536, NULL },

	{ GET, "/admin/v1/status", front_admin_status, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ POST, "/admin/v1/unseal", front_admin_unseal, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 8192, json },
	{ POST, "/admin/v1/seal", front_admin_seal, WD_DOOR_ADMIN, FRONT_ADMIN,
	    0, NULL },
	{ POST, "/admin/v1/keyring/rotate", front_admin_keyring_rotate,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 0, NULL },
	{ POST, "/admin/v1/seal/migrate", front_admin_seal_migrate,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 16384, json },
	{ POST, "/admin/v1/keys", front_admin_key_create, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 128 * 1024, json },
	{ GET, "/admin/v1/keys", front_admin_key_list, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ GET, "/admin/v1/keys/*", front_admin_key_show, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ DELETE, "/admin/v1/keys/*", front_admin_key_delete, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ PUT, "/admin/v1/keys/*/policy", front_admin_key_policy, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 4096, json },
	{ PUT, "/admin/v1/keys/*/unwrap", front_admin_key_unwrap, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 4096, json },
	{ PUT, "/admin/v1/keys/*/seal-wrap", front_admin_key_hsm, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 4096, json },
	{ POST, "/admin/v1/keys/*/rotate", front_admin_key_rotate,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 8192, json },
	{ POST, "/admin/v1/keys/*/csr", front_admin_key_csr, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 8192, json },
	{ POST, "/admin/v1/keys/*/encrypt", front_admin_key_use, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 65536, json },
	{ POST, "/admin/v1/keys/*/decrypt", front_admin_key_use, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 65536, json },
	{ POST, "/admin/v1/keys/*/datakey", front_admin_key_use, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 65536, json },
	{ POST, "/admin/v1/keys/*/sign", front_admin_key_use, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 65536, json },
	{ POST, "/admin/v1/keys/*/verify", front_admin_key_use, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 65536, json },
	{ GET, "/admin/v1/keys/*/certificate", front_admin_key_chain,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 0, NULL },
	{ PUT, "/admin/v1/keys/*/certificate", front_admin_key_set_chain,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 32768, pem },
	{ POST, "/admin/v1/policies", front_admin_policy_add, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 256 * 1024, json },
	{ GET, "/admin/v1/policies", front_admin_policy_list, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ GET, "/admin/v1/policies/*", front_admin_policy_show, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ PUT, "/admin/v1/policies/*", front_admin_policy_put, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 256 * 1024, json },
	{ DELETE, "/admin/v1/policies/*", front_admin_policy_delete,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 0, NULL },
	{ POST, "/admin/v1/reference-values", front_admin_reference_add,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 256 * 1024, json },
	{ GET, "/admin/v1/reference-values", front_admin_reference_list,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 0, NULL },
	{ GET, "/admin/v1/reference-values/*", front_admin_reference_show,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 0, NULL },
	{ PUT, "/admin/v1/reference-values/*", front_admin_reference_put,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 256 * 1024, json },
	{ DELETE, "/admin/v1/reference-values/*", front_admin_reference_delete,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 0, NULL },
	{ POST, "/admin/v1/explain", front_admin_explain, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 512 * 1024, json },
	{ PUT, "/admin/v1/bindings/**", front_admin_bind, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 4096, json },
	{ DELETE, "/admin/v1/bindings/**", front_admin_unbind, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ POST, "/admin/v1/backups", front_admin_backup_begin, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ GET, "/admin/v1/backups/*/rows", front_admin_backup_rows,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 0, NULL },
	{ POST, "/admin/v1/backups/*/manifest", front_admin_backup_end,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 4096, json },
	{ GET, "/admin/v1/secrets", front_admin_secret_list, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ PUT, "/admin/v1/secrets/**", front_admin_secret_put, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 65536, bytes },
	{ POST, "/admin/v1/secrets/**", front_admin_secret_hsm, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 4096, json },
	{ GET, "/admin/v1/secrets/**", front_admin_secret_get, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ DELETE, "/admin/v1/secrets/**", front_admin_secret_delete,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 0, NULL },
	{ GET, "/admin/v1/collateral", front_admin_collateral_list,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 0, NULL },
	{ PUT, "/admin/v1/collateral/*", front_admin_collateral_put,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 1024 * 1024, json },
	{ GET, "/admin/v1/collateral/*", front_admin_collateral_show,
	    WD_DOOR_ADMIN, FRONT_ADMIN, 0, NULL },
	{ POST, "/admin/v1/tokens", front_admin_token_create, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 8192, json },
	{ GET, "/admin/v1/tokens", front_admin_token_list, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ DELETE, "/admin/v1/tokens/*", front_admin_token_revoke, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ POST, "/admin/v1/tpms", front_admin_tpm_add, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 8192, json },
	{ GET, "/admin/v1/tpms", front_admin_tpm_list, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ DELETE, "/admin/v1/tpms/*", front_admin_tpm_remove, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ GET, "/admin/v1/leases", front_admin_lease_list, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 0, NULL },
	{ POST, "/admin/v1/revocations", front_admin_revoke, WD_DOOR_ADMIN,
	    FRONT_ADMIN, 8192, json },
	{ GET, "/admin/v1/audit", front_admin_audit, WD_DOOR_ADMIN, FRONT_ADMIN,
	    0, NULL },
};

const struct wd_route *
front_routes(size_t *ret_n)
{
	*ret_n = WD_N(routes);
	return routes;
}

static bool
starts_with(struct wd_span s, const char *prefix)
{
	struct wd_span p = wd_span_text(prefix);

	return s.len >= p.len && wd_span_equal(wd_span(s.p, p.len), p);
}

enum wd_door
front_door(const struct wd_request *rq)
{
	if (rq->route != NULL)
		return (enum wd_door)rq->route->door;
	if (starts_with(rq->head.path, "/kbs/v0/"))
		return WD_DOOR_COCO;
	if (starts_with(rq->head.path, "/kbs/v1/"))
		return WD_DOOR_ISECL;
	if (starts_with(rq->head.path, "/admin/"))
		return WD_DOOR_ADMIN;
	return WD_DOOR_NONE;
}
