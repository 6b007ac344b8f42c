/*
 * Digests: made here, the holder has no part in them.
 */
#include "bin/pkcs11/state.h"

ck_rv_t
C_DigestInit(ck_session_handle_t session, struct ck_mechanism *mechanism)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = wd_session_take(session, &s);
	const struct wd_mech *mech;

	if (rv != CKR_OK)
		return rv;
	if (mechanism == NULL) {
		rv = s->digest.mech != NULL ? CKR_OK : CKR_ARGUMENTS_BAD;
		wd_op_done(&s->digest);
		return rv;
	}
	if (s->digest.mech != NULL)
		return CKR_OPERATION_ACTIVE;
	mech = wd_mech_find(mechanism->mechanism);
	if (mech == NULL || mech->family != WD_FAMILY_SHA)
		return CKR_MECHANISM_INVALID;
	if (mechanism->parameter_len != 0)
		return CKR_MECHANISM_PARAM_INVALID;
	s->digest = (struct wd_op){ .mech = mech };
	wd_sha2_init(&s->digest.sha, mech->hash);
	return CKR_OK;
}

/* As C_Sign: asking for the length keeps the operation. */
static ck_rv_t
finish(struct wd_op *op, struct wd_span data, unsigned char *digest,
    unsigned long *digest_len)
{
	size_t len = wd_sha2_len(op->mech->hash);
	unsigned long room = *digest_len;
	uint8_t buf[WD_SHA2_MAX];

	*digest_len = len;
	if (digest == NULL)
		return CKR_OK;
	if (room < len)
		return CKR_BUFFER_TOO_SMALL;
	wd_sha2_add(&op->sha, data);
	wd_sha2_end(&op->sha, buf);
	wd_copy(digest, wd_span(buf, len));
	wd_op_done(op);
	return CKR_OK;
}

/* The session, when it is at it. It is to be given back in any case. */
static ck_rv_t
take(ck_session_handle_t session, struct wd_session **ret)
{
	ck_rv_t rv = wd_session_take(session, ret);

	if (rv == CKR_OK && (*ret)->digest.mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	return rv;
}

ck_rv_t
C_Digest(ck_session_handle_t session, unsigned char *data,
    unsigned long data_len, unsigned char *digest, unsigned long *digest_len)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = take(session, &s);

	if (rv != CKR_OK)
		return rv;
	if (digest_len == NULL || (data == NULL && data_len > 0)) {
		wd_op_done(&s->digest);
		return CKR_ARGUMENTS_BAD;
	}
	if (s->digest.updated)
		return CKR_OPERATION_ACTIVE;
	return finish(
	    &s->digest, wd_ck_span(data, data_len), digest, digest_len);
}

ck_rv_t
C_DigestUpdate(
    ck_session_handle_t session, unsigned char *part, unsigned long part_len)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = take(session, &s);

	if (rv != CKR_OK)
		return rv;
	if (part == NULL && part_len > 0) {
		wd_op_done(&s->digest);
		return CKR_ARGUMENTS_BAD;
	}
	s->digest.updated = true;
	wd_sha2_add(&s->digest.sha, wd_ck_span(part, part_len));
	return CKR_OK;
}

ck_rv_t
C_DigestFinal(ck_session_handle_t session, unsigned char *digest,
    unsigned long *digest_len)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = take(session, &s);

	if (rv != CKR_OK)
		return rv;
	if (digest_len == NULL) {
		wd_op_done(&s->digest);
		return CKR_ARGUMENTS_BAD;
	}
	return finish(&s->digest, wd_span(NULL, 0), digest, digest_len);
}
