/*
 * What the holder answers to a local program: any bytes get an answer of the
 * protocol or end the connection, and no signature is made for a user without
 * the right. The first byte says who asks; the rest is the packet.
 */
#include "fuzz.h"

#include "bin/agent/serve_impl.h"
#include "crypto/init.h"
#include "crypto/pkey.h"
#include "crypto/sig.h"

#include <sys/socket.h>

#define KEY "0d3e5bb8-56a4-4a8a-a4f4-3f4f7a1b2c3d"

enum who { USER, READER, STRANGER, FORKED, WHO };

static const struct wd_hold_rights rights = { .n_see = 1,
	.n_use = 1,
	.see = { { false, 1001 } },
	.use = { { false, 1000 } } };

static struct wd_serve *serve;

static enum wd_holder_status
get(void *ctx, const struct wd_hold_user *user, const struct wd_holder_get *ask,
    struct wd_span *ret)
{
	(void)ctx;
	if (user->uid != 1000 || !wd_span_is(ask->name, "db"))
		return WD_HOLDER_NO_KEY;
	*ret = WD_SPAN_LIT("not a secret");
	return WD_HOLDER_OK;
}

static void
rotate(void *ctx)
{
	(void)ctx;
	abort(); /* nobody here may ask for it */
}

static void
add_key(struct wd_hold *hold)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *pkcs8 = NULL;
	struct wd_hold_record m = {
		.version = 1,
		.label = WD_SPAN_LIT("label"),
		.rights = &rights,
		.deadline = INT64_MAX,
	};

	must(wd_pkey_generate(WD_PKEY_P256, &key) == 0);
	must(wd_pkey_to_pkcs8(key, &pkcs8) == 0);
	must(wd_id_parse(WD_SPAN_LIT(KEY), &m.id));
	m.pkcs8 = wd_secret_borrow(pkcs8);
	must(wd_hold_put(hold, &m, NULL) == 0);
	wd_hold_set_ready(hold, true);
}

static void
start(void)
{
	static const struct wd_serve_options options = { .label = "warder",
		.serial = "0123456789abcdef",
		.get = get,
		.rotate = rotate };
	struct wd_hold *hold;

	must(wd_crypto_init(NULL) == 0);
	hold = wd_hold_new();
	must(hold != NULL);
	add_key(hold);
	must(wd_serve_new(hold, socket(AF_UNIX, SOCK_SEQPACKET, 0), &options,
		 &serve, NULL) == 0);
}

static void
check_answer(enum who who, struct wd_span answer)
{
	struct wd_holder_head head;
	struct wd_span body;
	unsigned status;

	must(wd_holder_open(answer, &head, &body) == 0);
	must(head.reply && head.version == WD_HOLDER_VERSION);
	must(wd_holder_status(&body, &status) == 0);
	must(status < WD_HOLDER_FAULT || status == WD_HOLDER_RECONNECT);
	if (who == FORKED)
		must(status == WD_HOLDER_RECONNECT ||
		    status == WD_HOLDER_BAD_VERSION);
	if (status == WD_HOLDER_OK && head.op == WD_HOLDER_SIGN)
		must(who == USER);
	fuzz_accepted = status == WD_HOLDER_OK || who != USER;
	fuzz_touch(body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_serve_conn c = { .made_by = { 7, 1000, 1000 } };
	struct wd_serve_sender sender = c.made_by;
	enum who who;
	struct wd_wr wr;

	if (size == 0)
		return 0;
	if (serve == NULL)
		start();
	who = data[0] % WHO;
	c.user = (struct wd_hold_user){ 1000 + (who % FORKED), 1, { 1000 } };
	if (who == FORKED)
		sender.pid++;
	wr =
	    wd_wr_fixed(wd_secret_bytes(serve->out), wd_secret_len(serve->out));
	if (wd_serve_answer(
		serve, &c, &sender, wd_span(data + 1, size - 1), &wr))
		check_answer(who, wd_wr_span(&wr));
	return 0;
}
