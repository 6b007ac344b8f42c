/*
 * Signatures. Data is hashed here as it comes; one call to the holder makes the
 * signature of the digest.
 */
#include "bin/pkcs11/state.h"

#include "base/alloc.h"
#include "base/reason.h"

enum {
	SMALL = 512,         /* data that needs no memory of its own */
	AROUND = 128,        /* head and fields of a packet */
	PKCS1_OVERHEAD = 11, /* RFC 8017, section 7.2.1 */
	DIGEST_INFO = 19,
};

/* ---- C_SignInit */

/* The key behind a handle, as far as the operation needs it. */
static ck_rv_t
pick_key(ck_object_handle_t handle, struct wd_op *op)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();
	struct wd_p11_object o;

	if (p == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	if (!wd_p11_object_at(&p->keys, handle, &o))
		return CKR_KEY_HANDLE_INVALID;
	if (o.part != WD_PART_PRIVATE)
		return o.part == WD_PART_PUBLIC ? CKR_KEY_FUNCTION_NOT_PERMITTED
						: CKR_KEY_HANDLE_INVALID;
	if (!wd_mech_fits(op->mech, o.key->k.kind))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!wd_mech_is_allowed(op->mech, &o.key->k))
		return CKR_MECHANISM_INVALID;
	op->kind = o.key->k.kind;
	op->sig_len = wd_p11_signature_len(&o.key->k);
	op->ask.id = o.key->k.id;
	op->ask.generation = o.key->k.generation;
	op->ask.mech = op->mech->mech;
	return CKR_OK;
}

static ck_rv_t
start(struct wd_op *op, const struct ck_mechanism *m, ck_object_handle_t key)
{
	struct wd_op fresh = { .mech = wd_mech_find(m->mechanism) };
	ck_rv_t rv;

	if (fresh.mech == NULL || fresh.mech->family == WD_FAMILY_SHA)
		return CKR_MECHANISM_INVALID;
	rv = pick_key(key, &fresh);
	if (rv != CKR_OK)
		return rv;
	if (!wd_mech_params(fresh.mech, m, &fresh.ask))
		return CKR_MECHANISM_PARAM_INVALID;
	if (fresh.mech->hashes)
		wd_sha2_init(&fresh.sha, fresh.mech->hash);
	else
		fresh.data = wd_wr_growing(WD_HOLDER_DATA_MAX);
	*op = fresh;
	return CKR_OK;
}

/* Without a mechanism the operation that is active is given up. */
static ck_rv_t
cancel(struct wd_op *op)
{
	if (op->mech == NULL)
		return CKR_ARGUMENTS_BAD;
	wd_op_done(op);
	return CKR_OK;
}

ck_rv_t
C_SignInit(ck_session_handle_t session, struct ck_mechanism *mechanism,
    ck_object_handle_t key)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = wd_session_take(session, &s);

	if (rv != CKR_OK)
		return rv;
	if (mechanism == NULL)
		return cancel(&s->sign);
	if (s->sign.mech != NULL)
		return CKR_OPERATION_ACTIVE;
	return start(&s->sign, mechanism, key);
}

/* ---- what is signed */

/* DigestInfo of RFC 8017, section 9.2, note 1. */
static void
write_digest_info(
    struct wd_wr *wr, enum wd_sha2_alg hash, struct wd_span digest)
{
	static const uint8_t ids[] = {
		[WD_SHA2_256] = 1, [WD_SHA2_384] = 2, [WD_SHA2_512] = 3
	};
	uint8_t head[DIGEST_INFO] = { 0x30, 0, 0x30, 0x0d, 0x06, 0x09, 0x60,
		0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0, 0x05, 0x00, 0x04,
		0 };

	head[1] = (uint8_t)(DIGEST_INFO - 2 + digest.len);
	head[14] = ids[hash];
	head[18] = (uint8_t)digest.len;
	wd_wr_bytes(wr, WD_SPAN(head));
	wd_wr_bytes(wr, digest);
}

