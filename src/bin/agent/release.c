/*
 * From the outside in: the JWE is opened with the session's key, the JWS in it
 * is held against the pinned key, and only then is its payload read. The bytes
 * of both headers are made here and compared; neither is parsed for what it
 * might say.
 */
#include "bin/agent/release.h"

#include "base/rd.h"
#include "base/wr.h"
#include "codec/base64.h"
#include "codec/jtext.h"
#include "crypto/jwe.h"
#include "crypto/jwk.h"
#include "crypto/jws.h"

enum { HEADER_MAX = 512, COORDINATE_TEXT = 43 };

void
wd_release_done(struct wd_release *r)
{
	wd_payload_done(&r->payload);
	r->text = wd_secret_free(r->text);
}

/* ---- the JWE */

/* The only header of a release for a key of this kind, in base64url. EPK is
 * NULL for an RSA key. */
static int
make_header(const struct wd_pkey *epk, struct wd_wr *b64)
{
	char text[HEADER_MAX];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

	if (epk == NULL) {
		wd_wr_text(
		    &wr, "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\"}");
	} else {
		wd_wr_text(&wr,
		    "{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\","
		    "\"epk\":");
		wd_jwk_write(&wr, epk, WD_JWE_NONE);
		wd_wr_text(&wr, "}");
	}
	wd_b64url_write(b64, wd_wr_span(&wr));
	return wd_wr_end(&wr) != 0 || wd_wr_end(b64) != 0 ? WD_F_BUG : 0;
}

static int
check_header(const struct wd_msg_link_release *m, const struct wd_pkey *epk,
    struct wd_diag *d)
{
	char text[2 * HEADER_MAX];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

	if (make_header(epk, &wr) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot write a header");
	if (!wd_span_equal(wd_wr_span(&wr), m->protected))
		return wd_reject(d, WD_R_MALFORMED,
		    "the release's outer header is not the one it must have");
	return 0;
}

static int
take_parts(const struct wd_msg_link_release *m, struct wd_jwe *jwe)
{
	jwe->protected_b64 = wd_bytes_copy(m->protected);
	jwe->encrypted_key = wd_bytes_copy(m->encrypted_key);
	jwe->iv = wd_bytes_copy(m->iv);
	jwe->ciphertext = wd_bytes_copy(m->ciphertext);
	jwe->tag = wd_bytes_copy(m->tag);
	return jwe->protected_b64 == NULL || jwe->encrypted_key == NULL ||
		jwe->iv == NULL || jwe->ciphertext == NULL || jwe->tag == NULL
	    ? WD_F_MEMORY
	    : 0;
}

/* None for an RSA key. */
static int
read_epk(const struct wd_msg_link_release *m, bool is_rsa, struct wd_pkey **ret,
    struct wd_diag *d)
{
	int r = 0;

	if (!is_rsa)
		r = wd_pkey_ec_public(WD_PKEY_P256, WD_SPAN(m->epk_x.b),
		    WD_SPAN(m->epk_y.b), ret);
	if (r > 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "the release's ephemeral key is no point of P-256");
	return r;
}

static int
unwrap(const struct wd_release_want *want, const struct wd_msg_link_release *m,
    struct wd_secret **ret_jws, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *epk = NULL;
	WD_AUTO(wd_jwe_done) struct wd_jwe jwe = { 0 };
	bool is_rsa = wd_pkey_is_rsa(wd_pkey_alg(want->own));
	int r = read_epk(m, is_rsa, &epk, d);

	if (r == 0)
		r = check_header(m, epk, d);
	if (r == 0)
		r = take_parts(m, &jwe);
	if (r != 0)
		return r < 0 ? wd_fault(d, (enum wd_faults)r, "cannot unwrap")
			     : r;
	r = wd_jwe_open(want->own,
	    is_rsa ? WD_JWE_RSA_OAEP_256 : WD_JWE_ECDH_ES_A256KW, epk, &jwe,
	    ret_jws);
	if (r > 0)
		return wd_reject(d, WD_R_RELEASE_MISMATCH,
		    "the release is not wrapped to this session's key, or was "
		    "changed on its way");
	return r == 0 ? 0 : wd_fault(d, (enum wd_faults)r, "cannot unwrap");
}

/* ---- the JWS */

static void
expect(struct wd_rd *rd, const char *text)
{
	struct wd_span want = wd_span_text(text);

	if (!wd_span_equal(wd_rd_bytes(rd, want.len), want))
		wd_rd_fail(rd);
}

static void
take_coordinate(struct wd_rd *rd, uint8_t ret[32])
{
	if (wd_b64url_decode_exact(wd_rd_bytes(rd, COORDINATE_TEXT), ret, 32) !=
	    0)
		wd_rd_fail(rd);
}

/* The key in a header of exactly the form that a warder writes. */
static int
read_signer(struct wd_span header, struct wd_pkey **ret)
{
	struct wd_rd rd = wd_rd(header);
	uint8_t x[32] = { 0 };
	uint8_t y[32] = { 0 };
	int r;

	expect(&rd,
	    "{\"alg\":\"ES256\",\"jwk\":{\"crv\":\"P-256\",\"kty\":\"EC\","
	    "\"x\":\"");
	take_coordinate(&rd, x);
	expect(&rd, "\",\"y\":\"");
	take_coordinate(&rd, y);
	expect(&rd, "\"},\"typ\":\"vnd.warder.release\"}");
	r = wd_rd_end(&rd);
	if (r == 0)
		r = wd_pkey_ec_public(
		    WD_PKEY_P256, WD_SPAN(x), WD_SPAN(y), ret);
	return r;
}

/* What comes before the first dot, decoded. */
static int
take_jws_header(struct wd_span jws, struct wd_bytes **ret)
{
	size_t n = 0;

	while (n < jws.len && n < 2 * HEADER_MAX && jws.p[n] != '.')
		n++;
	return wd_b64url_decode(wd_span(jws.p, n), ret);
}

static int
check_signer(const struct wd_release_want *want, const struct wd_pkey *signer,
    struct wd_diag *d)
{
	uint8_t thumb[32];

