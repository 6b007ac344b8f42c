/*
 * Payloads of responses. Members that are not known are passed over, since
 * servers add some; those that are known come once.
 */
#include "kmip/message.h"

#include "codec/ttlv.h"
#include "kmip/message_in.h"

/* The best first. */
static const struct wd_kmip_version versions[] = {
	{ 2, 0 },
	{ 1, 4 },
	{ 1, 3 },
	{ 1, 2 },
};

const struct wd_kmip_version *
wd_kmip_versions(size_t *ret_n)
{
	*ret_n = WD_N(versions);
	return versions;
}

/* ---- identifiers */

static void
take_id(struct wd_rd *rd, uint32_t tag, struct wd_kmip_id *ret)
{
	struct wd_span s = wd_ttlv_text(rd, tag, WD_KMIP_ID_MAX);

	if (ret->s[0] != '\0' || s.len == 0 || !wd_span_is_word(s) ||
	    !wd_span_to_text(s, ret->s, sizeof(ret->s)))
		wd_rd_fail(rd);
}

int
wd_kmip_take_id(
    struct wd_rd *payload, struct wd_kmip_id *ret, struct wd_diag *d)
{
	struct wd_kmip_id id = { 0 };

	while (wd_rd_more(payload)) {
		if (wd_ttlv_peek(payload) == WD_TAG_ID)
			take_id(payload, WD_TAG_ID, &id);
		else
			wd_ttlv_skip(payload);
	}
	if (wd_rd_end(payload) != 0 || id.s[0] == '\0')
		return wd_kmip_malformed(d, "the identifier");
	*ret = id;
	return 0;
}

int
wd_kmip_take_pair(struct wd_rd *payload, struct wd_kmip_id *ret_private,
    struct wd_kmip_id *ret_public, struct wd_diag *d)
{
	struct wd_kmip_id priv = { 0 }, pub = { 0 };

	while (wd_rd_more(payload)) {
		switch (wd_ttlv_peek(payload)) {
		case WD_TAG_PRIVATE_ID:
			take_id(payload, WD_TAG_PRIVATE_ID, &priv);
			break;
		case WD_TAG_PUBLIC_ID:
			take_id(payload, WD_TAG_PUBLIC_ID, &pub);
			break;
		default:
			wd_ttlv_skip(payload);
		}
	}
	if (wd_rd_end(payload) != 0 || priv.s[0] == '\0' || pub.s[0] == '\0')
		return wd_kmip_malformed(d, "the identifiers of a pair");
	*ret_private = priv;
	*ret_public = pub;
	return 0;
}

int
wd_kmip_take_found(
    struct wd_rd *payload, struct wd_kmip_found *ret, struct wd_diag *d)
{
	struct wd_kmip_found found = { 0 };

	while (wd_rd_more(payload)) {
		if (wd_ttlv_peek(payload) != WD_TAG_ID ||
		    found.n == WD_KMIP_FOUND_MAX) {
			wd_ttlv_skip(payload);
			continue;
		}
		take_id(payload, WD_TAG_ID, &found.ids[found.n]);
		found.n++;
	}
	if (wd_rd_end(payload) != 0)
		return wd_kmip_malformed(d, "what was found");
	*ret = found;
	return 0;
}

/* ---- what the server is */

static void
mark_version(struct wd_rd *payload, bool has[WD_N(versions)])
{
	struct wd_rd v = wd_ttlv_enter(payload, WD_TAG_VERSION);
	int32_t major = wd_ttlv_int(&v, WD_TAG_VERSION_MAJOR);
	int32_t minor = wd_ttlv_int(&v, WD_TAG_VERSION_MINOR);

	if (wd_rd_end(&v) != 0)
		wd_rd_fail(payload);
	for (size_t i = 0; i < WD_N(versions); i++)
		has[i] |=
		    versions[i].major == major && versions[i].minor == minor;
}

int
wd_kmip_take_versions(
    struct wd_rd *payload, struct wd_kmip_version *ret, struct wd_diag *d)
{
	bool has[WD_N(versions)] = { 0 };

	while (wd_rd_more(payload)) {
		if (wd_ttlv_peek(payload) == WD_TAG_VERSION)
			mark_version(payload, has);
		else
			wd_ttlv_skip(payload);
	}
	if (wd_rd_end(payload) != 0)
		return wd_kmip_malformed(d, "the versions");
	for (size_t i = 0; i < WD_N(versions); i++)
		if (has[i]) {
			*ret = versions[i];
			return 0;
		}
	return wd_reject(d, WD_R_UNSUPPORTED,
	    "the KMIP server speaks none of 1.2, 1.3, 1.4 and 2.0");
}

/* As much as there is room for; what is not ASCII becomes '?'. */
static void
take_words(struct wd_rd *payload, char words[WD_KMIP_WORDS_MAX + 1])
{
	struct wd_span s = wd_ttlv_text(payload, WD_TAG_VENDOR, SIZE_MAX);
	size_t n = s.len < WD_KMIP_WORDS_MAX ? s.len : WD_KMIP_WORDS_MAX;

	for (size_t i = 0; i < n; i++)
		words[i] = s.p[i] >= ' ' && s.p[i] <= '~' ? (char)s.p[i] : '?';
	words[n] = '\0';
}