/* The end of a hash; BUF has room for a DigestInfo around it. */
static struct wd_span
finish_hash(struct wd_op *op, uint8_t *buf, size_t size)
{
	struct wd_wr wr = wd_wr_fixed(buf, size);
	uint8_t digest[WD_SHA2_MAX];
	size_t len = wd_sha2_len(op->mech->hash);

	wd_sha2_end(&op->sha, digest);
	if (op->mech->mech == WD_HOLDER_PKCS1)
		write_digest_info(&wr, op->mech->hash, wd_span(digest, len));
	else
		wd_wr_bytes(&wr, wd_span(digest, len));
	return wd_wr_span(&wr);
}

static size_t
hash_len(enum wd_holder_hash hash)
{
	static const uint8_t lens[] = { [WD_HOLDER_SHA256] = 32,
		[WD_HOLDER_SHA384] = 48,
		[WD_HOLDER_SHA512] = 64 };

	return lens[hash];
}

/* Lengths the holder would refuse need not be sent there. */
static bool
length_fits(const struct wd_op *op, size_t len)
{
	switch (op->ask.mech) {
	case WD_HOLDER_PKCS1:
		return len > 0 && len <= op->sig_len - PKCS1_OVERHEAD;
	case WD_HOLDER_PSS:
		return len == hash_len(op->ask.hash);
	case WD_HOLDER_ECDSA:
		return len > 0 && len <= WD_SHA2_MAX;
	case WD_HOLDER_EDDSA:
		return len <= WD_HOLDER_DATA_MAX;
	}
	return false;
}

/* ---- the call */

static ck_rv_t
rv_of_status(unsigned status)
{
	switch (status) {
	case WD_HOLDER_OK:
		return CKR_OK;
	case WD_HOLDER_NO_KEY:
		return CKR_KEY_HANDLE_INVALID;
	case WD_HOLDER_NOT_PERMITTED:
	case WD_HOLDER_KEY_ENDED:
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	case WD_HOLDER_REFUSED:
		return CKR_FUNCTION_REJECTED;
	case WD_HOLDER_MECHANISM:
		return CKR_MECHANISM_INVALID;
	case WD_HOLDER_PARAMETER:
		return CKR_MECHANISM_PARAM_INVALID;
	case WD_HOLDER_DATA_LENGTH:
		return CKR_DATA_LEN_RANGE;
	default:
		return CKR_DEVICE_ERROR;
	}
}

static ck_rv_t
rv_of_failure(int r)
{
	return r == WD_F_MEMORY ? CKR_HOST_MEMORY : CKR_DEVICE_ERROR;
}

/* ROOM bytes at PACKET hold the request. */
static ck_rv_t
call_with(uint8_t *packet, size_t room, const struct wd_op *op, uint8_t *sig)
{
	uint8_t answer[AROUND + WD_HOLDER_SIG_MAX];
	struct wd_ask ask = { .packet = wd_wr_fixed(packet, room),
		.answer = answer,
		.answer_size = sizeof(answer) };
	struct wd_span got;
	int r;

	wd_ask_start(&ask, WD_HOLDER_SIGN);
	wd_holder_write_sign(&ask.packet, &op->ask);
	if (wd_holder_finish(&ask.packet) != 0)
		return CKR_DATA_LEN_RANGE;
	r = wd_ask(&ask);
	if (r != 0)
		return rv_of_failure(r);
	if (ask.status != WD_HOLDER_OK)
		return rv_of_status(ask.status);
	if (wd_holder_read_signature(ask.body, &got) != 0 ||
	    got.len != op->sig_len)
		return CKR_DEVICE_ERROR;
	wd_copy(sig, got);
	return CKR_OK;
}

