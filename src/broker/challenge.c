/*
 * Checking one costs a single HMAC and comes before evidence is looked at.
 */
#include "broker/challenge.h"

#include "base/rd.h"
#include "crypto/hash.h"
#include "crypto/rand.h"

enum { VERSION = 1, SIGNED = 26, MAC = 16, RANDOM = 16 };

static int
authenticate(struct wd_broker *b, struct wd_span text, uint8_t mac[32])
{
	return wd_hmac_sha256(
	    wd_secret_borrow(b->challenge_key), &text, 1, mac);
}

/* A front may ask by whatever number it likes. What an admin has judged is
 * bound to nothing; with a challenge of that door it would open a session for
 * any key. */
static bool
opens_sessions(enum wd_door door)
{
	return door == WD_DOOR_COCO || door == WD_DOOR_ISECL;
}

int
wd_challenge_make(struct wd_broker *b, enum wd_door door, int64_t now,
    uint8_t ret[WD_CHALLENGE_LEN])
{
	struct wd_wr wr = wd_wr_fixed(ret, WD_CHALLENGE_LEN);
	uint8_t random[RANDOM], mac[32];
	int r;

	if (!b->open)
		return WD_R_SEALED;
	if (!opens_sessions(door))
		return WD_R_UNSUPPORTED;
	if ((r = wd_rand_public(random, sizeof(random))) != 0)
		return r;
	wd_wr_u8(&wr, VERSION);
	wd_wr_u8(&wr, (uint8_t)door);
	wd_wr_le64(&wr, (uint64_t)now);
	wd_wr_bytes(&wr, WD_SPAN(random));
	if ((r = authenticate(b, wd_wr_span(&wr), mac)) != 0)
		return r;
	wd_wr_bytes(&wr, wd_span(mac, MAC));
	return wd_wr_end(&wr) == 0 ? 0 : WD_F_BUG;
}

int
wd_challenge_check(struct wd_broker *b, enum wd_door door,
    struct wd_span challenge, int64_t now)
{
	struct wd_rd rd = wd_rd(challenge);
	uint8_t mac[32];
	int64_t made;
	int r;

	if (!b->open)
		return WD_R_SEALED;
	if (challenge.len != WD_CHALLENGE_LEN || !opens_sessions(door))
		return WD_R_CHALLENGE_INVALID;
	if ((r = authenticate(b, wd_span(challenge.p, SIGNED), mac)) != 0)
		return r;
	if (!wd_ct_equal(wd_span(mac, MAC), wd_span(challenge.p + SIGNED, MAC)))
		return WD_R_CHALLENGE_INVALID;
	if (wd_rd_u8(&rd) != VERSION || wd_rd_u8(&rd) != (uint8_t)door)
		return WD_R_CHALLENGE_INVALID;
	made = (int64_t)wd_rd_le64(&rd);
	if (made > now + WD_CHALLENGE_AHEAD) /* by another node's clock */
		return WD_R_CHALLENGE_INVALID;
	return now - made >= WD_CHALLENGE_SECONDS_MAX ? WD_R_CHALLENGE_EXPIRED
						      : 0;
}
