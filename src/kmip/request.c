/*
 * Requests. What differs between 1.x and 2.0 is how attributes are written: by
 * name in a template (KMIP 1.4, 2.1.8), or by their own tags (2.0, section 4).
 */
#include "kmip/message.h"

#include "codec/ttlv.h"

enum { CREDENTIAL_PASSWORD = 1, NAME_TEXT = 1, SEARCH_ITEMS = 2 };
enum { ENCRYPT = 1, NIST_KEY_WRAP = 0x0d, NO_ENCODING = 1, TTLV_ENCODING = 2 };
enum { QUERY_OPERATIONS = 1, QUERY_SERVER = 3 };
enum { SECRET_SEED = 2 };

/* ---- around the payload */

static void
put_version(struct wd_wr *wr, const struct wd_kmip_version *v)
{
	size_t at = wd_ttlv_open(wr, WD_TAG_VERSION);

	wd_ttlv_write_int(wr, WD_TAG_VERSION_MAJOR, v->major);
	wd_ttlv_write_int(wr, WD_TAG_VERSION_MINOR, v->minor);
	wd_ttlv_close(wr, at);
}

static void
put_credential(struct wd_wr *wr, const struct wd_kmip_sender *from)
{
	size_t all, credential, value;

	if (from->username.len == 0)
		return;
	all = wd_ttlv_open(wr, WD_TAG_AUTHENTICATION);
	credential = wd_ttlv_open(wr, WD_TAG_CREDENTIAL);
	wd_ttlv_write_enum(wr, WD_TAG_CREDENTIAL_TYPE, CREDENTIAL_PASSWORD);
	value = wd_ttlv_open(wr, WD_TAG_CREDENTIAL_VALUE);
	wd_ttlv_write_text(wr, WD_TAG_USERNAME, from->username);
	if (from->password.len > 0)
		wd_ttlv_write_text(wr, WD_TAG_PASSWORD, from->password);
	wd_ttlv_close(wr, value);
	wd_ttlv_close(wr, credential);
	wd_ttlv_close(wr, all);
}

void
wd_kmip_begin(struct wd_kmip_request *q, struct wd_wr *wr,
    const struct wd_kmip_sender *from, enum wd_kmip_op op)
{
	size_t header;

	*q = (struct wd_kmip_request){ .wr = wr, .version = from->version };
	q->message = wd_ttlv_open(wr, WD_TAG_REQUEST);
	header = wd_ttlv_open(wr, WD_TAG_REQUEST_HEADER);
	put_version(wr, &from->version);
	if (from->max_response > 0 && from->max_response <= INT32_MAX)
		wd_ttlv_write_int(
		    wr, WD_TAG_MAXIMUM_SIZE, (int32_t)from->max_response);
	put_credential(wr, from);
	wd_ttlv_write_int(wr, WD_TAG_BATCH_COUNT, 1);
	wd_ttlv_close(wr, header);
	q->item = wd_ttlv_open(wr, WD_TAG_BATCH_ITEM);
	wd_ttlv_write_enum(wr, WD_TAG_OPERATION, op);
	q->payload = wd_ttlv_open(wr, WD_TAG_REQUEST_PAYLOAD);
}

int
wd_kmip_end(struct wd_kmip_request *q)
{
	wd_ttlv_close(q->wr, q->payload);
	wd_ttlv_close(q->wr, q->item);
	wd_ttlv_close(q->wr, q->message);
	return wd_wr_end(q->wr);
}

static bool
is_2(const struct wd_kmip_request *q)
{
	return q->version.major >= 2;
}

/* ---- attributes */

struct attribute {
	size_t at;
	uint32_t tag; /* of the value */
};

/* Begins an attribute; its value is then written with the tag that comes
 * back. */
static struct attribute
open_attribute(struct wd_kmip_request *q, uint32_t tag, const char *name)
{
	struct attribute a = { 0, tag };

	if (is_2(q))
		return a;
	a.at = wd_ttlv_open(q->wr, WD_TAG_ATTRIBUTE);
	a.tag = WD_TAG_ATTRIBUTE_VALUE;
	wd_ttlv_write_text(q->wr, WD_TAG_ATTRIBUTE_NAME, wd_span_text(name));
	return a;
}

static void
close_attribute(struct wd_kmip_request *q, const struct attribute *a)
{
	if (!is_2(q))
		wd_ttlv_close(q->wr, a->at);
}

static void
put_enum(struct wd_kmip_request *q, uint32_t tag, const char *name, uint32_t v)
{
	struct attribute a = open_attribute(q, tag, name);

	wd_ttlv_write_enum(q->wr, a.tag, v);
	close_attribute(q, &a);
}

static void
put_int(struct wd_kmip_request *q, uint32_t tag, const char *name, uint32_t v)
{
	struct attribute a = open_attribute(q, tag, name);

	wd_ttlv_write_int(q->wr, a.tag, (int32_t)v);
	close_attribute(q, &a);
}

