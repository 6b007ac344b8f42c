/*
 * Both sides of both requests: each is an object of a few members in base64.
 */
#include "proto/coco_tpm.h"

#include "codec/base64.h"
#include "codec/jtext.h"

void
wd_coco_tpm_done(struct wd_coco_tpm *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->part[i] = wd_bytes_free(t->part[i]);
	t->n = 0;
}

/* Takes member NAME, base64 of at most MAX bytes. Rejections stick to O. 0 or a
 * fault. */
static int
take(struct wd_jobj *o, const char *name, size_t max, struct wd_coco_tpm *t,
    struct wd_span *ret)
{
	struct wd_span text =
	    wd_jobj_text(o, name, WD_REQUIRED, (max + 2) / 3 * 4);
	struct wd_bytes *bytes = NULL;
	int r;

	if (o->result != 0)
		return 0;
	if ((r = wd_b64_decode(text, &bytes)) < 0)
		return r;
	if (r > 0) {
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "member \"%s\" is not base64 of the right kind", name);
		return 0;
	}
	t->part[t->n++] = bytes;
	*ret = wd_bytes_span(bytes);
	if (bytes->len > max)
		wd_jobj_fail(o, WD_R_RANGE, "member \"%s\" is too long", name);
	return 0;
}

struct member {
	const char *name;
	size_t max;
	struct wd_span *ret;
};

/* N members, and with RET_SECONDS a number as well. */
static int
read_members(struct wd_span body, const struct member *members, size_t n,
    uint32_t *ret_seconds, struct wd_coco_tpm *t, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	struct wd_jobj o;
	int r = wd_json_parse(body, d, &doc);

	if (r != 0)
		return r;
	wd_jobj_open(&o, wd_json_root(doc), d, "body");
	for (size_t i = 0; i < n; i++)
		if ((r = take(&o, members[i].name, members[i].max, t,
			 members[i].ret)) != 0)
			return wd_fault(d, (enum wd_faults)r, "no memory");
	if (ret_seconds != NULL)
		*ret_seconds = (uint32_t)wd_jobj_uint(
		    &o, "seconds", WD_REQUIRED, UINT32_MAX);
	return wd_jobj_close(&o);
}

static void
write_member(struct wd_jtext *j, const char *name, struct wd_span bytes)
{
	wd_jtext_key(j, name);
	wd_jtext_b64(j, bytes);
}

/* ---- POST /kbs/v0/warder/tpm/enrol */

int
wd_coco_enrol_read(struct wd_span body, struct wd_coco_tpm *t,
    struct wd_msg_tpm_enrol_ask *ret, struct wd_diag *d)
{
	const struct member members[] = {
		{ "ak_public", 1024, &ret->ak },
		{ "certificates", 32768, &ret->certificates },
		{ "ek_public", 1024, &ret->ek },
	};

	return read_members(body, members, WD_N(members), NULL, t, d);
}

void
wd_coco_enrol_write(struct wd_wr *wr, const struct wd_msg_link_enrol_ask *m)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	write_member(&j, "ak_public", m->ak);
	write_member(&j, "certificates", m->certificates);
	write_member(&j, "ek_public", m->ek);
	wd_jtext_end(&j);
}

void
wd_coco_credential_write(
    struct wd_wr *wr, const struct wd_msg_tpm_credential *m)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	write_member(&j, "credential", m->credential);
	write_member(&j, "secret", m->secret);
	write_member(&j, "state", m->state);
	wd_jtext_end(&j);
}

int
wd_coco_credential_read(struct wd_span body, struct wd_coco_tpm *t,
    struct wd_msg_tpm_credential *ret, struct wd_diag *d)
{
	const struct member members[] = {
		{ "credential", 256, &ret->credential },
		{ "secret", 512, &ret->secret },
		{ "state", 256, &ret->state },
	};

	return read_members(body, members, WD_N(members), NULL, t, d);
}

/* ---- POST /kbs/v0/warder/tpm/enrolment */

int
wd_coco_enrolment_read(struct wd_span body, struct wd_coco_tpm *t,
    struct wd_msg_tpm_enrolment_ask *ret, struct wd_diag *d)
{
	const struct member members[] = {
		{ "secret", 64, &ret->secret },
		{ "state", 256, &ret->state },
	};

	return read_members(body, members, WD_N(members), NULL, t, d);
}

void
wd_coco_enrolment_write(
    struct wd_wr *wr, const struct wd_msg_link_enrolment_ask *m)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	write_member(&j, "secret", m->secret);
	write_member(&j, "state", m->state);
	wd_jtext_end(&j);
}

void
wd_coco_enrolled_write(struct wd_wr *wr, const struct wd_msg_tpm_enrolment *m)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	write_member(&j, "enrolment", m->enrolment);
	wd_jtext_key_uint(&j, "seconds", m->seconds);
	wd_jtext_end(&j);
}

int
wd_coco_enrolled_read(struct wd_span body, struct wd_coco_tpm *t,
    struct wd_msg_tpm_enrolment *ret, struct wd_diag *d)
{
	const struct member members[] = {
		{ "enrolment", 256, &ret->enrolment },
	};

	return read_members(body, members, WD_N(members), &ret->seconds, t, d);
}
