/*
 * Packets between local programs and the agent, both ways: every reader that
 * the operation of the packet has.
 */
#include "fuzz.h"

#include "base/reason.h"
#include "proto/holder.h"

enum { ENTRIES_MAX = 4096 };

static bool
read_list(struct wd_span body)
{
	struct wd_span keys, entry;
	uint32_t next;

	if (wd_holder_read_list(body, &next, &keys) != 0)
		return false;
	for (int i = 0; i < ENTRIES_MAX && keys.len > 0; i++) {
		struct wd_holder_key key;

		if (wd_holder_next_key(&keys, &entry) != 0 ||
		    wd_holder_read_key(entry, &key) != 0)
			return false;
		must(key.n_certs <= WD_HOLDER_CHAIN_MAX);
		for (size_t c = 0; c < key.n_certs; c++)
			must(fuzz_within(key.certs[c], body));
		must(fuzz_within(key.spki, body));
		must(fuzz_within(key.label, body));
		fuzz_touch(key.n_or_x);
		fuzz_touch(key.e_or_y);
	}
	return true;
}

static bool
read_lines(struct wd_span body)
{
	struct wd_span left = body;

	while (left.len > 0) {
		struct wd_holder_line line;

		if (wd_holder_next_line(&left, &line) != 0)
			return false;
		must(fuzz_within(line.name, body));
		must(fuzz_within(line.value, body));
	}
	return true;
}

static bool
read_hello(struct wd_span body)
{
	struct wd_holder_hello m;

	if (wd_holder_read_hello(body, &m) != 0)
		return false;
	must(fuzz_within(m.label, body) && fuzz_within(m.serial, body));
	return true;
}

static bool
read_signature(struct wd_span body)
{
	struct wd_span sig;

	if (wd_holder_read_signature(body, &sig) != 0)
		return false;
	must(sig.len > 0 && sig.len <= WD_HOLDER_SIG_MAX);
	must(fuzz_within(sig, body));
	return true;
}

static bool
read_piece(struct wd_span body)
{
	struct wd_holder_piece piece;

	if (wd_holder_read_piece(body, &piece) != 0)
		return false;
	must(piece.bytes.len <= piece.total);
	must(fuzz_within(piece.bytes, body));
	return true;
}

static bool
read_reply(enum wd_holder_op op, struct wd_span body)
{
	static bool (*const readers[])(struct wd_span) = {
		[WD_HOLDER_HELLO] = read_hello,
		[WD_HOLDER_LIST] = read_list,
		[WD_HOLDER_SIGN] = read_signature,
		[WD_HOLDER_STATUS] = read_lines,
		[WD_HOLDER_GET] = read_piece,
	};
	unsigned status;

	if (wd_holder_status(&body, &status) != 0)
		return false;
	must(wd_holder_status_text(status)[0] != '\0');
	return status == WD_HOLDER_OK && op < WD_N(readers) &&
	    readers[op] != NULL && readers[op](body);
}

static bool
read_request(enum wd_holder_op op, struct wd_span body)
{
	struct wd_holder_sign sign;
	struct wd_holder_get get;
	uint32_t from;

	if (op == WD_HOLDER_LIST)
		return wd_holder_read_list_ask(body, &from) == 0;
	if (op == WD_HOLDER_SIGN && wd_holder_read_sign(body, &sign) == 0) {
		must(fuzz_within(sign.data, body));
		must(!wd_id_is_none(&sign.id));
		return true;
	}
	if (op == WD_HOLDER_GET && wd_holder_read_get(body, &get) == 0) {
		must(get.name.len <= WD_HOLDER_NAME_MAX);
		must(fuzz_within(get.name, body));
		return true;
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span packet = wd_span(data, size);
	struct wd_holder_head head = { 0 };
	struct wd_span body = { NULL, 0 };
	int r = wd_holder_open(packet, &head, &body);

	must(r >= 0);
	if (r != 0)
		return 0;
	must(fuzz_within(body, packet));
	fuzz_accepted = head.reply ? read_reply(head.op, body)
				   : read_request(head.op, body);
	return 0;
}
