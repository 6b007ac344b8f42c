/*
 * HELLO says whether anything has changed; LIST is read in pages then. What
 * came is put in place under the lock, in one go.
 */
#include "bin/pkcs11/refresh.h"

#include "base/alloc.h"
#include "bin/pkcs11/slot.h"
#include "bin/pkcs11/state.h"

enum { SMALL = 128, TRIES = 4, PAGES_MAX = 1024 };

static void
keep_token(const struct wd_holder_hello *hello)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

	if (p == NULL)
		return;
	wd_p11_pad(p->label, sizeof(p->label), hello->label);
	wd_p11_pad(p->serial, sizeof(p->serial), hello->serial);
	p->token_known = true;
}

static bool
hello(uint32_t *ret_epoch)
{
	uint8_t packet[SMALL], answer[SMALL];
	struct wd_ask ask = { .packet = wd_wr_fixed(packet, sizeof(packet)),
		.answer = answer,
		.answer_size = sizeof(answer) };
	struct wd_holder_hello m;

	wd_ask_start(&ask, WD_HOLDER_HELLO);
	if (wd_holder_finish(&ask.packet) != 0 || wd_ask_patiently(&ask) != 0 ||
	    ask.status != WD_HOLDER_OK ||
	    wd_holder_read_hello(ask.body, &m) != 0)
		return false;
	keep_token(&m);
	*ret_epoch = ask.epoch;
	return true;
}

bool
wd_refresh_token(void)
{
	uint32_t epoch;
	bool known;

	{
		WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

		known = p == NULL || p->token_known;
	}
	return known || hello(&epoch);
}

/* ---- the list */

/* Pages of entries, one after the other. */
struct pages {
	struct wd_wr entries;
	uint32_t epoch;
};

enum page { PAGE_LAST, PAGE_MORE, PAGE_CHANGED, PAGE_FAILED };

/* Appends the page from *FROM on, and gives where the next one starts. */
static enum page
read_page(struct pages *pages, uint32_t *from, uint8_t answer[WD_HOLDER_MAX])
{
	uint8_t packet[SMALL];
	struct wd_ask ask = { .packet = wd_wr_fixed(packet, sizeof(packet)),
		.answer = answer,
		.answer_size = WD_HOLDER_MAX };
	struct wd_span keys;
	uint32_t next;

	wd_ask_start(&ask, WD_HOLDER_LIST);
	wd_holder_write_list_ask(&ask.packet, *from);
	if (wd_holder_finish(&ask.packet) != 0 || wd_ask_patiently(&ask) != 0 ||
	    ask.status != WD_HOLDER_OK ||
	    wd_holder_read_list(ask.body, &next, &keys) != 0)
		return PAGE_FAILED;
	if (*from == 0)
		pages->epoch = ask.epoch;
	if (ask.epoch != pages->epoch || (next != 0 && next <= *from))
		return PAGE_CHANGED;
	wd_wr_bytes(&pages->entries, keys);
	*from = next;
	return next == 0 ? PAGE_LAST : PAGE_MORE;
}

/* All pages of one state of the holder. */
static enum page
read_pages(struct pages *pages, uint8_t answer[WD_HOLDER_MAX])
{
	enum page page = PAGE_MORE;
	uint32_t from = 0;

	wd_wr_done(&pages->entries);
	pages->entries = wd_wr_growing((size_t)PAGES_MAX * WD_HOLDER_MAX);
	for (int i = 0; page == PAGE_MORE && i < PAGES_MAX; i++)
		page = read_page(pages, &from, answer);
	return wd_wr_end(&pages->entries) == 0 ? page : PAGE_FAILED;
}

static void
pages_done(struct pages *pages)
{
	wd_wr_done(&pages->entries);
}

/* An entry that cannot be read is a key that cannot be used: the others can. */
static bool
keep_pages(const struct pages *pages)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();
	struct wd_span keys = wd_wr_span(&pages->entries);
	struct wd_span entry;

	if (p == NULL)
		return false;
	wd_p11_keys_unlist(&p->keys);
	while (keys.len > 0 && wd_holder_next_key(&keys, &entry) == 0)
		if (wd_p11_keys_add(&p->keys, entry) < 0)
			return false;
	p->epoch = pages->epoch;
	p->listed = true;
	p->fresh = true;
	p->patience = 0; /* the holder has started */
	return true;
}

static bool
list(void)
{
	WD_AUTO(pages_done) struct pages pages = { 0 };
	WD_AUTO(wd_freep) uint8_t *answer = wd_alloc(WD_HOLDER_MAX);
	enum page page = PAGE_CHANGED;

	for (int i = 0; answer != NULL && page == PAGE_CHANGED && i < TRIES;
	     i++)
		page = read_pages(&pages, answer);
	return answer != NULL && page == PAGE_LAST && keep_pages(&pages);
}

/* This process has asked, and nothing has changed since. */
static bool
is_current(uint32_t epoch)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

	return p != NULL && p->fresh && p->epoch == epoch;
}

static bool
was_listed(void)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

	return p != NULL && p->listed;
}

bool
wd_refresh_keys(void)
{
	uint32_t epoch;

	if (hello(&epoch) && (is_current(epoch) || list()))
		return true;
	return was_listed();
}
