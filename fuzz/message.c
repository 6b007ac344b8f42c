/*
 * Messages between roles. The first line names the type, the rest is the
 * message: what is read has exactly one form, so it is written as it came.
 */
#include "fuzz.h"

#include "proto/msg.h"

#include <stdalign.h>

/* The type that NAME says; NULL: none. */
static const struct wd_msg_type *
type_named(struct wd_span name)
{
	size_t n;
	const struct wd_msg_type *const *types = wd_msg_types(&n);

	for (size_t i = 0; i < n; i++)
		if (wd_span_is(name, types[i]->name))
			return types[i];
	return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static alignas(16) uint8_t msg[4096];
	static uint8_t buf[1 << 21];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	const struct wd_msg_type *type;
	struct wd_span body;
	size_t n = 0;

	while (n < size && data[n] != '\n')
		n++;
	type = type_named(wd_span(data, n));
	if (type == NULL || n == size)
		return 0;
	body = wd_span(data + n + 1, size - n - 1);
	must(type->size <= sizeof(msg));
	if (wd_msg_read(body, type, msg) != 0)
		return 0;
	fuzz_accepted = true;
	wd_msg_write(&wr, type, msg);
	must(wd_wr_end(&wr) == 0);
	must(wd_span_equal(wd_wr_span(&wr), body));
	return 0;
}
