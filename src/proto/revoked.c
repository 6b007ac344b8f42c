/*
 * One hash, on both sides of the door.
 */
#include "proto/revoked.h"

#include "base/diag.h"
#include "base/wr.h"
#include "crypto/hash.h"

enum { TEXT_MAX = 640 }; /* a kind and a path */

int
wd_revoked_digest(const char *kind, struct wd_span what, uint8_t ret[32])
{
	char text[TEXT_MAX];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

	wd_wr_text(&wr, kind);
	wd_wr_text(&wr, " ");
	wd_wr_bytes(&wr, what);
	if (wd_wr_end(&wr) != 0)
		return WD_F_BUG;
	return wd_hash(WD_SHA256, wd_wr_span(&wr), ret);
}
