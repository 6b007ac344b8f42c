/*
 * Between the protocol's object and the parts of a TPM's evidence. Values of
 * registers are an array there and an object here; which of them count is for
 * the verifier.
 */
#include "proto/evidence_tpm.h"

enum { PCRS = 24, VALUE_MAX = 128, PCRS_MAX = 8192 };

static int
optional(struct wd_jobj *o, const char *name, struct wd_wr *bundle,
    enum wd_part role)
{
	if (!wd_jobj_has(o, name))
		return 0;
	return wd_evidence_b64(o, name, wd_part_max(role), bundle, role);
}

static int
required(struct wd_jobj *o, const char *name, struct wd_wr *bundle,
    enum wd_part role)
{
	return wd_evidence_b64(o, name, wd_part_max(role), bundle, role);
}

/* A register that was not read is an empty text. */
static void
write_values(struct wd_jobj *o, const struct wd_jval *v, struct wd_wr *wr)
{
	const char *comma = "";

	wd_wr_text(wr, "{");
	for (size_t i = 0; i < wd_jval_count(v); i++) {
		struct wd_span hex = { 0 };

		if (!wd_jval_text(wd_jval_at(v, i), &hex) ||
		    hex.len > VALUE_MAX) {
			wd_jobj_fail(
			    o, WD_R_MALFORMED, "pcrs: not values of registers");
			return;
		}
		if (hex.len == 0)
			continue;
		wd_wr_printf(wr, "%s\"%zu\":", comma, i);
		wd_jtext_quote(wr, hex);
		comma = ",";
	}
	wd_wr_text(wr, "}");
}

int
wd_evidence_pcrs(struct wd_jobj *o, struct wd_wr *bundle)
{
	const struct wd_jval *v = wd_jobj_array(o, "pcrs", WD_REQUIRED, PCRS);
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(PCRS_MAX);

	if (o->result != 0)
		return 0;
	write_values(o, v, &wr);
	if (wr.no_memory)
		return WD_F_MEMORY;
	if (o->result == 0 && wd_wr_end(&wr) != 0)
		wd_jobj_fail(o, WD_R_RANGE, "pcrs: too long");
	if (o->result == 0)
		wd_bundle_add(bundle, WD_IN_PCRS, wd_wr_span(&wr));
	return 0;
}

static int
read_quote(struct wd_jobj *o, struct wd_wr *bundle)
{
	const struct wd_jval *v = wd_jobj_object(o, "tpm_quote", WD_REQUIRED);
	struct wd_jobj q;
	int r;

	if (o->result != 0)
		return 0;
	wd_jobj_open(&q, v, o->d, "tpm_quote");
	if ((r = required(&q, "message", bundle, WD_IN_ATTEST)) != 0 ||
	    (r = required(&q, "signature", bundle, WD_IN_SIGNATURE)) != 0 ||
	    (r = wd_evidence_pcrs(&q, bundle)) != 0)
		return r;
	o->result = wd_jobj_close(&q);
	return 0;
}

/* In the order of the parts. */
int
wd_evidence_tpm_read(struct wd_jobj *o, struct wd_wr *bundle)
{
	int r;

	if ((r = optional(o, "event_log", bundle, WD_IN_EVENT_LOG)) != 0 ||
	    (r = optional(o, "ima_log", bundle, WD_IN_IMA_LOG)) != 0 ||
	    (r = required(o, "ak_public", bundle, WD_IN_AK)) != 0 ||
	    (r = optional(o, "ak_cert", bundle, WD_IN_AK_CERT)) != 0)
		return r;
	if ((r = read_quote(o, bundle)) != 0)
		return r;
	return optional(o, "tpm_enrolment", bundle, WD_IN_TPM_ENROLMENT);
}

static void
write_part(struct wd_jtext *j, const char *name, const struct wd_inputs *in,
    enum wd_part role)
{
	if (in->part[role].p == NULL)
		return;
	wd_jtext_key(j, name);
	wd_jtext_b64(j, in->part[role]);
}

static void
write_pcrs(struct wd_jtext *j, struct wd_span pcrs)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	char name[4] = { 0 };

	if (wd_json_parse(pcrs, NULL, &doc) != 0) {
		wd_wr_fail(j->wr);
		return;
	}
	wd_jtext_key(j, "pcrs");
	wd_jtext_array(j);
	for (unsigned i = 0; i < PCRS; i++) {
		struct wd_wr wr = wd_wr_fixed(name, sizeof(name));
		struct wd_span value = { 0 };

		wd_wr_printf(&wr, "%u", i);
		wd_wr_u8(&wr, 0);
		(void)wd_jval_text(
		    wd_jval_get(wd_json_root(doc), name), &value);
		wd_jtext_string(j, value);
	}
	wd_jtext_end(j);
}

void
wd_evidence_tpm_write(struct wd_jtext *j, const struct wd_inputs *in)
{
	wd_jtext_object(j);
	write_part(j, "ak_cert", in, WD_IN_AK_CERT);
	write_part(j, "ak_public", in, WD_IN_AK);
	write_part(j, "event_log", in, WD_IN_EVENT_LOG);
	write_part(j, "ima_log", in, WD_IN_IMA_LOG);
	write_part(j, "tpm_enrolment", in, WD_IN_TPM_ENROLMENT);
	wd_jtext_key(j, "tpm_quote");
	wd_jtext_object(j);
	write_part(j, "message", in, WD_IN_ATTEST);
	write_pcrs(j, in->part[WD_IN_PCRS]);
	write_part(j, "signature", in, WD_IN_SIGNATURE);
	wd_jtext_end(j);
	wd_jtext_end(j);
}