static void
put_name(struct wd_kmip_request *q, struct wd_span name, const char *more)
{
	struct attribute a = open_attribute(q, WD_TAG_NAME, "Name");
	size_t at = wd_ttlv_open(q->wr, a.tag);
	char text[WD_KMIP_NAME_MAX + 16];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

	wd_wr_bytes(&wr, name);
	wd_wr_text(&wr, more);
	if (wd_wr_end(&wr) != 0)
		wd_wr_fail(q->wr);
	wd_ttlv_write_text(q->wr, WD_TAG_NAME_VALUE, wd_wr_span(&wr));
	wd_ttlv_write_enum(q->wr, WD_TAG_NAME_TYPE, NAME_TEXT);
	wd_ttlv_close(q->wr, at);
	close_attribute(q, &a);
}

/* The algorithm and what belongs to it. */
static void
put_algorithm(struct wd_kmip_request *q, const struct wd_kmip_spec *spec)
{
	if (spec->algorithm == 0)
		return;
	put_enum(
	    q, WD_TAG_ALGORITHM, "Cryptographic Algorithm", spec->algorithm);
	put_int(q, WD_TAG_LENGTH, "Cryptographic Length", spec->bits);
	if (spec->curve != 0) {
		struct attribute a = open_attribute(
		    q, WD_TAG_DOMAIN, "Cryptographic Domain Parameters");
		size_t at = wd_ttlv_open(q->wr, a.tag);

		wd_ttlv_write_enum(q->wr, WD_TAG_CURVE, spec->curve);
		wd_ttlv_close(q->wr, at);
		close_attribute(q, &a);
	}
}

static void
put_usage(struct wd_kmip_request *q, uint32_t usage)
{
	put_int(q, WD_TAG_USAGE_MASK, "Cryptographic Usage Mask", usage);
}

static void
put_template(struct wd_kmip_request *q, const struct wd_kmip_spec *spec)
{
	size_t at =
	    wd_ttlv_open(q->wr, is_2(q) ? WD_TAG_ATTRIBUTES : WD_TAG_TEMPLATE);

	put_algorithm(q, spec);
	put_usage(q, spec->usage);
	put_name(q, spec->name, "");
	wd_ttlv_close(q->wr, at);
}

/* ---- operations */

void
wd_kmip_put_versions(struct wd_kmip_request *q)
{
	size_t n;
	const struct wd_kmip_version *v = wd_kmip_versions(&n);

	for (size_t i = 0; i < n; i++)
		put_version(q->wr, &v[i]);
}

void
wd_kmip_put_query(struct wd_kmip_request *q)
{
	wd_ttlv_write_enum(q->wr, WD_TAG_QUERY_FUNCTION, QUERY_OPERATIONS);
	wd_ttlv_write_enum(q->wr, WD_TAG_QUERY_FUNCTION, QUERY_SERVER);
}

void
wd_kmip_put_create(struct wd_kmip_request *q, const struct wd_kmip_spec *spec)
{
	wd_ttlv_write_enum(q->wr, WD_TAG_OBJECT_TYPE, spec->type);
	put_template(q, spec);
}

/* The attributes of one half of a pair. */
static void
put_half(struct wd_kmip_request *q, uint32_t tag, uint32_t usage,
    struct wd_span name, const char *more)
{
	size_t at = wd_ttlv_open(q->wr, tag);

	put_usage(q, usage);
	put_name(q, name, more);
	wd_ttlv_close(q->wr, at);
}

void
wd_kmip_put_create_pair(
    struct wd_kmip_request *q, const struct wd_kmip_spec *spec)
{
	size_t at = wd_ttlv_open(
	    q->wr, is_2(q) ? WD_TAG_COMMON_ATTRIBUTES : WD_TAG_COMMON_TEMPLATE);

	put_algorithm(q, spec);
	wd_ttlv_close(q->wr, at);
	put_half(q,
	    is_2(q) ? WD_TAG_PRIVATE_ATTRIBUTES : WD_TAG_PRIVATE_TEMPLATE,
	    spec->usage, spec->name, "");
	put_half(q, is_2(q) ? WD_TAG_PUBLIC_ATTRIBUTES : WD_TAG_PUBLIC_TEMPLATE,
	    spec->usage_public, spec->name, "-public");
}

static void
put_key_block(struct wd_kmip_request *q, const struct wd_kmip_spec *spec,
    enum wd_kmip_format format, struct wd_span material)
{
	size_t block = wd_ttlv_open(q->wr, WD_TAG_KEY_BLOCK), value;

	wd_ttlv_write_enum(q->wr, WD_TAG_KEY_FORMAT, format);
	value = wd_ttlv_open(q->wr, WD_TAG_KEY_VALUE);
	wd_ttlv_write_bytes(q->wr, WD_TAG_KEY_MATERIAL, material);
	wd_ttlv_close(q->wr, value);
	if (spec->algorithm != 0) {
		wd_ttlv_write_enum(q->wr, WD_TAG_ALGORITHM, spec->algorithm);
		wd_ttlv_write_int(q->wr, WD_TAG_LENGTH, (int32_t)spec->bits);
	}
	wd_ttlv_close(q->wr, block);
}

