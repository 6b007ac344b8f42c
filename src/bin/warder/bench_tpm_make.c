/*
 * The forms are those of src/verify/tpm/layout.md and of eventlog/layout.md;
 * the log is as large as that of a machine with three banks.
 */
#include "bin/warder/bench_tpm.h"

#include "base/wr.h"
#include "codec/hex.h"
#include "crypto/sig.h"
#include "verify/eventlog/eventlog.h"
#include "verify/tpm/alg.h"

enum {
	LARGEST = 65536,
	PCRS = 24,
	EXTENDED = 10, /* registers that have events */
	DATA = 400,    /* of an event */
	AK_ATTRIBUTES = 0x00050072,
};

void
bench_tpm_done(struct bench_tpm_world *w)
{
	wd_pkey_freep(&w->key);
	wd_bytes_freep(&w->area);
	wd_bytes_freep(&w->log);
	wd_bytes_freep(&w->pcrs);
}

static void
put_sized(struct wd_wr *wr, struct wd_span s)
{
	wd_wr_be16(wr, (uint16_t)s.len);
	wd_wr_bytes(wr, s);
}

/* TPMT_PUBLIC of the key. */
static int
make_area(struct bench_tpm_world *w)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(LARGEST);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *n = NULL, *e = NULL;
	int r = wd_pkey_public_parts(w->key, &n, &e);

	if (r != 0)
		return r;
	wd_wr_be16(&wr, WD_TPM_RSA);
	wd_wr_be16(&wr, WD_TPM_SHA256);
	wd_wr_be32(&wr, AK_ATTRIBUTES);
	wd_wr_be16(&wr, 0);
	wd_wr_be16(&wr, WD_TPM_NULL);
	wd_wr_be16(&wr, WD_TPM_RSASSA);
	wd_wr_be16(&wr, WD_TPM_SHA256);
	wd_wr_be16(&wr, 2048);
	wd_wr_be32(&wr, 0);
	put_sized(&wr, wd_bytes_span(n));
	return wd_wr_take(&wr, &w->area);
}

/* ---- the log */

static const struct {
	uint16_t alg, size;
	enum wd_hash hash;
} banks[] = {
	{ WD_TPM_SHA1, 20, WD_SHA1 },
	{ WD_TPM_SHA256, 32, WD_SHA256 },
	{ WD_TPM_SHA384, 48, WD_SHA384 },
};

static void
put_spec_id(struct wd_wr *wr)
{
	wd_wr_le32(wr, 0);
	wd_wr_le32(wr, WD_EV_NO_ACTION);
	wd_wr_zero(wr, 20);
	wd_wr_le32(wr, 28 + 4 * (uint32_t)WD_N(banks) + 1);
	wd_wr_bytes(wr, WD_SPAN_LIT("Spec ID Event03\0"));
	wd_wr_le32(wr, 0);
	wd_wr_bytes(wr, WD_SPAN_LIT("\0\2\0\2"));
	wd_wr_le32(wr, WD_N(banks));
	for (size_t i = 0; i < WD_N(banks); i++) {
		wd_wr_le16(wr, banks[i].alg);
		wd_wr_le16(wr, banks[i].size);
	}
	wd_wr_u8(wr, 0);
}

static int
put_event(struct wd_wr *wr, uint32_t number)
{
	uint8_t data[DATA] = { (uint8_t)number }, digest[WD_HASH_MAX];
	int r;

	wd_wr_le32(wr, number % EXTENDED);
	wd_wr_le32(wr, WD_EV_EFI_VARIABLE_DRIVER_CONFIG);
	wd_wr_le32(wr, WD_N(banks));
	for (size_t i = 0; i < WD_N(banks); i++) {
		if ((r = wd_hash(banks[i].hash, WD_SPAN(data), digest)) != 0)
			return r;
		wd_wr_le16(wr, banks[i].alg);
		wd_wr_bytes(wr, wd_span(digest, banks[i].size));
	}
	wd_wr_le32(wr, DATA);
	wd_wr_bytes(wr, WD_SPAN(data));
	return 0;
}

