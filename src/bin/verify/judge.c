/*
 * Judging what a keeper has from a client: the primary's evidence first, then,
 * once it vouches for the text they came in, each device beside it. One that
 * fails fails the whole: there is no best effort.
 */
#include "bin/verify/verify.h"

#include "base/alloc.h"
#include "proto/binding.h"
#include "proto/evidence_devices.h"
#include "proto/init_data.h"
#include "verify/bundle.h"

/* Computed from typed fields: nobody hands verify a digest. What is judged for
 * an admin is bound to nothing, and no session comes of it. */
static int
binding(const struct wd_msg_appraise_ask *m, enum wd_tee tee,
    uint8_t ret[WD_BINDING_MAX], size_t *ret_len, struct wd_diag *d)
{
	const struct wd_bound b = {
		.door = (enum wd_door)m->door,
		.tee = tee,
		.challenge = m->challenge,
		.key = { .curve = (enum wd_pkey_alg)m->key_curve,
		    .alg = (enum wd_jwe_alg)m->key_alg,
		    .x = m->key_x,
		    .y = m->key_y,
		    .n = m->key_n,
		    .e = m->key_e },
		.additional = m->additional,
	};
	int r;

	*ret_len = 0;
	if (b.door == WD_DOOR_ADMIN)
		return 0;
	if ((r = wd_binding(&b, ret, ret_len)) == 0)
		return 0;
	return r < 0 ? wd_fault(d, (enum wd_faults)r, "cannot bind")
		     : wd_reject(d, (enum wd_reason)r,
			   "this door binds no such key to such evidence");
}

static int
judge_bundle(struct verify *v, const struct wd_msg_appraise_ask *m,
    enum wd_tee tee, struct wd_span bundle, struct wd_claims *ret,
    struct wd_diag *d)
{
	struct wd_inputs in = { 0 };
	uint8_t bound[WD_BINDING_MAX];
	size_t len;
	int r;

	if ((r = binding(m, tee, bound, &len, d)) != 0)
		return r;
	if ((r = wd_bundle_read(bundle, &in, d)) != 0)
		return r;
	if (v->snapshot.p != NULL) {
		r = wd_snapshot_select(v->v, v->snapshot, tee, m->at, &in, d);
		if (r != 0)
			return r;
	}
	return wd_appraise(v->v, tee, &in, m->at, wd_span(bound, len), ret, d);
}

static int
judge_devices(struct verify *v, const struct wd_msg_appraise_ask *m,
    const struct wd_devices *all, struct wd_claims *claims, struct wd_diag *d)
{
	WD_AUTO(wd_freep) struct wd_claims *said = NULL;
	int r;

	if (all->n == 0)
		return 0;
	said = wd_alloc_array(all->n, sizeof(*said));
	if (said == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for devices");
	for (size_t i = 0; i < all->n; i++) {
		r = judge_bundle(v, m, all->at[i].tee,
		    wd_bytes_span(all->at[i].bundle), &said[i], d);
		if (r != 0)
			return r;
	}
	return wd_devices_join(claims, said, all->n, claims, d);
}

/* A session's key lives in the primary: no device can be one. */
static int
check_primary(const struct wd_msg_appraise_ask *m, struct wd_diag *d)
{
	enum wd_tee tee = (enum wd_tee)m->tee;

	if (!wd_tee_is_number(m->tee) || !wd_tee_is_judged(tee))
		return wd_reject(d, WD_R_TEE_NOT_SUPPORTED,
		    "evidence of this TEE cannot be judged here");
	if (wd_tee_is_device(tee) && m->door != WD_DOOR_ADMIN)
		return wd_reject(d, WD_R_TEE_NOT_SUPPORTED,
		    "a device is no place for a key: its evidence comes "
		    "beside a TEE's");
	return 0;
}

int
verify_judge(struct verify *v, const struct wd_msg_appraise_ask *m,
    struct wd_claims *ret, struct wd_diag *d)
{
	WD_AUTO(wd_devices_done) struct wd_devices devices = { 0 };
	struct wd_claims claims = { 0 };
	int r;

	if ((r = check_primary(m, d)) != 0 ||
	    (r = judge_bundle(
		 v, m, (enum wd_tee)m->tee, m->evidence, &claims, d)) != 0 ||
	    (r = wd_devices_read(m->additional, &devices, d)) != 0 ||
	    (r = judge_devices(v, m, &devices, &claims, d)) != 0)
		return r;
	if (m->init_data.len > 0 &&
	    (r = wd_init_data_judge(
		 (enum wd_tee)m->tee, m->init_data, &claims, d)) != 0)
		return r;
	*ret = claims;
	return 0;
}