int
wd_kmip_take_query(
    struct wd_rd *payload, struct wd_kmip_server *ret, struct wd_diag *d)
{
	struct wd_kmip_server server = { 0 };
	uint32_t op;

	while (wd_rd_more(payload)) {
		switch (wd_ttlv_peek(payload)) {
		case WD_TAG_OPERATION:
			op = wd_ttlv_enum(payload, WD_TAG_OPERATION);
			if (op < WD_KMIP_OPS_MAX)
				server.ops |= UINT64_C(1) << op;
			break;
		case WD_TAG_VENDOR:
			take_words(payload, server.vendor);
			break;
		default:
			wd_ttlv_skip(payload);
		}
	}
	if (wd_rd_end(payload) != 0)
		return wd_kmip_malformed(d, "what the server is");
	*ret = server;
	return 0;
}

/* ---- attributes */

/* Where the value of an attribute goes, by its own tag; NULL: nowhere. */
static uint32_t *
place(struct wd_kmip_attributes *a, uint32_t tag)
{
	switch (tag) {
	case WD_TAG_OBJECT_TYPE:
		return &a->type;
	case WD_TAG_ALGORITHM:
		return &a->algorithm;
	case WD_TAG_LENGTH:
		return &a->bits;
	case WD_TAG_STATE:
		return &a->state;
	default:
		return NULL;
	}
}

static uint32_t
tag_of_name(struct wd_span name)
{
	static const struct {
		const char *name;
		uint32_t tag;
	} names[] = {
		{ "Object Type", WD_TAG_OBJECT_TYPE },
		{ "Cryptographic Algorithm", WD_TAG_ALGORITHM },
		{ "Cryptographic Length", WD_TAG_LENGTH },
		{ "State", WD_TAG_STATE },
	};

	for (size_t i = 0; i < WD_N(names); i++)
		if (wd_span_is(name, names[i].name))
			return names[i].tag;
	return 0;
}

/* A value whose tag is TAG, of the attribute ATTRIBUTE. */
static void
take_value(struct wd_rd *rd, uint32_t tag, uint32_t attribute,
    struct wd_kmip_attributes *a)
{
	uint32_t *to = place(a, attribute);

	if (to == NULL) {
		wd_ttlv_skip(rd);
		return;
	}
	if (*to != 0)
		wd_rd_fail(rd);
	*to = attribute == WD_TAG_LENGTH ? (uint32_t)wd_ttlv_int(rd, tag)
					 : wd_ttlv_enum(rd, tag);
}

/* 1.x: Attribute { name, [index], [value] } */
static void
take_attribute(struct wd_rd *payload, struct wd_kmip_attributes *a)
{
	struct wd_rd in = wd_ttlv_enter(payload, WD_TAG_ATTRIBUTE);
	uint32_t tag =
	    tag_of_name(wd_ttlv_text(&in, WD_TAG_ATTRIBUTE_NAME, SIZE_MAX));

	if (wd_ttlv_peek(&in) == WD_TAG_ATTRIBUTE_INDEX)
		(void)wd_ttlv_int(&in, WD_TAG_ATTRIBUTE_INDEX);
	if (wd_ttlv_peek(&in) == WD_TAG_ATTRIBUTE_VALUE)
		take_value(&in, WD_TAG_ATTRIBUTE_VALUE, tag, a);
	if (wd_rd_end(&in) != 0)
		wd_rd_fail(payload);
}

/* 2.0: Attributes { by their own tags } */
static void
take_attributes(struct wd_rd *payload, struct wd_kmip_attributes *a)
{
	struct wd_rd in = wd_ttlv_enter(payload, WD_TAG_ATTRIBUTES);

	while (wd_rd_more(&in)) {
		uint32_t tag = wd_ttlv_peek(&in);

		take_value(&in, tag, tag, a);
	}
	if (wd_rd_end(&in) != 0)
		wd_rd_fail(payload);
}

int
wd_kmip_take_attributes(struct wd_rd *payload, const struct wd_kmip_id *id,
    struct wd_kmip_attributes *ret, struct wd_diag *d)
{
	struct wd_kmip_attributes a = { 0 };
	struct wd_kmip_id of = { 0 };

	while (wd_rd_more(payload)) {
		switch (wd_ttlv_peek(payload)) {
		case WD_TAG_ID:
			take_id(payload, WD_TAG_ID, &of);
			break;
		case WD_TAG_ATTRIBUTE:
			take_attribute(payload, &a);
			break;
		case WD_TAG_ATTRIBUTES:
			take_attributes(payload, &a);
			break;
		default:
			wd_ttlv_skip(payload);
		}
	}
	if (wd_rd_end(payload) != 0)
		return wd_kmip_malformed(d, "the attributes");
	/* The state of one key must not speak for another. */
	if (!wd_span_is(wd_span_text(of.s), id->s))
		return wd_kmip_malformed(d, "attributes of another object");
	*ret = a;
	return 0;
}
