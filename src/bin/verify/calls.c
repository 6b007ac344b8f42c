/*
 * What a keeper may ask. Evidence, documents and keys are the world's: they
 * can be wrong in any way and are answered. The frame around them is the
 * keeper's, and one that is malformed ends it.
 */
#include "bin/verify/verify.h"

#include "crypto/tpm_credential.h"
#include "sys/file.h"
#include "sys/log.h"
#include "verify/tpm/ek.h"

#include <unistd.h>

enum { SNAPSHOT_MAX = 64 << 20 };

/* ---- APPRAISE */

static int
appraise(struct verify *v, const struct wd_frame *f, struct wd_diag *d)
{
	struct wd_msg_appraise_ask m;
	struct wd_msg_claims reply = { 0 };
	struct wd_claims claims = { 0 };
	struct wd_diag why = { 0 };
	int r;

	if (wd_msg_read(f->body, &wd_msg_appraise_ask_type, &m) != 0)
		return wd_fault(d, WD_F_PEER, "malformed APPRAISE");
	r = verify_judge(v, &m, &claims, &why);
	reply.flat = wd_claims_flat(&claims);
	return wd_peer_reply(
	    &v->keeper, WD_CALL_APPRAISE, f->request, r, why.detail, &reply);
}

/* ---- SNAPSHOT */

/* The new one is whole and checked before the old one goes. */
static int
replace_snapshot(struct verify *v, int fd, const struct wd_msg_snapshot *m,
    struct wd_diag *d)
{
	struct wd_span map;
	int r;

	if (m->size > SNAPSHOT_MAX)
		return wd_reject(
		    d, WD_R_TOO_LARGE, "the snapshot is too large");
	if ((r = wd_memfd_map(fd, (size_t)m->size, &map, d)) != 0)
		return r;
	if (wd_snapshot_check(map) != 0) {
		wd_memfd_unmap(map);
		return wd_reject(
		    d, WD_R_MALFORMED, "the snapshot is malformed");
	}
	wd_memfd_unmap(v->snapshot);
	v->snapshot = map;
	return 0;
}

static int
snapshot(struct verify *v, const struct wd_frame *f, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int fd = f->fd;
	struct wd_msg_snapshot m;
	struct wd_diag why = { 0 };
	int r;

	if (wd_msg_read(f->body, &wd_msg_snapshot_type, &m) != 0)
		return wd_fault(d, WD_F_PEER, "malformed SNAPSHOT");
	r = replace_snapshot(v, fd, &m, &why);
	if (r == 0)
		wd_log(WD_LOG_DEBUG, "snapshot_taken", NULL);
	else
		wd_log_result("snapshot_refused", r, &why);
	return wd_peer_reply(
	    &v->keeper, WD_CALL_SNAPSHOT, f->request, r, why.detail, NULL);
}

/* ---- DOC_CHECK */

static int
check(struct verify *v, const struct wd_msg_doc_check *m,
    struct wd_doc_info *ret, struct wd_diag *d)
{
	if (m->role >= WD_IN_COUNT)
		return wd_reject(
		    d, WD_R_UNSUPPORTED, "no document of this kind is known");
	return wd_doc_check(
	    v->v, (enum wd_part)m->role, m->doc, m->chain, m->at, ret, d);
}

static int
doc_check(struct verify *v, const struct wd_frame *f, struct wd_diag *d)
{
	struct wd_msg_doc_check m;
	struct wd_msg_doc_info reply = { 0 };
	struct wd_doc_info info = { 0 };
	struct wd_diag why = { 0 };
	int r;

	if (wd_msg_read(f->body, &wd_msg_doc_check_type, &m) != 0)
		return wd_fault(d, WD_F_PEER, "malformed DOC_CHECK");
	r = check(v, &m, &info, &why);
	reply = (struct wd_msg_doc_info){
		.tee = (uint8_t)info.id.tee,
		.scope = WD_SPAN(info.id.scope),
		.issued = info.issue_date,
		.next_update = info.next_update,
		.evaluation_number = info.evaluation_number,
		.software = info.software,
	};
	return wd_peer_reply(
	    &v->keeper, WD_CALL_DOC_CHECK, f->request, r, why.detail, &reply);
}

/* ---- EK_CHECK */

/* The credential is made here, so that no other role takes in a key that a
 * stranger has sent. Verify could lie about the key all the same. */
static int
check_ek(struct verify *v, const struct wd_msg_ek_check *m,
    struct wd_tpm_ek *ret, struct wd_bytes **ret_credential,
    struct wd_bytes **ret_secret, struct wd_diag *d)
{
	const struct wd_tpm_pair pair = {
		.certificates = m->certificates,
		.ek = m->ek,
		.ak = m->ak,
		.snapshot = v->snapshot,
	};
	int r = wd_tpm_ek_check(v->v, &pair, m->at, ret, d);

	if (r != 0)
		return r;
	r = wd_tpm_make_credential(ret->key,
	    wd_span(ret->ak_name, ret->ak_name_len), m->secret, ret_credential,
	    ret_secret);
	if (r < 0)
		return wd_fault(d, (enum wd_faults)r, "no credential");
	return r == 0 ? 0
		      : wd_reject(d, (enum wd_reason)r,
			    "no credential can be made for such a key");
}

static int
ek_check(struct verify *v, const struct wd_frame *f, struct wd_diag *d)
{
	WD_AUTO(wd_tpm_ek_done) struct wd_tpm_ek ek = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *credential = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *secret = NULL;
	struct wd_msg_ek_check m;
	struct wd_msg_ek_info reply = { 0 };
	struct wd_diag why = { 0 };
	int r;

	if (wd_msg_read(f->body, &wd_msg_ek_check_type, &m) != 0)
		return wd_fault(d, WD_F_PEER, "malformed EK_CHECK");
	r = check_ek(v, &m, &ek, &credential, &secret, &why);
	wd_copy(reply.ek.b, WD_SPAN(ek.sha256));
	reply.ak_name = wd_span(ek.ak_name, ek.ak_name_len);
	reply.untrusted = (uint16_t)ek.untrusted;
	reply.why = wd_span_text(ek.why.detail);
	reply.ends = ek.ends;
	reply.software = ek.software;
	reply.credential = wd_bytes_span(credential);
	reply.secret = wd_bytes_span(secret);
	return wd_peer_reply(
	    &v->keeper, WD_CALL_EK_CHECK, f->request, r, why.detail, &reply);
}

static const struct {
	enum wd_call call;
	int (*run)(
	    struct verify *v, const struct wd_frame *f, struct wd_diag *d);
} handlers[] = {
	{ WD_CALL_APPRAISE, appraise },
	{ WD_CALL_SNAPSHOT, snapshot },
	{ WD_CALL_DOC_CHECK, doc_check },
	{ WD_CALL_EK_CHECK, ek_check },
};

int
verify_call(struct verify *v, const struct wd_frame *f,
    const struct wd_call_row *row, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_N(handlers); i++)
		if (handlers[i].call == row->id)
			return handlers[i].run(v, f, d);
	return wd_fault(d, WD_F_PEER, "%s is not for verify", row->name);
}
