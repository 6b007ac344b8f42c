/*
 * The payload is canonical JSON, written into memory for secrets: it has the
 * key in it.
 */
#include "broker/native.h"

#include "codec/jtext.h"
#include "crypto/jws.h"

enum {
	VERSION = 1,
	FIXED_MAX = 4096, /* everything but bytes and chain */
};

static void
write_key(struct wd_jtext *j, const struct wd_native_in *in)
{
	const struct wd_thing *t = in->thing;

	wd_jtext_object(j);
	wd_jtext_key_text(j, "algorithm", t->algorithm);
	wd_jtext_key(j, "bytes");
	wd_jtext_b64url(j, in->bytes);
	wd_jtext_key_text(j, "label", t->key.label);
	wd_jtext_key_text(j, "path", t->text);
	if (in->wrap != WD_WRAP_NONE) {
		wd_jtext_key(j, "spki");
		wd_jtext_b64url(j, wd_bytes_span(t->version.spki));
	}
	wd_jtext_key_uint(j, "version", t->number);
	if (in->wrap != WD_WRAP_NONE)
		wd_jtext_key_text(j, "wrap", wd_wrap_name(in->wrap));
	wd_jtext_end(j);
}

static void
write_payload(struct wd_jtext *j, const struct wd_native_in *in)
{
	wd_jtext_object(j);
	wd_jtext_key(j, "chain");
	wd_jtext_string(j, wd_thing_chain(in->thing));
	wd_jtext_key_text(j, "client", in->client);
	wd_jtext_key(j, "key");
	write_key(j, in);
	wd_jtext_key(j, "lease");
	wd_jtext_object(j);
	wd_jtext_key(j, "id");
	wd_jtext_string(j, wd_id_span(in->lease));
	wd_jtext_key_uint(j, "seconds", in->seconds);
	wd_jtext_key(j, "session");
	wd_jtext_string(j, wd_id_span(in->session));
	wd_jtext_end(j);
	wd_jtext_key(j, "nonce");
	wd_jtext_b64(j, in->nonce);
	wd_jtext_key(j, "policy");
	wd_jtext_hex(j, wd_span(in->policy_version, 32));
	wd_jtext_key_uint(j, "v", VERSION);
	wd_jtext_end(j);
}

static size_t
b64_len(size_t n)
{
	return (n + 2) / 3 * 4;
}

int
wd_native_make(
    struct wd_broker *b, const struct wd_native_in *in, struct wd_secret **ret)
{
	/* a line end of the chain takes two characters in JSON */
	size_t most = FIXED_MAX + b64_len(in->bytes.len) +
	    b64_len(wd_bytes_span(in->thing->version.spki).len) +
	    2 * wd_thing_chain(in->thing).len;
	size_t jws_most = b64_len(most) + b64_len(b->release_header->len) + 100;
	WD_AUTO(wd_secret_freep)
	struct wd_secret *payload = wd_secret_new(most);
	WD_AUTO(wd_secret_freep)
	struct wd_secret *jws = wd_secret_new(jws_most);
	struct wd_wr wr, out;
	struct wd_jtext j;
	int r;

	if (payload == NULL || jws == NULL)
		return WD_F_MEMORY;
	wr = wd_wr_fixed(wd_secret_bytes(payload), most);
	out = wd_wr_fixed(wd_secret_bytes(jws), jws_most);
	j = wd_jtext(&wr);
	write_payload(&j, in);
	if ((r = wd_wr_end(&wr)) != 0 ||
	    (r = wd_jws_sign(b->release_key, wd_bytes_span(b->release_header),
		 wd_wr_span(&wr), &out)) != 0)
		return r < 0 ? r : WD_F_BUG;
	wd_secret_shorten(jws, out.len);
	*ret = WD_TAKE(jws);
	return 0;
}
