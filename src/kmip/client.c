/*
 * The connection, and questions with their answers over it. Must never take an
 * answer for that to another question, or ask again what changes something.
 */
#include "kmip/client.h"

#include "base/alloc.h"
#include "codec/ttlv.h"
#include "kmip/client_in.h"

/* ---- life */

static int
copy_secret(struct wd_span s, struct wd_secret **ret)
{
	if (s.len == 0)
		return 0;
	*ret = wd_secret_copy(s);
	return *ret == NULL ? WD_F_MEMORY : 0;
}

int
wd_kmip_new(const struct wd_kmip_config *config, struct wd_kmip **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_kmip_freep) struct wd_kmip *k = wd_alloc(sizeof(*k));
	const struct wd_tls_stream_config tls = { .host = config->host,
		.port = config->port,
		.roots = config->roots,
		.chain = config->chain,
		.key = config->key };
	int r;

	if (k == NULL || copy_secret(config->username, &k->username) != 0 ||
	    copy_secret(config->password, &k->password) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for KMIP");
	if (config->version != NULL)
		k->wanted = *config->version;
	if ((r = wd_tls_stream_new(&tls, &k->stream, d)) != 0)
		return r;
	*ret = WD_TAKE(k);
	return 0;
}

struct wd_kmip *
wd_kmip_free(struct wd_kmip *k)
{
	if (k == NULL)
		return NULL;
	wd_tls_stream_free(k->stream);
	wd_secret_free(k->username);
	wd_secret_free(k->password);
	return wd_free(k);
}

void
wd_kmip_freep(struct wd_kmip **k)
{
	*k = wd_kmip_free(*k);
}

void
wd_kmip_resolve(struct wd_kmip *k)
{
	wd_tls_stream_resolve(k->stream);
}

/* ---- one question */

void
wd_kmip_call_done(struct wd_kmip_call *c)
{
	wd_secret_freep(&c->request);
	wd_secret_freep(&c->response);
}

static int
begin(struct wd_kmip *k, struct wd_kmip_call *c, struct wd_kmip_version v,
    size_t material, struct wd_diag *d)
{
	const struct wd_kmip_sender from = { .version = v,
		.max_response = WD_KMIP_RESPONSE_MAX,
		.username = wd_secret_borrow(k->username),
		.password = wd_secret_borrow(k->password) };
	size_t room = WD_KMIP_REQUEST_EXTRA;

	if (material > WD_KMIP_MATERIAL_MAX)
		return wd_reject(d, WD_R_TOO_LARGE,
		    "more than %d bytes for a KMIP server",
		    WD_KMIP_MATERIAL_MAX);
	wd_kmip_call_done(c);
	c->request = wd_secret_new(room + material);
	if (c->request == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for KMIP");
	c->wr = wd_wr_fixed(wd_secret_bytes(c->request), room + material);
	wd_kmip_begin(&c->q, &c->wr, &from, c->op);
	return 0;
}

static int
take_response(struct wd_kmip *k, struct wd_kmip_call *c, struct wd_diag *d)
{
	uint8_t head[WD_TTLV_HEAD];
	uint64_t len;
	int r =
	    wd_tls_stream_read(k->stream, head, sizeof(head), c->deadline, d);

	if (r != 0)
		return r;
	len = wd_ttlv_message_len(head);
	if (len == 0 || len > WD_KMIP_RESPONSE_MAX) {
		wd_tls_stream_close(k->stream);
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "the KMIP server's answer is %s",
		    len == 0 ? "no KMIP" : "too large");
	}
	wd_secret_freep(&c->response);
	c->response = wd_secret_new((size_t)len);
	if (c->response == NULL) {
		wd_tls_stream_close(k->stream);
		return wd_fault(d, WD_F_MEMORY, "no memory for KMIP");
	}
	wd_copy(wd_secret_bytes(c->response), WD_SPAN(head));
	return wd_tls_stream_read(k->stream,
	    wd_secret_bytes(c->response) + sizeof(head),
	    (size_t)len - sizeof(head), c->deadline, d);
}

static int
exchange(struct wd_kmip *k, struct wd_kmip_call *c, struct wd_diag *d)
{
	int r =
	    wd_tls_stream_write(k->stream, wd_wr_span(&c->wr), c->deadline, d);

	return r != 0 ? r : take_response(k, c, d);
}

/* Asking twice is the same as asking once. */
static bool
only_asks(enum wd_kmip_op op)
{
	switch (op) {
	case WD_KMIP_LOCATE:
	case WD_KMIP_GET:
	case WD_KMIP_GET_ATTRIBUTES:
	case WD_KMIP_QUERY:
	case WD_KMIP_DISCOVER:
		return true;
	case WD_KMIP_CREATE:
	case WD_KMIP_CREATE_PAIR:
	case WD_KMIP_REGISTER:
	case WD_KMIP_ACTIVATE:
	case WD_KMIP_REVOKE:
	case WD_KMIP_DESTROY:
		break;
	}
	return false;
}

