/*
 * Both requests of a TPM's enrolment and both answers. The first byte says
 * which: 0 and 1 are requests, 2 and 3 answers. What was read must fit the
 * message that carries it on.
 */
#include "fuzz.h"

#include "proto/coco_tpm.h"

static void
carry(const struct wd_msg_type *type, const void *msg)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 16);

	wd_msg_write(&wr, type, msg);
	must(wd_wr_end(&wr) == 0);
	fuzz_touch(wd_wr_span(&wr));
}

static int
enrol(struct wd_span body, struct wd_coco_tpm *t)
{
	struct wd_msg_tpm_enrol_ask m = { 0 };
	int r = wd_coco_enrol_read(body, t, &m, NULL);

	if (r == 0)
		carry(&wd_msg_tpm_enrol_ask_type, &m);
	return r;
}

static int
enrolment(struct wd_span body, struct wd_coco_tpm *t)
{
	struct wd_msg_tpm_enrolment_ask m = { 0 };
	int r = wd_coco_enrolment_read(body, t, &m, NULL);

	if (r == 0)
		carry(&wd_msg_tpm_enrolment_ask_type, &m);
	return r;
}

static int
credential(struct wd_span body, struct wd_coco_tpm *t)
{
	struct wd_msg_tpm_credential m = { 0 };
	int r = wd_coco_credential_read(body, t, &m, NULL);

	if (r == 0)
		carry(&wd_msg_tpm_credential_type, &m);
	return r;
}

static int
enrolled(struct wd_span body, struct wd_coco_tpm *t)
{
	struct wd_msg_tpm_enrolment m = { 0 };
	int r = wd_coco_enrolled_read(body, t, &m, NULL);

	if (r == 0)
		carry(&wd_msg_tpm_enrolment_type, &m);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const read[])(struct wd_span, struct wd_coco_tpm *) = {
		enrol,
		enrolment,
		credential,
		enrolled,
	};
	WD_AUTO(wd_coco_tpm_done) struct wd_coco_tpm t = { 0 };
	int r;

	if (size == 0 || data[0] >= WD_N(read))
		return 0;
	r = read[data[0]](wd_span(data + 1, size - 1), &t);
	must(r >= 0 && t.n <= WD_COCO_TPM_PARTS);
	fuzz_accepted = r == 0;
	return 0;
}