static ck_rv_t
call(struct wd_op *op, struct wd_span data, uint8_t *sig)
{
	WD_AUTO(wd_freep) uint8_t *large = NULL;
	uint8_t small[AROUND + SMALL];

	if (!length_fits(op, data.len))
		return CKR_DATA_LEN_RANGE;
	op->ask.data = data;
	if (data.len <= SMALL)
		return call_with(small, sizeof(small), op, sig);
	large = wd_alloc(AROUND + data.len);
	if (large == NULL)
		return CKR_HOST_MEMORY;
	return call_with(large, AROUND + data.len, op, sig);
}

/* CKR_OK when the caller's buffer takes the signature; otherwise the operation
 * stays as it is, and the caller learns the length. */
static ck_rv_t
check_room(
    const struct wd_op *op, const unsigned char *signature, unsigned long *len)
{
	unsigned long room = *len;

	*len = op->sig_len;
	return signature != NULL && room < op->sig_len ? CKR_BUFFER_TOO_SMALL
						       : CKR_OK;
}

static ck_rv_t
make(struct wd_op *op, struct wd_span data, unsigned char *signature)
{
	uint8_t hashed[DIGEST_INFO + WD_SHA2_MAX];
	ck_rv_t rv;

	if (op->mech->hashes) {
		wd_sha2_add(&op->sha, data);
		data = finish_hash(op, hashed, sizeof(hashed));
	}
	rv = call(op, data, signature);
	wd_op_done(op);
	return rv;
}

/* The session, when it is at it. It is to be given back in any case. */
static ck_rv_t
take(ck_session_handle_t session, struct wd_session **ret)
{
	ck_rv_t rv = wd_session_take(session, ret);

	if (rv == CKR_OK && (*ret)->sign.mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	return rv;
}

ck_rv_t
C_Sign(ck_session_handle_t session, unsigned char *data, unsigned long data_len,
    unsigned char *signature, unsigned long *signature_len)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = take(session, &s);

	if (rv != CKR_OK)
		return rv;
	if (signature_len == NULL || (data == NULL && data_len > 0)) {
		wd_op_done(&s->sign);
		return CKR_ARGUMENTS_BAD;
	}
	if (s->sign.updated)
		return CKR_OPERATION_ACTIVE;
	rv = check_room(&s->sign, signature, signature_len);
	if (rv != CKR_OK || signature == NULL)
		return rv;
	return make(&s->sign, wd_ck_span(data, data_len), signature);
}

ck_rv_t
C_SignUpdate(
    ck_session_handle_t session, unsigned char *part, unsigned long part_len)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = take(session, &s);

	if (rv != CKR_OK)
		return rv;
	if (part == NULL && part_len > 0) {
		wd_op_done(&s->sign);
		return CKR_ARGUMENTS_BAD;
	}
	s->sign.updated = true;
	if (s->sign.mech->hashes)
		wd_sha2_add(&s->sign.sha, wd_ck_span(part, part_len));
	else
		wd_wr_bytes(&s->sign.data, wd_ck_span(part, part_len));
	if (wd_wr_end(&s->sign.data) == 0)
		return CKR_OK;
	rv = s->sign.data.no_memory ? CKR_HOST_MEMORY : CKR_DATA_LEN_RANGE;
	wd_op_done(&s->sign);
	return rv;
}

ck_rv_t
C_SignFinal(ck_session_handle_t session, unsigned char *signature,
    unsigned long *signature_len)
{
	WD_AUTO(wd_session_givep) struct wd_session *s = NULL;
	ck_rv_t rv = take(session, &s);

	if (rv != CKR_OK)
		return rv;
	if (signature_len == NULL) {
		wd_op_done(&s->sign);
		return CKR_ARGUMENTS_BAD;
	}
	rv = check_room(&s->sign, signature, signature_len);
	if (rv != CKR_OK || signature == NULL)
		return rv;
	return make(&s->sign, wd_wr_span(&s->sign.data), signature);
}