/* A server that closes what was idle may do so just when we ask; once, that is
 * no news. */
static int
exchange_again(struct wd_kmip *k, struct wd_kmip_call *c, struct wd_diag *d)
{
	bool kept = wd_tls_stream_is_idle(k->stream);
	struct wd_diag first = { 0 };
	int r;

	if (!kept &&
	    (r = wd_tls_stream_connect(k->stream, c->deadline, d)) != 0)
		return r;
	if (!kept || !only_asks(c->op))
		return exchange(k, c, d);
	r = exchange(k, c, &first);
	if (r == 0 || !wd_tls_stream_was_shut(k->stream)) {
		if (d != NULL && r != 0 && d->result == 0)
			*d = first;
		return r;
	}
	if ((r = wd_tls_stream_connect(k->stream, c->deadline, d)) != 0)
		return r;
	return exchange(k, c, d);
}

int
wd_kmip_call_send(struct wd_kmip *k, struct wd_kmip_call *c, struct wd_diag *d)
{
	int r = wd_kmip_end(&c->q);

	if (r != 0)
		return r > 0 ? wd_reject(d, WD_R_TOO_LARGE,
				   "more than a KMIP request takes")
			     : wd_fault(d, r, "no memory for KMIP");
	if ((r = exchange_again(k, c, d)) != 0)
		return r;
	return wd_kmip_answer(
	    wd_secret_borrow(c->response), c->op, &c->payload, d);
}

/* ---- agreeing with the server */

/* The versions there are, in a message of the version V. */
static int
discover(struct wd_kmip *k, struct wd_kmip_version v, int64_t deadline,
    struct wd_kmip_version *ret, struct wd_diag *d)
{
	WD_AUTO(wd_kmip_call_done)
	struct wd_kmip_call c = { .op = WD_KMIP_DISCOVER,
		.deadline = deadline };
	int r = begin(k, &c, v, 0, d);

	if (r != 0)
		return r;
	wd_kmip_put_versions(&c.q);
	if ((r = wd_kmip_call_send(k, &c, d)) != 0)
		return r;
	return wd_kmip_take_versions(&c.payload, ret, d);
}

/* A server that knows nothing of our oldest is asked in our newest. */
static int
agree(struct wd_kmip *k, int64_t deadline, struct wd_diag *d)
{
	static const struct wd_kmip_version oldest = { 1, 2 },
					    newest = { 2, 0 };
	struct wd_diag first = { 0 };
	int r;

	if (k->wanted.major != 0) {
		k->version = k->wanted;
		return 0;
	}
	r = discover(k, oldest, deadline, &k->version, &first);
	if (r == WD_R_UNSUPPORTED)
		return discover(k, newest, deadline, &k->version, d);
	if (r != 0 && d != NULL && d->result == 0)
		*d = first;
	return r;
}

/* Servers without Query, or that keep it from us, are taken to have all. */
static int
query(struct wd_kmip *k, int64_t deadline, struct wd_diag *d)
{
	WD_AUTO(wd_kmip_call_done)
	struct wd_kmip_call c = { .op = WD_KMIP_QUERY, .deadline = deadline };
	int r = begin(k, &c, k->version, 0, d);

	k->server = (struct wd_kmip_server){ 0 };
	if (r != 0)
		return r;
	wd_kmip_put_query(&c.q);
	if ((r = wd_kmip_call_send(k, &c, d)) != 0)
		return r;
	return wd_kmip_take_query(&c.payload, &k->server, d);
}

int
wd_kmip_hello(struct wd_kmip *k, int64_t deadline,
    struct wd_kmip_server *ret_server, struct wd_kmip_version *ret_version,
    struct wd_diag *d)
{
	struct wd_diag unheard = { 0 };
	int r;

	k->agreed = false;
	if ((r = agree(k, deadline, d)) != 0)
		return r;
	r = query(k, deadline, &unheard);
	if (r != 0 && r != WD_R_UNSUPPORTED) {
		if (d != NULL && d->result == 0)
			*d = unheard;
		return r;
	}
	k->agreed = true;
	if (ret_server != NULL)
		*ret_server = k->server;
	*ret_version = k->version;
	return 0;
}

bool
wd_kmip_has(const struct wd_kmip *k, enum wd_kmip_op op)
{
	return k->server.ops == 0 ||
	    (k->server.ops & UINT64_C(1) << (unsigned)op) != 0;
}

int
wd_kmip_call_begin(struct wd_kmip *k, struct wd_kmip_call *c, size_t material,
    struct wd_diag *d)
{
	struct wd_kmip_version v;
	int r;

	if (!k->agreed && (r = wd_kmip_hello(k, c->deadline, NULL, &v, d)) != 0)
		return r;
	if (!wd_kmip_has(k, c->op))
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "the KMIP server does not have operation %u",
		    (unsigned)c->op);
	return begin(k, c, k->version, material, d);
}