	if (wd_jwk_thumbprint(signer, thumb) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash a key");
	if (!wd_ct_equal(WD_SPAN(thumb), want->pinned))
		return wd_reject(d, WD_R_RELEASE_SIGNATURE,
		    "the release is signed by another key than the one that "
		    "is pinned");
	return 0;
}

static int
verify(const struct wd_release_want *want, struct wd_span jws,
    struct wd_secret **ret_text, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *header = NULL;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *signer = NULL;
	int r = take_jws_header(jws, &header);

	if (r == 0)
		r = read_signer(wd_bytes_span(header), &signer);
	if (r > 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "the release's inner header is not the one it must have");
	if (r < 0)
		return wd_fault(d, (enum wd_faults)r, "cannot read a header");
	if ((r = check_signer(want, signer, d)) != 0)
		return r;
	r = wd_jws_verify_secret(signer, wd_bytes_span(header), jws, ret_text);
	if (r == WD_R_MALFORMED)
		return wd_reject(d, WD_R_MALFORMED, "the release is no JWS");
	if (r > 0)
		return wd_reject(d, WD_R_RELEASE_SIGNATURE,
		    "the signature of the release is wrong");
	return r == 0 ? 0 : wd_fault(d, (enum wd_faults)r, "cannot verify");
}

/* ---- what it says */

/* Equal to this, in base64. */
static bool
is_b64(struct wd_span text, struct wd_span bytes,
    void (*write)(struct wd_wr *wr, struct wd_span s))
{
	char buf[128];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	write(&wr, bytes);
	return wd_wr_end(&wr) == 0 && wd_ct_equal(wd_wr_span(&wr), text);
}

static int
check_payload(const struct wd_release_want *want, const struct wd_payload *p,
    struct wd_diag *d)
{
	uint8_t thumb[32];

	if (wd_jwk_thumbprint(want->own, thumb) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash a key");
	if (!is_b64(p->client, WD_SPAN(thumb), wd_b64url_write))
		return wd_reject(d, WD_R_RELEASE_MISMATCH,
		    "the release is for another client's key");
	if (!is_b64(p->nonce, want->challenge, wd_b64_write))
		return wd_reject(d, WD_R_RELEASE_MISMATCH,
		    "the release answers another challenge");
	if (!wd_span_equal(p->path, want->path))
		return wd_reject(d, WD_R_RELEASE_MISMATCH,
		    "the release is of another key than the one asked for");
	return 0;
}

int
wd_release_open(const struct wd_release_want *want,
    const struct wd_msg_link_release *m, struct wd_release *ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *jws = NULL;
	WD_AUTO(wd_release_done) struct wd_release x = { 0 };
	int r = unwrap(want, m, &jws, d);

	if (r == 0)
		r = verify(want, wd_secret_borrow(jws), &x.text, d);
	if (r == 0)
		r = wd_payload_read(wd_secret_borrow(x.text), &x.payload, d);
	if (r == 0)
		r = check_payload(want, &x.payload, d);
	if (r == 0)
		r = wd_release_unwrap(want, &x.payload, d);
	if (r != 0)
		return r;
	*ret = x;
	x = (struct wd_release){ 0 };
	return 0;
}
