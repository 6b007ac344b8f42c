/*
 * Responses of a KMIP server: {u8 operation, message}. What is taken lies
 * within the message and is what the header promises.
 */
#include "fuzz.h"

#include <string.h>

#include "kmip/message.h"

static bool
is_result(int r)
{
	return r == WD_R_BACKEND_ANSWER || r == WD_R_UNSUPPORTED;
}

static void
look_at_id(const struct wd_kmip_id *id)
{
	size_t n = strnlen(id->s, sizeof(id->s));

	must(n > 0 && n <= WD_KMIP_ID_MAX);
	must(wd_span_is_word(wd_span(id->s, n)));
}

static int
take_object(struct wd_rd *payload, struct wd_span all)
{
	const struct wd_kmip_id id = { "1" };
	struct wd_kmip_object o = { 0 };
	struct wd_span inside = wd_span(NULL, 0);
	struct wd_diag d = { 0 };
	int r = wd_kmip_take_object(payload, &id, &o, &d);

	if (r != 0) {
		must(o.material.p == NULL);
		return r;
	}
	must(o.material.len > 0 && fuzz_within(o.material, all));
	must(o.wrapped || !o.encoded);
	fuzz_touch(o.material);
	/* as if it were one that was unwrapped */
	if (wd_kmip_read_value(o.material, &inside, NULL) == 0)
		must(inside.len > 0 && fuzz_within(inside, o.material));
	return 0;
}

static int
take_found(struct wd_rd *payload)
{
	struct wd_kmip_found found = { 0 };
	int r = wd_kmip_take_found(payload, &found, NULL);

	must(found.n <= WD_KMIP_FOUND_MAX && (r == 0 || found.n == 0));
	for (size_t i = 0; i < found.n; i++)
		look_at_id(&found.ids[i]);
	return r;
}

static int
take_versions(struct wd_rd *payload)
{
	struct wd_kmip_version v = { 0 };
	int r = wd_kmip_take_versions(payload, &v, NULL);

	must(r != 0 || (v.major == 2 && v.minor == 0) ||
	    (v.major == 1 && v.minor >= 2 && v.minor <= 4));
	return r;
}

static int
take_pair(struct wd_rd *payload)
{
	struct wd_kmip_id priv = { 0 }, pub = { 0 };
	int r = wd_kmip_take_pair(payload, &priv, &pub, NULL);

	if (r == 0) {
		look_at_id(&priv);
		look_at_id(&pub);
	}
	return r;
}

/* Of the object that the answer names, as a client would have asked for it. */
static int
take_attributes(struct wd_rd *payload)
{
	const struct wd_kmip_id id = { "1" };
	struct wd_kmip_attributes a = { 0 };

	return wd_kmip_take_attributes(payload, &id, &a, NULL);
}

static int
take(struct wd_rd *payload, enum wd_kmip_op op, struct wd_span all)
{
	struct wd_kmip_server server = { 0 };
	struct wd_kmip_id id = { 0 };
	int r;

	switch (op) {
	case WD_KMIP_GET:
		return take_object(payload, all);
	case WD_KMIP_LOCATE:
		return take_found(payload);
	case WD_KMIP_DISCOVER:
		return take_versions(payload);
	case WD_KMIP_CREATE_PAIR:
		return take_pair(payload);
	case WD_KMIP_GET_ATTRIBUTES:
		return take_attributes(payload);
	case WD_KMIP_QUERY:
		r = wd_kmip_take_query(payload, &server, NULL);
		must(wd_span_is_printable(wd_span_text(server.vendor)));
		return r;
	default:
		r = wd_kmip_take_id(payload, &id, NULL);
		if (r == 0)
			look_at_id(&id);
		return r;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum wd_kmip_op op = size > 0 ? data[0] : WD_KMIP_GET;
	struct wd_span all = wd_span(data + (size > 0), size - (size > 0));
	struct wd_rd payload = { 0 };
	struct wd_diag d = { 0 };
	int r = wd_kmip_answer(all, op, &payload, &d);

	must(r >= 0 && d.result == r);
	if (r != 0) {
		must(payload.left == 0 && d.detail[0] != '\0');
		/* what a server refuses is an answer too */
		fuzz_accepted = r != WD_R_BACKEND_ANSWER;
		return 0;
	}
	must(fuzz_within(wd_span(payload.p, payload.left), all));
	r = take(&payload, op, all);
	must(r == 0 || is_result(r));
	fuzz_accepted = r == 0;
	return 0;
}
