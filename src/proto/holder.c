/*
 * The frame of the holder protocol: header, status, and the small bodies. The
 * bodies that carry keys and signatures are in holder_key.c.
 */
#include "proto/holder.h"

#include "base/reason.h"

enum { LEN_OFFSET = 12 };

const char *
wd_holder_status_text(unsigned status)
{
	static const char *const texts[] = {
#define WD_HOLDER_STATUS_ROW(number, name, text) [number] = text,
#include "proto/holder.def"
#undef WD_HOLDER_STATUS_ROW
	};

	return status < WD_N(texts) && texts[status] != NULL
	    ? texts[status]
	    : "The holder answered with a status that is not known.";
}

void
wd_holder_start(struct wd_wr *wr, const struct wd_holder_head *head)
{
	wd_wr_u8(wr, head->version);
	wd_wr_u8(wr, (uint8_t)head->op);
	wd_wr_le16(wr, head->reply ? WD_HOLDER_REPLY : 0);
	wd_wr_le32(wr, head->request);
	wd_wr_le32(wr, head->epoch);
	wd_wr_le32(wr, 0);
}

void
wd_holder_start_reply(struct wd_wr *wr, const struct wd_holder_head *head,
    enum wd_holder_status status)
{
	wd_holder_start(wr, head);
	wd_wr_le16(wr, (uint16_t)status);
}

int
wd_holder_finish(struct wd_wr *wr)
{
	int r = wd_wr_end(wr);

	if (r != 0)
		return r;
	if (wr->len > WD_HOLDER_MAX)
		return WD_R_TOO_LARGE;
	wd_wr_patch_le32(wr, LEN_OFFSET, (uint32_t)(wr->len - WD_HOLDER_HEAD));
	return 0;
}

int
wd_holder_open(struct wd_span packet, struct wd_holder_head *ret_head,
    struct wd_span *ret_body)
{
	struct wd_rd rd = wd_rd(packet);
	struct wd_holder_head head = { 0 };
	uint16_t flags;
	uint32_t len;

	if (packet.len > WD_HOLDER_MAX)
		return WD_R_TOO_LARGE;
	head.version = wd_rd_u8(&rd);
	head.op = wd_rd_u8(&rd);
	flags = wd_rd_le16(&rd);
	head.request = wd_rd_le32(&rd);
	head.epoch = wd_rd_le32(&rd);
	len = wd_rd_le32(&rd);
	if (wd_rd_ok(&rd) != 0)
		return WD_R_MALFORMED;
	head.reply = flags == WD_HOLDER_REPLY;
	if (head.version != WD_HOLDER_VERSION) {
		*ret_head = head;
		return WD_R_VERSION;
	}
	if (len != rd.left || (flags & ~WD_HOLDER_REPLY) != 0)
		return WD_R_MALFORMED;
	*ret_head = head;
	*ret_body = wd_rd_rest(&rd);
	return 0;
}

int
wd_holder_status(struct wd_span *body, unsigned *ret_status)
{
	struct wd_rd rd = wd_rd(*body);
	uint16_t status = wd_rd_le16(&rd);

	if (wd_rd_ok(&rd) != 0)
		return WD_R_MALFORMED;
	*ret_status = status;
	*body = wd_rd_rest(&rd);
	return 0;
}

/* A text: u8 length and at most MAX bytes. */
static void
write_text(struct wd_wr *wr, struct wd_span s, size_t max)
{
	if (s.len > max || s.len > UINT8_MAX) {
		wd_wr_fail(wr);
		return;
	}
	wd_wr_u8(wr, (uint8_t)s.len);
	wd_wr_bytes(wr, s);
}

static struct wd_span
read_text(struct wd_rd *rd, size_t max)
{
	uint8_t len = wd_rd_u8(rd);

	if (len > max)
		wd_rd_fail(rd);
	return wd_rd_bytes(rd, len);
}

void
wd_holder_write_hello(struct wd_wr *wr, const struct wd_holder_hello *m)
{
	if (m->serial.len != WD_HOLDER_SERIAL_LEN)
		wd_wr_fail(wr);
	wd_wr_bytes(wr, m->serial);
	write_text(wr, m->label, WD_HOLDER_TOKEN_LABEL_MAX);
}

int
wd_holder_read_hello(struct wd_span body, struct wd_holder_hello *ret)
{
	struct wd_rd rd = wd_rd(body);
	struct wd_holder_hello m;

	m.serial = wd_rd_bytes(&rd, WD_HOLDER_SERIAL_LEN);
	m.label = read_text(&rd, WD_HOLDER_TOKEN_LABEL_MAX);
	if (wd_rd_end(&rd) != 0)
		return WD_R_MALFORMED;
	*ret = m;
	return 0;
}

void
wd_holder_write_list_ask(struct wd_wr *wr, uint32_t from)
{
	wd_wr_le32(wr, from);
}

int
wd_holder_read_list_ask(struct wd_span body, uint32_t *ret_from)
{
	struct wd_rd rd = wd_rd(body);
	uint32_t from = wd_rd_le32(&rd);

	if (wd_rd_end(&rd) != 0)
		return WD_R_MALFORMED;
	*ret_from = from;
	return 0;
}

size_t
wd_holder_write_list(struct wd_wr *wr)
{
	size_t at = wr->len;

	wd_wr_le32(wr, 0);
	return at;
}

int
wd_holder_read_list(
    struct wd_span body, uint32_t *ret_next, struct wd_span *ret_keys)
{
	struct wd_rd rd = wd_rd(body);
	uint32_t next = wd_rd_le32(&rd);

	if (wd_rd_ok(&rd) != 0)
		return WD_R_MALFORMED;
	*ret_next = next;
	*ret_keys = wd_rd_rest(&rd);
	return 0;
}

void
wd_holder_write_line(struct wd_wr *wr, const struct wd_holder_line *m)
{
	write_text(wr, m->name, UINT8_MAX);
	write_text(wr, m->value, UINT8_MAX);
}

int
wd_holder_next_line(struct wd_span *body, struct wd_holder_line *ret)
{
	struct wd_rd rd = wd_rd(*body);
	struct wd_holder_line m;

	m.name = read_text(&rd, UINT8_MAX);
	m.value = read_text(&rd, UINT8_MAX);
	if (wd_rd_ok(&rd) != 0)
		return WD_R_MALFORMED;
	*ret = m;
	*body = wd_rd_rest(&rd);
	return 0;
}
