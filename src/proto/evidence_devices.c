/*
 * {"nvidia": {"device_evidence_list": [{"arch", "uuid", "evidence",
 * "certificate"}, …]}}: a member for each kind of device. What a device is
 * called there is not signed and decides nothing.
 */
#include "proto/evidence_devices.h"

#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/json.h"

enum { EVIDENCE_MAX = 16384, CHAIN_MAX = 16384, NAME_MAX_LEN = 64 };

/* ---- NVIDIA */

/* Whose measurements have the form that is read. */
static const char *const architectures[] = { "HOPPER" };

static bool
is_known(struct wd_span arch)
{
	for (size_t i = 0; i < WD_N(architectures); i++)
		if (wd_span_is(arch, architectures[i]))
			return true;
	return false;
}

/* Guests send hex or base64. A request for all measurements begins with 11 e0
 * 01 ff, in base64 EeAB/, which is no hex. */
static int
decode(struct wd_span text, struct wd_bytes **ret)
{
	int r = wd_hex_decode(text, ret);

	return r > 0 ? wd_b64_decode(text, ret) : r;
}

static int
add_part(struct wd_jobj *o, const char *name, size_t max,
    int (*decoder)(struct wd_span text, struct wd_bytes **ret),
    struct wd_wr *bundle, enum wd_part role)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_span text = wd_jobj_text(o, name, WD_REQUIRED, 2 * max);
	int r = o->result != 0 ? 0 : decoder(text, &bytes);

	if (o->result != 0 || r < 0)
		return r;
	if (r > 0)
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "member \"%s\" is not in its encoding", name);
	else if (bytes->len == 0 || bytes->len > max)
		wd_jobj_fail(
		    o, WD_R_RANGE, "member \"%s\" is empty or too long", name);
	else
		wd_bundle_add(bundle, role, wd_bytes_span(bytes));
	return 0;
}

static int
read_gpu(const struct wd_jval *v, struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_BUNDLE_MAX);
	struct wd_jobj o;
	struct wd_span arch;
	int r;

	wd_jobj_open(&o, v, d, "device");
	arch = wd_jobj_text(&o, "arch", WD_REQUIRED, NAME_MAX_LEN);
	(void)wd_jobj_text(&o, "uuid", WD_OPTIONAL, NAME_MAX_LEN);
	if (o.result == 0 && !is_known(arch))
		wd_jobj_fail(&o, WD_R_TEE_NOT_SUPPORTED,
		    "GPUs of this architecture cannot be judged here");
	if ((r = add_part(&o, "evidence", EVIDENCE_MAX, decode, &wr,
		 WD_IN_EVIDENCE)) != 0 ||
	    (r = add_part(&o, "certificate", CHAIN_MAX, wd_b64_decode, &wr,
		 WD_IN_CERT_CHAIN)) != 0 ||
	    (r = wd_jobj_close(&o)) != 0)
		return r;
	return wd_wr_take(&wr, ret);
}

static int
read_gpus(const struct wd_jval *v, struct wd_devices *all, struct wd_diag *d)
{
	const struct wd_jval *list;
	struct wd_jobj o;
	int r;

	wd_jobj_open(&o, v, d, "nvidia");
	list = wd_jobj_array(
	    &o, "device_evidence_list", WD_REQUIRED, WD_DEVICES_MAX - all->n);
	if (list != NULL && wd_jval_count(list) == 0)
		wd_jobj_fail(
		    &o, WD_R_MALFORMED, "the list of devices is empty");
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	for (size_t i = 0; i < wd_jval_count(list); i++) {
		struct wd_device *device = &all->at[all->n];

		if ((r = read_gpu(wd_jval_at(list, i), &device->bundle, d)) !=
		    0)
			return r;
		device->tee = WD_TEE_NVIDIA;
		all->n++;
	}
	return 0;
}

/* ---- all of them */

static const struct {
	const char *name;
	int (*read)(
	    const struct wd_jval *v, struct wd_devices *all, struct wd_diag *d);
} kinds[] = {
	{ "nvidia", read_gpus },
};

static int
read_kind(const struct wd_jwalk *w, struct wd_devices *all, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_N(kinds); i++)
		if (wd_span_is(wd_span_text(w->name), kinds[i].name))
			return kinds[i].read(w->value, all, d);
	return wd_reject(d, WD_R_TEE_NOT_SUPPORTED,
	    "additional_evidence: a kind of device that cannot be judged "
	    "here");
}

static int
read_all(const struct wd_jval *root, struct wd_devices *all, struct wd_diag *d)
{
	struct wd_jwalk w = { 0 };
	int r = 0;

	if (wd_jval_type(root) != WD_JOBJECT)
		return wd_reject(d, WD_R_MALFORMED,
		    "additional_evidence: not an object of devices by kind");
	while (r == 0 && wd_jval_walk(root, &w))
		r = read_kind(&w, all, d);
	return r;
}

void
wd_devices_done(struct wd_devices *all)
{
	for (size_t i = 0; i < WD_N(all->at); i++)
		all->at[i].bundle = wd_bytes_free(all->at[i].bundle);
	all->n = 0;
}

int
wd_devices_read(struct wd_span text, struct wd_devices *ret, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	struct wd_devices all = { 0 };
	int r;

	if (text.len == 0) {
		*ret = all;
		return 0;
	}
	if ((r = wd_json_parse(text, d, &doc)) != 0)
		return r;
	if ((r = read_all(wd_json_root(doc), &all, d)) != 0) {
		wd_devices_done(&all);
		return r;
	}
	*ret = all;
	return 0;
}