/* With the registers it leads to. */
static int
make_log(struct bench_tpm_world *w)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(LARGEST);
	struct wd_eventlog log;
	struct wd_replay x;
	int r = 0;

	put_spec_id(&wr);
	for (uint32_t i = 0; i < BENCH_TPM_EVENTS && r == 0; i++)
		r = put_event(&wr, i);
	if (r != 0 || (r = wd_wr_take(&wr, &w->log)) != 0)
		return r;
	if (wd_eventlog_parse(wd_bytes_span(w->log), &log, NULL) != 0 ||
	    wd_eventlog_replay(&log, WD_SHA256, &x, NULL) != 0)
		return WD_F_BUG;
	for (size_t i = 0; i < PCRS; i++)
		wd_copy(w->values[i],
		    wd_span(x.reg[i].digest, sizeof(w->values[i])));
	return 0;
}

static int
make_pcrs(struct bench_tpm_world *w)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(LARGEST);

	for (unsigned i = 0; i < PCRS; i++) {
		wd_wr_printf(&wr, "%c\"%u\":\"", i == 0 ? '{' : ',', i);
		wd_hex_write(&wr, WD_SPAN(w->values[i]));
		wd_wr_text(&wr, "\"");
	}
	wd_wr_text(&wr, "}");
	return wd_wr_take(&wr, &w->pcrs);
}

int
bench_tpm_make(struct bench_tpm_world *w)
{
	int r;

	if ((r = wd_pkey_generate(WD_PKEY_RSA2048, &w->key)) != 0 ||
	    (r = make_area(w)) != 0 || (r = make_log(w)) != 0)
		return r;
	return make_pcrs(w);
}

/* ---- quotes */

/* TPMS_ATTEST. */
static int
make_attest(
    const struct bench_tpm_world *w, unsigned number, struct wd_bytes **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(LARGEST);
	const uint8_t nonce[32] = { (uint8_t)number, (uint8_t)(number >> 8) };
	uint8_t digest[32];

	if (wd_hash(WD_SHA256, wd_span(w->values, sizeof(w->values)), digest) !=
	    0)
		return WD_F_CRYPTO;
	wd_wr_be32(&wr, 0xff544347);
	wd_wr_be16(&wr, 0x8018);
	put_sized(&wr, WD_SPAN_LIT("\0\x0b name"));
	put_sized(&wr, WD_SPAN(nonce));
	wd_wr_be64(&wr, number);
	wd_wr_be32(&wr, 1);
	wd_wr_be32(&wr, 1);
	wd_wr_u8(&wr, 1);
	wd_wr_be64(&wr, 1);
	wd_wr_be32(&wr, 1);
	wd_wr_be16(&wr, WD_TPM_SHA256);
	wd_wr_bytes(&wr, WD_SPAN_LIT("\3\xff\xff\xff"));
	put_sized(&wr, WD_SPAN(digest));
	return wd_wr_take(&wr, ret);
}

int
bench_tpm_quote(const struct bench_tpm_world *w, unsigned number,
    struct wd_bytes **ret_attest, struct wd_bytes **ret_signature)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(LARGEST);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *attest = NULL;
	uint8_t sig[WD_SIG_MAX];
	size_t len;
	int r = make_attest(w, number, &attest);

	if (r != 0 ||
	    (r = wd_sign(
		 w->key, WD_SIG_RS256, wd_bytes_span(attest), sig, &len)) != 0)
		return r;
	wd_wr_be16(&wr, WD_TPM_RSASSA);
	wd_wr_be16(&wr, WD_TPM_SHA256);
	put_sized(&wr, wd_span(sig, len));
	if ((r = wd_wr_take(&wr, ret_signature)) != 0)
		return r;
	*ret_attest = WD_TAKE(attest);
	return 0;
}