/* The tag of an object that has a key block; 0: it has none. */
static uint32_t
object_tag(enum wd_kmip_object_type type)
{
	switch (type) {
	case WD_KMIP_SYMMETRIC:
		return WD_TAG_SYMMETRIC_KEY;
	case WD_KMIP_PUBLIC:
		return WD_TAG_PUBLIC_KEY;
	case WD_KMIP_PRIVATE:
		return WD_TAG_PRIVATE_KEY;
	case WD_KMIP_SECRET_DATA:
		return WD_TAG_SECRET_DATA;
	case WD_KMIP_CERTIFICATE:
	case WD_KMIP_OPAQUE:
		break;
	}
	return 0;
}

void
wd_kmip_put_register(struct wd_kmip_request *q, const struct wd_kmip_spec *spec,
    enum wd_kmip_format format, struct wd_span material)
{
	uint32_t tag = object_tag(spec->type);
	size_t at;

	if (tag == 0) {
		wd_wr_fail(q->wr);
		return;
	}
	wd_ttlv_write_enum(q->wr, WD_TAG_OBJECT_TYPE, spec->type);
	put_template(q, spec);
	at = wd_ttlv_open(q->wr, tag);
	if (spec->type == WD_KMIP_SECRET_DATA)
		wd_ttlv_write_enum(q->wr, WD_TAG_SECRET_DATA_TYPE, SECRET_SEED);
	put_key_block(q, spec, format, material);
	wd_ttlv_close(q->wr, at);
}

/* Two at most: whether there is one is all that is asked. */
void
wd_kmip_put_locate(struct wd_kmip_request *q, struct wd_span name)
{
	size_t at = 0;

	wd_ttlv_write_int(q->wr, WD_TAG_MAXIMUM_ITEMS, SEARCH_ITEMS);
	if (is_2(q))
		at = wd_ttlv_open(q->wr, WD_TAG_ATTRIBUTES);
	put_name(q, name, "");
	if (is_2(q))
		wd_ttlv_close(q->wr, at);
}

void
wd_kmip_put_id(struct wd_kmip_request *q, const struct wd_kmip_id *id)
{
	wd_ttlv_write_text(q->wr, WD_TAG_ID, wd_span_text(id->s));
}

/* Under which key, and how (KMIP 1.4, 2.1.6). */
static void
put_wrapping(struct wd_kmip_request *q, const struct wd_kmip_wrap *wrap)
{
	size_t all = wd_ttlv_open(q->wr, WD_TAG_WRAPPING_SPECIFICATION);
	size_t key, parameters;

	wd_ttlv_write_enum(q->wr, WD_TAG_WRAPPING_METHOD, ENCRYPT);
	key = wd_ttlv_open(q->wr, WD_TAG_ENCRYPTION_KEY);
	wd_kmip_put_id(q, &wrap->id);
	parameters = wd_ttlv_open(q->wr, WD_TAG_CRYPTO_PARAMETERS);
	wd_ttlv_write_enum(q->wr, WD_TAG_BLOCK_CIPHER_MODE, NIST_KEY_WRAP);
	wd_ttlv_close(q->wr, parameters);
	wd_ttlv_close(q->wr, key);
	wd_ttlv_write_enum(q->wr, WD_TAG_ENCODING_OPTION,
	    wrap->encoded ? TTLV_ENCODING : NO_ENCODING);
	wd_ttlv_close(q->wr, all);
}

void
wd_kmip_put_get(struct wd_kmip_request *q, const struct wd_kmip_id *id,
    const struct wd_kmip_wrap *wrap)
{
	wd_kmip_put_id(q, id);
	if (wrap != NULL)
		put_wrapping(q, wrap);
}

void
wd_kmip_put_get_attributes(
    struct wd_kmip_request *q, const struct wd_kmip_id *id)
{
	static const struct {
		uint32_t tag;
		const char *name;
	} wanted[] = {
		{ WD_TAG_OBJECT_TYPE, "Object Type" },
		{ WD_TAG_ALGORITHM, "Cryptographic Algorithm" },
		{ WD_TAG_LENGTH, "Cryptographic Length" },
		{ WD_TAG_STATE, "State" },
	};

	wd_kmip_put_id(q, id);
	for (size_t i = 0; i < WD_N(wanted); i++)
		if (is_2(q))
			wd_ttlv_write_enum(
			    q->wr, WD_TAG_ATTRIBUTE_REFERENCE, wanted[i].tag);
		else
			wd_ttlv_write_text(q->wr, WD_TAG_ATTRIBUTE_NAME,
			    wd_span_text(wanted[i].name));
}

void
wd_kmip_put_revoke(struct wd_kmip_request *q, const struct wd_kmip_id *id,
    enum wd_kmip_revocation why)
{
	size_t at;

	wd_kmip_put_id(q, id);
	at = wd_ttlv_open(q->wr, WD_TAG_REVOCATION_REASON);
	wd_ttlv_write_enum(q->wr, WD_TAG_REVOCATION_CODE, why);
	wd_ttlv_close(q->wr, at);
}
